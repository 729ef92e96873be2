#pragma once
// Idea: VNN-LIB 1.0, and 2.0 about one network, in disjunctive normal form.
// Source: the VNN-LIB standard, versions 1.0 and 2.0; docs/certificate.md for the edges of boxes.
// Guarantees: a point that satisfies the property is in the box of some clause and satisfies its
// rows, exactly. Unreadable for anything else.
#include <string>
#include <vector>

#include "checker/kernel/system.h"

namespace clipcheck {

/// The sizes of a network's inputs and outputs, in their order.
struct Signature {
  std::vector<std::size_t> inputs, outputs;
  bool wide = false;  ///< inputs are float64, else float32
};

/// Rows' elements are numbered as in certificates: 2 k for Y_k, 2 k + 1 for X_k, ascending; of
/// several inputs or outputs the first one's come first. Clauses whose box is empty are left out.
/// Call it while numbers are rounded to nearest.
std::vector<Clause> read_vnnlib(const std::string& text, const Signature& network);

}  // namespace clipcheck
