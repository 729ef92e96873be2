#include "bounds/reduced/reduced_network.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/rounding.h"
#include "bounds/reduced/fold_neurons.h"

namespace clipbound::bounds {

void ReducedNetwork::finish() {
  activation.resize(static_cast<std::size_t>(neurons));  // hand-made ones: ReLUs
  // Every sum taken over one row has at most U + N + 1 terms, is followed by a concretization of N
  // + 2 terms, and each term has at most 3 roundings of its own.
  gamma = gamma_bound(2.0 * (neurons + inputs) + 24.0);
  magnitude.assign(static_cast<std::size_t>(neurons + rows), 0.0);
  slack.assign(magnitude.size(), 0.0);
  double largest = 1.0;
  const auto note = [&largest](double x) {
    largest = std::isfinite(x) ? std::fmax(largest, x) : largest;
  };
  for (const double source : largest_source) note(source);
  for (int v = 0; v < neurons + rows; ++v) {
    const double* r = row(v);
    double sum = std::fabs(r[constant()]);
    for (int j = 0; j < neurons + inputs; ++j)
      sum += r[j] == 0.0 ? 0.0 : std::fabs(r[j]) * largest_source[static_cast<std::size_t>(j)];
    magnitude[static_cast<std::size_t>(v)] = sum;
    note(sum);
  }
  // Products that underflow lose up to 2^-1075 each, times a source or a z; there are fewer than
  // 2^40 of them. (Where a z is unbounded, its multiplier is 0 or exact.)
  const double underflow = 0x1p-1030 * largest;
  for (std::size_t i = 0; i < magnitude.size(); ++i) {
    magnitude[i] = magnitude[i] * (1.0 + 2.0 * gamma) + underflow;
    // Factor 4 instead of 1: room for the rounding of the error sum itself.
    slack[i] = (radius[i] + 4.0 * gamma * magnitude[i]) * (1.0 + 2.0 * gamma) + underflow;
  }
}

std::shared_ptr<const ReducedNetwork> fold_neurons(const ReducedNetwork& from,
                                                   const std::vector<Phase>& phase,
                                                   const std::vector<double>& upper,
                                                   const std::vector<double>& input_max) {
  const int U = from.neurons, N = from.inputs;
  std::vector<int> layer(static_cast<std::size_t>(U));
  for (int k = 0; k < from.layers(); ++k) {
    for (int v = from.layer_begin[static_cast<std::size_t>(k)];
         v < from.layer_begin[static_cast<std::size_t>(k) + 1]; ++v) {
      layer[static_cast<std::size_t>(v)] = k;
    }
  }
  std::vector<double> neuron_max(upper), inputs_max(input_max);
  for (int v = 0; v < U; ++v) {
    auto& x = neuron_max[static_cast<std::size_t>(v)];
    const double largest = from.largest_source[static_cast<std::size_t>(v)];
    x = from.activation[static_cast<std::size_t>(v)].curve == Curve::relu ? std::fmin(x, largest)
                                                                          : largest;
  }
  std::vector<InputColumn> inputs(static_cast<std::size_t>(N));
  for (int i = 0; i < N; ++i) {
    inputs[static_cast<std::size_t>(i)].column = i;
    auto& x = inputs_max[static_cast<std::size_t>(i)];
    x = std::fmin(x, from.largest_source[static_cast<std::size_t>(U + i)]);
  }
  NeuronFolder folder(phase, layer, from.activation, neuron_max, std::move(inputs), inputs_max,
                      from.rows);
  for (int v = 0; v < U + from.rows; ++v) {
    const auto i = static_cast<std::size_t>(v);
    if (!folder.begin(v, from.radius[i], from.magnitude[i])) continue;
    const double* row = from.row(v);
    const int earlier = v < U ? from.layer_begin[static_cast<std::size_t>(layer[i])] : U;
    for (int w = 0; w < earlier; ++w) folder.add_neuron(w, row[w]);
    for (int k = 0; k < N; ++k) folder.add_input(k, row[U + k]);
    folder.add_constant(row[from.constant()]);
    folder.end();
  }
  return folder.finish(from.original_neuron, from.strict, from.twin);
}

int ReducedNetwork::find_phases(const BoxBatch& boxes, Mask lanes,
                                std::vector<Phase>& phase) const {
  phase.assign(static_cast<std::size_t>(neurons), Phase::unstable);
  int unstable = 0;
  for (std::size_t v = 0; v < phase.size(); ++v) {
    if (activation[v].curve != Curve::relu) {
      ++unstable;  // smooth functions have no phases
      continue;
    }
    if (all((boxes.lower_z[v] >= Vec{}) | ~lanes)) {
      phase[v] = Phase::active;
    } else if (all((boxes.upper_z[v] <= Vec{}) | ~lanes)) {
      phase[v] = Phase::inactive;
    } else {
      ++unstable;
    }
  }
  return unstable;
}

std::shared_ptr<const BatchProblem> ReducedNetwork::fold(
    const std::vector<Phase>& phase, const std::vector<double>& upper,
    const std::vector<double>& input_max) const {
  return fold_neurons(*this, phase, upper, input_max);
}

bool ReducedNetwork::contradicts(const BatchProblem& folded, const double* x,
                                 const double* values) const {
  std::vector<double> active(static_cast<std::size_t>(neurons));
  for (int v = 0; v < neurons + rows; ++v) {
    const double* b = row(v);
    double sum = b[constant()];
    for (int i = 0; i < inputs; ++i) sum += b[first_input() + i] * x[i];
    for (int w = 0; w < std::min(v, neurons); ++w)
      sum += b[w] * active[static_cast<std::size_t>(w)];
    if (v < neurons) {
      const Activation& f = activation[static_cast<std::size_t>(v)];
      const bool product = f.curve == Curve::product;
      active[static_cast<std::size_t>(v)] = product ? sum : value_of(f, sum);
      if (is_second_factor(f)) active[static_cast<std::size_t>(v) - 1] *= sum;
      continue;
    }
    const int s = v - neurons;
    const double rounding = 4.0 * (slack[static_cast<std::size_t>(v)] + folded.row_slack(s));
    if (std::fabs(sum - values[s]) > rounding + 1e-9 * magnitude[static_cast<std::size_t>(v)])
      return true;
  }
  return false;
}

}  // namespace clipbound::bounds
