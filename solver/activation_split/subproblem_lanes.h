#pragma once
// Idea: subproblems on their way into the lanes of an AlphaBetaBounder and back: what a worker, its
//   branching and its refinement share.
// Source: own.
// Guarantees: a lane's bounds hold on its subproblem (S6).
#include <memory>
#include <utility>
#include <vector>

#include "bounds/alpha_beta/slope_optimizer.h"
#include "solver/activation_split/problem.h"
#include "solver/activation_split/subproblem.h"

namespace clipbound::solver {

class SubproblemLanes {
 public:
  explicit SubproblemLanes(const ActivationProblem& of);

  /// One subproblem per lane; the first one again in lanes that are left over.
  void load(const std::vector<ActivationSubproblem>& batch);
  /// The free parameters of a lane.
  std::shared_ptr<std::vector<float>> save_parameters(int lane) const;
  /// The multipliers of a lane's nonlinear splits.
  void save_multipliers(ActivationSubproblem& subproblem, int lane) const;
  /// Lets the probe bound `row` of one lane's subproblem in all of its lanes.
  LaneRows begin_probe(int lane, std::int64_t row);
  /// The part of a nonlinear neuron's range that a child would get: a lane would split it near the
  /// corner.
  std::pair<double, double> part_of(int lane, Unstable neuron, SplitSide side) const;
  /// Adds a split to a subproblem that is a copy of a lane's.
  void add_split(ActivationSubproblem& child, int lane, Unstable neuron, SplitSide side) const;

  /// Restricts a lane to a part of the box, and its neurons to what the lines say there.
  void load_box(AlphaBetaLanes& lanes, const InputBox& box, int lane) const;

  /// Makes a subproblem that is a copy of a lane's the half of its box.
  void halve(ActivationSubproblem& child, int lane, std::shared_ptr<const InputBox> half) const;

  /// Operations of both bounders since the last call.
  double take_work() { return bounder.take_work() + probe.take_work(); }

  const ActivationProblem& problem;
  const SparseNetwork& network;
  AlphaBetaBounder bounder;  ///< of the batch
  AlphaBetaBounder probe;    ///< of anything else
  SlopeOptimizer optimizer;  ///< of both
  ConeFinder finder;
  Cone cone;                             ///< of all clauses' rows
  LaneRows rows;                         ///< of the batch
  std::vector<Unstable> unstable;        ///< in the cone
  std::vector<std::int32_t> parameters;  ///< in the cone

 private:
  void load_nonlinear(const ActivationSubproblem& subproblem, int lane);
  void start_newest(const ActivationSubproblem& subproblem, int lane);
};

}  // namespace clipbound::solver
