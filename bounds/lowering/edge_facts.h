#pragma once
// Idea: what a lowering knows of functions that end: Sqrt, Log, fractional powers, 1 / y.
// Source: own.
// Guarantees: S1, "Where functions end".
#include <map>
#include <set>
#include <vector>

#include "bounds/layered/enclose.h"
#include "bounds/lowering/undefined_reach.h"
#include "specs/network/network.h"

namespace clipbound::bounds {

struct EdgeFacts {
  /// What the elements of some values cannot leave in real arithmetic, by what produces them:
  /// without the slack of forms.
  std::map<ValueId, IntervalVector> certain;
  /// Values that may be NaN or infinite, of whose other elements no more is said.
  std::set<ValueId> undefined;
  /// Those of them whose elements are numbers or -infinity (masks before a softmax).
  std::set<ValueId> masked;
  /// Values that may be infinite in their type where real arithmetic has a huge number
  /// (float_limits.h), and nothing worse.
  std::set<ValueId> endless;
  /// [values] 1 where something behind could tell an infinity from a huge number.
  std::vector<char> before_jumps, before_divisions;
  /// Nullptr: nothing may be left out.
  const UndefinedReach* undefined_reach = nullptr;
};

}  // namespace clipbound::bounds
