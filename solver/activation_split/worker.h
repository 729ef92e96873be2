#pragma once
// Idea: the activation split as a filling of TreeSearch: bounds kLanes subproblems at once with
//   optimised slopes and multipliers, prunes, refines or branches.
// Source: Wang et al., "Beta-CROWN", NeurIPS 2021 (branch-and-bound on phases, batched). Ours
//   differs: refinement where a cost model says that it pays, the row of a clause is chosen anew in
//   every subproblem.
// Guarantees: a subproblem is closed only where a row of its clause is refuted on it, or where it is
//   empty; children cover their parent (S10).
#include <cstdint>
#include <optional>
#include <vector>

#include "solver/activation_split/branching.h"
#include "solver/activation_split/refinement.h"
#include "solver/activation_split/subproblem_lanes.h"
#include "solver/phase_clauses/leaf_programs.h"
#include "solver/search/search_worker.h"

namespace clipbound::solver {

class ActivationSplitWorker : public SearchWorker {
 public:
  using Subtree = ActivationTask;

  ActivationSplitWorker(SearchTeam& team, const ActivationProblem& problem, RefinementModel& model);
  // The steps of TreeSearch.
  void begin(ActivationTask task) { stack_ = std::move(task); }
  bool has_open() const { return !stack_.empty(); }
  void between_batches();
  std::optional<ActivationTask> share();
  bool take_batch();
  void bound();
  bool prune();
  /// Corners that the bounds took their minimum at.
  void try_points();
  /// Another row may refute the subproblem, a refinement may pay; of the others, the neuron to
  /// split is chosen.
  void branch();
  /// Refines intermediate bounds over the half-space in which the row's linear bound leaves room.
  void clip();
  void split();
  std::vector<ActivationTask> rest();
  void copy_open(std::vector<ClauseState>& states) const;

 private:
  /// What becomes of a subproblem of the batch.
  enum class Next : std::uint8_t { closed, refine, split };
  /// Clauses with several rows are refuted by any of them: tries the others with the subproblem's
  /// parameters; the nearest becomes the row.
  bool another_row_excluded(ActivationSubproblem& subproblem, int lane);
  void push_child(ActivationSubproblem child, int lane, const ChosenSplit& split, SplitSide side);
  /// Where nothing is left to split: a longer ascent, then all rows of the clause together.
  void finish_leaf(ActivationSubproblem& subproblem, int lane);
  bool refuted_by_program(const ActivationSubproblem& subproblem);
  void close(ActivationSubproblem& subproblem, NodeEnd how = NodeEnd::refuted);
  SplitAt place_of(const ChosenSplit& split, const ActivationSubproblem& parent, int lane) const;
  OpenRow open_row(const ActivationSubproblem& subproblem) const;

  const ActivationProblem& problem_;
  const BranchingStrategy& branching_;
  SubproblemLanes lanes_;
  Refinement refinement_;
  LeafPrograms programs_;
  std::vector<ActivationSubproblem> stack_;
  // The batch at hand, by lane.
  std::vector<ActivationSubproblem> batch_;
  Vec bound_ = {};
  Next next_[kLanes] = {};
  std::optional<ChosenSplit> split_[kLanes];
  std::uint64_t batches_ = 0;
  double judging_s_ = 0.0, begin_s_ = 0.0;
};

}  // namespace clipbound::solver
