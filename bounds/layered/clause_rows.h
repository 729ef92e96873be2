#pragma once
// Idea: the rows of a clause as one affine form: left side minus threshold. What decided steps say
// of their arguments are rows like any other: at every counterexample of the case they are at most
// 0.
// Source: own.
// Guarantees: the decimals of a clause are exact; what rounding them to float64 costs is in the
// radius (S1).
// Legend: S rows, those of the clause first.
#include <cstdint>
#include <vector>

#include "bounds/layered/layered_system.h"
#include "specs/query/query.h"

namespace clipbound::bounds {

/// [S] left side minus threshold, of every row.
AffineForm lower_rows(const LayeredSystem& system, const Clause& clause);
/// The rows of several forms, in order.
AffineForm one_after_the_other(const std::vector<AffineForm>& forms);
/// What a row that is not strict has to pass its threshold by. Exponentials and their like may be
/// equal in float32 because both underflow, where in real arithmetic one is larger by next to
/// nothing: such points replay, so nothing is proved of them (S11). lower_rows() has taken it off.
double least_gap(const LayeredSystem& system);
/// [rows of the clause] the same where weights behind have made it larger.
std::vector<double> least_gaps(const LayeredSystem& system, const Clause& clause);
/// [S] 1 for the strict rows: they are excluded where their lower bound is 0 already.
std::vector<std::uint8_t> strict_rows(const LayeredSystem& system, const Clause& clause);

}  // namespace clipbound::bounds
