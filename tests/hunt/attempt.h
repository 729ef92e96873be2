#pragma once
// One seed's network and what is tried on it. Everything follows from the seed.
#include <cstdint>
#include <string>

#include "tests/hunt/checks.h"
#include "tests/support/floors.h"

namespace clipbound::test {

/// Which check of what part of the box, and the dice that it was made with.
struct Attempt {
  enum Check : std::uint8_t { layers, lanes, verdicts } check = layers;
  std::uint64_t dice = 0;
  Planted planted;
};

/// What is wrong, with the problem on which it is.
struct Finding {
  std::string what;
  Attempt attempt;
};

struct AttemptOptions {
  double seconds = 0.1;  ///< time limit of each search
  bool verbose = false;
};

/// Makes the seed's network and tries all on it; throws Refused where there is no such network.
std::optional<Finding> try_seed(std::uint64_t seed, const AttemptOptions& options, Tally& tally);

/// Repeats the attempt on another problem, with the same dice and three more; what is wrong, or "".
std::string try_again(const Attempt& attempt, const Planted& planted,
                      const AttemptOptions& options);

/// The problem for people: code that builds the network, the property, the point.
std::string describe(const Planted& planted);

}  // namespace clipbound::test
