#pragma once
// Idea: values of affine forms, given those of the sources: intervals that are proven, and sample
// values that are not.
// Source: interval arithmetic (Moore 1966); the sums' roundings by their terms' magnitudes (Higham
// 2002, section 3.1).
// Guarantees: enclose() holds for all values of the sources in their intervals; what may have
// overflowed (kOverflow) counts as unbounded (S2).
// Legend: kSamples points; element i at point p in [i * kSamples + p].
#include <cstdint>
#include <map>
#include <vector>

#include "bounds/layered/affine_form.h"

namespace clipbound::bounds {

struct IntervalVector {
  std::vector<double> lower, upper;
};

/// By source: the intervals of its elements (finite or infinite, never NaN).
using SourceIntervals = std::map<int, IntervalVector>;
/// By source: the values of its elements at the sample points.
using SourceSamples = std::map<int, std::vector<double>>;

/// The interval of every element; rigorous. `magnitudes`, where given, receives per element an
/// upper bound of |constant| + sum of |coefficient| * |source|. Where `which` [size] is given, the
/// elements whose entry there is 0 are left out: they get no bounds, and no magnitudes.
IntervalVector enclose(const AffineForm& form, const SourceIntervals& sources,
                       std::vector<double>* magnitudes = nullptr,
                       const std::vector<char>* which = nullptr);

/// |constant| + sum of |coefficient| * |source| of element i, rounded to nearest.
double magnitude_of_terms(const AffineForm& form, std::int64_t i, const SourceIntervals& sources);

/// The values at the sample points. What is chosen by them is free, so they need not be exact.
inline constexpr int kSamples = 6;
std::vector<double> values_at(const AffineForm& form, const SourceSamples& samples);

}  // namespace clipbound::bounds
