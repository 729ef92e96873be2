#pragma once
// Products of two activations in the lane sweeps, as one neuron each.
//
// A product is lowered as a difference of squares (bounds/lowering/ops/multiplication.h): two
// curved neurons in neighbouring layers, which everybody reads with opposite coefficients. Where
// there are too many of them for bounds of their own (the matrix products of a transformer),
// nothing but the operands' ranges is known of them, and the product a b itself says as much at a
// fraction of the cost: no squares, no forms, one parameter t, and its plane is McCormick's first
// at t = 0, the second at t = 1, a mean of both between (docs/soundness.md).
#include <cstdint>
#include <optional>

#include "base/simd.h"
#include "bounds/layered/enclose.h"

namespace clipbound::bounds {

/// The activation a b at a place of its own: a and b are activations of earlier places, enclosed on
/// the box. Whoever reads the first square with coefficient c, and the second with -c, reads weight
/// * c times a b.
struct McCormickProduct {
  std::int32_t place = 0, a = 0, b = 0;
  double weight = 4.0;
  double a_low = 0.0, a_width = 0.0, b_low = 0.0, b_high = 0.0, b_width = 0.0;
  double below = 0.0,
         below_step =
             0.0;  ///< offset of the planes below at t = 0, and how far it is from there to t = 1
  double above = 0.0, above_step = 0.0;
  double size = 0.0;  ///< not less than |a b|

  void enclose(double low_a, double high_a, double low_b, double high_b);
};

/// The plane with which g a b is at least a_slope g a + b_slope g b - offset g, up to rounding.
struct McCormickPlane {
  Vec a_slope, b_slope, offset;
  Vec a_rate, offset_rate;  ///< by t; b_slope's is a_width
};
inline McCormickPlane plane_of(const McCormickProduct& product, Vec g, Vec t) {
  const Mask negative = g < Vec{};
  McCormickPlane plane;
  plane.a_rate = select(negative, broadcast(-product.b_width), broadcast(product.b_width));
  plane.offset_rate =
      select(negative, broadcast(product.above_step), broadcast(product.below_step));
  plane.a_slope =
      select(negative, broadcast(product.b_high), broadcast(product.b_low)) + t * plane.a_rate;
  plane.b_slope = product.a_low + t * product.a_width;
  plane.offset =
      select(negative, broadcast(product.above), broadcast(product.below)) + t * plane.offset_rate;
  return plane;
}

/// Element i of two layers of squares where they are (s a + b / s)^2 and (s a - b / s)^2, exactly,
/// for one activation a and another one b.
struct ProductOperands {
  int a_source = 0, b_source = 0;
  std::int32_t a = 0, b = 0;
  double weight = 4.0;  ///< what stands for 4 a b; correct up to one rounding
};
std::optional<ProductOperands> operands_of(const AffineForm& plus, const AffineForm& minus,
                                           std::int64_t i);

/// Whether a form reads all elements of one source with the opposite coefficients of another one's.
bool reads_opposite(const AffineForm& form, int plus, int minus);

}  // namespace clipbound::bounds
