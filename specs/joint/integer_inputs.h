#pragma once
// Idea: inputs of integer types and bool take the values of their types only: a clause becomes as
// many as its integer inputs have values together, each of which fixes them.
// Source: own.
// Guarantees: a point whose integer inputs are integers is a counterexample of the query iff it is
// one of the cases'; no other point is (S11).
#include "specs/network/network.h"
#include "specs/vnnlib/joint_query.h"

namespace clipbound::specs {

/// So many cases a query may have more than it has clauses.
inline constexpr std::size_t kMostIntegerCases = 4096;

/// Splits `query`, which is what `declared` asks of a network with inputs of this type. Throws
/// Unsupported, naming the input, where there are too many cases, or integers that the type in
/// which inputs are evaluated does not hold.
void split_integer_inputs(const JointQuery& declared, DataType input_type, Query& query);

}  // namespace clipbound::specs
