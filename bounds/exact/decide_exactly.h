#pragma once
// Idea: whether a clause's rows can hold on a box, in rational arithmetic: what only touches a
// threshold is told from what passes it. float64 bounds err by some roundings, and where a row is
// exactly 0 on part of a box, no split makes them decide.
// Source: own; a row is bounded by backward substitution (CROWN), with the combination of each
// variable's lines that is best for the row, and rows by twos.
// Guarantees: `refuted` and `holds` are true in real arithmetic (S13).
#include <cstdint>
#include <vector>

#include "bounds/exact/exact_system.h"
#include "bounds/layered/layered_system.h"
#include "specs/query/query.h"

namespace clipbound::bounds {

enum class ExactAnswer : std::uint8_t {
  refuted,  ///< no point of the box satisfies all rows
  holds,    ///< a point of the box satisfies them, in real arithmetic
  open
};

/// `z` bounds the pre-activations of every layer on the box [lower, upper], which lies in that of
/// the system. `most_work` additions of rationals, more or less, and it gives up.
ExactAnswer decide_exactly(const LayeredSystem& system, const Clause& clause,
                           const std::vector<IntervalVector>& z, const std::vector<double>& lower,
                           const std::vector<double>& upper, ExactDepth depth,
                           std::int64_t most_work);

}  // namespace clipbound::bounds
