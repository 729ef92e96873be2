#include "solver/input_split/subproblems.h"

namespace clipbound::solver {

BoxSubproblems root_task(std::shared_ptr<const ClauseRoot> root, const std::vector<double>& lower,
                         const std::vector<double>& upper) {
  BoxSubproblems task;
  const BatchProblem& problem = *root->problem;
  task.open = SubproblemStack(
      {.inputs = problem.inputs,
       .neurons = problem.neurons,
       .halfspaces = std::min(problem.rows, kMostInheritedRows) + kOlderHalfspaces});
  const Record record = task.open.push();
  std::copy(lower.begin(), lower.end(), record.lower_x().begin());
  std::copy(upper.begin(), upper.end(), record.upper_x().begin());
  std::copy(root->lower_z.begin(), root->lower_z.end(), record.lower_z().begin());
  std::copy(root->upper_z.begin(), root->upper_z.end(), record.upper_z().begin());
  // No half-space yet: 0 x + 0 <= 0 holds everywhere.
  std::fill(record.halfspaces().begin(), record.halfspaces().end(), 0.0);
  task.problem = root->problem;
  task.root = std::move(root);
  return task;
}

}  // namespace clipbound::solver
