#include "bounds/reduced/reduce.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/reduced/fold_neurons.h"

namespace clipbound::bounds {

namespace {

/// All neurons of all layers in one order, as a NeuronFolder wants them. Two layers of twins are
/// one: neither reads the other.
struct NumberedNeurons {
  std::vector<Phase> phase;
  std::vector<int> layer;
  std::vector<int> first;              ///< [layers]
  std::vector<double> largest_source;  ///< largest |f(z)|
  std::vector<Activation> activations;
  std::vector<std::int32_t> neuron;  ///< every neuron's own number
  std::vector<std::int32_t> twin;    ///< the later one of a pair, or -1; empty where none has any
};

/// Of two layers' neurons, numbered from `before` and `here` on.
void pair_neurons(const std::vector<std::int64_t>& first_twin, int before, int here,
                  std::vector<std::int32_t>& twin) {
  twin.resize(static_cast<std::size_t>(here) + first_twin.size(), -1);
  for (std::size_t v = 0; v < first_twin.size(); ++v) {
    if (first_twin[v] < 0) continue;
    std::int32_t& second = twin[static_cast<std::size_t>(before + first_twin[v])];
    if (second < 0) second = static_cast<std::int32_t>(here + static_cast<int>(v));
  }
}

NumberedNeurons number_neurons(const LayeredSystem& system, const CrownBounder::Bounds& bounds) {
  NumberedNeurons all;
  for (std::size_t k = 0; k < bounds.layers.size(); ++k) {
    const IntervalVector& z = bounds.layers[k];
    const IntervalVector& active = bounds.sources.at(static_cast<int>(k));
    const Activation& activation = system.activations[k];
    const std::vector<std::int64_t>& first_twin = system.twins_of(k);
    all.first.push_back(static_cast<int>(all.phase.size()));
    for (std::size_t v = 0; v < z.lower.size(); ++v) {
      all.neuron.push_back(static_cast<std::int32_t>(all.phase.size()));
      all.phase.push_back(phase_of(activation, z.lower[v], z.upper[v]));
      all.layer.push_back(static_cast<int>(first_twin.empty() ? k : k - 1));
      all.largest_source.push_back(
          std::max(std::fabs(active.lower[v]), std::fabs(active.upper[v])));
      all.activations.push_back(activation.curve == Curve::product && v % 2 == 1 ? kSecondFactor
                                                                                 : activation);
    }
    if (!first_twin.empty()) pair_neurons(first_twin, all.first[k - 1], all.first[k], all.twin);
  }
  if (!all.twin.empty()) all.twin.resize(all.phase.size(), -1);
  return all;
}

/// The inputs `kept` become columns, in this order; the others are constants at their centre.
std::vector<InputColumn> make_columns(const std::vector<double>& lower,
                                      const std::vector<double>& upper,
                                      const std::vector<int>& kept) {
  std::vector<InputColumn> inputs(lower.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const double l = lower[i], u = upper[i], largest = std::max(std::fabs(l), std::fabs(u));
    inputs[i].centre = 0.5 * l + 0.5 * u;
    inputs[i].half = add_up(
        add_up(std::max(u - inputs[i].centre, inputs[i].centre - l), 4.0 * kUnitRoundoff * largest),
        0x1p-1060);
  }
  for (std::size_t c = 0; c < kept.size(); ++c)
    inputs[static_cast<std::size_t>(kept[c])].column = static_cast<int>(c);
  return inputs;
}

/// Element i of `form` as row v; first [layers] is where each layer's neurons begin.
void fold_element(NeuronFolder& folder, const AffineForm& form, std::int64_t i, int v,
                  double magnitude, const std::vector<int>& first) {
  if (!folder.begin(v, form.radius[static_cast<std::size_t>(i)], magnitude)) return;
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& matrix = coefficients.written();
    const auto index = matrix.indices(i);
    const auto value = matrix.values(i);
    for (std::size_t j = 0; j < index.size(); ++j) {
      if (source == kInputSource) {
        folder.add_input(index[j], value[j]);
      } else {
        folder.add_neuron(first[static_cast<std::size_t>(source)] + index[j], value[j]);
      }
    }
  }
  folder.add_constant(form.constant[static_cast<std::size_t>(i)]);
  folder.end();
}

}  // namespace

std::shared_ptr<const ReducedNetwork> reduce(const CrownBounder& bounder,
                                             const CrownBounder::Bounds& bounds,
                                             const AffineForm& rows,
                                             const std::vector<std::uint8_t>& strict,
                                             const std::vector<int>& kept) {
  const LayeredSystem& system = bounder.system();
  NumberedNeurons all = number_neurons(system, bounds);
  std::vector<double> input_max;
  for (const int i : kept) {
    const auto k = static_cast<std::size_t>(i);
    input_max.push_back(std::max(std::fabs(bounds.lower[k]), std::fabs(bounds.upper[k])));
  }
  const int neurons = static_cast<int>(all.phase.size());
  NeuronFolder folder(std::move(all.phase), all.layer, all.activations, all.largest_source,
                      make_columns(bounds.lower, bounds.upper, kept), input_max,
                      static_cast<int>(rows.size()));
  const auto fold_all = [&](const AffineForm& form, int first) {
    for (std::int64_t i = 0; i < form.size(); ++i) {
      const double magnitude =
          magnitude_of_terms(form, i, bounds.sources) * (1.0 + 2.0 * bounder.gamma());
      fold_element(folder, form, i, first + static_cast<int>(i), magnitude, all.first);
    }
  };
  for (std::size_t k = 0; k < system.layers.size(); ++k) fold_all(system.layers[k], all.first[k]);
  fold_all(rows, neurons);
  return folder.finish(all.neuron, strict, all.twin);
}

}  // namespace clipbound::bounds
