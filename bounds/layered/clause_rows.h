#pragma once
// Idea: the rows of a clause as one affine form: left side minus threshold.
// Source: own.
// Guarantees: the decimals of a clause are exact; what rounding them to float64 costs is in the
// radius (S1).
// Legend: S rows.
#include "bounds/layered/layered_system.h"
#include "specs/query/query.h"

namespace clipbound::bounds {

/// [S] left side minus threshold, of every row.
AffineForm lower_rows(const LayeredSystem& system, const Clause& clause);

}  // namespace clipbound::bounds
