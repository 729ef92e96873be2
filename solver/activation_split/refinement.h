#pragma once
// Idea: intermediate bounds refined inside a subproblem: the unstable neurons whose relaxations
//   loosen the row most are bounded again, on the part of the box that is left: a counterexample
//   lies where the row is <= 0, hence in the half-space where the row's linear bound is.
// Source: complete clipping (Zhou et al., "Clip-and-Verify", NeurIPS 2025) for the half-space;
//   bounds of a few neurons as in its activation split. Ours differs: slopes are optimised, a cost
//   model (RefinementModel) decides when it pays.
// Guarantees: refined bounds hold wherever the subproblem may contain a counterexample (S6, S9).
#include <vector>

#include "base/deadline.h"
#include "solver/activation_split/refinement_model.h"
#include "solver/activation_split/subproblem_lanes.h"

namespace clipbound::solver {

class Refinement {
 public:
  Refinement(SubproblemLanes& lanes, RefinementModel& model, const Deadline& deadline, bool enabled)
      : lanes_(lanes), model_(model), deadline_(deadline), enabled_(enabled) {}

  /// Takes note of how a subproblem's bound changed by its last split or refinement, and how long
  /// it took.
  void learn(const ActivationSubproblem& subproblem, double seconds);
  /// Whether to refine(), which has to follow then; beside so many others of the batch.
  bool pays(const ActivationSubproblem& subproblem, int in_batch) {
    return enabled_ && model_.begins(subproblem.bound,
                                     subproblem.depth - subproblem.refined_at_depth, in_batch);
  }
  /// Refines the subproblem of a lane. False where this shows that it is empty.
  bool refine(ActivationSubproblem& subproblem, int lane);
  double subproblem_s() const { return model_.subproblem_s(); }

 private:
  /// What is found on the way.
  struct Found {
    std::vector<RefinedBounds> neurons;
    std::vector<RefinedDifference> differences;
  };
  bool refine_layer(int layer, int lane, double least_gap, Found& found);
  /// The same for the differences of twins, second ones in the layer.
  bool refine_differences(int layer, int lane, double least_gap, Found& found);
  /// Of one layer, in order: those with the largest gaps above `least_gap`.
  std::vector<Unstable> choose_neurons(int layer, int lane, double least_gap) const;
  /// Bounds kLanes of them at most; false where the subproblem is empty.
  bool refine_batch(int layer, int lane, const Unstable* neurons, std::size_t count,
                    std::vector<RefinedBounds>& found);
  bool refine_batch_of_differences(int layer, int lane, const std::int32_t* pairs,
                                   std::size_t count, std::vector<RefinedDifference>& found);
  /// The probe's bounds of rows below and above, from few steps of their slopes.
  void bound_both_sides(LaneRows rows, Vec bound[2]);
  void store_differences(ActivationSubproblem& subproblem,
                         const std::vector<RefinedDifference>& found) const;
  void start_determined_twins(const ActivationSubproblem& subproblem, int lane,
                              std::vector<float>& parameters) const;
  void store(ActivationSubproblem& subproblem, int lane, const Found& found) const;

  SubproblemLanes& lanes_;
  RefinementModel& model_;  // of the search
  const Deadline& deadline_;
  const bool enabled_;
  Cone cone_;  // of the neurons at hand
};

}  // namespace clipbound::solver
