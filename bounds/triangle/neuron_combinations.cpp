#include "bounds/triangle/neuron_combinations.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/rounding.h"

namespace clipbound::bounds {

namespace {

constexpr std::int32_t kMostInputs = 256;
constexpr std::size_t kMostNeurons = 2000;
constexpr double kDependent = 1e-9;  // what is left of a row, in parts of it, that others give
constexpr std::size_t kMostParts = 13;

/// The neurons that read inputs alone, and what they read.
struct Readers {
  std::vector<std::int64_t> row;
  std::vector<std::int64_t> terms;
  std::vector<std::vector<double>> weights;  // [neurons][inputs]
};

Readers find_readers(const base::LinearRows& rows, std::int64_t count, std::int32_t inputs) {
  Readers readers;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto first = rows.start[static_cast<std::size_t>(i)],
               end = rows.start[static_cast<std::size_t>(i) + 1];
    bool only_inputs = end - first > 1;
    for (auto e = first + 1; e < end; ++e)
      only_inputs = only_inputs && rows.column[static_cast<std::size_t>(e)] < inputs;
    if (!only_inputs) continue;
    readers.row.push_back(i);
    readers.terms.push_back(end - first - 1);
  }
  if (readers.row.size() > kMostNeurons) return {};
  for (const std::int64_t row : readers.row) {
    const auto i = static_cast<std::size_t>(row);
    std::vector<double>& weights = readers.weights.emplace_back(static_cast<std::size_t>(inputs));
    for (auto e = static_cast<std::size_t>(rows.start[i]) + 1;
         e < static_cast<std::size_t>(rows.start[i + 1]); ++e)
      weights[static_cast<std::size_t>(rows.column[e])] -= rows.value[e];
  }
  return readers;
}

/// Rows none of which is a sum of the others, and a reduced form of them: each has a 1 where all
/// others have a 0.
class Elimination {
 public:
  /// The factors of the chosen rows whose sum v is; empty where it is none.
  std::vector<double> factors(const std::vector<double>& v) const;
  /// Chooses v, unless it is a sum of those chosen before.
  bool choose(const std::vector<double>& v);

 private:
  struct Reduced {
    std::vector<double> row;      // = sum of factors * chosen rows
    std::vector<double> factors;  // [chosen at least so far]
    std::size_t pivot;
  };
  static void add(std::vector<double>& to, double factor, const std::vector<double>& from) {
    if (to.size() < from.size()) to.resize(from.size(), 0.0);
    for (std::size_t j = 0; j < from.size(); ++j) to[j] += factor * from[j];
  }
  static double largest(const std::vector<double>& v) {
    double most = 0.0;
    for (const double x : v) most = std::max(most, std::fabs(x));
    return most;
  }
  std::vector<Reduced> rows_;
};

std::vector<double> Elimination::factors(const std::vector<double>& v) const {
  std::vector<double> left = v, sum(rows_.size(), 0.0);
  for (const Reduced& reduced : rows_) {
    const double x = v[reduced.pivot];
    if (x == 0.0) continue;
    add(left, -x, reduced.row);
    add(sum, x, reduced.factors);
  }
  return largest(left) > kDependent * largest(v) ? std::vector<double>{} : sum;
}

bool Elimination::choose(const std::vector<double>& v) {
  Reduced one{v, std::vector<double>(rows_.size() + 1, 0.0), 0};
  one.factors.back() = 1.0;
  for (const Reduced& reduced : rows_) {
    const double x = v[reduced.pivot];
    if (x == 0.0) continue;
    add(one.row, -x, reduced.row);
    add(one.factors, -x, reduced.factors);
  }
  if (!(largest(one.row) > kDependent * largest(v))) return false;
  const auto pivot = std::max_element(one.row.begin(), one.row.end(), [](double x, double y) {
    return std::fabs(x) < std::fabs(y);
  });
  one.pivot = static_cast<std::size_t>(pivot - one.row.begin());
  const double scale = 1.0 / *pivot;
  for (double& x : one.row) x *= scale;
  for (double& x : one.factors) x *= scale;
  for (Reduced& reduced : rows_) {
    const double x = reduced.row[one.pivot];
    if (x == 0.0) continue;
    add(reduced.row, -x, one.row);
    add(reduced.factors, -x, one.factors);
  }
  rows_.push_back(std::move(one));
  return true;
}

/// Most coefficients of networks made by people are short: then nothing is left of the inputs.
double shortened(double m) {
  constexpr double kShort = 0x1p20;
  const double near = std::round(m * kShort) / kShort;
  return std::fabs(m - near) < 1e-9 ? near : m;
}

struct Part {
  std::int64_t row;
  double factor;  // of the neuron, in the sum that is 0
};

/// sum of factor * (row) with the inputs replaced by what is left of their coefficients.
void add_equation(base::LinearRows& rows, const std::vector<Part>& parts, std::int32_t inputs,
                  const std::vector<double>& lower, const std::vector<double>& upper) {
  std::vector<double> sum(static_cast<std::size_t>(inputs), 0.0), magnitude(sum), count(sum);
  double least = 0.0, most = 0.0;
  std::vector<std::pair<std::int32_t, double>> neurons;
  for (const Part& part : parts) {
    const auto i = static_cast<std::size_t>(part.row);
    const double x = part.factor, low = rows.lower[i], high = rows.upper[i];
    least = base::add_down(least, x > 0.0 ? base::mul_down(x, low) : base::mul_down(x, high));
    most = base::add_up(most, x > 0.0 ? base::mul_up(x, high) : base::mul_up(x, low));
    const auto first = static_cast<std::size_t>(rows.start[i]);
    neurons.emplace_back(rows.column[first], x);
    for (auto e = first + 1; e < static_cast<std::size_t>(rows.start[i + 1]); ++e) {
      const auto j = static_cast<std::size_t>(rows.column[e]);
      const double term = x * rows.value[e];
      sum[j] += term;
      magnitude[j] += std::fabs(term);
      count[j] += 1.0;
    }
  }
  // sum of neurons + sum of left_j x_j lies in [least, most].
  for (std::size_t j = 0; j < sum.size(); ++j) {
    if (count[j] == 0.0) continue;
    const double left =
        base::add_up(std::fabs(sum[j]),
                     base::add_up(base::mul_up(base::gamma_bound(count[j] + 1.0), magnitude[j]),
                                  0x1p-1000 * count[j]));
    const double most_left = base::mul_up(left, std::max(std::fabs(lower[j]), std::fabs(upper[j])));
    least = base::add_down(least, -most_left);
    most = base::add_up(most, most_left);
  }
  if (!std::isfinite(least) || !std::isfinite(most)) return;
  for (const auto& [column, x] : neurons) rows.add(column, x);
  rows.end(least, most);
}

}  // namespace

void add_neuron_combinations(base::LinearRows& rows, std::int64_t count, std::int32_t inputs,
                             const std::vector<double>& lower, const std::vector<double>& upper) {
  if (inputs > kMostInputs) return;
  const Readers readers = find_readers(rows, count, inputs);
  const bool mixes = std::any_of(readers.terms.begin(), readers.terms.end(),
                                 [](std::int64_t terms) { return terms > 1; });
  if (readers.row.empty() || !mixes) return;
  std::vector<std::size_t> order(readers.row.size()), chosen;
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) {
    return readers.terms[x] < readers.terms[y];
  });
  Elimination elimination;
  std::vector<std::size_t> others;
  for (const std::size_t r : order)
    (elimination.choose(readers.weights[r]) ? chosen : others).push_back(r);
  for (const std::size_t r : others) {
    std::vector<Part> parts{{readers.row[r], 1.0}};
    const std::vector<double> factors = elimination.factors(readers.weights[r]);
    for (std::size_t k = 0; k < factors.size(); ++k) {
      const double m = shortened(factors[k]);
      if (std::fabs(m) > kDependent) parts.push_back({readers.row[chosen[k]], -m});
    }
    // It has to say more directly what the neuron depends on than its own row does.
    const bool is_short = parts.size() <= static_cast<std::size_t>(readers.terms[r]);
    if (parts.size() > 1 && parts.size() <= kMostParts && is_short)
      add_equation(rows, parts, inputs, lower, upper);
  }
}

}  // namespace clipbound::bounds
