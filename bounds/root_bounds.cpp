#include "bounds/root_bounds.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/blas.h"
#include "base/check.h"
#include "base/rounding.h"
#include "bounds/folder.h"
#include "bounds/forward_pass.h"
#include "bounds/relu_rows.h"

namespace clipbound {

namespace {
constexpr double kDenseFrom = 0.1;        // density past which GEMM beats compressed rows
constexpr std::size_t kTallMatrix = 1 << 17;  // numbers of one layer's tall matrix: 1 MB, so that it stays in the L2 cache

constexpr std::size_t kForwardInputs = 16;  // forward planes cost as many numbers per neuron
constexpr double kBackwardWork = 1e9;       // multiplications that the substitutions of one layer may take: half a second

constexpr double kThinWork = 4e6;           // the same row by row, where compressed rows cost ten times as much each

LayerMatrix make_matrix(int source, const SparseRows& rows) {
  LayerMatrix m{source, rows.rows(), rows.cols, {}, &rows};
  if (rows.density() < kDenseFrom) return m;
  m.dense.assign(static_cast<std::size_t>(m.rows * m.cols), 0.0);
  for (std::int64_t r = 0; r < m.rows; ++r) {
    const auto index = rows.indices(r);
    const auto value = rows.values(r);
    for (std::size_t j = 0; j < index.size(); ++j) m.dense[static_cast<std::size_t>(r * m.cols + index[j])] = value[j];
  }
  return m;
}

/// out[R, cols] += p[R, rows] * matrix.
void add_product(const std::vector<double>& p, std::int64_t R, const LayerMatrix& matrix, std::vector<double>& out) {
  if (!matrix.dense.empty()) {
    gemm(Transpose::no, Transpose::no, R, matrix.cols, matrix.rows, 1.0, p.data(), matrix.rows, matrix.dense.data(), matrix.cols,
         1.0, out.data(), matrix.cols);
    return;
  }
  for (std::int64_t r = 0; r < R; ++r) {
    double* to = out.data() + r * matrix.cols;
    for (std::int64_t v = 0; v < matrix.rows; ++v) {
      const double factor = p[static_cast<std::size_t>(r * matrix.rows + v)];
      if (factor == 0.0) continue;
      const auto index = matrix.sparse->indices(v);
      const auto value = matrix.sparse->values(v);
      for (std::size_t j = 0; j < index.size(); ++j) to[index[j]] += factor * value[j];
    }
  }
}

}  // namespace

RootBounder::RootBounder(std::shared_ptr<const LayeredSystem> system) : system_(std::move(system)) {
  double neurons = 0.0;
  for (const AffineForm& layer : system_->layers) {
    auto& list = matrices_.emplace_back();
    work_.push_back(work_.empty() ? 0.0 : work_.back());
    for (const auto& [source, rows] : layer.terms) {
      list.push_back(make_matrix(source, rows));
      work_.back() += list.back().dense.empty() ? 4.0 * static_cast<double>(rows.value.size()) : static_cast<double>(list.back().dense.size());
    }
    neurons += static_cast<double>(layer.size());
  }
  double dense = 0.0, thin = 0.0;
  for (const auto& list : matrices_) {
    for (const LayerMatrix& matrix : list) (matrix.dense.empty() ? thin : dense) += static_cast<double>(matrix.sparse->value.size());
  }
  thin_ = dense < 0.5 * thin;
  for (std::size_t k = 0; k < work_.size(); ++k) {
    affordable_ = affordable_ && 2.0 * static_cast<double>(system_->layers[k].size()) * work_[k] <= kBackwardWork;
  }
  gamma_ = gamma_bound(2.0 * (neurons + static_cast<double>(system_->lower.size())) + 24.0);
}

double RootBounder::slack(double radius, double size, const Bounds& bounds) const {
  return (radius + 4.0 * gamma_ * size) * (1.0 + 4.0 * gamma_) + 0x1p-1020 * bounds.largest_source;
}

double RootBounder::row_slack(const AffineForm& form, std::int64_t row, const Bounds& bounds) const {
  const auto i = static_cast<std::size_t>(row);
  double size = std::fabs(form.constant[i]);
  for (const auto& [source, rows] : form.terms) {
    const IntervalVector& from = bounds.sources.at(source);
    const auto index = rows.indices(row);
    const auto value = rows.values(row);
    for (std::size_t j = 0; j < index.size(); ++j) {
      const auto c = static_cast<std::size_t>(index[j]);
      size += std::fabs(value[j]) * std::max(std::fabs(from.lower[c]), std::fabs(from.upper[c]));
    }
  }
  return slack(form.radius[i], size, bounds);
}

namespace {

/// Multiplier and intercept that replace coefficient * f(z), z in [l, u], from below.
struct Replacement {
  double multiplier, intercept;
};
inline Replacement replace_relu(double coefficient, double l, double u) {
  if (u <= 0.0) return {0.0, 0.0};
  // A coefficient that overflowed has lost its sign, perhaps: the row is lost, and must not become 0.
  if (!(std::fabs(coefficient) < kTrusted)) return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  if (l >= 0.0) return {coefficient, 0.0};
  if (!(coefficient < 0.0)) return {u > -l ? coefficient : 0.0, 0.0};
  // Without a finite lower end the upper plane is the constant u (which may be infinite: then the row is lost).
  if (!std::isfinite(l) || !std::isfinite(u)) return {0.0, coefficient * u};
  const double m = coefficient * (u / (u - l));
  return {m, std::min(0.0, std::min(-m * l, (coefficient - m) * u))};  // from m as rounded: see LaneBounder::substitute
}
/// The rounding of the multiplier is charged with the neuron's slack, that of the intercept with the intercepts' sum.
inline Replacement replace_by_planes(double coefficient, const Planes& planes) {
  if (!(std::fabs(coefficient) < kTrusted)) return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  return coefficient < 0.0 ? Replacement{coefficient * planes.upper_slope, coefficient * planes.upper_offset}
                           : Replacement{coefficient * planes.lower_slope, coefficient * planes.lower_offset};
}
/// Neuron v of a layer with these intervals and planes (none: ReLU).
inline Replacement replace(double coefficient, const IntervalVector& z, const std::vector<Planes>& planes, std::size_t v) {
  return planes.empty() ? replace_relu(coefficient, z.lower[v], z.upper[v]) : replace_by_planes(coefficient, planes[v]);
}

}  // namespace

std::vector<double> RootBounder::lower_bounds(const AffineForm& form, const std::vector<std::int64_t>& which, double sign, int layer,
                                              const Bounds& bounds) const {
  if (thin_) {
    ThinRow scratch;
    std::vector<double> result;
    for (const std::int64_t i : which) result.push_back(lower_bound_thin(form, i, sign, layer, bounds, scratch));
    return result;
  }
  const auto R = static_cast<std::int64_t>(which.size());
  std::vector<std::vector<double>> g(static_cast<std::size_t>(layer));
  const auto N = static_cast<std::int64_t>(bounds.lower.size());
  std::vector<double> at_input(static_cast<std::size_t>(R * N), 0.0);
  std::vector<double> constant(static_cast<std::size_t>(R)), intercept(static_cast<std::size_t>(R), 0.0), intercept_size(static_cast<std::size_t>(R), 0.0);
  std::vector<double> error(static_cast<std::size_t>(R));
  for (std::int64_t r = 0; r < R; ++r) {
    const auto i = static_cast<std::size_t>(which[static_cast<std::size_t>(r)]);
    constant[static_cast<std::size_t>(r)] = sign * form.constant[i];
    error[static_cast<std::size_t>(r)] = row_slack(form, which[static_cast<std::size_t>(r)], bounds);
  }
  const auto target = [&](int source) -> std::vector<double>& {
    if (source == kInputSource) return at_input;
    auto& matrix = g[static_cast<std::size_t>(source)];
    if (matrix.empty()) matrix.assign(static_cast<std::size_t>(R * system_->layers[static_cast<std::size_t>(source)].size()), 0.0);
    return matrix;
  };
  for (const auto& [source, rows] : form.terms) {
    std::vector<double>& matrix = target(source);
    for (std::int64_t r = 0; r < R; ++r) {
      const auto index = rows.indices(which[static_cast<std::size_t>(r)]);
      const auto value = rows.values(which[static_cast<std::size_t>(r)]);
      for (std::size_t j = 0; j < index.size(); ++j) matrix[static_cast<std::size_t>(r * rows.cols + index[j])] = sign * value[j];
    }
  }
  for (int k = layer - 1; k >= 0; --k) {
    const auto ku = static_cast<std::size_t>(k);
    std::vector<double>& p = g[ku];
    if (p.empty()) continue;
    const AffineForm& from = system_->layers[ku];
    const IntervalVector& z = bounds.layers[ku];
    const std::vector<double>& cost = bounds.cost[ku];
    const auto size = static_cast<std::size_t>(from.size());
    const ReluRows relus(bounds.planes[ku].empty() ? z : IntervalVector{});
    for (std::size_t r = 0; r < static_cast<std::size_t>(R); ++r) {
      double* row = p.data() + r * size;
      if (RowSums sums; bounds.planes[ku].empty() && relus.replace(row, from.constant, cost, sums)) {
        constant[r] += sums.constant;
        intercept[r] += sums.intercept;
        intercept_size[r] += sums.intercept_size;
        error[r] += sums.error;
        continue;
      }
      double sum = 0.0, q_sum = 0.0, q_size = 0.0, e_sum = 0.0;
      for (std::size_t v = 0; v < size; ++v) {
        const double coefficient = row[v];
        if (coefficient == 0.0) continue;  // most of them, in thin layers
        const auto [m, q] = replace(coefficient, z, bounds.planes[ku], v);
        row[v] = m;
        q_sum += q;
        q_size += std::fabs(q);
        sum += m * from.constant[v];
        if (m != 0.0) e_sum += std::fabs(m) * cost[v];  // the cost of an unbounded z is infinite
      }
      constant[r] += sum;
      intercept[r] += q_sum;
      intercept_size[r] += q_size;
      error[r] += e_sum;
    }
    for (const LayerMatrix& matrix : matrices_[ku]) add_product(p, R, matrix, target(matrix.source));
    p.clear();
    p.shrink_to_fit();
  }
  std::vector<double> result(static_cast<std::size_t>(R));
  for (std::size_t r = 0; r < static_cast<std::size_t>(R); ++r) {
    double sum = constant[r] + intercept[r];
    for (std::size_t i = 0; i < static_cast<std::size_t>(N); ++i) {
      const double a = at_input[r * static_cast<std::size_t>(N) + i];
      sum += a * (a < 0.0 ? bounds.upper[i] : bounds.lower[i]);
    }
    const double total = (error[r] + 4.0 * gamma_ * intercept_size[r]) * (1.0 + 4.0 * gamma_);
    result[r] = next_down(sum - total);
    if (!(std::fabs(result[r]) < kTrusted)) result[r] = -std::numeric_limits<double>::infinity();  // overflow proves nothing
  }
  return result;
}

/// Tightens the undecided neurons of one layer by backward substitution.
void RootBounder::substitute_undecided(int layer, const Bounds& bounds, IntervalVector& z, const Deadline& deadline) const {
  const AffineForm& form = system_->layers[static_cast<std::size_t>(layer)];
  const Activation& activation = system_->activations[static_cast<std::size_t>(layer)];
  const bool relu = activation.curve == Curve::relu;
  if (activation.curve == Curve::identity && activation.parameter != kBounded) return;
  std::vector<std::int64_t> unstable;
  for (std::size_t v = 0; v < z.lower.size(); ++v) {
    if (!relu || (z.lower[v] < 0.0 && z.upper[v] > 0.0)) unstable.push_back(static_cast<std::int64_t>(v));
  }
  if (thin_) {
    ThinRow scratch;
    for (const std::int64_t i : unstable) {
      // All neurons of a layer or none: a few better ones among thousands change nothing.
      const std::size_t done = static_cast<std::size_t>(&i - unstable.data());
      if (done % 16 == 1 && scratch.work / static_cast<double>(done) * static_cast<double>(unstable.size()) > kThinWork) return;
      if (scratch.work > kThinWork || deadline.expired()) return;
      const auto v = static_cast<std::size_t>(i);
      z.lower[v] = std::max(z.lower[v], lower_bound_thin(form, i, 1.0, layer, bounds, scratch));
      z.upper[v] = std::min(z.upper[v], -lower_bound_thin(form, i, -1.0, layer, bounds, scratch));
    }
    return;
  }
  if (2.0 * static_cast<double>(unstable.size()) * work_[static_cast<std::size_t>(layer)] > kBackwardWork) return;
  std::size_t widest = 1;
  for (int k = 0; k < layer; ++k) widest = std::max(widest, static_cast<std::size_t>(system_->layers[static_cast<std::size_t>(k)].size()));
  const std::size_t at_once = std::clamp<std::size_t>(kTallMatrix / widest, 8, 256);
  for (std::size_t first = 0; first < unstable.size() && !deadline.expired(); first += at_once) {
    const std::size_t last = std::min<std::size_t>(first + at_once, unstable.size());
    const std::vector<std::int64_t> part(unstable.begin() + static_cast<std::ptrdiff_t>(first), unstable.begin() + static_cast<std::ptrdiff_t>(last));
    const auto low = lower_bounds(form, part, 1.0, layer, bounds);
    const auto high = lower_bounds(form, part, -1.0, layer, bounds);
    for (std::size_t i = 0; i < part.size(); ++i) {
      const auto v = static_cast<std::size_t>(part[i]);
      z.lower[v] = std::max(z.lower[v], low[i]);
      z.upper[v] = std::min(z.upper[v], -high[i]);
    }
  }
}

double RootBounder::lower_bound_thin(const AffineForm& form, std::int64_t row, double sign, int layer, const Bounds& bounds,
                                     ThinRow& scratch) const {
  scratch.prepare(*system_, layer);
  const auto own = static_cast<std::size_t>(row);
  double constant = sign * form.constant[own], intercept = 0.0, intercept_size = 0.0, error = row_slack(form, row, bounds);
  for (const auto& [source, rows] : form.terms) {
    const auto index = rows.indices(row);
    const auto value = rows.values(row);
    for (std::size_t j = 0; j < index.size(); ++j) scratch.add(source, index[j], sign * value[j]);
  }
  for (int k = layer - 1; k >= 0; --k) {
    const auto ku = static_cast<std::size_t>(k);
    const AffineForm& from = system_->layers[ku];
    const IntervalVector& z = bounds.layers[ku];
    for (const std::int32_t touched : scratch.touched[ku + 1]) {
      const auto v = static_cast<std::size_t>(touched);
      const double coefficient = scratch.value[ku + 1][v];
      if (coefficient == 0.0) continue;
      const auto [m, q] = replace(coefficient, z, bounds.planes[ku], v);
      intercept += q;
      intercept_size += std::fabs(q);
      if (m == 0.0) continue;
      constant += m * from.constant[v];
      error += std::fabs(m) * bounds.cost[ku][v];
      for (const auto& [source, rows] : from.terms) {
        const auto index = rows.indices(touched);
        const auto value = rows.values(touched);
        for (std::size_t j = 0; j < index.size(); ++j) scratch.add(source, index[j], m * value[j]);
        scratch.work += static_cast<double>(index.size());
      }
    }
  }
  double sum = constant + intercept;
  for (const std::int32_t i : scratch.touched[0]) {
    const auto k = static_cast<std::size_t>(i);
    const double a = scratch.value[0][k];
    sum += a * (a < 0.0 ? bounds.upper[k] : bounds.lower[k]);
  }
  const double result = next_down(sum - (error + 4.0 * gamma_ * intercept_size) * (1.0 + 4.0 * gamma_));
  return std::fabs(result) < kTrusted ? result : -std::numeric_limits<double>::infinity();
}

void RootBounder::ThinRow::prepare(const LayeredSystem& system, int layers) {
  value.resize(system.layers.size() + 1);
  touched.resize(value.size());
  marked.resize(value.size());
  for (std::size_t k = 0; k < value.size(); ++k) {
    if (value[k].empty()) {
      const std::size_t size = k == 0 ? system.lower.size() : static_cast<std::size_t>(system.layers[k - 1].size());
      value[k].assign(size, 0.0);
      marked[k].assign(size, 0);
    }
    for (const std::int32_t v : touched[k]) {
      value[k][static_cast<std::size_t>(v)] = 0.0;
      marked[k][static_cast<std::size_t>(v)] = 0;
    }
    touched[k].clear();
  }
  CLIPBOUND_CHECK(layers < static_cast<int>(value.size()));
}

RootBounder::Bounds RootBounder::bound_neurons(std::vector<double> lower, std::vector<double> upper, const Deadline& deadline) const {
  Bounds bounds;
  ForwardBox box;
  box.columns = varying_inputs(lower, upper);
  for (const int i : box.columns) {
    box.lower.push_back(lower[static_cast<std::size_t>(i)]);
    box.upper.push_back(upper[static_cast<std::size_t>(i)]);
  }
  // Where every row can be substituted backwards, forward planes would add nothing.
  const bool forward = (thin_ || !affordable_) && box.columns.size() <= kForwardInputs;
  std::map<int, PlaneBounds> planes;
  if (forward) planes.emplace(kInputSource, forward_input(box, lower, upper));
  bounds.sources[kInputSource] = {lower, upper};
  for (std::size_t i = 0; i < lower.size(); ++i) {
    bounds.largest_source = std::max({bounds.largest_source, std::fabs(lower[i]), std::fabs(upper[i])});
  }
  box.largest = bounds.largest_source;
  bounds.lower = std::move(lower);
  bounds.upper = std::move(upper);
  for (std::size_t k = 0; k < system_->layers.size(); ++k) {
    const AffineForm& form = system_->layers[k];
    std::vector<double> cost;
    IntervalVector z = enclose(form, bounds.sources, &cost);
    // What underflows in a multiplier costs as much times z; where z is unbounded, multipliers are 0 or exact.
    for (const double size : cost) bounds.largest_source = std::isfinite(size) ? std::max(bounds.largest_source, size) : bounds.largest_source;
    for (std::size_t v = 0; v < cost.size(); ++v) cost[v] = slack(form.radius[v], cost[v], bounds);
    PlaneBounds z_planes;
    if (forward) {
      z_planes = forward_affine(form, box, planes);
      const IntervalVector linear = concretize(z_planes, box);
      for (std::size_t v = 0; v < z.lower.size(); ++v) {
        z.lower[v] = std::max(z.lower[v], linear.lower[v]);
        z.upper[v] = std::min(z.upper[v], linear.upper[v]);
      }
    }
    // Intervals of forms over the input alone are exact already: substitution would change nothing.
    const bool of_input = form.terms.empty() || (form.terms.size() == 1 && form.terms.contains(kInputSource));
    if (!of_input) substitute_undecided(static_cast<int>(k), bounds, z, deadline);
    const Activation& activation = system_->activations[k];
    std::vector<Planes> relaxed;
    if (activation.curve == Curve::relu) {
      for (std::size_t v = 0; v < z.lower.size(); ++v) bounds.undecided += z.lower[v] < 0.0 && z.upper[v] > 0.0 ? 1 : 0;
    } else {
      for (std::size_t v = 0; v < z.lower.size(); ++v) relaxed.push_back(relax(activation, z.lower[v], z.upper[v]));
      if (activation.curve != Curve::identity) bounds.undecided += form.size();
    }
    if (forward) planes[static_cast<int>(k)] = relaxed.empty() ? forward_relu(z_planes, z, box) : forward_planes(z_planes, relaxed, box);
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

std::shared_ptr<const ReducedNetwork> RootBounder::reduce(const Bounds& bounds, const AffineForm& rows,
                                                          const std::vector<std::uint8_t>& strict, const std::vector<int>& kept) const {
  std::vector<Phase> phase;
  std::vector<int> layer_of, first_of;
  std::vector<double> reach;
  std::vector<Activation> activations;
  std::vector<std::int32_t> origin;
  for (std::size_t k = 0; k < bounds.layers.size(); ++k) {
    const IntervalVector& z = bounds.layers[k];
    const IntervalVector& active = bounds.sources.at(static_cast<int>(k));
    const Activation& activation = system_->activations[k];
    first_of.push_back(static_cast<int>(phase.size()));
    for (std::size_t v = 0; v < z.lower.size(); ++v) {
      origin.push_back(static_cast<std::int32_t>(phase.size()));
      phase.push_back(phase_of(activation, z.lower[v], z.upper[v]));
      layer_of.push_back(static_cast<int>(k));
      reach.push_back(std::max(std::fabs(active.lower[v]), std::fabs(active.upper[v])));
      activations.push_back(activation);
    }
  }
  std::vector<InputColumn> inputs(bounds.lower.size());
  std::vector<double> input_max;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const double l = bounds.lower[i], u = bounds.upper[i], size = std::max(std::fabs(l), std::fabs(u));
    inputs[i].centre = 0.5 * l + 0.5 * u;
    inputs[i].half = add_up(add_up(std::max(u - inputs[i].centre, inputs[i].centre - l), 4.0 * kUnitRoundoff * size), 0x1p-1060);
  }
  for (const int i : kept) {
    inputs[static_cast<std::size_t>(i)].column = static_cast<int>(input_max.size());
    input_max.push_back(std::max(std::fabs(bounds.lower[static_cast<std::size_t>(i)]), std::fabs(bounds.upper[static_cast<std::size_t>(i)])));
  }
  const int neurons = static_cast<int>(phase.size());
  Folder folder(std::move(phase), layer_of, activations, reach, inputs, input_max, static_cast<int>(rows.size()));
  const auto add_form = [&](const AffineForm& form, std::int64_t i, int v, double magnitude) {
    if (!folder.begin(v, form.radius[static_cast<std::size_t>(i)], magnitude)) return;
    for (const auto& [source, matrix] : form.terms) {
      const auto index = matrix.indices(i);
      const auto value = matrix.values(i);
      for (std::size_t j = 0; j < index.size(); ++j) {
        if (source == kInputSource) {
          folder.add_input(index[j], value[j]);
        } else {
          folder.add_neuron(first_of[static_cast<std::size_t>(source)] + index[j], value[j]);
        }
      }
    }
    folder.add_constant(form.constant[static_cast<std::size_t>(i)]);
    folder.end();
  };
  const auto magnitudes = [&](const AffineForm& form) {
    std::vector<double> size(static_cast<std::size_t>(form.size()));
    for (std::size_t i = 0; i < size.size(); ++i) size[i] = std::fabs(form.constant[i]);
    for (const auto& [source, matrix] : form.terms) {
      const IntervalVector& from = bounds.sources.at(source);
      for (std::size_t i = 0; i < size.size(); ++i) {
        const auto index = matrix.indices(static_cast<std::int64_t>(i));
        const auto value = matrix.values(static_cast<std::int64_t>(i));
        for (std::size_t j = 0; j < index.size(); ++j) {
          const auto c = static_cast<std::size_t>(index[j]);
          size[i] += std::fabs(value[j]) * std::max(std::fabs(from.lower[c]), std::fabs(from.upper[c]));
        }
      }
    }
    for (double& x : size) x *= 1.0 + 2.0 * gamma_;
    return size;
  };
  for (std::size_t k = 0; k < system_->layers.size(); ++k) {
    const auto size = magnitudes(system_->layers[k]);
    for (std::size_t i = 0; i < size.size(); ++i) add_form(system_->layers[k], static_cast<std::int64_t>(i), first_of[k] + static_cast<int>(i), size[i]);
  }
  const auto size = magnitudes(rows);
  for (std::size_t s = 0; s < size.size(); ++s) add_form(rows, static_cast<std::int64_t>(s), neurons + static_cast<int>(s), size[s]);
  return folder.finish(origin, strict);
}

}  // namespace clipbound
