#include "solver/input_split/coarse_boxes.h"

#include <algorithm>

#include "bounds/forward/forward_problem.h"
#include "bounds/reduced/reduce.h"
#include "solver/strategy.h"

namespace clipbound::solver {

RowsVerdict bound_rows(const ClauseRoot& root, const CrownBounder::Bounds& bounds) {
  std::vector<std::int64_t> all(root.strict.size());
  for (std::size_t s = 0; s < all.size(); ++s) all[s] = static_cast<std::int64_t>(s);
  const int layers = static_cast<int>(root.bounder->system().layers.size());
  const std::vector<double> lower = root.bounder->lower_bounds(root.rows, all, 1.0, layers, bounds);
  RowsVerdict verdict;
  for (std::size_t s = 0; s < lower.size(); ++s) {
    if (root.strict[s] != 0 ? lower[s] >= 0.0 : lower[s] > 0.0) return {true, s, lower[s]};
    if (lower[s] > verdict.bound) verdict = {false, s, lower[s]};
  }
  return verdict;
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

namespace {

/// A task on `root`'s problem in place of the coarse one.
BoxSubproblems continued(BoxSubproblems& coarse, std::shared_ptr<const ClauseRoot> root) {
  BoxSubproblems task = root_task(std::move(root), coarse.lower, coarse.upper,
                                  std::move(coarse.share), coarse.halfspaces);
  task.clause = coarse.clause;
  task.without_rows = coarse.without_rows;
  return task;
}

}  // namespace

std::optional<BoxSubproblems> reduced_task(BoxSubproblems& coarse,
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
    return continued(coarse, std::move(root));
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
  return continued(coarse, std::move(root));
}

std::optional<std::size_t> coarse_split(const BoxSubproblems& coarse) {
  std::optional<std::size_t> widest;
  double best = 0x1p-36;
  for (std::size_t k = 0; k < coarse.lower.size(); ++k) {
    const double share = (coarse.upper[k] - coarse.lower[k]) / coarse.root->width[k];
    const double middle = 0.5 * (coarse.lower[k] + coarse.upper[k]);
    if (share <= best || !(coarse.lower[k] < middle && middle < coarse.upper[k])) continue;
    best = share;
    widest = k;
  }
  return widest;
}

BoxSubproblems split_coarse(BoxSubproblems& coarse, std::size_t column, Share upper_share) {
  BoxSubproblems upper;
  upper.clause = coarse.clause;
  upper.root = coarse.root;
  upper.lower = coarse.lower;
  upper.upper = coarse.upper;
  upper.halfspaces = coarse.halfspaces;
  upper.share = std::move(upper_share);
  upper.without_rows = coarse.without_rows;
  coarse.upper[column] = upper.lower[column] = 0.5 * (coarse.lower[column] + coarse.upper[column]);
  return upper;
}

}  // namespace clipbound::solver
