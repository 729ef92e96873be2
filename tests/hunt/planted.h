#pragma once
// A network on a box, and a property that a known point violates by a hair.
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "specs/network/network.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"

namespace clipbound::test {

/// Operators that do not fit each other, or are not supported: there is no such network.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Planted {
  std::shared_ptr<const Network> network;
  std::vector<double>
      x;  ///< satisfies all rows of the last clause, certainly and in real arithmetic
  Property property;
  std::vector<double> weights;  ///< of the outputs, in the first row of the last clause
};

/// A random network; nothing where the values at the worst point are not certain enough. Throws
/// Refused.
std::optional<Planted> plant(Dice& dice);
/// The same on a part of the box: the point stays in.
Planted near_the_point(Dice& dice, const Planted& planted);

}  // namespace clipbound::test
