#pragma once
// Idea: which neuron a subproblem splits. The rules of a strategy score all unstable neurons by the
//   last bound, the best of each become candidates; both children of each candidate are bounded,
//   and the split with the largest product of both gains is taken.
// Source: BaBSR: Bunel et al., "Branch and Bound for Piecewise Linear Neural Network Verification",
//   JMLR 2020 (the score by the relaxation's intercept); FSB: De Palma et al., "Improved Branch and
//   Bound for Neural Network Verification via Lagrangian Decomposition", 2021 (children of
//   candidates are bounded); product of gains: strong branching (Achterberg et al., 2005). Ours
//   differs: a second score by the gap at the minimising corner; nonlinear neurons (GenBaB, Shi et
//   al., TACAS 2025) compete with ReLUs by the same scores.
// Guarantees: any choice is sound (S10).
//
// A new rule is a score in a file of its own and one row of kBranchingStrategies
// (solver/activation_split/branching.cpp); its word becomes one of --branching in
// base/options.def.
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "solver/activation_split/subproblem_lanes.h"

namespace clipbound::solver {

/// An unstable neuron of one lane, as the last bound left it.
struct NeuronView {
  Unstable neuron;
  double coefficient;   ///< of its activation
  double lower, upper;  ///< bounds of z
  double largest_gap;   ///< |coefficient| times the relaxation's largest gap
  double value;         ///< what the relaxation gives at the corner
  double slope;         ///< of the line in use (ReLUs)
  Nonlinear nonlinear;  ///< -1: a ReLU
  const CurveLanes* curves;
  int lane;
  /// Of the difference from its twin: the largest gap of its lines, and that at the corner.
  double difference_gap = 0.0, difference_gap_at_corner = 0.0;
};
using BranchingScore = double (*)(const NeuronView& neuron);

/// BaBSR's intercept: the largest gap of the relaxation in use, times |coefficient|.
double largest_gap_score(const NeuronView& neuron);
/// The gap at the minimising corner, times |coefficient|.
double corner_gap_score(const NeuronView& neuron);

inline constexpr int kCandidates = kLanes / 2;  ///< both children of each are one batch

/// Rules of a strategy.
inline constexpr std::size_t kBranchingRules = 2;

struct BranchingStrategy {
  std::string_view word;  ///< of --branching
  struct Rule {
    BranchingScore score;
    int most;  ///< candidates after this rule, at most kCandidates
  } rules[kBranchingRules];
};
/// The strategy of a word; words without a row (those of the input split) mean the first one.
const BranchingStrategy& branching_strategy(std::string_view word);

/// Candidates of a lane's subproblem, at most kCandidates.
std::vector<Unstable> choose_candidates(const BranchingStrategy& strategy,
                                        const SubproblemLanes& lanes, int lane);

struct ChosenSplit {
  Unstable neuron;                                 ///< -1: an input is halved
  std::shared_ptr<const InputBox> halves[2] = {};  ///< of an input
  double bound[2];                                 ///< of the children, by SplitSide
  float start[2];                                  ///< of the children's newest parameter
};
/// Nothing where there is no neuron to split.
std::optional<ChosenSplit> choose_split(const BranchingStrategy& strategy, SubproblemLanes& lanes,
                                        const ActivationSubproblem& parent, int lane);

}  // namespace clipbound::solver
