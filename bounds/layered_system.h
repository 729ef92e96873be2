#pragma once
// A network of affine operators and ReLUs as layers: z_k = affine(input, relu(z_0), ..., relu(z_{k-1})), on one box.
#include <memory>
#include <span>
#include <vector>

#include "bounds/affine_form.h"
#include "specs/network.h"
#include "specs/query.h"

namespace clipbound {

/// Layers in topological order; valid on [lower, upper] only (the radii depend on it) and so on every box inside.
struct LayeredSystem {
  std::vector<double> lower, upper;         ///< [N] the box
  std::vector<AffineForm> layers;           ///< pre-activations of ReLU layer k
  std::vector<IntervalVector> intervals;    ///< interval bounds of the pre-activations (IBP)
  AffineForm outputs;                       ///< Y
  SourceMagnitudes magnitudes;
  std::map<int, IntervalVector> sources;    ///< input, and relu(z_k)
  std::vector<ValueId> layer_values;        ///< the network's value that layer k is
};

/// Lowers `network` (simplified) on the box. Throws Unsupported, naming the node, for operators that are neither affine nor
/// ReLU, and InputError for weights that are not finite.
LayeredSystem lower_network(const Network& network, std::span<const double> lower, std::span<const double> upper);

/// The rows of a clause as an affine form: left side minus threshold, S elements (DESIGN.md: exact decimals, so their
/// rounding to float64 goes into the radius).
AffineForm lower_rows(const LayeredSystem& system, const Clause& clause);

}  // namespace clipbound
