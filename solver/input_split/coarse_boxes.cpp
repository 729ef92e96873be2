#include "solver/input_split/coarse_boxes.h"

#include <algorithm>

#include "bounds/forward/forward_problem.h"
#include "bounds/reduced/reduce.h"

namespace clipbound::solver {

namespace {
// A batch on a reduced network costs the cube of its neurons; past this the whole network's sparse
// layers are cheaper.
constexpr std::int64_t kReducible = 400;
constexpr std::size_t kForwardColumns = 10;  // inputs that vary, for forward planes
}  // namespace

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

bool surely_forward(const LayeredSystem& system, std::size_t columns) {
  std::int64_t undecided = 0;
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    const Curve curve = system.activations[k].curve;
    if (curve != Curve::relu && curve != Curve::identity) undecided += system.layers[k].size();
  }
  return undecided > kReducible && columns <= kForwardColumns;
}

namespace {

/// Whether boxes with too many neurons for a reduced network are bounded by forward planes: few
/// inputs, and neurons that splits will not decide (a network of ReLUs alone becomes small enough
/// as its boxes shrink, unless it is a large one).
bool prefers_forward_planes(const ClauseRoot& root) {
  constexpr std::size_t kLarge = 3000000;
  const LayeredSystem& system = root.bounder->system();
  if (root.kept.size() > kForwardColumns) return false;
  std::size_t weights = 0;
  bool curved = false;
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    curved = curved || (system.activations[k].curve != Curve::relu &&
                        system.activations[k].curve != Curve::identity);
    for (const auto& [source, rows] : system.layers[k].terms)
      weights += static_cast<std::size_t>(rows.entries());
  }
  return curved || weights > kLarge;
}

}  // namespace

std::optional<BoxSubproblems> reduced_task(const BoxSubproblems& coarse,
                                           const CrownBounder::Bounds& bounds) {
  const bool reducible = bounds.unstable <= kReducible;
  if (!reducible && !prefers_forward_planes(*coarse.root)) return std::nullopt;
  auto root = std::make_shared<ClauseRoot>(*coarse.root);
  if (!reducible) {
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
