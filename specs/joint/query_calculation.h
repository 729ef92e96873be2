#pragma once
// Idea: what a VNN-LIB 2 query calculates, for the judge: its products, exactly, and its formula as
// the declared type has it.
// Source: own.
// Guarantees: as of Calculation.
#include <memory>

#include "specs/query/calculation.h"
#include "specs/vnnlib/joint_query.h"

namespace clipbound::specs {

/// Null where the query calculates nothing.
std::shared_ptr<const Calculation> calculation_of(const JointQuery& query);

}  // namespace clipbound::specs
