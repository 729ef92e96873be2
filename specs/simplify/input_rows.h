#pragma once
// Idea: rows over inputs alone cut the boxes before anything is bounded: what lies outside of them
// is no counterexample, whatever the network says.
// Source: relaxed clipping (Zhou et al., Clip-and-Verify, NeurIPS 2025, Theorem 3.1), repeated;
// Farkas' lemma for boxes that become empty.
// Guarantees: every counterexample of the query lies in the boxes that are left (S11).
#include <optional>

#include "specs/query/query.h"

namespace clipbound::specs {

/// Whether a row speaks of inputs alone.
inline bool is_input_row(const Row& row) {
  return row.terms.back().of == Term::Of::input;  // terms are sorted, outputs last
}

/// The query for networks with inputs of this type, its boxes narrowed by their clauses' input
/// rows; a box in which these leave no point is empty for every type. Nothing where no clause has
/// such rows, or they leave all boxes as they are.
std::optional<Query> narrow_boxes(const Query& query, DataType input_type);

}  // namespace clipbound::specs
