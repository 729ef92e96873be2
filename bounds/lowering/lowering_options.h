#pragma once
// Idea: what the lowering of a network may be told.
// Source: own.
// Guarantees: none of its own; every choice is sound.
#include <cstdint>
#include <exception>
#include <map>
#include <memory>

#include "base/deadline.h"
#include "bounds/layered/enclose.h"
#include "bounds/layered/input_staircase.h"
#include "bounds/layered/step_decisions.h"
#include "bounds/limits.h"
#include "bounds/lowering/undefined_reach.h"
#include "specs/network/network.h"
#include "specs/query/input_ball.h"

namespace clipbound::bounds {

/// What products of two variables become: squares, whose scale is chosen once, or layers of pairs,
/// which get lines for each box; `chosen` decides for each product. alpha-beta-CROWN knows squares
/// only.
enum class ProductForm : std::uint8_t { squares, pairs, chosen };

/// What becomes of inputs that vary by their decimal's float32 rounding only: constants with a
/// radius, or variables. These make many more coefficients, but what they do is not lost in radii,
/// which deep networks multiply from layer to layer.
enum class NarrowInputs : std::uint8_t { constants, variables };

struct LoweringOptions {
  OpenEnds open = {};  ///< the statement is about points of the box without these ends
  NarrowInputs narrow_inputs = NarrowInputs::constants;
  /// Whether neurons that compute nearly the same are looked for (LayeredSystem::twins).
  bool differences = false;
  /// Where given, receives those of all values that are not constant.
  std::map<ValueId, IntervalVector>* intervals = nullptr;
  const Deadline* deadline = nullptr;  ///< where given, polled between nodes
  /// Where given, points at which every clause fails by a NaN or an infinity may be left out: the
  /// system speaks of counterexamples of these clauses alone.
  const UndefinedReach* undefined_reach = nullptr;
  /// Convolutions are not written out where all of the network have so many coefficients.
  std::int64_t structured_from = kStructuredFrom;
  /// Whether pre-activations are bounded by zonotopes too, where a network of large convolutions
  /// has few inputs that vary.
  bool zonotopes = false;
  /// Where given, the statement is about points of this ball.
  std::shared_ptr<const specs::InputBall> ball = {};
  /// Where given, the statement is about points at which the steps take these values.
  const StepDecisions* decisions = nullptr;
};

/// The deadline came before a network was lowered.
struct LoweringInterrupted : std::exception {
  const char* what() const noexcept override { return "interrupted while a network was lowered"; }
};

}  // namespace clipbound::bounds
