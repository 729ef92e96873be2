#pragma once
// Idea: rows as people write them.
// Source: own.
// Guarantees: words alone; every coefficient reads back as the float64 nearest to it.
#include <string>

#include "specs/query/query.h"

namespace clipbound::specs {

/// "-1.5 Y_0 + X_3 <= 0.1": all of it, in the names of the query's file.
std::string to_text(const Row& row, const VariableNames* names = nullptr);

}  // namespace clipbound::specs
