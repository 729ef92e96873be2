#pragma once
// Idea: VNN-LIB 1.0 in disjunctive normal form.
// Source: the VNN-LIB standard, version 1.0; docs/certificate.md for the edges of boxes.
// Guarantees: a point that satisfies the property is in the box of some clause and satisfies its
// rows, exactly. Unreadable for anything else.
#include <string>
#include <vector>

#include "checker/kernel/system.h"

namespace clipcheck {

/// Rows' elements are numbered as in certificates: 2 k for Y_k, 2 k + 1 for X_k, ascending.
/// The network's inputs are float32. Clauses whose box is empty are left out. Call it while numbers
/// are rounded to nearest.
std::vector<Clause> read_vnnlib(const std::string& text, std::size_t inputs, std::size_t outputs);

}  // namespace clipcheck
