#pragma once
// Idea: the assertions of a VNN-LIB 2 file as they stand, to be evaluated at a point: exactly, and
// as the declared type computes them.
// Source: the VNN-LIB standard; numpy's order of operations for the competition's check.
// Guarantees: holds_exactly() rounds nothing; no comparison with NaN holds.
#include <memory>
#include <span>
#include <vector>

#include "specs/network/tensor.h"
#include "specs/vnnlib/ast.h"
#include "specs/vnnlib/lexer.h"

namespace clipbound::specs {

/// A formula over X and Y (tensors' elements, without products).
struct Formula {
  Ast ast;           ///< numbers as offsets into `text`
  std::string text;  ///< what the offsets of numbers refer to
};

/// The assertions of a parsed file, their numbers' texts copied.
std::shared_ptr<const Formula> make_formula(Ast&& ast, const SourceText& source);

/// Whether all assertions hold at (x, y), in rational arithmetic.
bool holds_exactly(const Formula& formula, std::span<const double> x, std::span<const double> y);
/// Whether they hold where every number is rounded to the type and every operation too, from left
/// to right.
bool holds_in(const Formula& formula, DataType type, std::span<const double> x,
              std::span<const double> y);

}  // namespace clipbound::specs
