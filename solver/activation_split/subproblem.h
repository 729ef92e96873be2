#pragma once
// Idea: a subproblem of the activation split: the points of a clause's box where some ReLUs have
//   given phases and some nonlinear neurons given ranges.
// Source: own; domains of beta-CROWN (Wang et al., NeurIPS 2021).
// Guarantees: the two children of a split cover their parent (S10).
// Legend: T free parameters (SparseNetwork).
#include <cstdint>
#include <memory>
#include <vector>

#include "bounds/alpha_beta/alpha_beta_lanes.h"
#include "solver/search/share.h"

namespace clipbound::solver {

/// Which child of a split: z <= threshold, or z >= threshold. Of a ReLU these are its phases.
enum class SplitSide : std::uint8_t { lower, upper };
inline constexpr SplitSide kSplitSides[] = {SplitSide::lower, SplitSide::upper};
inline ReluPhase phase_of_side(SplitSide side) {
  return side == SplitSide::upper ? ReluPhase::active : ReluPhase::inactive;
}

/// A ReLU whose phase a subproblem sets.
struct ReluSplit {
  Unstable neuron;
  ReluPhase phase;
};

/// A nonlinear neuron that a subproblem restricts to [lower, upper], and its multiplier.
struct NonlinearSplit {
  Unstable neuron;
  float multiplier;
  double lower, upper;
};

/// Bounds of a neuron that hold on a subproblem, tighter than the root's.
struct RefinedBounds {
  Unstable neuron;
  double lower, upper;
};

/// The same of the difference of a pair of twins.
struct RefinedDifference {
  std::int32_t pair;
  Range d;
};

/// Which points a subproblem stands for, and what is known of them.
struct ActivationRestrictions {
  std::int32_t clause = 0;                ///< in ActivationProblem::clauses
  std::int64_t row = 0;                   ///< that is to be excluded: nearest to it so far
  double bound = 0.0;                     ///< lower bound of the row that is known already
  std::vector<ReluSplit> relus;           ///< oldest first
  std::vector<NonlinearSplit> nonlinear;  ///< one per neuron
  std::int32_t depth = 0;                 ///< splits on the way here
  /// [T] where the ascent starts: slopes, multipliers of older splits.
  std::shared_ptr<const std::vector<float>> alpha_or_beta;
  std::shared_ptr<const std::vector<RefinedBounds>> refined;                  ///< may be nullptr
  std::shared_ptr<const std::vector<RefinedDifference>> refined_differences;  ///< may be nullptr
  std::shared_ptr<const InputBox> box;  ///< the part of the box that it is; nullptr: all of it
  double before = 0.0;                  ///< the bound before the last split or refinement
  std::int32_t refined_at_depth = 0;    ///< of the last refinement
  bool just_refined = false;            ///< the last thing that happened was a refinement
  Unstable newest{-1};                  ///< the neuron of the newest split
  float newest_start = 0.0F;  ///< where its multiplier starts (a nonlinear neuron's slope)
};
struct ActivationSubproblem : ActivationRestrictions {
  Share share;  ///< of the clause's tree
};
/// The parent's splits and bounds with a share of their own: what a split is added to.
ActivationSubproblem child_of(const ActivationSubproblem& parent, Share share);
using ActivationTask = std::vector<ActivationSubproblem>;
/// Each as a task of its own.
std::vector<ActivationTask> singles_of(ActivationTask task);

}  // namespace clipbound::solver
