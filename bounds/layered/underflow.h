#pragma once
// Idea: what is tiny may be 0 in float32. How far the activations of a layer may be off by that, and
// what weights behind make of it.
// Source: own.
// Guarantees: S11, "Underflow". Only what products and smooth functions make can underflow; sums,
// copies and ReLUs cannot.
#include <vector>

#include "bounds/layered/layered_system.h"

namespace clipbound::bounds {

/// What a product or a smooth function loses at most where it underflows; far above float32's least
/// normal number, for a few such losses add up.
inline constexpr double kUnderflow = 0x1p-100;

/// [layers] how far the layer's activations may be off.
std::vector<double> underflow_of_layers(const std::vector<AffineForm>& layers,
                                        const std::vector<Activation>& activations);
/// The same of element i of a form, without what its own products lose.
double underflow_of(const AffineForm& form, std::int64_t i, const std::vector<double>& of_layers);

}  // namespace clipbound::bounds
