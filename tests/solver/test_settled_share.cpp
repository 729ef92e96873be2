// The share of a query that is settled, over several boxes and both splits: a share at all times.
// (Shares of boxes were once added up where they should have been divided: -2 of four boxes.)
#include <gtest/gtest.h>

#include "tests/support/floors.h"
#include "tests/support/properties.h"
#include "tests/support/random_network.h"

namespace clipbound::test {
namespace {

/// Boxes side by side, each with a property that takes a search.
std::string boxes(int count, int inputs) {
  std::string text;
  for (int i = 0; i < inputs; ++i) text += "(declare-const X_" + std::to_string(i) + " Real)\n";
  text += "(declare-const Y_0 Real)(declare-const Y_1 Real)\n(assert (or\n";
  for (int k = 0; k < count; ++k) {
    text += "(and";
    for (int i = 0; i < inputs; ++i) {
      const std::string x = " X_" + std::to_string(i) + " ";
      text += " (>=" + x + decimal(i == 0 ? 0.5 * k - 1.0 : -1.0) + ") (<=" + x +
              decimal(i == 0 ? 0.5 * k - 0.5 : 1.0) + ")";
    }
    text += " (>= Y_0 " + decimal(1.5 + 0.5 * k) + "))\n";
  }
  return text + "))\n";
}

TEST(SettledShare, IsAShareOverManyBoxes) {
  Dice dice(11);
  const NetworkTaste taste{.inputs = 6, .layers = 3, .width = 20, .outputs = 2, .scale = 1.8};
  const auto network = random_network(dice, taste);
  for (const std::string split : {"neurons", "inputs", "turns", "auto"}) {
    for (const double seconds : {0.02, 0.1, 0.4}) {
      for (const int count : {1, 4}) {
        Way way{"complete", "auto", 1, false, seconds};
        way.split = split;
        const SolveResult result = solve_text(network, boxes(count, 6), way);
        SCOPED_TRACE(split + ", " + std::to_string(count) + " boxes, " + std::to_string(seconds) +
                     " s: " + name_of(result.verdict));
        EXPECT_GE(result.progress.settled_share, 0.0);
        EXPECT_LE(result.progress.settled_share, 1.0);
        if (result.verdict == Verdict::unsat) {
          EXPECT_EQ(result.progress.settled_share, 1.0);
        } else if (result.verdict != Verdict::sat) {
          EXPECT_LT(result.progress.settled_share, 1.0) << "something is open";
        }
      }
    }
  }
}

}  // namespace
}  // namespace clipbound::test
