#include "bounds/alpha_beta/neuron_bab.h"

#include <algorithm>

namespace clipbound::bounds {

namespace {
constexpr int kIterations = 12;  // of slopes and multipliers, per batch
constexpr std::size_t kFirstSplits = kLanes == 8 ? 3 : 2;
static_assert(1 << kFirstSplits == kLanes);
}  // namespace

NeuronBab::NeuronBab(AlphaBetaBounder& sweep, const Cone& cone, const SparseNetworkRows& rows,
                     std::int64_t row, const Deadline& deadline)
    : sweep_(sweep), cone_(cone), deadline_(deadline) {
  target_.rows = &rows;
  std::fill(target_.which, target_.which + kLanes, row);
  for (const Cone::Layer& layer : cone.layers) {
    for (const auto* list : {&layer.unstable, &layer.curved}) {
      for (const std::int32_t place : *list)
        parameters_.push_back(sweep.network().slot_of[static_cast<std::size_t>(place)]);
    }
    for (const std::int32_t place : layer.products)
      parameters_.push_back(sweep.network().parameter_of_product(place));
  }
}

void NeuronBab::load(int lane, const Leaf& leaf) {
  for (const std::int32_t split : leaf.splits) sweep_.decide(lane, split >> 1, (split & 1) != 0);
  for (std::size_t k = 0; k < leaf.theta.size(); ++k)
    sweep_.theta[static_cast<std::size_t>(parameters_[k])][lane] =
        static_cast<double>(leaf.theta[k]);
  if (!leaf.splits.empty())
    sweep_.theta[static_cast<std::size_t>(leaf.splits.back() >> 1)][lane] = 0.0;
}

void NeuronBab::bound_lanes(std::vector<Leaf*>& lanes) {
  SlopeOptimizer optimizer;
  optimizer.iterations = kIterations;
  const Vec bound = sweep_.maximize(cone_, target_, optimizer);
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    Leaf& leaf = *lanes[lane];
    leaf.bound = std::max(leaf.bound, bound[static_cast<int>(lane)]);
    const auto next = sweep_.costliest(cone_, static_cast<int>(lane), 1);
    leaf.next = next.empty() ? -1 : next.front();
    leaf.theta.resize(parameters_.size());
    for (std::size_t k = 0; k < parameters_.size(); ++k)
      leaf.theta[k] = static_cast<float>(
          sweep_.theta[static_cast<std::size_t>(parameters_[k])][static_cast<int>(lane)]);
  }
}

double NeuronBab::lower_bound(double sign, int rounds) {
  std::fill(target_.sign, target_.sign + kLanes, sign);
  sweep_.reset();
  const double whole = sweep_.lower_bound(cone_, target_)[0];
  const std::vector<std::int32_t> first = sweep_.costliest(cone_, 0, kFirstSplits);
  std::vector<Leaf> leaves(std::size_t{1} << first.size());
  std::vector<Leaf*> lanes;
  for (std::size_t k = 0; k < leaves.size(); ++k) {
    leaves[k].bound = whole;
    for (std::size_t j = 0; j < first.size(); ++j)
      leaves[k].splits.push_back(2 * first[j] + static_cast<std::int32_t>(k >> j & 1U));
    load(static_cast<int>(k), leaves[k]);
    lanes.push_back(&leaves[k]);
  }
  bound_lanes(lanes);
  const auto worse = [](const Leaf& a, const Leaf& b) { return a.bound < b.bound; };
  for (int round = 1; round < rounds && !deadline_.expired(); ++round) {
    const std::size_t parents = std::min<std::size_t>(leaves.size(), kLanes / 2);
    std::partial_sort(leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(parents),
                      leaves.end(), worse);
    if (leaves.front().bound > 0.0 || leaves.front().next < 0) break;
    sweep_.reset();
    leaves.reserve(leaves.size() + parents);
    lanes.clear();
    for (std::size_t k = 0; k < parents && leaves[k].next >= 0; ++k) {
      const std::int32_t slot = leaves[k].next;
      leaves.push_back(leaves[k]);
      leaves.back().splits.push_back(2 * slot + 1);
      leaves[k].splits.push_back(2 * slot);
      for (Leaf* child : {&leaves[k], &leaves.back()}) {
        load(static_cast<int>(lanes.size()), *child);
        lanes.push_back(child);
      }
    }
    bound_lanes(lanes);
  }
  return std::min_element(leaves.begin(), leaves.end(), worse)->bound;
}

}  // namespace clipbound::bounds
