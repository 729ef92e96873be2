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
  bool refuted = false;       ///< one of them is excluded, or there is no counterexample in the box
  std::size_t row = 0;        ///< the one with the highest bound
  double bound = -kInfinity;  ///< of it; none of a clause without rows
  /// What radii and roundings take from some row's bound is not small against the row: some neuron
  /// is unbounded, or huge. A reduced network would keep that for all parts of the box.
  bool blurred = false;
};
RowsVerdict bound_rows(const ClauseRoot& root, const CrownBounder::Bounds& bounds);

/// Lowers the network anew on the task's box, where its root can, and takes that for its root: what
/// is unbounded on the whole box may be bounded here. False where nothing was done.
bool lower_coarse_anew(BoxSubproblems& coarse);

/// The unstable neurons on a box, twins that both are counted once: what a reduced network may have
/// of two copies of a network is what it may have of one (decision 61).
std::int64_t unstable_but_for_twins(const LayeredSystem& system,
                                    const CrownBounder::Bounds& bounds);

/// The coarse task's box as a task on its own reduced network, which takes over its share; nothing
/// where too many neurons are undecided on it.
std::optional<BoxSubproblems> reduced_task(BoxSubproblems& coarse,
                                           const CrownBounder::Bounds& bounds);

/// Neuron bounds of a coarse task's box.
CrownBounder::Bounds bound_coarse(const BoxSubproblems& coarse, const Deadline& deadline);

/// Where a coarse task is split: a kept column, and a number inside its interval.
struct CoarseSplit {
  std::size_t column = 0;
  double at = 0.0;
};
/// The column that is widest against the clause's box, in the middle; nothing where no side can be
/// split.
std::optional<CoarseSplit> coarse_split(const BoxSubproblems& coarse);
/// Where 1 / z has its pole in the box, z being linear in the inputs: the halves are bounded.
/// Nothing where there is none.
std::optional<CoarseSplit> pole_split(const BoxSubproblems& coarse,
                                      const CrownBounder::Bounds& bounds);
/// Keeps the lower part of the box and returns the upper one, of the share that it is given.
BoxSubproblems split_coarse(BoxSubproblems& coarse, const CoarseSplit& split,
                            TreeShares upper_share);

}  // namespace clipbound::solver
