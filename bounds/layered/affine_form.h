#pragma once
// A tensor of the network as an affine function of sources (the input, and the activations of
// earlier layers).
//
//   value_i = constant_i + sum over sources s of (matrix_s x_s)_i + e_i,   |e_i| <= radius_i
//
// on the box that the lowering was made for. Composing two affine maps rounds; the radius keeps
// what that may cost.
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "bounds/layered/sparse_rows.h"

namespace clipbound::bounds {

/// Source number: kInputSource is the network's input, k >= 0 the activations of layer k.
inline constexpr int kInputSource = -1;

/// Largest magnitude of every element of every source: what turns coefficient errors into radii.
using SourceMagnitudes = std::map<int, std::vector<double>>;

struct AffineForm {
  std::map<int, SparseRows> terms;  ///< each with size() rows
  std::vector<double> constant;
  std::vector<double> radius;

  std::int64_t size() const { return static_cast<std::int64_t>(constant.size()); }
  bool is_constant() const { return terms.empty(); }

  /// Elements first, first + 1, ... of source `source`, exactly.
  static AffineForm of_source(int source, std::int64_t source_size, std::int64_t first,
                              std::int64_t count);
  static AffineForm of_constant(std::vector<double> values);
};

/// 1 for the elements of a form that no source enters: numbers, within their radius.
std::vector<char> fixed_elements(const AffineForm& form);

/// Which element of which form each result is a copy of; input < 0 means the constant 0.
struct Pick {
  std::int32_t input = 0;
  std::int64_t element = 0;
};
/// result_i = forms[picks_i.input]_{picks_i.element}, exactly.
AffineForm gather(const std::vector<const AffineForm*>& forms, const std::vector<Pick>& picks);

/// One result of linear_map: sum of weight * form[element], plus offset.
struct WeightedTerm {
  std::int32_t input = 0;
  std::int64_t element = 0;
  double weight = 1.0;
};
/// result_i = offset_i + sum over terms[begin[i]..begin[i + 1]) of weight * forms[input]_element,
/// rounded, with the rounding in the radius. Elements may repeat. The weights and offsets are exact
/// numbers.
AffineForm linear_map(const std::vector<const AffineForm*>& forms,
                      const std::vector<std::int64_t>& begin,
                      const std::vector<WeightedTerm>& terms, const std::vector<double>& offset,
                      const SourceMagnitudes& magnitudes);

/// The same for results whose terms are made one row at a time: make(i, terms) fills the cleared
/// list for result i. It is called several times for each. Maps with hundreds of millions of terms
/// never stand in memory as such.
AffineForm linear_map(const std::vector<const AffineForm*>& forms,
                      const std::function<void(std::size_t, std::vector<WeightedTerm>&)>& make,
                      const std::vector<double>& offset, const SourceMagnitudes& magnitudes);

/// Bounds past it may owe their value to an overflow on the way: they count as infinite.
inline constexpr double kTrusted = 0x1p900;

/// Values at some points: element i at point p in [i * kSamples + p]. What is chosen by them is
/// free, so they need not be exact.
inline constexpr int kSamples = 6;
std::vector<double> values_at(const AffineForm& form,
                              const std::map<int, std::vector<double>>& samples);

/// Interval of every element, given the sources' intervals (finite or infinite, never NaN);
/// rigorous.
struct IntervalVector {
  std::vector<double> lower, upper;
};
/// `sizes`, where given, receives per element an upper bound of |constant| + sum of |coefficient| *
/// |source|. Where `which` [size] is given, the elements whose number there is 0 are left out: they
/// get no bounds, and no sizes.
IntervalVector enclose(const AffineForm& form, const std::map<int, IntervalVector>& sources,
                       std::vector<double>* sizes = nullptr,
                       const std::vector<char>* which = nullptr);
/// |constant| + sum of |coefficient| * |source| of element i, rounded to nearest.
double size_of_terms(const AffineForm& form, std::int64_t i,
                     const std::map<int, IntervalVector>& sources);

}  // namespace clipbound::bounds
