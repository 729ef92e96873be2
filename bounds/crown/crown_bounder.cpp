#include "bounds/crown/crown_bounder.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/layered/linear_map.h"
#include "bounds/limits.h"
#include "bounds/relax/product.h"

namespace clipbound::bounds {

namespace {
/// Numbers of one layer's dense rows (decision 4).
constexpr std::size_t kDenseRows = 1 << 17;
/// Multiplications that the substitutions of one layer may take (decision 2).
constexpr double kBackwardWork = 1e9;
/// The same row by row, of compressed rows.
constexpr double kSparseWork = 4e6;
/// Rows at once where some map is structured: they share one pass over a kernel of megabytes. Fewer
/// where a layer is so wide that each matrix would take more than 128 MB.
constexpr std::size_t kStructuredRows = 16, kStructuredNumbers = std::size_t{1} << 24;

bool has_structure(const std::vector<std::vector<LayerMatrix>>& matrices) {
  return std::any_of(matrices.begin(), matrices.end(), [](const auto& list) {
    return std::any_of(list.begin(), list.end(),
                       [](const LayerMatrix& matrix) { return matrix.structure() != nullptr; });
  });
}

/// Intervals whose ends have passed each other become their lower ends: box and ball have no point
/// in common. False where there is one.
bool keep_in_order(IntervalVector& z) {
  bool in_order = true;
  for (std::size_t v = 0; v < z.lower.size(); ++v) {
    if (!(z.lower[v] > z.upper[v])) continue;
    z.upper[v] = z.lower[v];
    in_order = false;
  }
  return in_order;
}

/// Neurons that a reduced network has to keep.
std::int64_t count_unstable(const Activation& activation, const IntervalVector& z) {
  if (activation.curve == Curve::identity) return 0;
  std::int64_t count = 0;
  for (std::size_t v = 0; v < z.lower.size(); ++v)
    count += activation.curve != Curve::relu || (z.lower[v] < 0.0 && z.upper[v] > 0.0) ? 1 : 0;
  return count;
}
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
  double dense = 0.0, sparse = 0.0;
  for (const auto& list : matrices_) {
    for (const LayerMatrix& matrix : list)
      (matrix.is_dense() ? dense : sparse) += static_cast<double>(matrix.entries());
  }
  structured_ = has_structure(matrices_);
  sparse_ = !structured_ && dense < 0.5 * sparse;
  last_reader_.assign(matrices_.size() + 1, -1);
  for (std::size_t k = 0; k < matrices_.size(); ++k) {
    for (const LayerMatrix& matrix : matrices_[k])
      last_reader_[static_cast<std::size_t>(matrix.source() + 1)] = static_cast<int>(k);
  }
  for (std::size_t k = 0; k < work_.size(); ++k) {
    affordable_ = affordable_ &&
                  2.0 * static_cast<double>(system_->layers[k].size()) * work_[k] <= kBackwardWork;
  }
  gamma_ = gamma_bound(2.0 * (neurons + static_cast<double>(system_->lower.size())) + 24.0);
}

double CrownBounder::slack_for(double radius, double magnitude, const Bounds& bounds) const {
  return (radius + 4.0 * gamma_ * magnitude) * (1.0 + 4.0 * gamma_) +
         0x1p-1020 * bounds.largest_source;
}

double CrownBounder::row_slack(const AffineForm& form, std::int64_t row,
                               const Bounds& bounds) const {
  return slack_for(form.radius[static_cast<std::size_t>(row)],
                   magnitude_of_terms(form, row, bounds.sources), bounds);
}

RelaxedLayer CrownBounder::relaxed(int k, const Bounds& bounds) const {
  const auto i = static_cast<std::size_t>(k);
  RelaxedLayer layer{system_->layers[i], bounds.layers[i], bounds.relaxations[i], bounds.slack[i],
                     system_->activations[i].curve == Curve::product};
  if (i < bounds.differences.size() && !bounds.differences[i].empty())
    layer.twins = {&system_->twins_of(i), &bounds.differences[i], &bounds.slack[i - 1]};
  return layer;
}

std::vector<double> CrownBounder::lower_bounds(const AffineForm& form,
                                               const std::vector<std::int64_t>& which, double sign,
                                               int layer, const Bounds& bounds,
                                               std::vector<double>* errors) const {
  if (sparse_) {
    SparseBackwardRow scratch;
    std::vector<double> result;
    for (const std::int64_t i : which) {
      result.push_back(lower_bound_sparse(form, i, sign, layer, bounds, scratch));
      if (errors != nullptr) errors->push_back(scratch.sums.loss(gamma_));
    }
    return result;
  }
  std::vector<double> result;
  // Of a thousand rows, those of a wide layer would take gigabytes.
  const std::size_t at_once =
      structured_ ? rows_at_once(layer) : std::max<std::size_t>(which.size(), 1);
  for (std::size_t first = 0; first < which.size(); first += at_once)
    lower_bounds_dense(form,
                       std::span(which).subspan(first, std::min(at_once, which.size() - first)),
                       sign, layer, bounds, result, errors);
  return result;
}

void CrownBounder::lower_bounds_dense(const AffineForm& form, std::span<const std::int64_t> which,
                                      double sign, int layer, const Bounds& bounds,
                                      std::vector<double>& result,
                                      std::vector<double>* errors) const {
  DenseBackwardRows rows(*system_, layer, form, which, sign);
  for (std::size_t r = 0; r < which.size(); ++r)
    rows.sums[r].error = row_slack(form, which[r], bounds);
  for (int k = layer - 1; k >= 0; --k)
    rows.substitute(k, relaxed(k, bounds), matrices_[static_cast<std::size_t>(k)]);
  for (std::size_t r = 0; errors != nullptr && r < which.size(); ++r)
    errors->push_back(rows.sums[r].loss(gamma_));
  const std::vector<double> lower = rows.lower_bounds(bounds.lower, bounds.upper, gamma_);
  result.insert(result.end(), lower.begin(), lower.end());
}

std::size_t CrownBounder::rows_at_once(int layer) const {
  std::size_t widest = 1;
  for (int k = 0; k < layer; ++k)
    widest = std::max(
        widest, static_cast<std::size_t>(system_->layers[static_cast<std::size_t>(k)].size()));
  const std::size_t least =
      structured_ ? std::clamp<std::size_t>(kStructuredNumbers / widest, 1, kStructuredRows) : 8;
  return std::clamp<std::size_t>(kDenseRows / widest, least, 256);
}

double CrownBounder::lower_bound_sparse(const AffineForm& form, std::int64_t row, double sign,
                                        int layer, const Bounds& bounds,
                                        SparseBackwardRow& scratch) const {
  scratch.begin(*system_, form, row, sign);
  scratch.sums.error = row_slack(form, row, bounds);
  for (int k = layer - 1; k >= 0; --k) scratch.substitute(k, relaxed(k, bounds));
  return scratch.lower_bound(bounds.lower, bounds.upper, gamma_, system_->ball);
}

void CrownBounder::substitute_unstable(int layer, const Bounds& bounds, IntervalVector& z,
                                       const Deadline& deadline) const {
  const Activation& activation = system_->activations[static_cast<std::size_t>(layer)];
  const bool relu = activation.curve == Curve::relu;
  if (is_unbounded_identity(activation)) return;
  std::vector<std::int64_t> unstable;
  for (std::size_t v = 0; v < z.lower.size(); ++v) {
    if (!relu || (z.lower[v] < 0.0 && z.upper[v] > 0.0))
      unstable.push_back(static_cast<std::int64_t>(v));
  }
  substitute_form(system_->layers[static_cast<std::size_t>(layer)], layer, unstable, bounds, z,
                  deadline);
}

void CrownBounder::substitute_form(const AffineForm& form, int layer,
                                   const std::vector<std::int64_t>& which, const Bounds& bounds,
                                   IntervalVector& z, const Deadline& deadline) const {
  if (sparse_) return substitute_sparse(form, layer, which, bounds, z, deadline);
  if (2.0 * static_cast<double>(which.size()) * work_[static_cast<std::size_t>(layer)] >
      kBackwardWork)
    return;
  substitute_dense(form, layer, which, bounds, z, deadline);
}

void CrownBounder::substitute_sparse(const AffineForm& form, int layer,
                                     const std::vector<std::int64_t>& which, const Bounds& bounds,
                                     IntervalVector& z, const Deadline& deadline) const {
  SparseBackwardRow scratch;
  for (const std::int64_t i : which) {
    if (scratch.work > kSparseWork || deadline.expired()) return;
    const auto v = static_cast<std::size_t>(i);
    z.lower[v] = std::max(z.lower[v], lower_bound_sparse(form, i, 1.0, layer, bounds, scratch));
    z.upper[v] = std::min(z.upper[v], -lower_bound_sparse(form, i, -1.0, layer, bounds, scratch));
  }
}

void CrownBounder::substitute_dense(const AffineForm& form, int layer,
                                    const std::vector<std::int64_t>& which, const Bounds& bounds,
                                    IntervalVector& z, const Deadline& deadline) const {
  const std::size_t at_once = rows_at_once(layer);
  for (std::size_t first = 0; first < which.size() && !deadline.expired(); first += at_once) {
    const std::size_t last = std::min<std::size_t>(first + at_once, which.size());
    const std::vector<std::int64_t> part(which.begin() + static_cast<std::ptrdiff_t>(first),
                                         which.begin() + static_cast<std::ptrdiff_t>(last));
    const auto low = lower_bounds(form, part, 1.0, layer, bounds);
    const auto high = lower_bounds(form, part, -1.0, layer, bounds);
    for (std::size_t i = 0; i < part.size(); ++i) {
      const auto v = static_cast<std::size_t>(part[i]);
      z.lower[v] = std::max(z.lower[v], low[i]);
      z.upper[v] = std::min(z.upper[v], -high[i]);
    }
  }
}

/// Better relaxations of products by bounds of u = s x + y / s and v = s x - y / s: how both
/// factors move together.
void CrownBounder::relate_factors(int layer, const Bounds& bounds, const IntervalVector& z,
                                  std::vector<LinePair>& relaxations,
                                  const Deadline& deadline) const {
  const AffineForm& form = system_->layers[static_cast<std::size_t>(layer)];
  const std::size_t products = z.lower.size() / 2;
  if (sparse_ ||
      4.0 * static_cast<double>(products) * work_[static_cast<std::size_t>(layer)] >
          kBackwardWork ||
      deadline.expired())
    return;
  std::vector<std::int64_t> begin{0}, all;
  std::vector<WeightedTerm> terms;
  std::vector<double> scale;
  for (std::size_t i = 0; i < products; ++i) {
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
  for (std::size_t i = 0; i < products; ++i) {
    ProductPlanes of{relaxations[2 * i].lower_slope, relaxations[2 * i + 1].lower_slope,
                     relaxations[2 * i].lower_offset, relaxations[2 * i].upper_offset};
    tighten_product(scale[i], {low[2 * i], -high[2 * i]}, {low[2 * i + 1], -high[2 * i + 1]}, of);
    relaxations[2 * i].lower_offset = of.lower;
    relaxations[2 * i].upper_offset = of.upper;
  }
}

CrownBounder::TwinBounds CrownBounder::bound_twins(int layer, const IntervalVector& z,
                                                   const std::vector<double>& slack,
                                                   const Bounds& bounds,
                                                   const Deadline& deadline) const {
  const auto k = static_cast<std::size_t>(layer);
  const std::vector<std::int64_t>& twin = system_->twins_of(k);
  const bool relu = system_->activations[k].curve == Curve::relu;
  const auto is_open = [&](const IntervalVector& of, std::size_t v) {
    return !relu || (of.lower[v] < 0.0 && of.upper[v] > 0.0);
  };
  TwinBounds twins;
  std::vector<std::int64_t> begin{0}, all;
  std::vector<WeightedTerm> terms;
  for (std::size_t v = 0; v < twin.size(); ++v) {
    if (twin[v] < 0) continue;
    const auto w = static_cast<std::size_t>(twin[v]);
    if (!(is_open(z, v) || is_open(bounds.layers[k - 1], w)) || !std::isfinite(slack[v]) ||
        !std::isfinite(bounds.slack[k - 1][w]))
      continue;
    terms.push_back({0, static_cast<std::int64_t>(v), 1.0});
    terms.push_back({1, twin[v], -1.0});
    begin.push_back(static_cast<std::int64_t>(terms.size()));
    all.push_back(static_cast<std::int64_t>(twins.second.size()));
    twins.second.push_back(v);
  }
  if (twins.second.empty()) return twins;
  const AffineForm form = linear_map({&system_->layers[k], &system_->layers[k - 1]}, begin, terms,
                                     std::vector<double>(all.size(), 0.0), system_->magnitudes);
  twins.difference = enclose(form, bounds.sources);
  substitute_form(form, layer - 1, all, bounds, twins.difference, deadline);
  return twins;
}

void CrownBounder::narrow_by_twins(int layer, const TwinBounds& twins, IntervalVector& z,
                                   Bounds& bounds) const {
  const auto k = static_cast<std::size_t>(layer);
  IntervalVector& x = bounds.layers[k - 1];
  const auto meet = [&bounds](double& lower, double& upper, double low, double high) {
    lower = std::max(lower, low);
    upper = std::min(upper, high);
    if (!(lower > upper)) return;
    bounds.empty = true;
    upper = lower;
  };
  for (std::size_t i = 0; i < twins.second.size(); ++i) {
    const std::size_t v = twins.second[i], w = static_cast<std::size_t>(system_->twins_of(k)[v]);
    const Range d = range_of(twins.difference, i);
    meet(z.lower[v], z.upper[v], add_down(x.lower[w], d.lower), add_up(x.upper[w], d.upper));
    meet(x.lower[w], x.upper[w], add_down(z.lower[v], -d.upper), add_up(z.upper[v], -d.lower));
  }
  bounds.sources[layer - 1] = activate(system_->activations[k - 1], x);
  if (!bounds.relaxations[k - 1].empty())
    bounds.relaxations[k - 1] = relax_layer(system_->activations[k - 1], x);
}

std::vector<DifferenceLines> CrownBounder::relax_twins(int layer, const TwinBounds& twins,
                                                       const Bounds& bounds) const {
  const auto k = static_cast<std::size_t>(layer);
  const Activation& activation = system_->activations[k];
  const IntervalVector &x = bounds.layers[k - 1], &y = bounds.layers[k];
  std::vector<DifferenceLines> lines(y.lower.size());
  for (std::size_t i = 0; i < twins.second.size(); ++i) {
    const std::size_t v = twins.second[i], w = static_cast<std::size_t>(system_->twins_of(k)[v]);
    lines[v] = relax_difference(
        activation, range_of(x, w), range_of(y, v), range_of(twins.difference, i),
        relax(activation, x.lower[w], x.upper[w]), relax(activation, y.lower[v], y.upper[v]));
  }
  return lines;
}

CrownBounder::ForwardBounds CrownBounder::begin_forward(const Bounds& bounds) const {
  ForwardBounds forward;
  forward.box.columns = varying_inputs(bounds.lower, bounds.upper);
  for (const int i : forward.box.columns) {
    forward.box.lower.push_back(bounds.lower[static_cast<std::size_t>(i)]);
    forward.box.upper.push_back(bounds.upper[static_cast<std::size_t>(i)]);
  }
  forward.box.largest = bounds.largest_source;
  // Where every row can be substituted backwards, forward bounds would add nothing.
  // Of the widest layers they would take gigabytes.
  constexpr std::size_t kMostNumbers = std::size_t{1} << 24;
  std::size_t widest = 0;
  for (const AffineForm& form : system_->layers) widest = std::max(widest, form.constant.size());
  forward.enabled = (sparse_ || !affordable_) &&
                    forward.box.columns.size() <= kMostForwardPassInputs &&
                    (!structured_ || widest * (forward.box.columns.size() + 1) <= kMostNumbers);
  if (forward.enabled)
    forward.sources.emplace(kInputSource, forward_input(forward.box, bounds.lower, bounds.upper));
  return forward;
}

std::vector<double> CrownBounder::layer_slack(int layer, std::vector<double> magnitudes,
                                              Bounds& bounds) const {
  const AffineForm& form = system_->layers[static_cast<std::size_t>(layer)];
  // What underflows in a multiplier loses as much times z; where z is unbounded, multipliers are 0
  // or exact.
  for (const double magnitude : magnitudes) {
    if (std::isfinite(magnitude))
      bounds.largest_source = std::max(bounds.largest_source, magnitude);
  }
  for (std::size_t v = 0; v < magnitudes.size(); ++v)
    magnitudes[v] = slack_for(form.radius[v], magnitudes[v], bounds);
  return magnitudes;
}

std::vector<LinePair> CrownBounder::relax_neurons(int layer, const IntervalVector& z,
                                                  const Bounds& bounds,
                                                  const Deadline& deadline) const {
  const Activation& activation = system_->activations[static_cast<std::size_t>(layer)];
  if (activation.curve == Curve::relu) return {};
  std::vector<LinePair> relaxations = relax_layer(activation, z);
  if (activation.curve == Curve::product) relate_factors(layer, bounds, z, relaxations, deadline);
  return relaxations;
}

void CrownBounder::bound_layer(int layer, ForwardBounds& forward, Bounds& bounds,
                               const Deadline& deadline) const {
  const AffineForm& form = system_->layers[static_cast<std::size_t>(layer)];
  const Activation& activation = system_->activations[static_cast<std::size_t>(layer)];
  std::vector<double> magnitudes;
  IntervalVector z = enclose(form, bounds.sources, &magnitudes);
  std::vector<double> slack = layer_slack(layer, std::move(magnitudes), bounds);
  LinearBounds linear;
  // Without them the layers behind have intervals.
  if (forward.enabled && deadline.expired()) forward = {forward.box, false, {}};
  if (forward.enabled) {
    linear = forward_affine(form, forward.box, forward.sources);
    const IntervalVector range = concretize(linear, forward.box);
    for (std::size_t v = 0; v < z.lower.size(); ++v) {
      z.lower[v] = std::max(z.lower[v], range.lower[v]);
      z.upper[v] = std::min(z.upper[v], range.upper[v]);
    }
  }
  // Intervals of forms over the input alone are exact on a box: substitution would change nothing.
  const bool of_input =
      form.terms.empty() || (form.terms.size() == 1 && form.terms.contains(kInputSource));
  if (!of_input || system_->ball != nullptr) substitute_unstable(layer, bounds, z, deadline);
  if (system_->ball != nullptr && !keep_in_order(z)) bounds.empty = true;
  if (!cut_to_limits(*system_, static_cast<std::size_t>(layer), bounds.sources, z))
    bounds.empty = true;
  TwinBounds twins;
  if (!system_->twins_of(static_cast<std::size_t>(layer)).empty()) {
    twins = bound_twins(layer, z, slack, bounds, deadline);
    narrow_by_twins(layer, twins, z, bounds);
  }
  std::vector<LinePair> relaxations = relax_neurons(layer, z, bounds, deadline);
  if (forward.enabled) {
    forward.sources[layer] = relaxations.empty() ? forward_relu(linear, z, forward.box)
                             : activation.curve == Curve::product
                                 ? forward_products(linear, relaxations, forward.box)
                                 : forward_nonlinear(linear, relaxations, forward.box);
    // On wide layers they would add up to gigabytes.
    std::erase_if(forward.sources, [&](const auto& source) {
      return last_reader_[static_cast<std::size_t>(source.first + 1)] <= layer;
    });
  }
  IntervalVector active = activate(activation, z);
  for (std::size_t v = 0; v < active.lower.size(); ++v) {
    const double magnitude = std::max(std::fabs(active.lower[v]), std::fabs(active.upper[v]));
    if (std::isfinite(magnitude))
      bounds.largest_source = std::max(bounds.largest_source, magnitude);
  }
  bounds.relaxations.push_back(std::move(relaxations));
  bounds.slack.push_back(std::move(slack));
  bounds.layers.push_back(std::move(z));
  bounds.sources[layer] = std::move(active);
  bounds.differences.push_back(twins.second.empty() ? std::vector<DifferenceLines>{}
                                                    : relax_twins(layer, twins, bounds));
}

CrownBounder::Bounds CrownBounder::bound_neurons(std::vector<double> lower,
                                                 std::vector<double> upper,
                                                 const Deadline& deadline) const {
  Bounds bounds;
  bounds.sources[kInputSource] = {lower, upper};
  for (std::size_t i = 0; i < lower.size(); ++i) {
    bounds.largest_source =
        std::max({bounds.largest_source, std::fabs(lower[i]), std::fabs(upper[i])});
  }
  bounds.lower = std::move(lower);
  bounds.upper = std::move(upper);
  ForwardBounds forward = begin_forward(bounds);
  for (std::size_t k = 0; k < system_->layers.size(); ++k)
    bound_layer(static_cast<int>(k), forward, bounds, deadline);
  for (std::size_t k = 0; k < system_->layers.size(); ++k)
    bounds.unstable += count_unstable(system_->activations[k], bounds.layers[k]);
  return bounds;
}

}  // namespace clipbound::bounds
