#pragma once
// Idea: The coarse phase: boxes on which too many neurons are unstable for a reduced network are
// bounded on the whole network and split, until few enough are left.
// Source: own; the bounds are CROWN's (Zhang et al., NeurIPS 2018).
// Guarantees: a box is dropped only where a row of its clause is excluded on it (S5); the halves of
// a box cover it (S10).
#include <optional>

#include "base/rounding.h"
#include "bounds/crown/crown_bounder.h"
#include "solver/input_split/subproblems.h"

namespace clipbound::solver {

/// What CROWN backward over the whole network says of a clause's rows on a box.
struct RowsVerdict {
  bool refuted = false;       ///< one of them is excluded
  std::size_t row = 0;        ///< the one with the highest bound
  double bound = -kInfinity;  ///< of it; none of a clause without rows
};
RowsVerdict bound_rows(const ClauseRoot& root, const CrownBounder::Bounds& bounds);

/// The coarse task's box as a task on its own reduced network, which takes over its share; nothing
/// where too many neurons are undecided on it.
std::optional<BoxSubproblems> reduced_task(BoxSubproblems& coarse,
                                           const CrownBounder::Bounds& bounds);

/// Neuron bounds of a coarse task's box.
CrownBounder::Bounds bound_coarse(const BoxSubproblems& coarse, const Deadline& deadline);

/// Where a coarse task is split: the kept column that is widest against the clause's box; nothing
/// where no side can be split.
std::optional<std::size_t> coarse_split(const BoxSubproblems& coarse);
/// Keeps the lower half of the box and returns the upper one, of the share that it is given.
BoxSubproblems split_coarse(BoxSubproblems& coarse, std::size_t column, Share upper_share);

}  // namespace clipbound::solver
