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

#include "base/rounding.h"
#include "base/simd.h"
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

/// g_1 z_1^2 + g_2 z_2^2 on the ranges of a pair's z, and slopes p for a linear bound of that.
struct SquarePairTerms {
  Vec g[2]{}, p[2]{}, low[2]{}, high[2]{};
  /// The sum is 4 weight X Y, up to (g_1 + g_2) / 2 times both squares.
  Vec weight() const { return 0.5 * (g[0] - g[1]); }
};

/// The least value of the sum less p_1 z_1 + p_2 z_2, as a product: what is left over is bilinear,
/// so least at a corner. `on_less(mask, z_1, z_2)` hears of the corners, the last one where a lane
/// is in the mask is its least.
template <typename OnLess>
Vec together_below(const SquarePair& pair, const SquarePairTerms& terms, const OnLess& on_less) {
  const Vec weight = terms.weight();
  Vec least = broadcast(kInfinity);
  for (int corner = 0; corner < 4; ++corner) {
    const double x = corner % 2 == 0 ? pair.x_low : pair.x_high,
                 y = corner < 2 ? pair.y_low : pair.y_high;
    const Vec product = 4.0 * weight * (x * y);
    const Vec here =
        (product - 0x1p-48 * vabs(product)) - terms.p[0] * (x + y) - terms.p[1] * (x - y);
    const Mask less = ~(here >= least);
    least = select(less, here, least);
    on_less(less, x + y, x - y);
  }
  return least - 0.5000001 * pair.squares * vabs(terms.g[0] + terms.g[1]);
}

/// g z^2 - p z on [l, h]: its least value, and where that is.
struct LeastOfSquare {
  Vec q, z;
};
LeastOfSquare least_of_square(Vec g, Vec p, Vec l, Vec h);

/// The same least value from either square by itself: better where splits have narrowed their
/// ranges.
struct SquaresApart {
  LeastOfSquare of[2];
  Vec sum;
};
SquaresApart apart_below(const SquarePairTerms& terms);

}  // namespace clipbound::bounds
