#pragma once
// Idea: a network of affine operators and functions of one variable as layers, on one box:
//   z_k = affine(input, f_0(z_0), ..., f_{k-1}(z_{k-1})).
// Products of variables are squares, x y = ((x + y)^2 - (x - y)^2) / 4, or layers of pairs.
// Source: own; the layers of CROWN (Zhang et al. 2018) for graphs of any shape (Xu et al. 2020).
// Guarantees: valid on [lower, upper] only (its radii depend on it), so on boxes inside (S1, S2).
// Legend: N inputs.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bounds/layered/affine_form.h"
#include "bounds/layered/enclose.h"
#include "bounds/layered/input_staircase.h"
#include "bounds/layered/step_decisions.h"
#include "bounds/relax/activation.h"
#include "specs/network/network.h"
#include "specs/query/input_ball.h"

namespace clipbound::bounds {

/// Activations of one layer that add up to exactly 1 at every point: those of a softmax.
struct SimplexRow {
  int layer = 0;
  std::vector<std::int64_t> elements;
};

/// An operator whose outputs vary and are enclosed by interval arithmetic alone, on the system's
/// box once and for all.
struct IntervalOnlyOperator {
  std::string node, op;  ///< its name, its ONNX type
  std::string reason;    ///< why it has no linear bounds: "bounds need constant weights"
};

/// What the pre-activations of a layer cannot leave at any point that the system speaks of, beside
/// what their forms say: where the layer's function ends.
struct LayerLimits {
  IntervalVector z;  ///< [size]; empty: nothing is known
  /// Some hold at counterexamples alone: elsewhere the function has no value, and its NaN fails a
  /// row of every clause (bounds/lowering/undefined_reach.h).
  bool of_counterexamples = false;
};

/// Layers in topological order.
struct LayeredSystem {
  std::vector<double> lower, upper;  ///< [N] the box
  /// Bounds may be of the points in it alone; null: of the whole box.
  std::shared_ptr<const specs::InputBall> ball;
  std::vector<AffineForm> layers;         ///< pre-activations z_k of layer k
  std::vector<Activation> activations;    ///< f_k
  std::vector<IntervalVector> intervals;  ///< interval bounds of the pre-activations (IBP)
  std::vector<LayerLimits> limits;        ///< of the pre-activations
  AffineForm outputs;                     ///< Y
  SourceMagnitudes magnitudes;
  SourceIntervals sources;  ///< input, and f_k(z_k)
  SourceSamples samples;    ///< values of the sources at some points of the box, for free choices
  std::vector<SimplexRow> simplex_rows;
  std::vector<InputStaircase> staircases;  ///< of single inputs that vary: where cutting the box
                                           ///< makes constants of them
  std::vector<IntervalOnlyOperator> interval_only;
  std::vector<OpenStep> open_steps;  ///< as the network computes them
  /// What step decisions say of their arguments: at every point of the decided case each element is
  /// at most 0.
  AffineForm conditions;
  bool is_impossible = false;         ///< no point of the box takes the decided values
  std::vector<ValueId> layer_values;  ///< the network's value that layer k is
  /// Which elements of that value layer k holds, in order; empty: all of them.
  std::vector<std::vector<std::int64_t>> layer_elements;
  /// [layers] By neuron of layer k: the neuron of layer k - 1 that computes nearly the same, as in
  /// two copies of a network with slightly different weights, or -1. Layer k does not read layer k
  /// - 1 then, and both have one activation. Empty: none has any. Bounds hold whatever stands here.
  std::vector<std::vector<std::int64_t>> twins;
  void set_twins(std::size_t k, std::vector<std::int64_t> of_layer) {
    twins.resize(layers.size());
    twins[k] = std::move(of_layer);
  }
  /// Of layer k; empty where it has none.
  const std::vector<std::int64_t>& twins_of(std::size_t k) const {
    static const std::vector<std::int64_t> kNone;
    return k < twins.size() ? twins[k] : kNone;
  }

  bool has_interval_only() const { return !interval_only.empty(); }
};

/// "node 'n' (ScatterND): there are no linear bounds of this operator", and so on for the first
/// few.
std::string describe_interval_only(const LayeredSystem& system);

/// Intersects intervals z of a layer with its limits and, where the layer's function ends, with
/// what is known without slack. False where nothing is left of some element (z becomes an end of
/// its limits): then no point of the sources' intervals is a counterexample.
bool cut_to_limits(const LayeredSystem& system, std::size_t layer, const SourceIntervals& sources,
                   IntervalVector& z);

/// Interval of every f(z), z in its interval; rigorous.
IntervalVector activate(const Activation& activation, const IntervalVector& z);
/// The lines of every f(z), z in its interval. Of a product, the first factor's hold the offsets;
/// the second's are slopes alone, for the product's coefficient.
std::vector<LinePair> relax_layer(const Activation& activation, const IntervalVector& z);
inline Range range_of(const IntervalVector& z, std::size_t v) {
  return {z.lower[v], z.upper[v]};
}

/// The inputs of a box that vary by more than their decimal's float32 rounding: those a search can
/// split.
std::vector<int> varying_inputs(const std::vector<double>& lower, const std::vector<double>& upper);

}  // namespace clipbound::bounds
