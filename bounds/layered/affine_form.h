#pragma once
// Idea: a tensor of the network as an affine function of sources (the input, and the activations of
// earlier layers), whose rounding errors are kept in a radius per element.
//
//   value_i = constant_i + sum over sources s of (matrix_s x_s)_i + e_i,   |e_i| <= radius_i
//
// Source: affine arithmetic (de Figueiredo and Stolfi 2004); ours differs by one radius for all
// errors, because only the network's variables are to be tracked.
// Guarantees: the equation holds at every point of the box that the form was made for (S1).
// Legend: size() elements; each matrix [size(), elements of its source].
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "bounds/layered/coefficients.h"

namespace clipbound::bounds {

/// Source number: kInputSource is the network's input, k >= 0 the activations of layer k.
inline constexpr int kInputSource = -1;

/// Largest magnitude of every element of every source: what turns coefficient errors into radii.
using SourceMagnitudes = std::map<int, std::vector<double>>;

struct AffineForm {
  std::map<int, Coefficients> terms;  ///< by source, each with size() rows
  std::vector<double> constant;
  std::vector<double> radius;

  std::int64_t size() const { return static_cast<std::int64_t>(constant.size()); }
  bool is_constant() const { return terms.empty(); }

  /// Elements first, first + 1, ... of source `source`, exactly.
  static AffineForm of_source(int source, std::int64_t source_size, std::int64_t first,
                              std::int64_t count);
  /// The same as a selection, of which no rows are written.
  static AffineForm selecting(int source, std::int64_t source_size, std::int64_t first,
                              std::int64_t count);
  static AffineForm of_constant(std::vector<double> values);
};

/// [size] 1 for the elements of a form that depend on no source: constants, within their radius. Of
/// structured maps, coefficients that are 0 count as such.
std::vector<char> constant_elements(const AffineForm& form);

/// All sources of some forms, each once.
std::set<int> sources_of(const std::vector<const AffineForm*>& forms);

/// Which element of which form each result is a copy of; input < 0 means the constant 0.
struct Pick {
  std::int32_t input = 0;
  std::int64_t element = 0;
};
/// result_i = forms[picks_i.input]_{picks_i.element}, exactly.
AffineForm gather(const std::vector<const AffineForm*>& forms, const std::vector<Pick>& picks);

}  // namespace clipbound::bounds
