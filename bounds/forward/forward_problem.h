#pragma once
// A clause over a whole layered system, for bounds that go forward through it.
//
// Legend: N columns (inputs that vary), S rows.
#include <cstdint>
#include <memory>
#include <vector>

#include "bounds/layered/layered_system.h"

namespace clipbound::bounds {

/// What the forward planes of a clause are taken over; constant over its search.
struct ForwardProblem {
  std::shared_ptr<const LayeredSystem> system;
  AffineForm rows;                   ///< left sides minus thresholds
  std::vector<std::uint8_t> strict;  ///< [S]
  std::vector<int> kept;             ///< column -> input number
  std::vector<double> lower, upper;  ///< [n] the clause's box
};

}  // namespace clipbound::bounds
