#pragma once
// Makes what the hunt found small: fewer clauses and rows, a smaller box, fewer and simpler nodes,
// as long as it still fails.
//
// Greedy and deterministic (delta debugging): edits are tried from coarse to fine, the first one
// after which the problem still fails is kept, until none is left. After an edit of the network the
// property is planted anew at the same point, so that the truth stays known.
#include <functional>
#include <string>

#include "tests/hunt/planted.h"
#include "tests/support/floors.h"

namespace clipbound::test {

/// What is wrong with a problem; empty: nothing. Has to be deterministic.
using Fails = std::function<std::string(const Planted&)>;

struct Shrunk {
  Planted planted;
  std::string what;  ///< what is wrong with it now
  int tries = 0;
};

/// A problem as small as at most `tries` calls of `fails` make it. `fails(planted)` says something.
Shrunk shrink(const Planted& planted, const Fails& fails, int tries);

/// The same point on another network: one clause with one row, weights * Y <= its value at the
/// point. Nothing where that value is not certain.
std::optional<Planted> plant_anew(const Planted& planted, std::shared_ptr<const Network> network,
                                  std::vector<double> weights);

}  // namespace clipbound::test
