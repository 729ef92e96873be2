#include "bounds/layered/zonotope_pass.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/rounding.h"
#include "base/simd.h"
#include "bounds/layered/accurate_products.h"
#include "bounds/layered/operator_norm.h"
#include "bounds/layered/structured_map.h"

namespace clipbound::bounds {

namespace {

/// More than what sums of thousands of float64 numbers of one sign lose.
constexpr double kUp = 1.0 + 0x1p-30;

/// An upper bound of the Euclidean norm.
double norm_of(const std::vector<double>& list) {
  double largest = 0.0;
  for (const double x : list) largest = std::max(largest, x < kInfinity ? x : kInfinity);
  if (largest == 0.0 || largest == kInfinity) return largest;
  double sum = 0.0;
  for (const double x : list) sum += (x / largest) * (x / largest);
  return largest * std::sqrt(sum) * (1.0 + gamma_bound(static_cast<double>(list.size()) + 8.0)) *
             kUp +
         0x1p-1000;
}

/// How far the noises move an element, rounded up.
double noise_of(const Zonotope& z, std::size_t i) {
  const double* const row = z.value.data() + i * z.width();
  double sum = 0.0;
  for (std::size_t k = 0; k < z.noises; ++k) sum += std::fabs(row[k]);
  return sum * kUp;
}
/// Sum of the sizes of an element's numbers, rounded up.
double size_of(const Zonotope& z, std::size_t i) {
  return (noise_of(z, i) + std::fabs(z.value[(i + 1) * z.width() - 1])) * kUp;
}

/// What a form sums up, element by element.
struct Totals {
  std::size_t width;
  std::vector<double> value;    ///< [size, width]
  std::vector<double> noise;    ///< sizes of all terms of the noises' numbers
  std::vector<double> centre;   ///< sizes of the terms' centres
  std::vector<double> rounded;  ///< what the terms' centres are off by
  std::vector<double> error;    ///< that the sources hand on
  std::vector<double> terms;    ///< roundings
  double norm = 0.0, lost = 0.0;

  /// Adds a term's numbers, of a width of their own: the centre stands last.
  void add(const std::vector<double>& numbers, std::size_t own) {
    for (std::size_t i = 0; i < error.size(); ++i) {
      for (std::size_t k = 0; k + 1 < own; ++k) value[i * width + k] += numbers[i * own + k];
      value[(i + 1) * width - 1] += numbers[(i + 1) * own - 1];
      centre[i] += std::fabs(numbers[(i + 1) * own - 1]);
    }
  }
};

constexpr std::size_t kSizes = 3;

/// add(row, column, weight) for what is no structured map.
template <typename Add>
void for_each_entry(const Coefficients& coefficients, const Add& add) {
  if (const SelectionMap* selection = coefficients.selection()) return selection->for_each(add);
  const SparseRows& rows = coefficients.written();
  for (std::int64_t r = 0; r < rows.rows(); ++r) {
    for (std::size_t j = 0; j < rows.indices(r).size(); ++j)
      add(static_cast<std::size_t>(r), static_cast<std::size_t>(rows.indices(r)[j]),
          rows.values(r)[j]);
  }
}

/// [rows, kSizes] products of the coefficients' sizes with columns [cols, kSizes].
std::vector<double> multiply_sizes(const Coefficients& coefficients,
                                   const std::vector<double>& columns) {
  std::vector<double> result(kSizes * static_cast<std::size_t>(coefficients.rows()), 0.0);
  const auto add = [&](std::size_t i, std::size_t c, double w) {
    for (std::size_t k = 0; k < kSizes; ++k)
      result[kSizes * i + k] += std::fabs(w) * columns[kSizes * c + k];
  };
  if (const StructuredMap* map = coefficients.structure()) {
    map->apply_magnitudes(columns.data(), kSizes, result.data());
  } else {
    for_each_entry(coefficients, add);
  }
  return result;
}

/// [rows, width] products of the coefficients with a source's numbers.
std::vector<double> multiply(const Coefficients& coefficients, const Zonotope& from) {
  const std::size_t width = from.width();
  std::vector<double> result(static_cast<std::size_t>(coefficients.rows()) * width, 0.0);
  const auto add = [&](std::size_t i, std::size_t c, double w) {
    for (std::size_t k = 0; k < width; ++k) result[i * width + k] += w * from.value[c * width + k];
  };
  if (const StructuredMap* map = coefficients.structure()) {
    map->apply(from.value.data(), static_cast<std::int64_t>(width), result.data());
  } else {
    for_each_entry(coefficients, add);
  }
  return result;
}

/// Replaces the centres of a structured map's products by more accurate ones.
void improve_centres(const StructuredMap& map, const Zonotope& from, std::vector<double>& numbers) {
  std::vector<double> centre;
  for (std::size_t c = 0; c < from.size(); ++c)
    centre.push_back(from.value[(c + 1) * from.width() - 1]);
  if (!map.has_all_columns()) centre = map.to_image(centre.data(), 1);
  const std::vector<double> all = apply_accurately(map.convolution(), centre);
  for (std::size_t i = 0; i < static_cast<std::size_t>(map.rows()); ++i) {
    const std::int64_t r = map.has_all_rows() ? static_cast<std::int64_t>(i) : map.picks()[i];
    numbers[(i + 1) * from.width() - 1] = r < 0 ? 0.0 : all[static_cast<std::size_t>(r)];
  }
}

void add_term(const Coefficients& coefficients, const Zonotope& from, Totals& totals) {
  std::vector<double> numbers = multiply(coefficients, from);
  const bool is_accurate = coefficients.structure() != nullptr;
  if (is_accurate) improve_centres(*coefficients.structure(), from, numbers);
  totals.add(numbers, from.width());
  std::vector<double> columns;
  for (std::size_t c = 0; c < from.size(); ++c) {
    columns.push_back(noise_of(from, c));
    columns.push_back(std::fabs(from.value[(c + 1) * from.width() - 1]));
    columns.push_back(from.error[c]);
  }
  const std::vector<double> products = multiply_sizes(coefficients, columns);
  const OperatorNorm norm = norm_of_rows(coefficients);
  const double roundings = norm.longest_row + 2.0, gamma = gamma_bound(roundings + 4.0),
               of_centres = is_accurate ? gamma * gamma : gamma;
  for (std::size_t i = 0; i < totals.error.size(); ++i) {
    const double one_by_one = products[kSizes * i + 2] * (1.0 + 2.0 * gamma),
                 together = norm.row(i) * from.norm * kUp;
    totals.noise[i] += products[kSizes * i] * (1.0 + 2.0 * gamma);
    totals.rounded[i] += of_centres * products[kSizes * i + 1] * (1.0 + 2.0 * gamma);
    if (is_accurate)
      totals.rounded[i] += 2.0 * kUnitRoundoff * std::fabs(numbers[(i + 1) * from.width() - 1]);
    totals.error[i] += std::min(one_by_one, together);
    totals.terms[i] += roundings;
  }
  totals.norm += norm.whole * from.norm * kUp;
  // Products that underflow, of every number of a row.
  totals.lost += 0x1p-1000 + 0x1p-1060 * norm.longest_row * static_cast<double>(totals.width + 1);
}

}  // namespace

ZonotopePass::ZonotopePass(const std::vector<double>& lower, const std::vector<double>& upper,
                           std::size_t most_noises)
    : most_noises_(most_noises) {
  const std::vector<int> columns = varying_inputs(lower, upper);
  noises_ = columns.size();
  Zonotope input;
  input.noises = noises_;
  input.value.assign(lower.size() * input.width(), 0.0);
  input.error.assign(lower.size(), 0.0);
  std::size_t next = 0;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    double* const row = input.value.data() + i * input.width();
    const double centre = lower[i] == upper[i] ? lower[i] : 0.5 * lower[i] + 0.5 * upper[i],
                 half = lower[i] == upper[i]
                            ? 0.0
                            : std::max(add_up(upper[i], -centre), add_up(centre, -lower[i]));
    row[noises_] = centre;
    if (next < columns.size() && static_cast<std::size_t>(columns[next]) == i)
      row[next++] = half;
    else
      input.error[i] = half;
  }
  input.norm = norm_of(input.error);
  sources_.emplace(kInputSource, std::move(input));
}

Zonotope ZonotopePass::affine(const AffineForm& form) const {
  const auto size = static_cast<std::size_t>(form.size());
  Zonotope z;
  for (const auto& [source, coefficients] : form.terms) {
    const auto found = sources_.find(source);
    if (found == sources_.end() || found->second.size() == 0) return {};
    z.noises = std::max(z.noises, found->second.noises);
  }
  const std::vector<double> zero(size, 0.0);
  Totals totals{z.width(),
                std::vector<double>(size * z.width(), 0.0),
                zero,
                zero,
                zero,
                zero,
                std::vector<double>(size, 4.0)};
  for (std::size_t i = 0; i < size; ++i) {
    totals.value[(i + 1) * z.width() - 1] = form.constant[i];
    totals.centre[i] = std::fabs(form.constant[i]);
  }
  for (const auto& [source, coefficients] : form.terms)
    add_term(coefficients, sources_.at(source), totals);
  std::vector<double> fresh(size);
  for (std::size_t i = 0; i < size; ++i) {
    const double gamma = gamma_bound(totals.terms[i]),
                 of_sum = gamma_bound(static_cast<double>(form.terms.size()) + 4.0);
    fresh[i] =
        (gamma * totals.noise[i] + of_sum * totals.centre[i] + totals.rounded[i] + form.radius[i]) *
            kUp +
        totals.lost + 0x1p-1000;
    totals.error[i] = (totals.error[i] + fresh[i]) * kUp;
  }
  z.norm = std::min((totals.norm + norm_of(fresh)) * kUp, norm_of(totals.error));
  z.value = std::move(totals.value);
  z.error = std::move(totals.error);
  const bool is_finite = std::all_of(z.value.begin(), z.value.end(),
                                     [](double x) { return std::fabs(x) < kOverflow; });
  // Where some errors are infinite their norm is, and nothing is left behind a layer or two.
  if (!is_finite || !(z.norm < kOverflow)) return {};
  return z;
}

Zonotope ZonotopePass::relu(const Zonotope& z) {
  struct Gap {
    double half;
    std::size_t neuron;
  };
  Zonotope x{z.noises, z.value, z.error, z.norm};
  std::vector<Gap> gaps;
  std::vector<double> fresh;
  for (std::size_t i = 0; i < z.size(); ++i) {
    double* const row = x.value.data() + i * x.width();
    const double centre = row[z.noises], all = size_of(z, i), radius = noise_of(z, i),
                 l = next_down(centre - radius), u = next_up(centre + radius);
    // A number, without noise, has no range: relu of it is exact.
    const bool is_number = radius == 0.0;
    if (is_number ? centre >= 0.0 : l >= 0.0) continue;
    if (is_number || u <= 0.0) {
      std::fill_n(row, x.width(), 0.0);
      continue;
    }
    // relu(t) - slope t lies in [0, height] on [l, u], whatever the slope in [0, 1] is.
    const double slope = std::clamp(u / (u - l), 0.0, 1.0),
                 height = next_up(std::max(next_up(-slope * l), next_up(next_up(1.0 - slope) * u))),
                 half = next_up(0.5 * height);
    for (std::size_t k = 0; k < x.width(); ++k) row[k] *= slope;
    row[z.noises] += half;
    gaps.push_back({half, i});
    fresh.push_back(4.0 * kUnitRoundoff * (all + height) + 0x1p-1000);
    x.error[i] = (x.error[i] + fresh.back()) * kUp;
  }
  // The largest gaps get a noise of their own, the others are errors.
  std::vector<std::size_t> order(gaps.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return gaps[a].half > gaps[b].half; });
  const std::size_t given = std::min(gaps.size(), most_noises_ - std::min(noises_, most_noises_));
  for (std::size_t g = given; g < order.size(); ++g) {
    const Gap& gap = gaps[order[g]];
    fresh[order[g]] = (fresh[order[g]] + gap.half) * kUp;
    x.error[gap.neuron] = (x.error[gap.neuron] + gap.half) * kUp;
  }
  x.norm = std::min((x.norm + norm_of(fresh)) * kUp, norm_of(x.error));
  if (given == 0) return x;
  Zonotope wider{noises_ + given, std::vector<double>(z.size() * (noises_ + given + 1), 0.0),
                 std::move(x.error), x.norm};
  for (std::size_t i = 0; i < z.size(); ++i) {
    double* const to = wider.value.data() + i * wider.width();
    const double* const from = x.value.data() + i * x.width();
    std::copy_n(from, x.noises, to);
    to[wider.noises] = from[x.noises];
  }
  for (std::size_t g = 0; g < given; ++g)
    wider.value[gaps[order[g]].neuron * wider.width() + noises_ + g] = gaps[order[g]].half;
  noises_ += given;
  return wider;
}

void ZonotopePass::begin_maxima(const AffineForm& form) {
  leave_maxima();
  const Zonotope x = affine(form);
  if (x.size() == 0) return;
  maxima_ = Maxima{x.error, x.norm, *std::max_element(x.error.begin(), x.error.end()), {}};
  for (auto& [source, of] : sources_) {
    maxima_->errors.emplace(source, std::pair(of.error, of.norm));
    std::fill(of.error.begin(), of.error.end(), 0.0);
    of.norm = 0.0;
  }
}

void ZonotopePass::end_maxima(const std::vector<std::vector<std::int64_t>>& taps, Zonotope& z) {
  if (!maxima_) return;
  std::vector<double> extra(taps.front().size(), 0.0);
  std::vector<int> readers(maxima_->error.size(), 0);
  for (const std::vector<std::int64_t>& tap : taps) {
    for (std::size_t i = 0; i < tap.size(); ++i) {
      const auto e = static_cast<std::size_t>(tap[i]);
      extra[i] = std::max(extra[i], maxima_->error[e]);
      ++readers[e];
    }
  }
  for (std::size_t i = 0; i < z.size(); ++i) z.error[i] = (z.error[i] + extra[i]) * kUp;
  const double most = *std::max_element(readers.begin(), readers.end());
  z.norm = std::min((z.norm + std::sqrt(most) * maxima_->norm * kUp) * kUp, norm_of(z.error));
  leave_maxima();
}

void ZonotopePass::leave_maxima() {
  if (!maxima_) return;
  for (auto of = sources_.begin(); of != sources_.end();) {
    const auto found = maxima_->errors.find(of->first);
    if (found == maxima_->errors.end()) {  // a step between, which lacks the errors
      of = sources_.erase(of);
      continue;
    }
    of->second.error = std::move(found->second.first);
    of->second.norm = found->second.second;
    ++of;
  }
  maxima_.reset();
}

void ZonotopePass::add_layer(int layer, const Activation& activation, const Zonotope& z,
                             const IntervalVector& range) {
  if (z.size() > 0 && activation.curve == Curve::relu) {
    sources_.insert_or_assign(layer, relu(z));
    return;
  }
  if (z.size() > 0 && activation.curve == Curve::identity) {
    sources_.insert_or_assign(layer, z);
    return;
  }
  // Others, and what the zonotope knows nothing of: any number of its interval.
  const IntervalVector active = activate(activation, range);
  Zonotope x;
  for (std::size_t i = 0; i < active.lower.size(); ++i) {
    const double l = active.lower[i], u = active.upper[i], centre = 0.5 * l + 0.5 * u;
    x.value.push_back(centre);
    x.error.push_back(std::max(add_up(u, -centre), add_up(centre, -l)));
  }
  x.norm = norm_of(x.error);
  if (!(x.norm < kOverflow)) x = {};
  sources_.insert_or_assign(layer, std::move(x));
}

IntervalVector concretize(const Zonotope& z) {
  IntervalVector range;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double centre = z.value[(i + 1) * z.width() - 1],
                 radius = (noise_of(z, i) + z.error[i]) * kUp;
    range.lower.push_back(next_down(centre - radius));
    range.upper.push_back(next_up(centre + radius));
    if (!(std::fabs(range.lower[i]) < kOverflow)) range.lower[i] = -kInfinity;
    if (!(std::fabs(range.upper[i]) < kOverflow)) range.upper[i] = kInfinity;
  }
  return range;
}

}  // namespace clipbound::bounds
