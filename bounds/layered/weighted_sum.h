#pragma once
// Idea: a weighted sum of whole forms, element by element: structured maps stay what they are.
// Source: own.
// Guarantees: encloses the exact sum, as linear_map() does (S1).
#include <vector>

#include "bounds/layered/affine_form.h"

namespace clipbound::bounds {

/// True where some coefficients are a structured map.
bool has_structure(const AffineForm& form);

/// True where some coefficients are a selection.
bool has_selection(const AffineForm& form);

/// offset + sum of weights[k] * forms[k], forms of one size. A structured map of a source that
/// another of the forms reads too is written out; selections of one source become one where the
/// weights are signs.
AffineForm weighted_sum(const std::vector<const AffineForm*>& forms,
                        const std::vector<double>& weights, const std::vector<double>& offset,
                        const SourceMagnitudes& magnitudes);

/// [size] upper bounds of the sum of |coefficient| * |source| over the structured maps alone.
std::vector<double> structured_sizes(const AffineForm& form, const SourceMagnitudes& magnitudes);

/// Adds to the radii what `relative` of every coefficient of a structured map costs, and what
/// underflows in each of them.
void charge_coefficients(const StructuredMap& map, double relative,
                         const std::vector<double>& magnitude, std::vector<double>& radius);

}  // namespace clipbound::bounds
