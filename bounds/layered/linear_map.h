#pragma once
// Idea: linear combinations of affine forms, composed coefficient by coefficient; what rounding the
// coefficients may cost goes into the radius.
// Source: own; standard error analysis of sums (Higham 2002, section 3.1).
// Guarantees: the result encloses the exact combination on the box of the magnitudes (S1).
// Legend: result i has the terms begin[i] .. begin[i + 1) - 1.
#include <cstdint>
#include <functional>
#include <vector>

#include "bounds/layered/affine_form.h"

namespace clipbound::bounds {

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

}  // namespace clipbound::bounds
