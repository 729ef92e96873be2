#pragma once
// Idea: linear combinations of forms of equal size, element by element.
// Source: own.
// Guarantees: what rounding costs is in the radii (S1).
#include <vector>

#include "bounds/layered/linear_map.h"
#include "bounds/lowering/lower_context.h"

namespace clipbound::bounds {

/// sum over k of weight_k * forms_k, plus offset (empty: 0).
AffineForm combine(const LowerContext& context, const std::vector<const AffineForm*>& forms,
                   const std::vector<double>& weights, const std::vector<double>& offset = {});
/// Adds to the radii what weights cost that are wrong by a relative error of `relative` at most.
void charge_weights(const LowerContext& context, AffineForm& form, double relative);
/// The same value for every element of a form.
inline std::vector<double> repeat(double value, const AffineForm& form) {
  return std::vector<double>(form.constant.size(), value);
}

}  // namespace clipbound::bounds
