#include "bounds/forward/forward_layout.h"

#include "base/rounding.h"

namespace clipbound::bounds {

ForwardLayout::ForwardLayout(const ForwardProblem& problem)
    : column_of(problem.lower.size(), -1), sizes{problem.lower.size()} {
  for (std::size_t k = 0; k < problem.kept.size(); ++k)
    column_of[static_cast<std::size_t>(problem.kept[k])] = static_cast<int>(k);
  for (const AffineForm& layer : problem.system->layers) {
    sizes.push_back(static_cast<std::size_t>(layer.size()));
    blocks.push_back(row_blocks(layer));
  }
  blocks.push_back(row_blocks(problem.clause_rows));
  double elements = 0.0;
  for (const std::size_t size : sizes) elements += static_cast<double>(size);
  gamma = gamma_bound(2.0 * elements + 32.0);
}

}  // namespace clipbound::bounds
