#include "bounds/crown/crown_bounder.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/crown/forward_pass.h"
#include "bounds/layered/linear_map.h"
#include "bounds/relax/product.h"

namespace clipbound::bounds {

namespace {
constexpr std::size_t kTallMatrix =
    1 << 17;  // numbers of one layer's tall matrix: 1 MB, so that it stays in the L2 cache

constexpr std::size_t kForwardInputs = 16;  // forward planes cost as many numbers per neuron
constexpr double kBackwardWork =
    1e9;  // multiplications that the substitutions of one layer may take: half a second

constexpr double kThinWork =
    4e6;  // the same row by row, where compressed rows cost ten times as much each
}  // namespace

CrownBounder::CrownBounder(std::shared_ptr<const LayeredSystem> system)
    : system_(std::move(system)) {
  double neurons = 0.0;
  for (const AffineForm& layer : system_->layers) {
    auto& list = matrices_.emplace_back();
    work_.push_back(work_.empty() ? 0.0 : work_.back());
    for (const auto& [source, rows] : layer.terms) {
      work_.back() += list.emplace_back(source, rows).work();
    }
    neurons += static_cast<double>(layer.size());
  }
  double dense = 0.0, thin = 0.0;
  for (const auto& list : matrices_) {
    for (const LayerMatrix& matrix : list)
      (matrix.dense.empty() ? thin : dense) += static_cast<double>(matrix.sparse->entries());
  }
  thin_ = dense < 0.5 * thin;
  for (std::size_t k = 0; k < work_.size(); ++k) {
    affordable_ = affordable_ &&
                  2.0 * static_cast<double>(system_->layers[k].size()) * work_[k] <= kBackwardWork;
  }
  gamma_ = gamma_bound(2.0 * (neurons + static_cast<double>(system_->lower.size())) + 24.0);
}

double CrownBounder::slack(double radius, double size, const Bounds& bounds) const {
  return (radius + 4.0 * gamma_ * size) * (1.0 + 4.0 * gamma_) + 0x1p-1020 * bounds.largest_source;
}

double CrownBounder::row_slack(const AffineForm& form, std::int64_t row,
                               const Bounds& bounds) const {
  return slack(form.radius[static_cast<std::size_t>(row)],
               magnitude_of_terms(form, row, bounds.sources), bounds);
}

RelaxedLayer CrownBounder::relaxed(int k, const Bounds& bounds) const {
  const auto i = static_cast<std::size_t>(k);
  return {system_->layers[i], bounds.layers[i], bounds.planes[i], bounds.cost[i],
          system_->activations[i].curve == Curve::product};
}

std::vector<double> CrownBounder::lower_bounds(const AffineForm& form,
                                               const std::vector<std::int64_t>& which, double sign,
                                               int layer, const Bounds& bounds) const {
  if (thin_) {
    SparseBackwardRow scratch;
    std::vector<double> result;
    for (const std::int64_t i : which)
      result.push_back(lower_bound_thin(form, i, sign, layer, bounds, scratch));
    return result;
  }
  DenseBackwardRows rows(*system_, layer, form, which, sign);
  for (std::size_t r = 0; r < which.size(); ++r)
    rows.sums[r].error = row_slack(form, which[r], bounds);
  for (int k = layer - 1; k >= 0; --k)
    rows.substitute(k, relaxed(k, bounds), matrices_[static_cast<std::size_t>(k)]);
  return rows.lower_bounds(bounds.lower, bounds.upper, gamma_);
}

double CrownBounder::lower_bound_thin(const AffineForm& form, std::int64_t row, double sign,
                                      int layer, const Bounds& bounds,
                                      SparseBackwardRow& scratch) const {
  scratch.begin(*system_, form, row, sign);
  scratch.sums.error = row_slack(form, row, bounds);
  for (int k = layer - 1; k >= 0; --k) scratch.substitute(k, relaxed(k, bounds));
  return scratch.lower_bound(bounds.lower, bounds.upper, gamma_);
}

/// Tightens the undecided neurons of one layer by backward substitution.
void CrownBounder::substitute_undecided(int layer, const Bounds& bounds, IntervalVector& z,
                                        const Deadline& deadline) const {
  const AffineForm& form = system_->layers[static_cast<std::size_t>(layer)];
  const Activation& activation = system_->activations[static_cast<std::size_t>(layer)];
  const bool relu = activation.curve == Curve::relu;
  if (is_unbounded_identity(activation)) return;
  std::vector<std::int64_t> unstable;
  for (std::size_t v = 0; v < z.lower.size(); ++v) {
    if (!relu || (z.lower[v] < 0.0 && z.upper[v] > 0.0))
      unstable.push_back(static_cast<std::int64_t>(v));
  }
  if (thin_) {
    SparseBackwardRow scratch;
    for (const std::int64_t i : unstable) {
      // All neurons of a layer or none: a few better ones among thousands change nothing.
      const std::size_t done = static_cast<std::size_t>(&i - unstable.data());
      if (done % 16 == 1 &&
          scratch.work / static_cast<double>(done) * static_cast<double>(unstable.size()) >
              kThinWork)
        return;
      if (scratch.work > kThinWork || deadline.expired()) return;
      const auto v = static_cast<std::size_t>(i);
      z.lower[v] = std::max(z.lower[v], lower_bound_thin(form, i, 1.0, layer, bounds, scratch));
      z.upper[v] = std::min(z.upper[v], -lower_bound_thin(form, i, -1.0, layer, bounds, scratch));
    }
    return;
  }
  if (2.0 * static_cast<double>(unstable.size()) * work_[static_cast<std::size_t>(layer)] >
      kBackwardWork)
    return;
  std::size_t widest = 1;
  for (int k = 0; k < layer; ++k)
    widest = std::max(
        widest, static_cast<std::size_t>(system_->layers[static_cast<std::size_t>(k)].size()));
  const std::size_t at_once = std::clamp<std::size_t>(kTallMatrix / widest, 8, 256);
  for (std::size_t first = 0; first < unstable.size() && !deadline.expired(); first += at_once) {
    const std::size_t last = std::min<std::size_t>(first + at_once, unstable.size());
    const std::vector<std::int64_t> part(unstable.begin() + static_cast<std::ptrdiff_t>(first),
                                         unstable.begin() + static_cast<std::ptrdiff_t>(last));
    const auto low = lower_bounds(form, part, 1.0, layer, bounds);
    const auto high = lower_bounds(form, part, -1.0, layer, bounds);
    for (std::size_t i = 0; i < part.size(); ++i) {
      const auto v = static_cast<std::size_t>(part[i]);
      z.lower[v] = std::max(z.lower[v], low[i]);
      z.upper[v] = std::min(z.upper[v], -high[i]);
    }
  }
}

/// Better planes of products by bounds of u = s x + y / s and v = s x - y / s: how both factors
/// move together.
void CrownBounder::relate_factors(int layer, const Bounds& bounds, const IntervalVector& z,
                                  std::vector<Planes>& planes, const Deadline& deadline) const {
  const AffineForm& form = system_->layers[static_cast<std::size_t>(layer)];
  const std::size_t pairs = z.lower.size() / 2;
  if (thin_ ||
      4.0 * static_cast<double>(pairs) * work_[static_cast<std::size_t>(layer)] > kBackwardWork ||
      deadline.expired())
    return;
  std::vector<std::int64_t> begin{0}, all;
  std::vector<WeightedTerm> terms;
  std::vector<double> scale;
  for (std::size_t i = 0; i < pairs; ++i) {
    const auto x = static_cast<std::int64_t>(2 * i);
    scale.push_back(
        product_balance(z.upper[2 * i] - z.lower[2 * i], z.upper[2 * i + 1] - z.lower[2 * i + 1]));
    for (const double sign : {1.0, -1.0}) {
      terms.push_back({0, x, scale[i]});
      terms.push_back({0, x + 1, sign / scale[i]});
      begin.push_back(static_cast<std::int64_t>(terms.size()));
      all.push_back(static_cast<std::int64_t>(all.size()));
    }
  }
  const AffineForm mixed =
      linear_map({&form}, begin, terms, std::vector<double>(all.size(), 0.0), system_->magnitudes);
  const std::vector<double> low = lower_bounds(mixed, all, 1.0, layer, bounds),
                            high = lower_bounds(mixed, all, -1.0, layer, bounds);
  for (std::size_t i = 0; i < pairs; ++i) {
    ProductPlanes of{planes[2 * i].lower_slope, planes[2 * i + 1].lower_slope,
                     planes[2 * i].lower_offset, planes[2 * i].upper_offset};
    tighten_product(scale[i], {low[2 * i], -high[2 * i]}, {low[2 * i + 1], -high[2 * i + 1]}, of);
    planes[2 * i].lower_offset = of.lower;
    planes[2 * i].upper_offset = of.upper;
  }
}

CrownBounder::Bounds CrownBounder::bound_neurons(std::vector<double> lower,
                                                 std::vector<double> upper,
                                                 const Deadline& deadline) const {
  Bounds bounds;
  ForwardBox box;
  box.columns = varying_inputs(lower, upper);
  for (const int i : box.columns) {
    box.lower.push_back(lower[static_cast<std::size_t>(i)]);
    box.upper.push_back(upper[static_cast<std::size_t>(i)]);
  }
  // Where every row can be substituted backwards, forward planes would add nothing.
  const bool forward = (thin_ || !affordable_) && box.columns.size() <= kForwardInputs;
  std::map<int, LinearBounds> planes;
  if (forward) planes.emplace(kInputSource, forward_input(box, lower, upper));
  bounds.sources[kInputSource] = {lower, upper};
  for (std::size_t i = 0; i < lower.size(); ++i) {
    bounds.largest_source =
        std::max({bounds.largest_source, std::fabs(lower[i]), std::fabs(upper[i])});
  }
  box.largest = bounds.largest_source;
  bounds.lower = std::move(lower);
  bounds.upper = std::move(upper);
  for (std::size_t k = 0; k < system_->layers.size(); ++k) {
    const AffineForm& form = system_->layers[k];
    std::vector<double> cost;
    IntervalVector z = enclose(form, bounds.sources, &cost);
    // What underflows in a multiplier costs as much times z; where z is unbounded, multipliers are
    // 0 or exact.
    for (const double size : cost)
      bounds.largest_source =
          std::isfinite(size) ? std::max(bounds.largest_source, size) : bounds.largest_source;
    for (std::size_t v = 0; v < cost.size(); ++v) cost[v] = slack(form.radius[v], cost[v], bounds);
    LinearBounds z_planes;
    if (forward) {
      z_planes = forward_affine(form, box, planes);
      const IntervalVector linear = concretize(z_planes, box);
      for (std::size_t v = 0; v < z.lower.size(); ++v) {
        z.lower[v] = std::max(z.lower[v], linear.lower[v]);
        z.upper[v] = std::min(z.upper[v], linear.upper[v]);
      }
    }
    // Intervals of forms over the input alone are exact already: substitution would change nothing.
    const bool of_input =
        form.terms.empty() || (form.terms.size() == 1 && form.terms.contains(kInputSource));
    if (!of_input) substitute_undecided(static_cast<int>(k), bounds, z, deadline);
    const Activation& activation = system_->activations[k];
    std::vector<Planes> relaxed;
    if (activation.curve == Curve::relu) {
      for (std::size_t v = 0; v < z.lower.size(); ++v)
        bounds.undecided += z.lower[v] < 0.0 && z.upper[v] > 0.0 ? 1 : 0;
    } else {
      relaxed = relax_layer(activation, z);
      if (activation.curve == Curve::product)
        relate_factors(static_cast<int>(k), bounds, z, relaxed, deadline);
      if (activation.curve != Curve::identity) bounds.undecided += form.size();
    }
    if (forward) {
      planes[static_cast<int>(k)] = relaxed.empty() ? forward_relu(z_planes, z, box)
                                    : activation.curve == Curve::product
                                        ? forward_products(z_planes, relaxed, box)
                                        : forward_planes(z_planes, relaxed, box);
    }
    IntervalVector active = activate(activation, z);
    for (std::size_t v = 0; v < active.lower.size(); ++v) {
      const double reach = std::max(std::fabs(active.lower[v]), std::fabs(active.upper[v]));
      if (std::isfinite(reach)) bounds.largest_source = std::max(bounds.largest_source, reach);
    }
    bounds.planes.push_back(std::move(relaxed));
    bounds.cost.push_back(std::move(cost));
    bounds.layers.push_back(std::move(z));
    bounds.sources[static_cast<int>(k)] = std::move(active);
  }
  return bounds;
}

}  // namespace clipbound::bounds
