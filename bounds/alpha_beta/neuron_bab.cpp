#include "bounds/alpha_beta/neuron_bab.h"

#include <algorithm>

namespace clipbound::bounds {

namespace {
constexpr int kIterations = 12;  // of slopes and multipliers, per batch
constexpr std::size_t kFirstSplits = kLanes == 8 ? 3 : 2;
static_assert(1 << kFirstSplits == kLanes);
}  // namespace

NeuronBab::NeuronBab(AlphaBetaBounder& bounder, SlopeOptimizer& optimizer, const Cone& cone,
                     const SparseNetworkRows& rows, std::int64_t row, const Deadline& deadline)
    : bounder_(bounder),
      optimizer_(optimizer),
      cone_(cone),
      deadline_(deadline),
      parameters_(parameters_of(cone, bounder.network())) {
  row_.rows = &rows;
  std::fill(row_.which, row_.which + kLanes, row);
}

void NeuronBab::load(int lane, const Leaf& leaf) {
  for (const Split& split : leaf.splits) bounder_.lanes.set_phase(lane, split.neuron, split.phase);
  for (std::size_t k = 0; k < leaf.alpha_or_beta.size(); ++k)
    at(bounder_.lanes.alpha_or_beta, parameters_[k])[lane] =
        static_cast<double>(leaf.alpha_or_beta[k]);
  if (!leaf.splits.empty()) at(bounder_.lanes.alpha_or_beta, leaf.splits.back().neuron)[lane] = 0.0;
}

void NeuronBab::bound_lanes(std::vector<Leaf*>& lanes) {
  SlopeSchedule schedule;
  schedule.iterations = kIterations;
  const Vec bound = optimizer_.maximize(bounder_, cone_, row_, schedule);
  for (int lane = 0; lane < static_cast<int>(lanes.size()); ++lane) {
    Leaf& leaf = *at(lanes, lane);
    leaf.bound = std::max(leaf.bound, bound[lane]);
    const auto next = bounder_.largest_gaps(cone_, lane, 1);
    leaf.next = next.empty() ? Unstable{-1} : next.front();
    leaf.alpha_or_beta.resize(parameters_.size());
    for (std::size_t k = 0; k < parameters_.size(); ++k)
      leaf.alpha_or_beta[k] =
          static_cast<float>(at(bounder_.lanes.alpha_or_beta, parameters_[k])[lane]);
  }
}

/// One leaf for each combination of phases of the neurons with the largest gaps.
std::vector<NeuronBab::Leaf> NeuronBab::first_leaves() {
  bounder_.lanes.reset();
  const double root = bounder_.lower_bound(cone_, row_)[0];
  const std::vector<Unstable> first = bounder_.largest_gaps(cone_, 0, kFirstSplits);
  std::vector<Leaf> leaves(std::size_t{1} << first.size());
  for (std::size_t k = 0; k < leaves.size(); ++k) {
    leaves[k].bound = root;
    for (std::size_t j = 0; j < first.size(); ++j)
      leaves[k].splits.push_back(
          {first[j], (k >> j & 1U) != 0 ? ReluPhase::active : ReluPhase::inactive});
  }
  return leaves;
}

double NeuronBab::lower_bound(double sign, int rounds) {
  std::fill(row_.sign, row_.sign + kLanes, sign);
  std::vector<Leaf> leaves = first_leaves();
  std::vector<Leaf*> lanes;
  for (Leaf& leaf : leaves) {
    load(static_cast<int>(lanes.size()), leaf);
    lanes.push_back(&leaf);
  }
  bound_lanes(lanes);
  const auto worse = [](const Leaf& a, const Leaf& b) { return a.bound < b.bound; };
  for (int round = 1; round < rounds && !deadline_.expired(); ++round) {
    const std::size_t parents = std::min<std::size_t>(leaves.size(), kLanes / 2);
    std::partial_sort(leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(parents),
                      leaves.end(), worse);
    if (leaves.front().bound > 0.0 || !exists(leaves.front().next)) break;
    bounder_.lanes.reset();
    leaves.reserve(leaves.size() + parents);
    lanes.clear();
    for (std::size_t k = 0; k < parents && exists(leaves[k].next); ++k) {
      const Unstable neuron = leaves[k].next;
      leaves.push_back(leaves[k]);
      leaves.back().splits.push_back({neuron, ReluPhase::active});
      leaves[k].splits.push_back({neuron, ReluPhase::inactive});
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
