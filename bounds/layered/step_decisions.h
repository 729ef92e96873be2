#pragma once
// Idea: what is decided of functions with jumps. Halving boxes never decides a step: around its
// jump there is always a box on which both values are possible. So a case may say which values a
// step takes; where its argument lies then is a half-space of the case, and a step with one value
// is a constant.
// Source: own; the phases of ReLUs (Bunel et al. 2020) for functions that are not continuous.
// Guarantees: the parts of a cut cover all arguments; at a jump all values next to it and there are
// in one of them (S10).
#include <compare>
#include <cstdint>
#include <map>
#include <vector>

#include "bounds/relax/curve.h"
#include "bounds/relax/lines.h"

namespace clipbound::bounds {

/// An element of a step, the same in every lowering of a network: its node, which of the node's
/// step functions it belongs to, and which element of that it is.
struct StepId {
  std::int32_t node = 0, call = 0;
  std::int64_t element = 0;
  friend auto operator<=>(const StepId&, const StepId&) = default;
};

/// The functions whose values can be decided: the curves with jumps, and whether a number is 0.
struct StepFunction {
  Curve curve = Curve::step;
  bool tie = false;  ///< 1 at 0, and 0 elsewhere; the curve counts for nothing
};

/// A step that takes several of its values on the box of a system.
struct OpenStep {
  StepId id;
  StepFunction function;
  double lower = 0.0, upper = 0.0;  ///< whole numbers: its values are among them
};

/// By step: the values that it takes, whole numbers lower ... upper.
using StepDecisions = std::map<StepId, Range>;

/// All arguments at which the function may take a value in `values`: closed, and at a jump all
/// values next to it count.
Range argument_range(const StepFunction& function, const Range& values);

/// The values of an open step in parts: two, or one per value where there are three.
std::vector<Range> cut_step(const OpenStep& step);

}  // namespace clipbound::bounds
