#pragma once
// Idea: range_of(): the least and the largest value of outputs, or of linear forms in them, over a
// box, refined until both are known to a gap; outline_of(): where two outputs can be.
// Source: branch-and-bound of an optimisation by its decisions: solve() proves that nothing lies
// beyond a threshold or finds a point that does (solver/api/range.cpp).
// Guarantees: no input of the box has a value outside, in exact real arithmetic for the weights as
// read; values that are called attained are attained (docs/soundness.md).
// Legend: N = input_size(), M = output_size() of the network, R objectives; matrices row by row.

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "clipbound/errors.h"
#include "clipbound/network.h"
#include "clipbound/options.h"
#include "clipbound/solve.h"

namespace clipbound {

/// When range_of() is content.
struct RangeSettings {
  /// An end is done once bound and attained value differ by no more than this share of the interval
  /// that is attained,
  double gap = 0.005;
  /// or by no more than this, whichever is larger. No gap is smaller than a millionth of the
  /// values' size, or than 1e-9.
  double gap_absolute = 0.0;
  double time_limit_s = 1e30;  ///< of all objectives together; what is known by then is returned
  bool lower = true;           ///< look for lower ends; else they are bounds of the whole box
  bool upper = true;           ///< the same of upper ends
};

/// One end of a range: what is proved, and what is reached.
struct RangeEnd {
  /// No point of the box has a value beyond it; infinite where nothing is known, never NaN.
  double bound = 0.0;
  /// The value at `point` in exact real arithmetic lies between it and `bound`; where no value
  /// could be proved: the other infinity, and `point` is empty.
  double attained = 0.0;
  std::vector<double> point;  ///< [N] a point of the box
  bool done = false;          ///< the gap was reached
};

/// lower.bound <= c Y(x) <= upper.bound for every real x of the box.
struct Range {
  RangeEnd lower;  ///< lower.bound <= the least value <= lower.attained
  RangeEnd upper;  ///< upper.attained <= the largest value <= upper.bound
};

/// What range_of() found.
struct Ranges {
  std::vector<Range> ranges;  ///< [R]
  int queries = 0;            ///< thresholds that were asked of solve()
  std::string reason;         ///< why it ended
  bool done() const {         ///< both ends of all are known to the gap
    for (const Range& range : ranges) {
      if (!range.lower.done || !range.upper.done) return false;
    }
    return true;
  }
};

/// The ranges of `objectives` times the outputs ([R, M]; nothing: of every output) over the box
/// [lower, upper] ([N] each). Bounds of the whole box and gradient ascent come first; then solve()
/// is asked thresholds between what is proved and what is attained, for longer and longer, with
/// `options` (their time limit does not count) and `callbacks` (their stopper ends it with what is
/// known; progress is not reported). Throws InputError where sizes do not fit, a number is not
/// finite, lower > upper or an objective is all zeros, Unsupported, naming the node, for operators
/// without bounds. Thread safety: as solve().
CLIPBOUND_API Ranges range_of(const Network& network, std::span<const double> lower,
                              std::span<const double> upper,
                              std::span<const double> objectives = {},
                              const RangeSettings& settings = {}, const Options& options = {},
                              const Callbacks& callbacks = {});

/// A convex polygon that holds every (Y_first, Y_second), and points of the box that reach it.
struct Outline {
  /// The corners, counter-clockwise; the polygon encloses every pair of exact real outputs.
  std::vector<std::array<double, 2>> corners;
  /// [directions] in this direction, cos * Y_first + sin * Y_second is at most `bound`.
  struct Direction {
    double cos = 0.0;                  ///< coefficient of Y_first, taken exactly
    double sin = 0.0;                  ///< coefficient of Y_second, taken exactly
    RangeEnd end;                      ///< its largest value
    std::array<double, 2> attained{};  ///< both outputs at end.point, about; of no use without one
  };
  std::vector<Direction> directions;  ///< at equal angles
  int queries = 0;                    ///< as in Ranges
  std::string reason;                 ///< as in Ranges
};

/// An outline of two outputs over the box from so many directions (4 to 360): a range_of() of the
/// forms cos * Y_first + sin * Y_second. Throws as range_of(), and where the two outputs are one or
/// not there, or the range in some direction is not bounded.
CLIPBOUND_API Outline outline_of(const Network& network, std::span<const double> lower,
                                 std::span<const double> upper, std::size_t first,
                                 std::size_t second, std::size_t directions = 16,
                                 const RangeSettings& settings = {}, const Options& options = {},
                                 const Callbacks& callbacks = {});

}  // namespace clipbound
