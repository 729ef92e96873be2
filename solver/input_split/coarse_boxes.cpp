#include "solver/input_split/coarse_boxes.h"

#include <algorithm>

#include "bounds/forward/forward_problem.h"
#include "bounds/reduced/reduce.h"
#include "solver/strategy.h"

namespace clipbound::solver {

bool rows_refuted(const ClauseRoot& root, const CrownBounder::Bounds& bounds) {
  std::vector<std::int64_t> all(root.strict.size());
  for (std::size_t s = 0; s < all.size(); ++s) all[s] = static_cast<std::int64_t>(s);
  const int layers = static_cast<int>(root.bounder->system().layers.size());
  const std::vector<double> lower = root.bounder->lower_bounds(root.rows, all, 1.0, layers, bounds);
  for (std::size_t s = 0; s < lower.size(); ++s) {
    if (root.strict[s] != 0 ? lower[s] >= 0.0 : lower[s] > 0.0) return true;
  }
  return false;
}

CrownBounder::Bounds bound_coarse(const BoxSubproblems& coarse, const Deadline& deadline) {
  std::vector<double> lower = coarse.root->lower, upper = coarse.root->upper;
  for (std::size_t k = 0; k < coarse.root->kept.size(); ++k) {
    const auto i = static_cast<std::size_t>(coarse.root->kept[k]);
    lower[i] = coarse.lower[k];
    upper[i] = coarse.upper[k];
  }
  return coarse.root->bounder->bound_neurons(std::move(lower), std::move(upper), deadline);
}

std::optional<BoxSubproblems> reduced_task(const BoxSubproblems& coarse,
                                           const CrownBounder::Bounds& bounds) {
  const Engine engine = engine_for(features_of(coarse.root->bounder->system()),
                                   coarse.root->kept.size(), bounds.unstable);
  if (engine == Engine::coarse) return std::nullopt;
  auto root = std::make_shared<ClauseRoot>(*coarse.root);
  if (engine == Engine::forward) {
    root->problem =
        std::make_shared<ForwardProblem>(root->bounder->shared_system(), root->rows, root->strict,
                                         root->kept, root->lower, root->upper);
    root->bounder.reset();
    return root_task(std::move(root), coarse.lower, coarse.upper);
  }
  const auto network = reduce(*root->bounder, bounds, root->rows, root->strict, root->kept);
  root->bounder.reset();
  std::vector<double> lower, upper;
  for (const IntervalVector& layer : bounds.layers) {
    lower.insert(lower.end(), layer.lower.begin(), layer.lower.end());
    upper.insert(upper.end(), layer.upper.begin(), layer.upper.end());
  }
  for (const std::int32_t v : network->original_neuron) {
    root->lower_z.push_back(lower[static_cast<std::size_t>(v)]);
    root->upper_z.push_back(upper[static_cast<std::size_t>(v)]);
  }
  root->problem = network;
  return root_task(std::move(root), coarse.lower, coarse.upper);
}

std::vector<BoxSubproblems> split_coarse(const BoxSubproblems& coarse) {
  std::size_t widest = coarse.lower.size();
  double best = 0x1p-36;
  for (std::size_t k = 0; k < coarse.lower.size(); ++k) {
    const double share = (coarse.upper[k] - coarse.lower[k]) / coarse.root->width[k];
    const double middle = 0.5 * (coarse.lower[k] + coarse.upper[k]);
    if (share <= best || !(coarse.lower[k] < middle && middle < coarse.upper[k])) continue;
    best = share;
    widest = k;
  }
  if (widest == coarse.lower.size()) return {};
  std::vector<BoxSubproblems> halves{coarse, coarse};
  halves[0].upper[widest] = halves[1].lower[widest] =
      0.5 * (coarse.lower[widest] + coarse.upper[widest]);
  return halves;
}

}  // namespace clipbound::solver
