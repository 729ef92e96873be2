#pragma once
// Idea: from the bounds of a box to the reduced network that the input split works on: stable
//   neurons are folded, the inputs that do not vary are constants.
// Source: own.
// Guarantees: on the box the reduced network has the system's values up to its radii (S7).
#include <cstdint>
#include <memory>
#include <vector>

#include "bounds/crown/crown_bounder.h"
#include "bounds/reduced/reduced_network.h"

namespace clipbound::bounds {

/// The reduced network of `bounds` with `rows` (a clause's) as its rows; the inputs `kept` become
/// its columns, the others are fixed to their centre with their half-width in the radii.
std::shared_ptr<const ReducedNetwork> reduce(const CrownBounder& bounder,
                                             const CrownBounder::Bounds& bounds,
                                             const AffineForm& rows,
                                             const std::vector<std::uint8_t>& strict,
                                             const std::vector<int>& kept);

}  // namespace clipbound::bounds
