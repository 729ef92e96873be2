#include "bounds/reduced/reduce.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/reduced/fold_neurons.h"

namespace clipbound::bounds {

namespace {

/// All neurons of all layers in one order, as a NeuronFolder wants them: layer by layer, but twins
/// stand next to each other, in one layer.
struct NumberedNeurons {
  std::vector<Phase> phase;
  std::vector<int> layer;
  std::vector<double> largest_source;  ///< largest |f(z)|
  std::vector<Activation> activations;
  std::vector<std::int32_t> neuron;        ///< its number layer by layer
  std::vector<std::uint8_t> has_twin;      ///< empty where none has
  std::vector<std::vector<int>> position;  ///< by layer and element of the system
};

class NeuronNumbering {
 public:
  NeuronNumbering(const LayeredSystem& system, const CrownBounder::Bounds& bounds)
      : system_(system), bounds_(bounds) {}
  NumberedNeurons run() {
    const std::size_t layers = bounds_.layers.size();
    for (std::size_t k = 0; k < layers; ++k) {
      first_.push_back(k == 0 ? 0 : first_[k - 1] + bounds_.layers[k - 1].lower.size());
      all_.position.emplace_back(bounds_.layers[k].lower.size(), -1);
    }
    for (std::size_t k = 0; k < layers; ++k) {
      if (k + 1 < layers && !system_.twins_of(k + 1).empty()) add_twins(k);
      for (std::size_t v = 0; v < all_.position[k].size(); ++v) add(k, v);
    }
    if (!all_.has_twin.empty()) all_.has_twin.resize(all_.phase.size(), 0);
    return std::move(all_);
  }

 private:
  /// The neurons of layer k + 1 that have a twin in layer k, behind these.
  void add_twins(std::size_t k) {
    const std::vector<std::int64_t>& twin = system_.twins_of(k + 1);
    for (std::size_t v = 0; v < twin.size(); ++v) {
      if (twin[v] < 0 || all_.position[k][static_cast<std::size_t>(twin[v])] >= 0) continue;
      all_.has_twin.resize(all_.phase.size(), 0);
      add(k, static_cast<std::size_t>(twin[v]));
      add(k + 1, v);
      all_.has_twin.push_back(1);
      all_.has_twin.push_back(0);
    }
  }
  /// Neuron v of layer k, unless it is there already. Two layers of twins are one: neither reads
  /// the other.
  void add(std::size_t k, std::size_t v) {
    int& position = all_.position[k][v];
    if (position >= 0) return;
    const IntervalVector &z = bounds_.layers[k], &active = bounds_.sources.at(static_cast<int>(k));
    const Activation& activation = system_.activations[k];
    position = static_cast<int>(all_.phase.size());
    all_.neuron.push_back(static_cast<std::int32_t>(first_[k] + v));
    all_.phase.push_back(phase_of(activation, z.lower[v], z.upper[v]));
    all_.layer.push_back(static_cast<int>(system_.twins_of(k).empty() ? k : k - 1));
    all_.largest_source.push_back(std::max(std::fabs(active.lower[v]), std::fabs(active.upper[v])));
    all_.activations.push_back(activation.curve == Curve::product && v % 2 == 1 ? kSecondFactor
                                                                                : activation);
  }

  const LayeredSystem& system_;
  const CrownBounder::Bounds& bounds_;
  std::vector<std::size_t> first_;  // [layers]
  NumberedNeurons all_;
};

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

/// Element i of `form` as row v.
void fold_element(NeuronFolder& folder, const AffineForm& form, std::int64_t i, int v,
                  double magnitude, const std::vector<std::vector<int>>& position) {
  if (!folder.begin(v, form.radius[static_cast<std::size_t>(i)], magnitude)) return;
  for (const auto& [source, matrix] : form.terms) {
    const auto index = matrix.indices(i);
    const auto value = matrix.values(i);
    for (std::size_t j = 0; j < index.size(); ++j) {
      if (source == kInputSource) {
        folder.add_input(index[j], value[j]);
      } else {
        folder.add_neuron(
            position[static_cast<std::size_t>(source)][static_cast<std::size_t>(index[j])],
            value[j]);
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
  NumberedNeurons all = NeuronNumbering(system, bounds).run();
  std::vector<double> input_max;
  for (const int i : kept) {
    const auto k = static_cast<std::size_t>(i);
    input_max.push_back(std::max(std::fabs(bounds.lower[k]), std::fabs(bounds.upper[k])));
  }
  const int neurons = static_cast<int>(all.phase.size());
  NeuronFolder folder(std::move(all.phase), all.layer, all.activations, all.largest_source,
                      make_columns(bounds.lower, bounds.upper, kept), input_max,
                      static_cast<int>(rows.size()));
  const auto fold = [&](const AffineForm& form, std::int64_t i, int v) {
    const double magnitude =
        magnitude_of_terms(form, i, bounds.sources) * (1.0 + 2.0 * bounder.gamma());
    fold_element(folder, form, i, v, magnitude, all.position);
  };
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    for (std::size_t v = 0; v < all.position[k].size(); ++v)
      fold(system.layers[k], static_cast<std::int64_t>(v), all.position[k][v]);
  }
  for (std::int64_t i = 0; i < rows.size(); ++i) fold(rows, i, neurons + static_cast<int>(i));
  return folder.finish(all.neuron, strict, all.has_twin);
}

}  // namespace clipbound::bounds
