#pragma once
// Idea: what a relaxation says of a function of one variable: two lines, or an interval.
// Source: own.
// Guarantees: none of its own; whoever fills a structure proves it (S3).

namespace clipbound::bounds {

/// lower_slope * z + lower_offset <= f(z) <= upper_slope * z + upper_offset for all real z in [l,
/// u]. Where nothing is known (z may leave the domain, or f overflows) slopes are 0 and offsets
/// infinite. No member is NaN.
struct LinePair {
  double lower_slope = 0.0, lower_offset = 0.0, upper_slope = 0.0, upper_offset = 0.0;
};

/// lower <= f(z) <= upper for all z in [l, u]; infinite ends where nothing is known.
struct Range {
  double lower = 0.0, upper = 0.0;
};

/// |f(z + D) - (value + slope D + half_curvature D^2)| <= error for all real D in [-d, d]; error
/// may be infinite, the others are finite then.
struct Expansion {
  double value = 0.0, slope = 0.0, half_curvature = 0.0, error = 0.0;
};

}  // namespace clipbound::bounds
