#pragma once
// Idea: a lane is one subproblem of a batch; a Vec holds one number of each of kLanes subproblems.
// Source: own, on GCC's vector extensions.
// Guarantees: arithmetic is that of float64 in every lane, rounded to nearest.
//
// Plain GCC vector extensions: the same source is AVX-512 (8 lanes) in the native preset and AVX2
// (4 lanes) in the release preset. Comparisons with NaN are false in every lane, so NaN never wins
// a select written `better ? new : old`.
#include <cstdint>

#include "base/floors.h"
#include "base/rounding.h"

namespace clipbound::base {

#if defined(__AVX512F__)
inline constexpr int kLanes = 8;
#else
inline constexpr int kLanes = 4;
#endif

using Vec = double __attribute__((vector_size(kLanes * sizeof(double))));
/// -1 true, 0 false, per lane.
using Mask = std::int64_t __attribute__((vector_size(kLanes * sizeof(double))));

/// Past it a computed number may owe its value to an overflow: it proves nothing, and nothing is
/// said instead, never the number itself.
inline constexpr double kOverflow = 0x1p900;
inline Vec broadcast(double x) {
  return x - Vec{};
}  // x - 0 is x for every x, so this costs nothing
inline Vec select(Mask condition, Vec yes, Vec no) {
  return condition ? yes : no;
}
inline Vec vmin(Vec a, Vec b) {
  return a < b ? a : b;
}
inline Vec vmax(Vec a, Vec b) {
  return a > b ? a : b;
}
inline Vec vabs(Vec a) {
  return reinterpret_cast<Vec>(reinterpret_cast<Mask>(a) & (Mask{} + 0x7fffffffffffffffLL));
}
inline bool any(Mask m) {
  std::int64_t folded = 0;
  for (int lane = 0; lane < kLanes; ++lane) folded |= m[lane];
  return folded != 0;
}
inline bool all(Mask m) {
  return !any(~m);
}

}  // namespace clipbound::base
