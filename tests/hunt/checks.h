#pragma once
// What must hold of a planted problem; each check throws Wrong with an explanation where it does
// not.
#include <stdexcept>

#include "tests/hunt/planted.h"
#include "tests/support/floors.h"

namespace clipbound::test {

struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What was done so far.
struct Tally {
  std::uint64_t networks = 0, solves = 0, lanes = 0, points = 0;
  std::uint64_t verdicts[4] = {};  ///< by Verdict
};

/// Nobody may refute the property, however it is searched.
void check_verdicts(Dice& dice, const Planted& planted, double seconds, Tally& tally);
/// Bounds of all layers contain the values at the planted point and at others, the worst ones of a
/// neuron among them.
void check_layers(Dice& dice, const Planted& planted, Tally& tally);
/// Lanes, by reduced networks and by forward planes, with half-spaces that hold at the planted
/// point, do not lose it.
void check_lanes(Dice& dice, const Planted& planted, Tally& tally);

}  // namespace clipbound::test
