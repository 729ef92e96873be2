#include "solver/input_split/subproblems.h"

#include <algorithm>

namespace clipbound::solver {

BoxSubproblems root_task(std::shared_ptr<const ClauseRoot> root, const std::vector<double>& lower,
                         const std::vector<double>& upper) {
  BoxSubproblems task;
  const ReducedNetwork& network = *root->network;
  task.constraints = std::min(network.rows, kMostConstraints) + kMemory;
  task.open = SubproblemStack(network.inputs, network.neurons, task.constraints);
  double* record = task.open.push();
  for (const std::vector<double>* part : {&lower, &upper, &root->lower_z, &root->upper_z}) {
    record = std::copy(part->begin(), part->end(), record);
  }
  // No constraint yet: 0 x + 0 <= 0 holds everywhere.
  std::fill(record, record + task.constraints * (network.inputs + 1), 0.0);
  task.network = root->network;
  task.root = std::move(root);
  return task;
}

}  // namespace clipbound::solver
