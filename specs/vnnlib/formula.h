#pragma once
// Idea: the assertions of a VNN-LIB 2 file as they stand, to be evaluated at a point: exactly, and
// as the declared type computes them.
// Source: the VNN-LIB standard; numpy's order of operations for the competition's check.
// Guarantees: holds_exactly() rounds nothing; no comparison with NaN holds.
#include <gmpxx.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "specs/network/tensor.h"
#include "specs/vnnlib/ast.h"
#include "specs/vnnlib/lexer.h"

namespace clipbound::specs {

/// Elements [first, end) of X or of Y, which are integers from `least` to `greatest`.
struct IntegerSpan {
  std::uint32_t first = 0, end = 0;
  mpz_class least, greatest;
};

/// A formula over X and Y (tensors' elements, without products).
struct Formula {
  Ast ast;           ///< numbers as offsets into `text`
  std::string text;  ///< what the offsets of numbers refer to
  std::vector<IntegerSpan> integer_inputs, integer_outputs;  ///< in ascending order
  /// It has to hold without rounding, too: the query's clauses leave some of it out.
  bool exactly = false;
};

/// The assertions of a parsed file, their numbers' texts copied; all elements are floating-point
/// numbers.
std::shared_ptr<Formula> make_formula(Ast&& ast, const SourceText& source);

/// Whether all assertions hold at (x, y), in rational arithmetic.
bool holds_exactly(const Formula& formula, std::span<const double> x, std::span<const double> y);
/// Whether they hold where every number is rounded to the type and every operation too, from left
/// to right. Comparisons of integers are calculated without rounding, and hold only where nothing
/// on the way leaves the integers' type: programs differ in what becomes of that.
bool holds_in(const Formula& formula, DataType type, std::span<const double> x,
              std::span<const double> y);

}  // namespace clipbound::specs
