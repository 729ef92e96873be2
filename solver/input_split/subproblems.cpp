#include "solver/input_split/subproblems.h"

#include <cmath>

namespace clipbound::solver {

namespace {

/// A record with the root's bounds of neurons.
void push_box(SubproblemStack& open, const ClauseRoot& root, std::span<const double> lower,
              std::span<const double> upper, Share share, std::span<const double> halfspaces) {
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

BoxSubproblems root_task(std::shared_ptr<const ClauseRoot> root, const std::vector<double>& lower,
                         const std::vector<double>& upper, Share share,
                         std::span<const double> halfspaces) {
  BoxSubproblems task;
  const BatchProblem& problem = *root->problem;
  task.open = SubproblemStack(
      {.inputs = problem.inputs,
       .neurons = problem.neurons,
       .halfspaces = std::min(problem.rows, kMostInheritedRows) + kOlderHalfspaces});
  push_box(task.open, *root, lower, upper, std::move(share), halfspaces);
  task.problem = root->problem;
  task.root = std::move(root);
  return task;
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

std::vector<Subproblem> values_of(BoxSubproblems task, std::uint32_t clause) {
  std::vector<Subproblem> values;
  const std::size_t width = task.root->kept.size() + 1;
  const auto add = [&](std::span<const double> lower, std::span<const double> upper,
                       std::span<const double> halfspaces, Share share) {
    Subproblem value;
    value.clause = clause;
    value.share = std::move(share);
    value.bound = -kInfinity;
    value.without_rows = task.without_rows;
    value.box = ranges(*task.root, lower, upper);
    value.halfspaces = rows_of(halfspaces, width);
    values.push_back(std::move(value));
  };
  if (task.problem == nullptr) {
    add(task.lower, task.upper, task.halfspaces, std::move(task.share));
    return values;
  }
  while (!task.open.empty()) {
    const ConstRecord record = task.open.from_top(0);
    // The share is taken last: that ends the record.
    add(record.lower_x(), record.upper_x(), record.halfspaces(), {});
    values.back().share = task.open.pop();
  }
  return values;
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
    // values_of() has the newest first.
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
