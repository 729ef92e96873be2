#pragma once
// Idea: what convolutions and dense layers share that are not written out.
// Source: own.
// Guarantees: exact weights; roundings go into radii (S1).
#include <vector>

#include "bounds/layered/convolution_map.h"
#include "bounds/lowering/lower_context.h"

namespace clipbound::bounds {

/// Constant weights as the file has them; throws InputError where one is not finite.
ConvolutionMap::Weights weights_of(const LowerContext& context, const Node& node, ValueId id);
/// Coefficients of all convolutions of a network, padding included.
double coefficients_of_convolutions(const Network& network);
/// Whether a map of so many coefficients is not written out in this network (decision 55).
bool pays_structured(const LowerContext& context, double coefficients);
/// bias + map of a value; `bias` has a number per row channel, or none.
AffineForm apply_map(LowerContext& context, const ConvolutionMap& map, ValueId id,
                     const std::vector<double>& bias);

}  // namespace clipbound::bounds
