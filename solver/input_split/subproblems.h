#pragma once
// Idea: What the search of one clause carries: its root, how its columns map to the network's
// inputs, and open subproblems. Subproblems are records of one fixed size in one block of memory.
// Source: own.
// Guarantees: RecordView is the only place that knows where a record's parts lie.
// Legend: N inputs (kept columns), U neurons whose bounds a record keeps, S rows, K half-spaces
// [K, N + 1], n inputs of the network.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <span>
#include <vector>

#include "bounds/batch_bounder.h"
#include "bounds/crown/crown_bounder.h"
#include "solver/input_split/tree_shares.h"
#include "solver/search/subproblem.h"
#include "specs/query/query.h"

namespace clipbound::solver {

/// Rows beyond these still refute and clip, but are not inherited.
inline constexpr int kMostInheritedRows = 8;
/// Half-spaces of grandparents and before that a subproblem keeps.
inline constexpr int kOlderHalfspaces = 4;
inline constexpr int kMostHalfspaces = kMostInheritedRows + kOlderHalfspaces;

struct ClauseRoot;
/// The root of a part [lower, upper] ([n]) of a root's box, on a lowering of that part.
using LowerAnew = std::function<std::shared_ptr<const ClauseRoot>(
    const ClauseRoot& root, std::vector<double> lower, std::vector<double> upper)>;

/// Constant over the search of one clause, or of a part of its box.
struct ClauseRoot {
  const Clause* clause = nullptr;
  /// Null once an engine bounds batches: large, and of no more use.
  std::shared_ptr<const CrownBounder> bounder;
  /// For exact arithmetic, where the network is small enough for it; else null.
  std::shared_ptr<const CrownBounder> exact;
  AffineForm rows;                   ///< left sides minus thresholds
  std::vector<std::uint8_t> strict;  ///< [S]
  std::vector<int> kept;             ///< column -> input number
  std::vector<double> lower, upper;  ///< [n] the clause's box
  std::vector<double> width;         ///< [N] of the kept columns of the clause's box
  /// What counterexamples lie in beside the box; null: there is none.
  std::shared_ptr<const InputBall> ball;
  /// Null where no part of the box is lowered anew.
  LowerAnew lower_anew;
  /// Not empty: the roots of clauses on one box that are searched together. `rows` are all of
  /// theirs, one clause after the other, and `clause` is the first one.
  std::vector<std::shared_ptr<const ClauseRoot>> members;

  bool is_joint() const { return !members.empty(); }
  const ClauseRoot& member(std::size_t m) const { return is_joint() ? *members[m] : *this; }

  // Of the box that this root is for: all of it, or the part at which the coarse phase ended.
  std::shared_ptr<const BatchProblem> problem;
  std::vector<double> lower_z, upper_z;  ///< [U] of `problem`; no rows entered them
};

/// The sizes of all records of a stack.
struct RecordShape {
  int inputs = 0, neurons = 0, halfspaces = 0;  ///< N, U, K
  std::size_t size() const {
    return static_cast<std::size_t>(2 * inputs + 2 * neurons + halfspaces * (inputs + 1));
  }
};

/// A subproblem's packed record: lower x [N], upper x [N], lower z [U], upper z [U], half-spaces
/// [K, N + 1]. Number: double or const double.
template <typename Number>
class RecordView {
 public:
  RecordView(const RecordShape& shape, Number* data) : shape_(shape), data_(data) {}
  std::span<Number> lower_x() const { return part(0, shape_.inputs); }
  std::span<Number> upper_x() const { return part(shape_.inputs, shape_.inputs); }
  std::span<Number> lower_z() const { return part(2 * shape_.inputs, shape_.neurons); }
  std::span<Number> upper_z() const {
    return part(2 * shape_.inputs + shape_.neurons, shape_.neurons);
  }
  std::span<Number> halfspaces() const {
    return part(2 * (shape_.inputs + shape_.neurons), shape_.halfspaces * (shape_.inputs + 1));
  }

 private:
  std::span<Number> part(int first, int count) const {
    return {data_ + first, static_cast<std::size_t>(count)};
  }

  RecordShape shape_;
  Number* data_;
};
using Record = RecordView<double>;
using ConstRecord = RecordView<const double>;

/// One lane of an array of Vec, from and into a part of a record.
inline void load_lane(std::span<const double> from, int lane, std::vector<Vec>& to) {
  for (std::size_t i = 0; i < from.size(); ++i) to[i][lane] = from[i];
}
inline void store_lane(const std::vector<Vec>& from, int lane, std::span<double> to) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[i][lane];
}

/// Open subproblems, newest last: a stack that is one block of memory, and their shares of the
/// clause's tree beside it. Views are good until the next push() or pop().
class SubproblemStack {
 public:
  SubproblemStack() = default;
  explicit SubproblemStack(const RecordShape& shape) : shape_(shape), size_(shape.size()) {}

  std::size_t count() const { return shares_.size(); }
  bool empty() const { return shares_.empty(); }
  const RecordShape& shape() const { return shape_; }
  /// A new record of zeros on top.
  Record push(TreeShares share) {
    shares_.push_back(std::move(share));
    data_.resize(data_.size() + size_);
    return {shape_, data_.data() + data_.size() - size_};
  }
  ConstRecord from_top(std::size_t k) const {
    return {shape_, data_.data() + data_.size() - (k + 1) * size_};
  }
  /// Removes the newest, whose record is not needed any more.
  TreeShares pop() {
    TreeShares share = std::move(shares_.back());
    shares_.pop_back();
    data_.resize(data_.size() - size_);
    return share;
  }
  /// The shares of all records, oldest first.
  std::span<TreeShares> shares() { return shares_; }
  std::span<const TreeShares> shares() const { return shares_; }
  /// Removes the oldest, the third oldest, and so on, and returns them as a stack of their own:
  /// both get large ones, which are the oldest, and small ones.
  SubproblemStack take_every_second();
  /// Each record as a stack of its own, oldest first; this one is empty then.
  std::vector<SubproblemStack> take_apart();

 private:
  RecordShape shape_;
  std::size_t size_ = 0;
  std::vector<double> data_;
  std::vector<TreeShares> shares_;
};

/// A subtree to be searched. Without a problem it is a coarse one: a box [lower, upper] (kept
/// columns) on which the whole network still has to be bounded, with its share.
struct BoxSubproblems {
  std::size_t clause = 0;  ///< its number in the search; of a joint root the first one's
  std::shared_ptr<const ClauseRoot> root;
  std::vector<double> lower, upper;
  TreeShares share;
  std::vector<double> halfspaces;  ///< of a coarse one: [.., N + 1], not more than a record keeps
  std::shared_ptr<const BatchProblem> problem;
  SubproblemStack open;
  bool without_rows = false;  ///< bound neurons without the clause's rows (see
                              ///< InputSplitWorker::restart_without_rows)
  std::size_t count() const { return problem == nullptr ? 1 : open.count(); }
  /// How many shares of the root's m-th clause are open.
  std::size_t count_of(std::size_t m) const;
  /// Drops them.
  void drop(std::size_t m);
};

/// A task with one subproblem: the box [lower, upper] (kept columns) on the root's problem.
BoxSubproblems root_task(std::shared_ptr<const ClauseRoot> root, const std::vector<double>& lower,
                         const std::vector<double>& upper, TreeShares share,
                         std::span<const double> halfspaces = {});

/// Each subproblem as a task of its own.
std::vector<BoxSubproblems> singles_of(BoxSubproblems task);

/// The root that searches clauses on one box together; a coarse task of the whole box.
BoxSubproblems joint_task(std::vector<std::shared_ptr<const ClauseRoot>> members);
/// The box [lower, upper] (kept columns) as coarse tasks of the root's clauses that have a share.
void take_apart(const ClauseRoot& root, std::size_t clause, const std::vector<double>& lower,
                const std::vector<double>& upper, TreeShares share,
                std::vector<BoxSubproblems>& tasks);
/// The same of all subproblems of a task of a joint root; of others, the task itself.
std::vector<BoxSubproblems> apart(BoxSubproblems task);

/// Adds copies of a stack's subproblems to the states of their clauses, newest first. `states` are
/// by clauses' numbers in the search, `clause` is that of the root, of a joint one of the first.
void copy_open(const ClauseRoot& root, std::size_t clause, bool without_rows,
               const SubproblemStack& open, std::vector<ClauseState>& states);
/// The same of all of a task.
void copy_open(const BoxSubproblems& task, std::vector<ClauseState>& states);
/// A value of the root's clause as a coarse task.
BoxSubproblems coarse_task(std::shared_ptr<const ClauseRoot> root, const Subproblem& value);
/// Values of the root's clause as tasks like `whole`, which is the clause's box: on the same
/// problem, or coarse ones.
std::vector<BoxSubproblems> restored_tasks(const BoxSubproblems& whole,
                                           const std::vector<Subproblem>& open);

}  // namespace clipbound::solver
