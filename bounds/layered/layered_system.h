#pragma once
// A network of affine operators and functions of one variable as layers: z_k = affine(input,
// f_0(z_0), ..., f_{k-1}(z_{k-1})), on one box. Products of variables are squares, x y = ((x + y)^2
// - (x - y)^2) / 4, or layers of pairs.
#include <exception>
#include <memory>
#include <span>
#include <vector>

#include "base/deadline.h"
#include "bounds/layered/affine_form.h"
#include "bounds/layered/input_staircase.h"
#include "bounds/relax/activation.h"
#include "bounds/relax/product.h"
#include "specs/network/network.h"
#include "specs/query/query.h"

namespace clipbound::bounds {

/// Parameter of an identity layer whose neurons deserve bounds by substitution (see cut()); others
/// are there to save coefficients.
inline constexpr double kBounded = 1.0;

/// Activations of one layer that add up to exactly 1 at every point: those of a softmax.
struct SimplexRow {
  int layer = 0;
  std::vector<std::int64_t> elements;
};

/// Layers in topological order; valid on [lower, upper] only (the radii depend on it) and so on
/// every box inside.
struct LayeredSystem {
  std::vector<double> lower, upper;       ///< [N] the box
  std::vector<AffineForm> layers;         ///< pre-activations z_k of layer k
  std::vector<Activation> activations;    ///< f_k
  std::vector<IntervalVector> intervals;  ///< interval bounds of the pre-activations (IBP)
  AffineForm outputs;                     ///< Y
  SourceMagnitudes magnitudes;
  std::map<int, IntervalVector> sources;  ///< input, and f_k(z_k)
  std::map<int, std::vector<double>>
      samples;  ///< values of the sources at some points of the box, for free choices (values_at)
  std::vector<SimplexRow> unit_sums;
  std::vector<InputStaircase>
      staircases;      ///< of single inputs that vary: where cutting the box makes numbers of them
  bool loose = false;  ///< something that is not a number is enclosed by intervals alone, on this
                       ///< box once and for all
  std::vector<ValueId> layer_values;  ///< the network's value that layer k is
  std::vector<std::vector<std::int64_t>>
      layer_elements;  ///< which elements of that value layer k holds, in order; empty: all of them
};

/// What products of two variables become: squares, whose scale is chosen once, or layers of pairs,
/// which get planes for each box; `chosen` decides for each product. Sweeps know squares only.
enum class ProductForm { squares, pairs, chosen };

/// Interval of every f(z), z in its interval; rigorous.
IntervalVector activate(const Activation& activation, const IntervalVector& z);
/// Planes of every f(z), z in its interval. Of a product, the first factor's hold the offsets; the
/// second's lines are slopes alone, for the product's coefficient.
std::vector<Planes> relax_layer(const Activation& activation, const IntervalVector& z);
inline Range range_of(const IntervalVector& z, std::size_t v) {
  return {z.lower[v], z.upper[v]};
}

/// The inputs of a box that vary by more than their decimal's float32 rounding: those a search can
/// split.
std::vector<int> varying_inputs(const std::vector<double>& lower, const std::vector<double>& upper);

struct LoweringOptions {
  OpenEnds open;           ///< the statement is about points of the box without these ends
  bool thin_vary = false;  ///< inputs that vary by their decimal's float32 rounding only are
                           ///< variables too: many more coefficients, but what they do is not lost
                           ///< in radii, which deep networks multiply from layer to layer
  std::map<ValueId, IntervalVector>* intervals =
      nullptr;  ///< where given, receives those of all values that are not constant
  const Deadline* deadline = nullptr;  ///< where given, polled between nodes
};

/// The deadline came before a network was lowered.
struct LoweringInterrupted : std::exception {
  const char* what() const noexcept override { return "interrupted while a network was lowered"; }
};

/// Lowers `network` (simplified) on the box. Operators that have no bounds of their own are
/// enclosed by intervals, on this box once and for all. Throws InputError for weights that are not
/// finite, LoweringInterrupted where the options' deadline expires.
LayeredSystem lower_network(const Network& network, std::span<const double> lower,
                            std::span<const double> upper,
                            ProductForm products = ProductForm::squares,
                            const LoweringOptions& options = {});

/// The rows of a clause as an affine form: left side minus threshold, S elements (DESIGN.md: exact
/// decimals, so their rounding to float64 goes into the radius).
AffineForm lower_rows(const LayeredSystem& system, const Clause& clause);

}  // namespace clipbound::bounds
