#pragma once
// Idea: a product is lowered as a difference of squares, (X + Y)^2 - (X - Y)^2 = 4 X Y
//   (bounds/lowering/ops/multiplication.h): two nonlinear neurons z_1 = X + Y, z_2 = X - Y in
//   neighbouring layers with opposite coefficients. Each square by itself does not depend on the
//   other's range; together they are a product on a box.
// Source: the linear bounds are McCormick's (1976). Ours differs: any slopes between them, with an
//   offset from the corners of the box (CurveLanes::relax_square_pair).
// Guarantees: the box contains X and Y wherever the sources are in their intervals (S4).
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "bounds/index.h"
#include "bounds/layered/enclose.h"

namespace clipbound::bounds {

/// Two squares that make a product X Y on a box; whatever factor the lowering gave to X and took
/// from Y is in them.
struct SquarePair {
  Nonlinear plus{}, minus{};  ///< their neurons
  double x_low = 0.0, x_high = 0.0, y_low = 0.0, y_high = 0.0;
  double squares = 0.0;  ///< not less than z_1^2 + z_2^2
};

/// X = (z_1 + z_2) / 2 and Y = (z_1 - z_2) / 2 for z_1 = element `i` of one form and z_2 of the
/// other, enclosed on the sources; nothing where the two are not such a pair (every term stands
/// with the same coefficient in both, or with opposite ones), or unbounded.
std::optional<SquarePair> find_square_pair(const AffineForm& plus, const AffineForm& minus,
                                           std::int64_t i,
                                           const std::map<int, IntervalVector>& sources);

}  // namespace clipbound::bounds
