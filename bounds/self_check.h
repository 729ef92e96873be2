#pragma once
// Idea: the bounds are tried before they are trusted: points of the box, evaluated with running
// error bounds, must lie inside them. The evaluator shares the operators' concrete meaning with the
// lowering (interval fallback, probing) and the error constants with the relaxations, so a mistake
// there passes; the bounding itself it shares with nobody.
// Source: own.
// Guarantees: none; it can only find mistakes (S12).
#include <cstdint>

#include "bounds/crown/crown_bounder.h"
#include "bounds/layered/layered_system.h"
#include "specs/network/network.h"

namespace clipbound::bounds {

/// How much a self-check may cost.
struct SelfCheckSettings {
  int points = 4;          ///< the box's centre first, then corners and points inside in turn
  std::uint64_t seed = 1;  ///< of the corners and the points inside
  double most_work = 4e6;  ///< multiplications over all points (some 10 ms); points that would go
                           ///< past it are left out
};

/// Evaluates `network` (the one that `system` was lowered from) at points of the box of `bounds`
/// and compares every layer that is a value of the network, and the outputs. Returns the number of
/// points that were tried: fewer than asked for, perhaps 0, on large networks. Throws
/// ContractError, naming value, element and point, where an enclosure [value - error, value +
/// error] does not meet its bounds: a bug of ours, to be heard of as exit code 4 and never as a
/// verdict.
int self_check(const Network& network, const LayeredSystem& system,
               const CrownBounder::Bounds& bounds, const SelfCheckSettings& settings = {});

}  // namespace clipbound::bounds
