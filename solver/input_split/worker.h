#pragma once
// Idea: The input split as a filling of TreeSearch: bounds batches of kLanes subproblems, prunes,
// splits, clips, folds. Where many neurons have become stable it folds them and goes on one level
// deeper, on the smaller problem.
// Source: Zhou et al., "Clip-and-Verify", NeurIPS 2025, Algorithm 1; ours differs by clipping the
// children right after the split instead of the parent before it, and by folding.
// Guarantees: children cover their parent's box but for what clipping proves free of
// counterexamples (S9, S10).
// Legend: N inputs, U neurons, S rows, K half-spaces.
#include <memory>
#include <optional>
#include <vector>

#include "bounds/batch_bounder.h"
#include "bounds/clip/ball_clipping.h"
#include "bounds/exact/decide_exactly.h"
#include "solver/input_split/branching.h"
#include "solver/input_split/subproblems.h"
#include "solver/search/search_worker.h"

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

class InputSplitWorker : public SearchWorker {
 public:
  using Subtree = BoxSubproblems;

  InputSplitWorker(SearchTeam& team, const SearchSettings& settings);
  // The steps of TreeSearch.
  void begin(BoxSubproblems task) { pending_.push_back(std::move(task)); }
  bool has_open();
  void between_batches();
  std::optional<BoxSubproblems> share();
  bool take_batch();
  void bound();
  bool prune();
  void try_points();
  void branch();
  void clip();
  void split();
  std::vector<BoxSubproblems> rest();
  void copy_open(std::vector<ClauseState>& states) const;

 private:
  enum class Side : std::uint8_t { lower, upper };
  /// One half of each lane's box: ends of the inputs [N], half-spaces [K, N + 1], whether nothing
  /// is left of it.
  struct Children {
    std::vector<Vec> lower, upper, halfspaces;
    Mask empty = {};
  };
  /// A subtree on its own problem; children of folded subproblems form the next level.
  struct Level {
    std::shared_ptr<const BatchProblem> problem;
    SubproblemStack open;
    std::unique_ptr<BatchBounder> bounder;
    BoxBatch boxes;
    RowBounds rows;
    std::vector<double> rounding;  ///< [S] bounds above minus this may be open by rounding alone
  };

  /// Closes all shares of a lane, which is done with then.
  void close_lane(int lane, NodeEnd how = NodeEnd::refuted);
  /// Of a joint root: closes the lane's clauses of which a row is excluded.
  void close_excluded(int lane);
  /// Which lanes ask for which rows of a joint root.
  void ask_for_rows();
  void give_up_lane(int lane);
  /// The half of each that is returned is `half`; the first share is that of this clause.
  TreeShares split_shares(std::size_t clause, TreeShares& shares, const SplitAt& at, Half half);
  /// What is known of a lane's rows.
  void note_bounds(int lane);
  /// Where a lane is split.
  SplitAt place_of(const Level& from, int lane) const;
  /// What clipping has left of a lane's half, for the trace.
  void note_clipped(const Level& from, const Children& children, int lane, Share& share);
  /// Where the rows of the root's m-th clause begin.
  std::size_t first_row(std::size_t m) const { return m == 0 ? 0 : row_ends_[m - 1]; }
  /// Of one clause's rows the one with the highest bound.
  OpenRow best_row_of(std::size_t m, int lane) const;
  /// Of a joint root a lane becomes a task of each of its clauses.
  void take_lane_apart(int lane);
  void search_coarse_jointly(BoxSubproblems task);
  /// Bounds a coarse task: refutes it, halves it, or enters it on a reduced network.
  void search_coarse(BoxSubproblems task);
  void enter_subtree(BoxSubproblems task);
  /// Some of a level's subproblems as a subtree.
  BoxSubproblems subtree_of(const Level& level, SubproblemStack open) const;
  Level& level() { return *levels_[depth_ - 1]; }
  /// Tries points of the open lanes on the level's problem and, where that says "unsafe", on the
  /// real network. Returns the lanes whose problem was wrong there.
  Mask check_candidates();
  void choose_points();
  /// Moves the points into the ball, as far as the boxes let them.
  void pull_into_ball();
  Mask offer(Mask candidate, const Clause& clause);
  /// Ends lanes that no split makes better: at a point of them some row is within its rounding of
  /// 0, and no row excludes the point.
  void settle_touching();
  ExactAnswer ask_exactly(int lane);
  bool is_spurious(int lane);
  /// Of a lane's rows the one with the highest bound; of several clauses the one of which that is
  /// lowest.
  OpenRow best_row(int lane) const;
  void restart_without_rows(int lane);
  void fill_lanes();
  void drop_unsplittable();
  void choose_inputs();
  void split_side(const Level& from, Side side);
  void push_children(const Level& from, SubproblemStack& target);
  void push_child(const Level& from, const Children& children, int lane, TreeShares share,
                  SubproblemStack& target) const;
  /// Chooses, lane by lane, the half-spaces that the child inherits: the new linear bounds of rows,
  /// then those of the parent's that still cut the child's box, deepest cut first.
  void inherit_halfspaces(const Level& from, Children& children) const;
  /// The half-space that touches the ball where it cuts the row's linear bound best, before those
  /// of ancestors.
  void touch_ball(const Level& from, Children& children);
  bool worth_folding(const Level& from);
  std::shared_ptr<const BatchProblem> fold(const Level& from) const;
  Level& enter_level(std::shared_ptr<const BatchProblem> problem);

  const SearchSettings settings_;

  std::vector<BoxSubproblems> pending_;  // subtrees that are not begun yet
  std::size_t clause_ = 0;               // of the subtree at hand
  std::shared_ptr<const ClauseRoot> root_;
  std::vector<std::size_t> row_ends_;  // of the root's clauses
  Clipping clipping_;                  // of the task at hand
  bool without_rows_ = false;
  int halfspaces_ = 0;  // per record
  std::vector<std::unique_ptr<Level>> levels_;
  std::size_t depth_ = 0;  // levels in use
  // The batch at hand: so many subproblems, which of them are open, and their shares.
  int count_ = 0;
  Mask open_ = {};
  TreeShares shares_[kLanes];
  std::int64_t split_[kLanes] = {};  // the input that each lane is split at; -1: none
  Children children_[2];             // by Side
  std::vector<Vec> point_, values_, score_, fallback_;
  Mask may_be_unsafe_ = {};  // lanes whose point lies in the ball for certain
  BallClipping ball_;
  std::vector<Phase> phase_;
  std::vector<double> full_point_;
  std::uint64_t batches_ = 0;
  std::uint64_t failed_candidates_ = 0;
  double nearest_ = 0.0;  // to refutation: the largest of the open lanes' bounds
  Mask touching_ = {};    // lanes at whose point of this batch no row is above its rounding
  std::uint64_t failed_exact_ = 0;  // since exact arithmetic last refuted a subproblem
};

}  // namespace clipbound::solver
