#pragma once
// Idea: why there is no verdict, in words: the stage, what is weakest, and what would help.
// Source: own.
// Guarantees: words alone; nothing is decided by them.
#include <string>

#include "base/deadline.h"
#include "solver/search/progress.h"
#include "specs/network/network.h"
#include "specs/query/query.h"

namespace clipbound::solver {

/// "in the search", "while the network was lowered", ...
std::string where(const SearchProgress& progress);
/// "the clause of line 12, row 2 of 3 (Y_0 - Y_3 <= 0), lacks 0.0124".
std::string describe(const Query& query, const OpenRow& row);
/// What lets the run get further, by where it is and by what it ran out of.
std::string what_would_help(const SearchProgress& progress, StopReason ran_out_of);
/// True where the row lacks less than roundings of the network's outputs come to: then the property
/// holds or fails by less than the arithmetic can tell.
bool within_rounding(const Network& network, const Query& query, const OpenRow& row);

}  // namespace clipbound::solver
