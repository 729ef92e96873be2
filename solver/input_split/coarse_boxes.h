#pragma once
// Idea: The coarse phase: boxes on which too many neurons are unstable for a reduced network are
// bounded on the whole network and split, until few enough are left.
// Source: own; the bounds are CROWN's (Zhang et al., NeurIPS 2018).
// Guarantees: a box is dropped only where a row of its clause is excluded on it (S5); the halves of
// a box cover it (S10).
#include <optional>

#include "bounds/crown/crown_bounder.h"
#include "solver/input_split/subproblems.h"

namespace clipbound::solver {

/// True where one row of the clause is excluded on the box of `bounds` (CROWN backward over the
/// whole network).
bool rows_refuted(const ClauseRoot& root, const CrownBounder::Bounds& bounds);

/// The coarse task's box as a task on its own reduced network; nothing where too many neurons are
/// undecided on it.
std::optional<BoxSubproblems> reduced_task(const BoxSubproblems& coarse,
                                           const CrownBounder::Bounds& bounds);

/// Neuron bounds of a coarse task's box.
CrownBounder::Bounds bound_coarse(const BoxSubproblems& coarse, const Deadline& deadline);

/// Both halves of a coarse task, split at the middle of the side that is widest against the
/// clause's box. Empty where no side can be split.
std::vector<BoxSubproblems> split_coarse(const BoxSubproblems& coarse);

}  // namespace clipbound::solver
