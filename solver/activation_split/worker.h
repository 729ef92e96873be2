#pragma once
// Idea: one worker of the activation split: bounds kLanes subproblems at once with optimised slopes
//   and multipliers, prunes, refines or branches.
// Source: Wang et al., "Beta-CROWN", NeurIPS 2021 (branch-and-bound on phases, batched). Ours
//   differs: depth first with work sharing, refinement where a cost model says that it pays, the
//   row of a clause is chosen anew in every subproblem.
// Guarantees: a subproblem is closed only where a row of its clause is refuted on it, or where it
// is
//   empty; children cover their parent (S10).
#include <atomic>
#include <vector>

#include "solver/activation_split/branching.h"
#include "solver/activation_split/refinement.h"
#include "solver/activation_split/subproblem_lanes.h"
#include "solver/search/search_worker.h"

namespace clipbound::solver {

/// What the workers of one search share.
struct ActivationSplitTeam {
  ActivationQueue& queue;
  SearchCounters& counters;
  TimeSlice time_slice;
  std::vector<std::atomic<std::int64_t>> open;  ///< subproblems per clause, unsplittable ones too
};

class ActivationSplitWorker : public SearchWorker {
 public:
  ActivationSplitWorker(const SearchContext& context, const ActivationProblem& problem,
                        ActivationSplitTeam& team, int number);
  /// Takes tasks until the queue is done.
  void run();

 private:
  using Batch = std::vector<ActivationSubproblem>;
  void process_batch();
  Batch take_batch();
  /// Bounds the batch and closes what is refuted. Which subproblems are still open, by lane.
  std::vector<char> bound_batch(Batch& batch);
  void try_corners(const Batch& batch, const std::vector<char>& open);
  /// Clauses with several rows are refuted by any of them: tries the others with the subproblem's
  /// parameters; the nearest becomes the row.
  bool another_row_excluded(ActivationSubproblem& subproblem, int lane);
  /// Prunes, refines or branches an open subproblem.
  void continue_with(ActivationSubproblem subproblem, int lane);
  void branch(ActivationSubproblem parent, int lane);
  void push_child(const ActivationSubproblem& parent, int lane, const ChosenSplit& split,
                  SplitSide side);
  /// Where nothing is left to split: a longer ascent.
  void finish_leaf(const ActivationSubproblem& subproblem, int lane);
  void close(const ActivationSubproblem& subproblem);
  /// Gives half of the stack to idle workers.
  void share_work();

  const ActivationProblem& problem_;
  ActivationSplitTeam& team_;
  const BranchingStrategy& branching_;
  SubproblemLanes lanes_;
  Refinement refinement_;
  std::vector<ActivationSubproblem> stack_;
  std::uint64_t batches_ = 0;
  double judging_s_ = 0.0, begin_s_ = 0.0;
};

}  // namespace clipbound::solver
