#pragma once
// Idea: a network becomes a layered system, operator by operator.
//
// Each operator is lowered by the function that its row of specs/network/op_list.def names. One
// that has no linear bounds, or none in this form of it (weights that vary, say), is enclosed by
// interval arithmetic, and the system keeps its name and the reason.
// Source: own.
// Guarantees: at every point of the box, and so of every box inside, the system's outputs enclose
// the network's (S1).
#include <span>

#include "bounds/layered/layered_system.h"
#include "bounds/lowering/lowering_options.h"

namespace clipbound::bounds {

/// Lowers `network` (simplified) on the box. Throws InputError for weights that are not finite,
/// LoweringInterrupted where the options' deadline expires.
LayeredSystem lower_network(const Network& network, std::span<const double> lower,
                            std::span<const double> upper,
                            ProductForm products = ProductForm::squares,
                            const LoweringOptions& options = {});

/// Whether LoweringOptions::zonotopes would say more of a box of this system: it has convolutions
/// that stay what they are, and few inputs vary.
bool suits_zonotopes(const LayeredSystem& system, const std::vector<double>& lower,
                     const std::vector<double>& upper);

}  // namespace clipbound::bounds
