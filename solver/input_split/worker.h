#pragma once
// One worker of the input-split search: bounds batches of kLanes subproblems, prunes, splits,
// clips, folds.
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "bounds/reduced/reduced_bounder.h"
#include "solver/input_split/subproblems.h"
#include "solver/search/search_worker.h"
#include "solver/search/shared_queue.h"

namespace clipbound::solver {

/// Options as the hot loop wants them.
struct SearchSettings {
  ClipSettings clip;
  bool clip_inputs = true;
  bool reorder =
      true;  ///< clip the children before they are bounded; else clip the parent after it was
  enum class Branching : std::uint8_t { automatic, widest, smart } branching = Branching::automatic;
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
  /// A subtree on its own reduced network; children of folded subproblems form the next level.
  struct Level {
    std::shared_ptr<const ReducedNetwork> network;
    SubproblemStack open;
    ReducedBounder bounder;
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
  /// Tries points of the open lanes on the reduced network and, where that says "unsafe", on the
  /// real one. Returns the lanes whose reduced network was wrong there.
  Mask check_candidates(Level& level, Mask open);
  bool is_misled(const Level& level, int lane);
  void start_afresh(Level& level, int lane);
  void fill_lanes(Level& level, Mask& open);
  void drop_unsplittable(Mask& open);
  void clip_parents(Level& level, Mask& open);
  void branch(Level& level, Mask open);
  void choose_dimensions(Level& level, Mask open);
  void split_side(Level& level, Mask open, bool high, SubproblemStack& target);
  /// Chooses, lane by lane, the half-spaces that the child inherits into child_halfspaces_: the new
  /// planes, then those of the parent's that still cut the child's box, deepest cut first.
  void inherit_halfspaces(Level& level);
  bool worth_folding(Level& level, Mask open);
  Level& enter_level(std::shared_ptr<const ReducedNetwork> network);
  double volume(const Vec* lower, const Vec* upper, int lane) const;

  const SearchSettings settings_;
  TaskQueue& queue_;

  std::shared_ptr<const ClauseRoot> root_;
  ClipSettings clip_;  // of the task at hand
  bool plain_ = false;
  int constraints_ = 0;  // half-spaces per record
  std::vector<std::unique_ptr<Level>> levels_;
  std::size_t depth_ = 0;  // levels in use
  std::int64_t dimension_[kLanes] = {};
  std::vector<Vec> child_lower_, child_upper_, point_, values_, score_, fallback_,
      child_halfspaces_;
  std::vector<Phase> phase_;
  std::vector<double> full_point_;
  std::uint64_t batches_ = 0;
  std::uint64_t failed_candidates_ = 0;
};

}  // namespace clipbound::solver
