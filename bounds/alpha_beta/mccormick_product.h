#pragma once
// Idea: a product a b as one element with two linear bounds below and two above, of which it uses a
//   mean: weight t in [0, 1] is its free parameter. It takes the place of two squares where there
//   are too many to bound each, as in a transformer's matrix products (decision 10).
// Source: McCormick, "Computability of global solutions", Math. Programming 1976; in attention: Shi
//   et al., "Robustness Verification for Transformers", ICLR 2020. Ours differs: t is optimised as
//   alpha is, per row; the lowering writes a difference of squares
//   (bounds/lowering/ops/multiplication.h), which is recognised here.
// Guarantees: the linear bounds hold for any t, on the operands' ranges (S4).
#include <cstdint>
#include <optional>

#include "base/simd.h"
#include "bounds/index.h"
#include "bounds/layered/enclose.h"

namespace clipbound::bounds {

/// The activation a b as an element of its own: a and b are activations of earlier elements,
/// enclosed on the box. A row with coefficient c of the first square, and -c of the second, has
/// weight * c times a b.
struct McCormickProduct {
  Live element{}, a{}, b{};
  double weight = 4.0;
  double a_low = 0.0, a_width = 0.0, b_low = 0.0, b_high = 0.0, b_width = 0.0;
  /// Offset of the linear bounds below at t = 0, and how far it is from there to t = 1.
  double below = 0.0, below_step = 0.0;
  double above = 0.0, above_step = 0.0;
  double magnitude = 0.0;  ///< not less than |a b|

  void enclose(double low_a, double high_a, double low_b, double high_b);
};

/// The linear bound with which g a b is at least a_slope g a + b_slope g b - offset g, up to
/// rounding.
struct McCormickBound {
  Vec a_slope, b_slope, offset;
  Vec a_rate, offset_rate;  ///< by t; b_slope's is a_width
};
inline McCormickBound mccormick_bound(const McCormickProduct& product, Vec g, Vec t) {
  const Mask negative = g < Vec{};
  McCormickBound bound;
  bound.a_rate = select(negative, broadcast(-product.b_width), broadcast(product.b_width));
  bound.offset_rate =
      select(negative, broadcast(product.above_step), broadcast(product.below_step));
  bound.a_slope =
      select(negative, broadcast(product.b_high), broadcast(product.b_low)) + t * bound.a_rate;
  bound.b_slope = product.a_low + t * product.a_width;
  bound.offset =
      select(negative, broadcast(product.above), broadcast(product.below)) + t * bound.offset_rate;
  return bound;
}

/// Element i of two layers of squares where they are (s a + b / s)^2 and (s a - b / s)^2, exactly,
/// for one activation a and another one b.
struct McCormickOperands {
  int a_source = 0, b_source = 0;
  std::int32_t a = 0, b = 0;
  double weight = 4.0;  ///< what stands for 4 a b; correct up to one rounding
};
std::optional<McCormickOperands> find_mccormick_operands(const AffineForm& plus,
                                                         const AffineForm& minus, std::int64_t i);

/// Whether a form's coefficients of one source are the opposites of those of another one.
bool has_opposite_coefficients(const AffineForm& form, int plus, int minus);

}  // namespace clipbound::bounds
