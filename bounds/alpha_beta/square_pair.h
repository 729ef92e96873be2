#pragma once
// Products of two variables in the lane sweeps. A product is lowered as a difference of squares, (X
// + Y)^2 - (X - Y)^2 = 4 X Y (bounds/lowering/ops/multiplication.h): two curved neurons z_1 = X +
// Y, z_2 = X - Y in neighbouring layers, which everybody reads with opposite coefficients. Each
// square by itself knows nothing of the other's range; together they are a product on a box, which
// a plane bounds as McCormick's do: for any slopes, by the corners of the box.
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "bounds/layered/enclose.h"

namespace clipbound::bounds {

/// Two squares that make a product X Y on a box; whatever factor the lowering gave to X and took
/// from Y is in them.
struct SquarePair {
  std::int32_t plus = 0, minus = 0;  ///< numbers of the curved neurons
  double x_low = 0.0, x_high = 0.0, y_low = 0.0, y_high = 0.0;
  double squares = 0.0;  ///< not less than z_1^2 + z_2^2
};

/// X = (z_1 + z_2) / 2 and Y = (z_1 - z_2) / 2 for z_1 = element `i` of one form and z_2 of the
/// other, enclosed on the sources; nothing where the two are not such a pair (every term stands
/// with the same coefficient in both, or with opposite ones), or unbounded.
std::optional<SquarePair> product_of(const AffineForm& plus, const AffineForm& minus,
                                     std::int64_t i, const std::map<int, IntervalVector>& sources);

}  // namespace clipbound::bounds
