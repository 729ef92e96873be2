#include "solver/activation_split/layer_figures.h"

#include <utility>

namespace clipbound::solver {

namespace {

std::int64_t undecided(const Activation& activation, const IntervalVector& z) {
  std::int64_t count = 0;
  for (std::size_t v = 0; v < z.lower.size(); ++v) {
    const bool varies = activation.curve == Curve::relu ? z.lower[v] < 0.0 && z.upper[v] > 0.0
                                                        : z.lower[v] < z.upper[v];
    count += varies ? 1 : 0;
  }
  return count;
}

}  // namespace

void note_layers(const SearchContext& context, const LayeredSystem& system,
                 const std::vector<IntervalVector>& z) {
  if (context.trace == nullptr) return;
  LayerFigures figures;
  figures.at_s = static_cast<float>(context.deadline.elapsed_s());
  for (std::size_t k = 0; k < z.size() && k < system.activations.size(); ++k) {
    figures.neurons.push_back(static_cast<std::int64_t>(z[k].lower.size()));
    figures.undecided.push_back(undecided(system.activations[k], z[k]));
    figures.curves.push_back(name_of(system.activations[k].curve));
  }
  context.trace->add_layers(std::move(figures));
}

}  // namespace clipbound::solver
