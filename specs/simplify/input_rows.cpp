#include "specs/simplify/input_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "specs/query/definition.h"
#include "specs/query/number.h"

namespace clipbound::specs {

namespace {

constexpr int kMostPasses = 16;
// Terms of rows, each of which takes some rational operations: about a second. Not measured.
constexpr std::size_t kMostWork = 400000;
constexpr double kLeastGain = 1.0 / 64.0;  // of a width, for another pass
// Farkas' multipliers are looked for where they cost little.
constexpr std::size_t kMostTerms = 4096;
constexpr int kSteps = 100;

/// One box and the input rows of one clause.
class Narrowing {
 public:
  /// `work` counts the terms that were looked at; past kMostWork boxes stay as they are.
  Narrowing(const Box& box, std::vector<const Row*> rows, DataType type, std::size_t& work)
      : box_(box), rows_(std::move(rows)), work_(work) {
    for (const InputInterval& interval : box) {
      const Ends ends = interval.proof_in(type);
      lower_.push_back(ends.lower);
      upper_.push_back(ends.upper);
    }
    first_lower_ = lower_;
    first_upper_ = upper_;
  }

  void run() {
    bool gains = true;
    for (int pass = 0; pass < kMostPasses && gains && !empty_; ++pass) {
      gains = false;
      for (const Row* row : rows_) gains = clip(*row) || gains;
    }
    if (work_ <= kMostWork) empty_ = empty_ || contradict();
  }
  bool changes() const { return empty_ || lower_ != first_lower_ || upper_ != first_upper_; }
  Box narrowed() const {
    Box box = box_;
    if (empty_) {
      constexpr Ends kNone{1.0, -1.0};
      box.front() = {kNone, kNone, kNone, kNone, kNone};
      return box;
    }
    for (std::size_t i = 0; i < box.size(); ++i) {
      if (lower_[i] != first_lower_[i])
        box[i] = intersection(box[i], lower_edges(float64_neighbours(lower_[i])));
      if (upper_[i] != first_upper_[i])
        box[i] = intersection(box[i], upper_edges(float64_neighbours(upper_[i])));
    }
    return box;
  }

 private:
  /// Where the term is least.
  double least_end(const Term& term) const {
    const auto i = static_cast<std::size_t>(term.index);
    return sgn(term.coefficient.exact) > 0 ? lower_[i] : upper_[i];
  }

  /// c x <= threshold: each term is at most what the others leave. True where a side became shorter
  /// by a part that counts.
  bool clip(const Row& row) {
    if (work_ > kMostWork || empty_) return false;
    work_ += row.terms.size();
    mpq_class room = row.threshold.exact;
    int infinite = 0;
    for (const Term& term : row.terms) {
      const double end = least_end(term);
      if (std::isfinite(end)) {
        room -= term.coefficient.exact * mpq_class(end);
      } else {
        ++infinite;
      }
    }
    if (infinite > 0) return false;  // boxes are bounded, but for numbers beyond the type's
    if (room < 0 || (row.strict && room == 0)) {
      empty_ = true;
      return false;
    }
    bool gains = false;
    for (const Term& term : row.terms) {
      const auto i = static_cast<std::size_t>(term.index);
      const mpq_class end = mpq_class(least_end(term)) + room / term.coefficient.exact;
      const FloatNeighbours near = rational_neighbours(end);
      const double width = upper_[i] - lower_[i];
      double& side = sgn(term.coefficient.exact) > 0 ? upper_[i] : lower_[i];
      const double before = side;
      side =
          sgn(term.coefficient.exact) > 0 ? std::min(side, near.upper) : std::max(side, near.lower);
      gains = gains || std::fabs(side - before) > kLeastGain * width;
    }
    return gains;
  }

  /// Whether some sum of rows, with multipliers >= 0, is positive on all of the box. The
  /// multipliers are found by mirror ascent in float64, which may be as wrong as it likes: the sum
  /// is taken exactly.
  bool contradict() const {
    std::size_t terms = 0;
    for (const Row* row : rows_) terms += row->terms.size();
    if (rows_.size() < 2 || terms > kMostTerms) return false;
    std::vector<double> size;  // of each row on the box
    for (const Row* row : rows_) {
      double sum = std::fabs(row->threshold.lower);
      for (const Term& term : row->terms) {
        const auto i = static_cast<std::size_t>(term.index);
        sum += std::fabs(term.coefficient.lower) *
               std::max(std::fabs(lower_[i]), std::fabs(upper_[i]));
      }
      if (!std::isfinite(sum) || sum == 0.0) return false;
      size.push_back(sum);
    }
    std::vector<double> weights(rows_.size(), 1.0), best = weights;
    double most = -std::numeric_limits<double>::infinity();
    for (int step = 0; step < kSteps; ++step) {
      const std::vector<double> values = rows_at_least_corner(weights, size);
      double sum = 0.0, all = 0.0;
      for (std::size_t k = 0; k < values.size(); ++k) sum += weights[k] * values[k];
      if (sum > most) {
        most = sum;
        best = weights;
      }
      if (sum > 0.0) break;
      for (std::size_t k = 0; k < values.size(); ++k) {
        weights[k] *= std::exp(4.0 / std::sqrt(1.0 + step) * values[k]);
        all += weights[k];
      }
      for (double& weight : weights) weight *= static_cast<double>(weights.size()) / all;
    }
    return most >= 0.0 && is_positive(best, size);
  }
  /// What the rows, divided by their sizes, are where their weighted sum is least.
  std::vector<double> rows_at_least_corner(const std::vector<double>& weights,
                                           const std::vector<double>& size) const {
    std::map<std::int32_t, double> sums;
    for (std::size_t k = 0; k < rows_.size(); ++k)
      for (const Term& term : rows_[k]->terms)
        sums[term.index] += weights[k] / size[k] * term.coefficient.lower;
    std::vector<double> values;
    for (std::size_t k = 0; k < rows_.size(); ++k) {
      double value = -rows_[k]->threshold.lower;
      for (const Term& term : rows_[k]->terms) {
        const auto i = static_cast<std::size_t>(term.index);
        value += term.coefficient.lower * (sums[term.index] > 0.0 ? lower_[i] : upper_[i]);
      }
      values.push_back(value / size[k]);
    }
    return values;
  }
  bool is_positive(const std::vector<double>& weights, const std::vector<double>& size) const {
    std::map<std::int32_t, mpq_class> sums;
    mpq_class least = 0;
    bool strict = false;
    for (std::size_t k = 0; k < rows_.size(); ++k) {
      const double multiplier = weights[k] / size[k];
      if (!(multiplier > 0.0) || !std::isfinite(multiplier)) continue;
      const mpq_class exact(multiplier);
      least -= exact * rows_[k]->threshold.exact;
      strict = strict || rows_[k]->strict;
      for (const Term& term : rows_[k]->terms) sums[term.index] += exact * term.coefficient.exact;
    }
    for (const auto& [index, sum] : sums) {
      if (sum == 0) continue;
      const auto i = static_cast<std::size_t>(index);
      const double end = sgn(sum) > 0 ? lower_[i] : upper_[i];
      if (!std::isfinite(end)) return false;
      least += sum * mpq_class(end);
    }
    return least > 0 || (strict && least == 0);
  }

  const Box& box_;
  const std::vector<const Row*> rows_;
  std::size_t& work_;
  std::vector<double> lower_, upper_, first_lower_, first_upper_;
  bool empty_ = false;
};

/// Input rows that a counterexample satisfies exactly. Of an equation that gives one input from
/// another, the judge lets the computed value pass (definition.h).
std::vector<const Row*> exact_input_rows(const Clause& clause) {
  std::vector<const Row*> rows;
  for (const Row& row : clause.rows) {
    if (!is_input_row(row)) continue;
    const std::optional<InputDefinition> definition = definition_of(row);
    if (!definition || definition->is_exact()) rows.push_back(&row);
  }
  return rows;
}

/// Rows alike have the same text.
std::string text_of(const std::vector<const Row*>& rows) {
  std::string text;
  for (const Row* row : rows) {
    for (const Term& term : row->terms)
      text += std::to_string(term.index) + ":" + term.coefficient.exact.get_str(62) + ",";
    text += row->threshold.exact.get_str(62) + (row->strict ? "<" : ";");
  }
  return text;
}

}  // namespace

std::optional<Query> narrow_boxes(const Query& query, DataType input_type) {
  const auto has_input_rows = [](const Clause& clause) {
    return std::any_of(clause.rows.begin(), clause.rows.end(), is_input_row);
  };
  if (std::none_of(query.clauses.begin(), query.clauses.end(), has_input_rows)) return std::nullopt;
  Query result = query;
  bool changes = false;
  std::size_t work = 0;
  std::map<std::pair<const Box*, std::string>, std::shared_ptr<const Box>> known;
  for (Clause& clause : result.clauses) {
    const std::vector<const Row*> rows = exact_input_rows(clause);
    if (rows.empty() || is_empty(*clause.box, input_type)) continue;
    std::shared_ptr<const Box>& box = known[{clause.box.get(), text_of(rows)}];
    if (box == nullptr) {
      Narrowing narrowing(*clause.box, rows, input_type, work);
      narrowing.run();
      box = narrowing.changes() ? std::make_shared<const Box>(narrowing.narrowed()) : clause.box;
    }
    changes = changes || box != clause.box;
    clause.box = box;
  }
  if (!changes) return std::nullopt;
  return result;
}

}  // namespace clipbound::specs
