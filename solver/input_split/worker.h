#pragma once
// Idea: One worker of the input-split search: bounds batches of kLanes subproblems, prunes, splits,
// clips, folds. It dives depth-first; where many neurons have become stable it folds them and goes
// on one level deeper, on the smaller problem.
// Source: Zhou et al., "Clip-and-Verify", NeurIPS 2025, Algorithm 1; ours differs by clipping the
// children right after the split instead of the parent before it, and by folding.
// Guarantees: children cover their parent's box but for what clipping proves free of
// counterexamples (S9, S10).
// Legend: N inputs, U neurons, S rows, K half-spaces.
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "bounds/batch_bounder.h"
#include "solver/input_split/branching.h"
#include "solver/input_split/subproblems.h"
#include "solver/search/search_worker.h"
#include "solver/search/shared_queue.h"

namespace clipbound::solver {

/// When boxes are clipped.
enum class ClipOrder : std::uint8_t {
  children,  ///< right after the split, before they are bounded
  parents,   ///< after they were bounded, before they are split (Algorithm 1 as published)
};

/// Options as the hot loop wants them.
struct SearchSettings {
  Clipping clipping;
  BoxClipper clip_boxes = nullptr;  ///< null: boxes are not clipped, half-spaces not inherited
  ClipOrder order = ClipOrder::children;
  const BranchingRule* branching = nullptr;
};
SearchSettings search_settings(const Options& options);

using TaskQueue = SharedQueue<BoxSubproblems>;

/// What the workers of one search share.
struct InputSplitTeam {
  const SearchSettings& settings;
  TaskQueue& queue;
  SearchCounters& counters;
  TimeSlice time_slice;
};

class InputSplitWorker : public SearchWorker {
 public:
  InputSplitWorker(const SearchContext& context, const InputSplitTeam& team, int number);
  /// Takes tasks until the queue is done or the time slice over; what is open then goes back to the
  /// queue.
  void run();

 private:
  enum class Side : std::uint8_t { lower, upper };
  /// A subtree on its own problem; children of folded subproblems form the next level.
  struct Level {
    std::shared_ptr<const BatchProblem> problem;
    SubproblemStack open;
    std::unique_ptr<BatchBounder> bounder;
    BoxBatch boxes;
    RowBounds rows;
  };

  /// Bounds a coarse task: refutes it, puts its halves into the queue, or returns it on a reduced
  /// network.
  std::optional<BoxSubproblems> search_coarse(BoxSubproblems task);
  void search_subtree(BoxSubproblems task);
  /// Gives some of the task's open subproblems to idle workers.
  void share_work(const BoxSubproblems& task);
  /// The oldest `count` subproblems of a level go to the queue.
  void give(const BoxSubproblems& task, Level& level, std::size_t count);
  void process_batch();
  int load(Level& level);
  /// Tries points of the open lanes on the level's problem and, where that says "unsafe", on the
  /// real network. Returns the lanes whose problem was wrong there.
  Mask check_candidates(Level& level, Mask open);
  void choose_points(const Level& level);
  bool is_spurious(const Level& level, int lane) const;
  void restart_without_rows(const Level& level, int lane);
  void fill_lanes(Level& level, Mask& open);
  void drop_unsplittable(Mask& open);
  void clip_parents(Level& level, Mask& open);
  void branch(Level& level, Mask open);
  void choose_inputs(const Level& level, Mask open);
  void split_side(const Level& level, Mask open, Side side, SubproblemStack& target);
  void push_child(const Level& level, int lane, SubproblemStack& target);
  /// Chooses, lane by lane, the half-spaces that the child inherits into child_halfspaces_: the new
  /// linear bounds of rows, then those of the parent's that still cut the child's box, deepest cut
  /// first.
  void inherit_halfspaces(const Level& level);
  bool worth_folding(const Level& level, Mask open);
  std::shared_ptr<const BatchProblem> fold(const Level& level, Mask open) const;
  Level& enter_level(std::shared_ptr<const BatchProblem> problem);
  double share_of_lane(const std::vector<Vec>& lower, const std::vector<Vec>& upper,
                       int lane) const;

  const SearchSettings settings_;
  TaskQueue& queue_;

  std::shared_ptr<const ClauseRoot> root_;
  Clipping clipping_;  // of the task at hand
  bool without_rows_ = false;
  int halfspaces_ = 0;  // per record
  std::vector<std::unique_ptr<Level>> levels_;
  std::size_t depth_ = 0;            // levels in use
  std::int64_t split_[kLanes] = {};  // the input that each lane is split at; -1: none
  std::vector<Vec> child_lower_, child_upper_, point_, values_, score_, fallback_,
      child_halfspaces_;
  std::vector<Phase> phase_;
  std::vector<double> full_point_;
  std::uint64_t batches_ = 0;
  std::uint64_t failed_candidates_ = 0;
};

}  // namespace clipbound::solver
