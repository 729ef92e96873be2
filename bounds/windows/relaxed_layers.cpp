#include "bounds/windows/relaxed_layers.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/layered/structured_map.h"
#include "bounds/windows/window.h"

namespace clipbound::bounds {

namespace {

/// Most coefficients of a source's element in one matrix.
double longest_column(const Coefficients& coefficients) {
  if (const StructuredMap* map = coefficients.structure())
    return static_cast<double>(map->convolution().longest_column() + 1) *
           (map->has_all_rows() ? 1.0 : static_cast<double>(map->rows()));
  std::vector<std::int64_t> count(static_cast<std::size_t>(coefficients.cols()), 0);
  if (const SelectionMap* selection = coefficients.selection()) {
    selection->for_each([&](std::size_t, std::size_t c, double) { ++count[c]; });
  } else {
    const SparseRows& rows = coefficients.written();
    for (std::int64_t r = 0; r < rows.rows(); ++r) {
      for (const std::int32_t c : rows.indices(r)) ++count[static_cast<std::size_t>(c)];
    }
  }
  return static_cast<double>(*std::max_element(count.begin(), count.end()));
}

/// Roundings that a term of a pass goes through at most: in the sums of coefficients, in those of a
/// channel's constants or products with the box, of the channels, and of the sources.
double roundings_of(const LayeredSystem& system) {
  std::vector<double> column(system.layers.size() + 1, 0.0);
  for (const AffineForm& form : system.layers) {
    for (const auto& [source, coefficients] : form.terms) {
      if (coefficients.cols() == 0) continue;
      column[static_cast<std::size_t>(source + 1)] += longest_column(coefficients) + 1.0;
    }
  }
  double sums = 0.0;
  for (const SourceShape& shape : shapes_of_sources(system))
    sums = std::max(sums, static_cast<double>(shape.channels + shape.positions()));
  return *std::max_element(column.begin(), column.end()) + sums +
         2.0 * static_cast<double>(system.layers.size());
}

}  // namespace

bool RelaxedLayers::suits(const LayeredSystem& system) {
  const bool are_relus = std::all_of(
      system.activations.begin(), system.activations.end(),
      [](const Activation& f) { return f.curve == Curve::relu || is_unbounded_identity(f); });
  return are_relus && !system.has_interval_only() && system.twins.empty() &&
         !system.outputs.terms.empty();
}

RelaxedLayers::RelaxedLayers(const LayeredSystem& system, std::vector<double> lower,
                             std::vector<double> upper)
    : system_(system), gamma_(gamma_bound(2.0 * roundings_of(system) + 32.0)) {
  for (std::size_t i = 0; i < lower.size(); ++i)
    largest_source_ = std::max({largest_source_, std::fabs(lower[i]), std::fabs(upper[i])});
  sources_[kInputSource] = {std::move(lower), std::move(upper)};
}

double RelaxedLayers::slack_for(double radius, double magnitude) const {
  return (radius + 4.0 * gamma_ * magnitude) * (1.0 + 4.0 * gamma_) + 0x1p-1020 * largest_source_;
}

IntervalVector RelaxedLayers::enclose_next(std::vector<double>& magnitudes) {
  const auto k = static_cast<std::size_t>(count());
  IntervalVector z = enclose(system_.layers[k], sources_, &magnitudes);
  const IntervalVector& everywhere = system_.intervals[k];
  for (std::size_t v = 0; v < z.lower.size(); ++v) {
    z.lower[v] = std::max(z.lower[v], everywhere.lower[v]);
    z.upper[v] = std::min(z.upper[v], everywhere.upper[v]);
  }
  if (!cut_to_limits(system_, k, sources_, z)) is_empty_ = true;
  return z;
}

void RelaxedLayers::add(IntervalVector z, std::vector<double> magnitudes) {
  const auto k = static_cast<std::size_t>(count());
  const std::size_t size = z.lower.size();
  RelaxedNeurons& of = neurons_.emplace_back();
  of.slope.assign(size, 1.0);
  of.low.assign(size, 0.0);
  of.high.assign(size, 0.0);
  for (std::size_t v = 0; v < size; ++v) {
    of.slack.push_back(slack_for(system_.layers[k].radius[v], magnitudes[v]));
    const double l = z.lower[v], u = z.upper[v];
    if (std::isfinite(magnitudes[v])) largest_source_ = std::max(largest_source_, magnitudes[v]);
    if (system_.activations[k].curve != Curve::relu || l >= 0.0) continue;
    if (u <= 0.0) {
      of.slope[v] = 0.0;
      continue;
    }
    const double chord = u / (u - l);
    // Without a finite lower end the line is the constant u, which may be infinite.
    of.slope[v] = std::isfinite(l) && std::isfinite(u) ? std::clamp(chord, 0.0, 1.0) : 0.0;
    of.low[v] = std::isfinite(l) ? l : 0.0;
    of.high[v] = u;
  }
  IntervalVector active = activate(system_.activations[k], z);
  for (std::size_t v = 0; v < size; ++v) {
    const double magnitude = std::max(std::fabs(active.lower[v]), std::fabs(active.upper[v]));
    if (std::isfinite(magnitude)) largest_source_ = std::max(largest_source_, magnitude);
  }
  sources_[static_cast<int>(k)] = std::move(active);
  z_.push_back(std::move(z));
}

}  // namespace clipbound::bounds
