#include "bounds/alpha_beta/input_lines.h"

#include <cmath>

#include "base/rounding.h"

namespace clipbound::bounds {

namespace {

bool varies(const SparseNetwork& network, std::size_t i) {
  return network.lower_x[i] < network.upper_x[i];
}

/// The varying inputs' coefficients of normal . x + offset, and the offset with the others' share:
/// for a bound from below.
double fold_fixed(const SparseNetwork& network, const std::vector<double>& normal, double offset,
                  std::vector<double>& varying) {
  varying.clear();
  for (std::size_t i = 0; i < normal.size(); ++i) {
    if (varies(network, i)) {
      varying.push_back(normal[i]);
    } else {
      offset = add_down(offset, mul_down(normal[i], network.lower_x[i]));
    }
  }
  return offset;
}

/// The least value of sign * normal . x + offset on a box, rounded down.
double least_of(double sign, const std::vector<double>& normal, double offset,
                const std::vector<std::int32_t>& inputs, const InputBox& box) {
  double sum = offset, magnitude = std::fabs(offset);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const double a = sign * normal[k],
                 x = a < 0.0 ? at(box.upper, inputs[k]) : at(box.lower, inputs[k]);
    sum += a * x;
    magnitude += std::fabs(a * x);
  }
  const auto terms = static_cast<double>(inputs.size());
  return add_down(
      sum, -add_up(mul_up(gamma_bound(2.0 * terms + 2.0), magnitude), 0x1p-1000 * (terms + 1.0)));
}

}  // namespace

void keep_line(const AlphaBetaBounder& bounder, const Cone& cone, int lane, double sign,
               NeuronLines& lines) {
  const std::optional<Halfspace> bound = bounder.linear_bound(cone, lane);
  if (!bound) return;
  std::vector<double> varying;
  const double offset = fold_fixed(bounder.network(), bound->normal, bound->offset, varying);
  if (!std::isfinite(offset)) return;
  if (sign > 0.0) {
    lines.lower = std::move(varying);
    lines.lower_offset = offset;
    return;
  }
  // -z is at least that.
  for (double& a : varying) a = -a;
  lines.upper = std::move(varying);
  lines.upper_offset = -offset;
}

InputLines::InputLines(const SparseNetwork& network, LinesOfLayers lines)
    : lines_(static_cast<std::size_t>(network.unstable_count())) {
  position_.assign(static_cast<std::size_t>(network.inputs()), -1);
  for (std::size_t i = 0; i < position_.size(); ++i) {
    if (!varies(network, i)) continue;
    position_[i] = static_cast<std::int32_t>(inputs_.size());
    inputs_.push_back(static_cast<std::int32_t>(i));
  }
  if (inputs_.size() > kMostInputs) {
    inputs_.clear();
    return;
  }
  for (std::size_t k = 0; k < lines.size(); ++k) {
    const SparseNetworkLayer& layer = network.layer(static_cast<int>(k));
    for (int i = 0; i < layer.count; ++i) {
      const Unstable u = at(network.unstable_of, layer.first + i);
      if (!exists(u) || exists(network.nonlinear_of_unstable(u)) || lines[k].empty()) continue;
      at(lines_, u) = std::move(at(lines[k], at(layer.neurons, i)));
    }
  }
  add_first_layers(network);
  for (const NeuronLines& one : lines_) any_ = any_ || !one.lower.empty();
}

void InputLines::add_first_layers(const SparseNetwork& network) {
  for (int k = 0; k < network.layers(); ++k) {
    const AffineForm& form = at(network.system().layers, k);
    const bool of_inputs = form.terms.size() == 1 && form.terms.begin()->first == kInputSource;
    if (!of_inputs || at(network.system().activations, k).curve != Curve::relu) continue;
    const SparseNetworkLayer& layer = network.layer(k);
    for (int i = 0; i < layer.count; ++i) {
      const Unstable u = at(network.unstable_of, layer.first + i);
      if (!exists(u)) continue;
      const SparseNetworkRows rows =
          network.compile_rows(form, {static_cast<std::int64_t>(raw(at(layer.neurons, i)))});
      std::vector<double> normal(static_cast<std::size_t>(network.inputs()), 0.0), opposite(normal);
      for (std::size_t e = 0; e < rows.index.size(); ++e) {
        at(normal, rows.index[e]) += rows.value[e];  // one entry per input
        at(opposite, rows.index[e]) -= rows.value[e];
      }
      NeuronLines& lines = at(lines_, u);
      lines.lower_offset =
          fold_fixed(network, normal, add_down(rows.constant[0], -rows.slack[0]), lines.lower);
      lines.upper_offset =
          -fold_fixed(network, opposite, add_down(-rows.constant[0], -rows.slack[0]), lines.upper);
      for (double& a : lines.upper) a = -a;
    }
  }
}

Range InputLines::range(Unstable u, const InputBox& box) const {
  const NeuronLines& lines = at(lines_, u);
  Range range{-kInfinity, kInfinity};
  if (!lines.lower.empty())
    range.lower = least_of(1.0, lines.lower, lines.lower_offset, inputs_, box);
  if (!lines.upper.empty())
    range.upper = -least_of(-1.0, lines.upper, -lines.upper_offset, inputs_, box);
  return range;
}

double InputLines::influence(Unstable u, std::int32_t input, const InputBox& box) const {
  const NeuronLines& lines = at(lines_, u);
  const std::int32_t k = at(position_, input);
  if (lines.lower.empty() || lines.upper.empty() || k < 0) return 0.0;
  return (std::fabs(at(lines.lower, k)) + std::fabs(at(lines.upper, k))) * 0.5 *
         (at(box.upper, input) - at(box.lower, input));
}

}  // namespace clipbound::bounds
