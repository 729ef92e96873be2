#include "solver/input_split/subproblems.h"

#include <algorithm>
#include <cmath>

namespace clipbound::solver {

namespace {

/// A record with the root's bounds of neurons.
void push_box(SubproblemStack& open, const ClauseRoot& root, std::span<const double> lower,
              std::span<const double> upper, TreeShares share, std::span<const double> halfspaces) {
  const Record record = open.push(std::move(share));
  std::copy(lower.begin(), lower.end(), record.lower_x().begin());
  std::copy(upper.begin(), upper.end(), record.upper_x().begin());
  std::copy(root.lower_z.begin(), root.lower_z.end(), record.lower_z().begin());
  std::copy(root.upper_z.begin(), root.upper_z.end(), record.upper_z().begin());
  // No half-space yet: 0 x + 0 <= 0 holds everywhere.
  std::fill(record.halfspaces().begin(), record.halfspaces().end(), 0.0);
  std::copy_n(halfspaces.begin(), std::min(halfspaces.size(), record.halfspaces().size()),
              record.halfspaces().begin());
}

}  // namespace

SubproblemStack SubproblemStack::take_every_second() {
  SubproblemStack part(shape_), kept(shape_);
  for (std::size_t k = 0; k < shares_.size(); ++k) {
    SubproblemStack& to = k % 2 == 0 ? part : kept;
    const auto begin = data_.begin() + static_cast<std::ptrdiff_t>(k * size_);
    to.data_.insert(to.data_.end(), begin, begin + static_cast<std::ptrdiff_t>(size_));
    to.shares_.push_back(std::move(shares_[k]));
  }
  *this = std::move(kept);
  return part;
}

std::vector<SubproblemStack> SubproblemStack::take_apart() {
  std::vector<SubproblemStack> parts;
  for (std::size_t k = 0; k < shares_.size(); ++k) {
    SubproblemStack& part = parts.emplace_back(shape_);
    const auto begin = data_.begin() + static_cast<std::ptrdiff_t>(k * size_);
    part.data_.assign(begin, begin + static_cast<std::ptrdiff_t>(size_));
    part.shares_.push_back(std::move(shares_[k]));
  }
  *this = SubproblemStack(shape_);
  return parts;
}

std::vector<BoxSubproblems> singles_of(BoxSubproblems task) {
  std::vector<BoxSubproblems> singles;
  if (task.problem == nullptr) {
    singles.push_back(std::move(task));
    return singles;
  }
  for (SubproblemStack& open : task.open.take_apart()) {
    BoxSubproblems& single = singles.emplace_back();
    single.clause = task.clause;
    single.root = task.root;
    single.problem = task.problem;
    single.without_rows = task.without_rows;
    single.open = std::move(open);
  }
  return singles;
}

BoxSubproblems root_task(std::shared_ptr<const ClauseRoot> root, const std::vector<double>& lower,
                         const std::vector<double>& upper, TreeShares share,
                         std::span<const double> halfspaces) {
  BoxSubproblems task;
  const BatchProblem& problem = *root->problem;
  task.open = SubproblemStack(
      {.inputs = problem.inputs,
       .neurons = problem.neurons,
       // Half-spaces hold where one clause does: none hold for several.
       .halfspaces =
           root->is_joint() ? 0 : std::min(problem.rows, kMostInheritedRows) + kOlderHalfspaces});
  push_box(task.open, *root, lower, upper, std::move(share), halfspaces);
  task.problem = root->problem;
  task.without_rows = root->is_joint();
  task.root = std::move(root);
  return task;
}

std::size_t BoxSubproblems::count_of(std::size_t m) const {
  if (problem == nullptr) return share.of(m).exists() ? 1 : 0;
  const auto shares = open.shares();
  return static_cast<std::size_t>(std::count_if(
      shares.begin(), shares.end(), [m](const TreeShares& of) { return of.of(m).exists(); }));
}

void BoxSubproblems::drop(std::size_t m) {
  if (problem == nullptr) share.of(m) = {};
  for (TreeShares& of : open.shares()) of.of(m) = {};
}

BoxSubproblems joint_task(std::vector<std::shared_ptr<const ClauseRoot>> members) {
  auto root = std::make_shared<ClauseRoot>(*members.front());
  std::vector<const AffineForm*> forms;
  std::vector<Pick> picks;
  root->exact.reset();
  root->strict.clear();
  for (std::size_t m = 0; m < members.size(); ++m) {
    forms.push_back(&members[m]->rows);
    for (std::int64_t i = 0; i < members[m]->rows.size(); ++i)
      picks.push_back({static_cast<std::int32_t>(m), i});
    root->strict.insert(root->strict.end(), members[m]->strict.begin(), members[m]->strict.end());
  }
  root->rows = gather(forms, picks);
  BoxSubproblems task;
  for (const int i : root->kept) {
    task.lower.push_back(root->lower[static_cast<std::size_t>(i)]);
    task.upper.push_back(root->upper[static_cast<std::size_t>(i)]);
  }
  task.share = TreeShares::whole(members.size());
  task.without_rows = true;
  root->members = std::move(members);
  task.root = std::move(root);
  return task;
}

void take_apart(const ClauseRoot& root, std::size_t clause, const std::vector<double>& lower,
                const std::vector<double>& upper, TreeShares share,
                std::vector<BoxSubproblems>& tasks) {
  for (std::size_t m = 0; m < root.members.size(); ++m) {
    if (!share.of(m).exists()) continue;
    BoxSubproblems task;
    task.clause = clause + m;
    task.root = root.members[m];
    task.lower = lower;
    task.upper = upper;
    task.share = std::move(share.of(m));
    tasks.push_back(std::move(task));
  }
}

std::vector<BoxSubproblems> apart(BoxSubproblems task) {
  std::vector<BoxSubproblems> tasks;
  const std::shared_ptr<const ClauseRoot> root = task.root;
  if (!root->is_joint()) {
    tasks.push_back(std::move(task));
    return tasks;
  }
  if (task.problem == nullptr)
    take_apart(*root, task.clause, task.lower, task.upper, std::move(task.share), tasks);
  while (!task.open.empty()) {
    const ConstRecord record = task.open.from_top(0);
    const std::span<const double> l = record.lower_x(), u = record.upper_x();
    const std::vector<double> lower(l.begin(), l.end()), upper(u.begin(), u.end());
    take_apart(*root, task.clause, lower, upper, task.open.pop(), tasks);
  }
  return tasks;
}

namespace {

/// What of the box is not the clause's.
std::vector<InputRange> ranges(const ClauseRoot& root, std::span<const double> lower,
                               std::span<const double> upper) {
  std::vector<InputRange> list;
  for (std::size_t k = 0; k < root.kept.size(); ++k) {
    const auto i = static_cast<std::size_t>(root.kept[k]);
    if (lower[k] == root.lower[i] && upper[k] == root.upper[i]) continue;
    list.push_back({static_cast<std::uint32_t>(i), lower[k], upper[k], false, false});
  }
  return list;
}

/// Half-spaces that say something.
std::vector<std::vector<double>> rows_of(std::span<const double> halfspaces, std::size_t width) {
  std::vector<std::vector<double>> rows;
  for (std::size_t at = 0; at + width <= halfspaces.size(); at += width) {
    const std::span<const double> row = halfspaces.subspan(at, width);
    const bool says = std::any_of(row.begin(), row.end(), [](double g) { return g != 0.0; });
    const bool finite =
        std::all_of(row.begin(), row.end(), [](double g) { return std::isfinite(g); });
    if (says && finite) rows.emplace_back(row.begin(), row.end());
  }
  return rows;
}

}  // namespace

namespace {

/// Adds a box to the state of each clause that is open on it. Of joint clauses no rows entered
/// anything, so that each may use its own when it is searched alone.
void copy_box(const ClauseRoot& root, std::size_t clause, const Restrictions& box,
              const TreeShares& shares, std::vector<ClauseState>& states) {
  for (std::size_t m = 0; m < shares.clauses(); ++m) {
    if (!shares.of(m).exists()) continue;
    Subproblem value{box, Share::restored(shares.of(m).depth())};
    if (root.is_joint()) value.without_rows = false;
    states[clause + m].open.push_back(std::move(value));
  }
}

Restrictions restrictions(const ClauseRoot& root, std::span<const double> lower,
                          std::span<const double> upper, std::span<const double> halfspaces,
                          bool without_rows) {
  Restrictions box;
  box.bound = -kInfinity;
  box.without_rows = without_rows;
  box.box = ranges(root, lower, upper);
  box.halfspaces = rows_of(halfspaces, root.kept.size() + 1);
  return box;
}

}  // namespace

void copy_open(const ClauseRoot& root, std::size_t clause, bool without_rows,
               const SubproblemStack& open, std::vector<ClauseState>& states) {
  for (std::size_t k = 0; k < open.count(); ++k) {
    const ConstRecord record = open.from_top(k);
    const TreeShares& shares = open.shares()[open.count() - 1 - k];
    copy_box(
        root, clause,
        restrictions(root, record.lower_x(), record.upper_x(), record.halfspaces(), without_rows),
        shares, states);
  }
}

void copy_open(const BoxSubproblems& task, std::vector<ClauseState>& states) {
  if (task.problem != nullptr)
    return copy_open(*task.root, task.clause, task.without_rows, task.open, states);
  copy_box(*task.root, task.clause,
           restrictions(*task.root, task.lower, task.upper, task.halfspaces, task.without_rows),
           task.share, states);
}

BoxSubproblems coarse_task(std::shared_ptr<const ClauseRoot> root, const Subproblem& value) {
  BoxSubproblems task;
  std::vector<double> lower = root->lower, upper = root->upper;
  for (const InputRange& range : value.box) {
    lower[range.input] = range.lower;
    upper[range.input] = range.upper;
  }
  for (const int i : root->kept) {
    task.lower.push_back(lower[static_cast<std::size_t>(i)]);
    task.upper.push_back(upper[static_cast<std::size_t>(i)]);
  }
  task.share = Share::restored(value.share.depth());
  task.without_rows = value.without_rows;
  for (const std::vector<double>& row : value.halfspaces) {
    if (row.size() == root->kept.size() + 1)
      task.halfspaces.insert(task.halfspaces.end(), row.begin(), row.end());
  }
  task.root = std::move(root);
  return task;
}

std::vector<BoxSubproblems> restored_tasks(const BoxSubproblems& whole,
                                           const std::vector<Subproblem>& open) {
  std::vector<BoxSubproblems> tasks;
  if (whole.problem == nullptr) {
    for (const Subproblem& value : open) tasks.push_back(coarse_task(whole.root, value));
    return tasks;
  }
  for (const bool without_rows : {true, false}) {
    BoxSubproblems task;
    task.root = whole.root;
    task.problem = whole.problem;
    task.open = SubproblemStack(whole.open.shape());
    task.without_rows = without_rows;
    // copy_open() has the newest first.
    for (auto value = open.rbegin(); value != open.rend(); ++value) {
      if (value->without_rows != without_rows) continue;
      BoxSubproblems box = coarse_task(whole.root, *value);
      push_box(task.open, *task.root, box.lower, box.upper, std::move(box.share), box.halfspaces);
    }
    if (!task.open.empty()) tasks.push_back(std::move(task));
  }
  return tasks;
}

}  // namespace clipbound::solver
