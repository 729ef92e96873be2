#pragma once
// Idea: what rooms other than an operator's own file ask about it, as flags in its row of
// op_list.def: no list of operators hides in a pass or an estimate.
// Source: own.
// Guarantees: tests/specs/ops/test_traits.cpp checks the flags on every operator case.
#include <cstdint>

namespace clipbound::specs {

/// One property of an operator. A row's traits are joined by |.
enum class OpTrait : std::uint32_t {
  none = 0,

  // How many terms an output element sums. Without one of these: one term.
  /// One term per column of input 0 (per row, where the attribute transA says so).
  sums_columns = 1U << 0,
  /// One filter of the weights [M, C/G, taps]: their size / M.
  sums_kernel = 1U << 1,
  /// Weights [C, M/G, taps]; every input element is spread over their size / C output elements.
  spreads_kernel = 1U << 2,
  /// One term per tap of the attribute kernel_shape.
  sums_window = 1U << 3,
  /// The elements that the reduction leaves out: size of input 0 / size of the output.
  sums_reduced = 1U << 4,
  /// One term of each operand: composed with the operands' affine forms, the result never has more
  /// coefficients than they have together.
  elementwise = 1U << 5,

  // What values it gives.
  /// Piecewise constant with integer values, whatever it is applied to: the derivative is 0 almost
  /// everywhere, so a search by gradients needs a surrogate.
  step = 1U << 6,
  /// Integers make integers. All operators of class `movement` have this property unsaid.
  keeps_integers = 1U << 7,
  /// The output is input 0 with all its elements in their order, in another shape or type.
  reshapes = 1U << 8,
  /// Monotone along one axis: x_i < x_j implies y_i < y_j within a list, in real arithmetic.
  keeps_order = 1U << 9,

  // f(s x, ...) = s f(x, ...) for every real s.
  /// In input 0, whatever the other inputs are.
  scales_first = 1U << 10,
  /// In input 0 and in input 1, where there is no input 2.
  scales_each = 1U << 11,

  // What becomes of integers that do not exist at some points (absent_elements.h). Without one of
  // these, such integers are refused.
  /// Where its output holds integers, some of them may not exist.
  makes_absent = 1U << 12,
  /// Of input 0: every element keeps its position, existing or not.
  keeps_absent = 1U << 13,
  /// Concatenation: an element that does not exist must not push another one to its position.
  joins_absent = 1U << 14,
  /// Sums with broadcasting: what is added to an element that does not exist does not exist.
  adds_absent = 1U << 15,
  /// Input 1 holds indices; nothing happens at one that does not exist.
  skips_absent = 1U << 16,
};

constexpr OpTrait operator|(OpTrait a, OpTrait b) {
  return static_cast<OpTrait>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
/// Whether `traits` have every flag of `asked`.
constexpr bool has_traits(OpTrait traits, OpTrait asked) {
  return (static_cast<std::uint32_t>(traits) & static_cast<std::uint32_t>(asked)) ==
         static_cast<std::uint32_t>(asked);
}

}  // namespace clipbound::specs
