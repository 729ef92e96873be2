#include "bounds/crown/dense_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/blas.h"
#include "bounds/clip/ball_clipping.h"
#include "bounds/crown/relu_rows.h"
#include "bounds/layered/structured_map.h"
#include "bounds/limits.h"

namespace clipbound::bounds {

namespace {
/// out[R, cols] += p[R, rows] * matrix.
void add_product(const std::vector<double>& p, std::int64_t R, const LayerMatrix& matrix,
                 std::vector<double>& out) {
  const std::int64_t rows = matrix.rows(), cols = matrix.cols();
  if (matrix.is_dense()) {
    gemm(Transpose::no, Transpose::no, R, cols, rows, 1.0, p.data(), rows, matrix.dense().data(),
         cols, 1.0, out.data(), cols);
    return;
  }
  if (const StructuredMap* map = matrix.structure())
    return map->add_transposed(p.data(), R, out.data());
  if (const SelectionMap* map = matrix.selection())
    return map->add_transposed(p.data(), R, out.data());
  const SparseRows& sparse = matrix.sparse();
  for (std::int64_t r = 0; r < R; ++r) {
    double* to = out.data() + r * cols;
    for (std::int64_t v = 0; v < rows; ++v) {
      const double factor = p[static_cast<std::size_t>(r * rows + v)];
      if (factor == 0.0) continue;
      const auto index = sparse.indices(v);
      const auto value = sparse.values(v);
      for (std::size_t j = 0; j < index.size(); ++j) to[index[j]] += factor * value[j];
    }
  }
}

/// One row's coefficients [V] of a layer's activations become multipliers of the pre-activations,
/// neuron by neuron.
RowSums replace_each(double* row, const RelaxedLayer& layer) {
  RowSums sums;
  for (std::size_t v = 0; v < layer.form.constant.size(); ++v) {
    const double coefficient = row[v];
    if (coefficient == 0.0) continue;  // most of them, in sparse layers
    const auto [m, q] = layer.replace(coefficient, v);
    row[v] = m;
    sums.intercept += q;
    sums.intercept_magnitude += std::fabs(q);
    sums.constant += m * layer.form.constant[v];
    // The slack of an unbounded z is infinite.
    if (m != 0.0) sums.error += std::fabs(m) * layer.slack[v];
  }
  return sums;
}

}  // namespace

LayerMatrix::LayerMatrix(int from, const Coefficients& coefficients)
    : source_(from),
      coefficients_(&coefficients),
      dense_(coefficients.structure() != nullptr || coefficients.selection() != nullptr ||
                     coefficients.density() < kDenseFrom
                 ? nullptr
                 : std::make_unique<Dense>()) {}

const std::vector<double>& LayerMatrix::dense() const {
  std::call_once(dense_->written, [&] {
    std::vector<double> values(static_cast<std::size_t>(rows() * cols()), 0.0);
    const SparseRows& sparse = coefficients_->written();
    for (std::int64_t r = 0; r < rows(); ++r) {
      const auto index = sparse.indices(r);
      const auto value = sparse.values(r);
      for (std::size_t j = 0; j < index.size(); ++j)
        values[static_cast<std::size_t>(r * cols() + index[j])] = value[j];
    }
    dense_->values = std::move(values);
  });
  return dense_->values;
}

DenseBackwardRows::DenseBackwardRows(const LayeredSystem& system, int layer, const AffineForm& form,
                                     std::span<const std::int64_t> which, double sign)
    : sums(which.size()), system_(system), coefficients_(static_cast<std::size_t>(layer) + 1) {
  of(kInputSource);
  for (std::size_t r = 0; r < which.size(); ++r)
    sums[r].constant = sign * form.constant[static_cast<std::size_t>(which[r])];
  for (const auto& [source, coefficients] : form.terms) {
    std::vector<double>& matrix = of(source);
    RowReader reader(coefficients);
    for (std::size_t r = 0; r < which.size(); ++r) {
      const auto [index, value] = reader.row(which[r]);
      double* row = matrix.data() + r * static_cast<std::size_t>(coefficients.cols());
      for (std::size_t j = 0; j < index.size(); ++j) row[index[j]] = sign * value[j];
    }
  }
}

std::vector<double>& DenseBackwardRows::of(int source) {
  auto& matrix = coefficients_[static_cast<std::size_t>(source + 1)];
  if (matrix.empty()) {
    const std::size_t elements =
        source == kInputSource
            ? system_.lower.size()
            : static_cast<std::size_t>(system_.layers[static_cast<std::size_t>(source)].size());
    matrix.assign(sums.size() * elements, 0.0);
  }
  return matrix;
}

void DenseBackwardRows::take_differences(int k, const RelaxedLayer& layer,
                                         std::vector<double>& extra) {
  // Multipliers that are added up are charged one by one.
  std::vector<double>&here = coefficients_[static_cast<std::size_t>(k) + 1],
  &before = coefficients_[static_cast<std::size_t>(k)];
  if (k == 0 || here.empty() || before.empty()) return;
  const std::vector<std::int64_t>& twin = *layer.twins.first;
  const std::size_t size = twin.size(), size_before = before.size() / sums.size();
  extra.resize(here.size());
  pending_.assign(before.size(), 0.0);
  for (std::size_t r = 0; r < sums.size(); ++r) {
    for (std::size_t v = 0; v < size; ++v) {
      if (twin[v] < 0) continue;
      const std::size_t at = r * size + v,
                        at_first = r * size_before + static_cast<std::size_t>(twin[v]);
      const DifferenceStep step =
          take_difference((*layer.twins.lines)[v], before[at_first], here[at]);
      extra[at] += step.multiplier + step.second;
      pending_[at_first] += step.first - step.multiplier;
      sums[r].intercept += step.intercept;
      sums[r].intercept_magnitude += std::fabs(step.intercept);
      const double shared = std::fabs(step.multiplier);
      if (shared == 0.0 && step.first == 0.0 && step.second == 0.0) continue;  // slack: infinite
      sums[r].error += (shared + std::fabs(step.second)) * layer.slack[v] +
                       (shared + std::fabs(step.first)) *
                           layer.twins.slack->at(static_cast<std::size_t>(twin[v]));
    }
  }
}

void DenseBackwardRows::add_multipliers(const std::vector<double>& extra, std::size_t r,
                                        double* row, const RelaxedLayer& layer) {
  const std::size_t size = layer.form.constant.size();
  for (std::size_t v = 0; v < size; ++v) {
    const double m = extra[r * size + v];
    if (m == 0.0) continue;
    row[v] += m;
    sums[r].constant += m * layer.form.constant[v];
  }
}

void DenseBackwardRows::substitute(int k, const RelaxedLayer& layer,
                                   const std::vector<LayerMatrix>& matrices) {
  std::vector<double>& p = coefficients_[static_cast<std::size_t>(k) + 1];
  std::vector<double> extra = std::move(pending_);
  pending_.clear();
  if (p.empty()) return;
  if (layer.twins.lines != nullptr) take_differences(k, layer, extra);
  const std::size_t size = layer.form.constant.size();
  const bool relu = layer.relaxations.empty();
  const ReluRows relus(relu ? layer.z : IntervalVector{});
  for (std::size_t r = 0; r < sums.size(); ++r) {
    double* row = p.data() + r * size;
    if (layer.has_products) {
      for (std::size_t v = 0; v < size; v += 2) row[v + 1] = row[v];
    }
    RowSums gained;
    if (!relu || !relus.replace(row, layer.form.constant, layer.slack, gained))
      gained = replace_each(row, layer);
    sums[r] += gained;
    if (!extra.empty()) add_multipliers(extra, r, row, layer);
  }
  for (const LayerMatrix& matrix : matrices)
    add_product(p, static_cast<std::int64_t>(sums.size()), matrix, of(matrix.source()));
  p.clear();
  p.shrink_to_fit();
}

std::vector<double> DenseBackwardRows::lower_bounds(const std::vector<double>& lower,
                                                    const std::vector<double>& upper,
                                                    double gamma) const {
  if (system_.ball != nullptr) return lower_bounds_in_ball(lower, upper, gamma);
  const std::vector<double>& at_input = coefficients_[0];
  const std::size_t N = lower.size();
  std::vector<double> result(sums.size());
  for (std::size_t r = 0; r < result.size(); ++r) {
    double least = sums[r].constant + sums[r].intercept;
    for (std::size_t i = 0; i < N; ++i) {
      const double a = at_input[r * N + i];
      least += a * (a < 0.0 ? upper[i] : lower[i]);
    }
    result[r] = sums[r].lower_bound(least, gamma);
  }
  return result;
}

std::vector<double> DenseBackwardRows::lower_bounds_in_ball(const std::vector<double>& lower,
                                                            const std::vector<double>& upper,
                                                            double gamma) const {
  const std::vector<double>& at_input = coefficients_[0];
  const std::size_t N = lower.size();
  BallClipping clipping;
  clipping.attach(system_.ball);
  std::vector<std::int32_t> inputs(N);
  std::iota(inputs.begin(), inputs.end(), 0);
  clipping.restrict_to(inputs);
  std::vector<double> result;
  for (std::size_t first = 0; first < sums.size(); first += kLanes) {
    const auto count = static_cast<int>(std::min<std::size_t>(kLanes, sums.size() - first));
    Vec offset = {};
    for (std::size_t i = 0; i < N; ++i) {
      Vec a = {};
      for (int lane = 0; lane < count; ++lane)
        a[lane] = at_input[(first + static_cast<std::size_t>(lane)) * N + i];
      clipping.set(i, a, broadcast(lower[i]), broadcast(upper[i]));
    }
    for (int lane = 0; lane < count; ++lane) {
      const RowSums& of = sums[first + static_cast<std::size_t>(lane)];
      offset[lane] = of.constant + of.intercept;
    }
    const Vec least = clipping.minimum(offset);
    for (int lane = 0; lane < count; ++lane)
      result.push_back(
          sums[first + static_cast<std::size_t>(lane)].lower_bound(least[lane], gamma));
  }
  return result;
}

}  // namespace clipbound::bounds
