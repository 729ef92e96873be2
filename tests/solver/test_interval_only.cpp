// y = ThresholdedRelu(x), x if x > 1 and else 0, has interval bounds only: on x in [0, 2] they are
// [0, 2], and neither prove nor refute that y is about 1/2. The reason names the node.
#include <gtest/gtest.h>

#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"

namespace clipbound::test {
namespace {

TEST(IntervalOnly, TheReasonNamesTheNodeAndSaysWhy) {
  NetworkBuilder b;
  b.output(b.add("ThresholdedRelu", {b.input("x", {1})}));
  const SolveResult result = solve_text(std::make_shared<const Network>(b.build()),
                                        "(declare-const X_0 Real)\n(declare-const Y_0 Real)\n"
                                        "(assert (and (>= X_0 0) (<= X_0 2)))\n"
                                        "(assert (and (>= Y_0 0.4) (<= Y_0 0.6)))\n",
                                        {.seconds = 5.0});
  EXPECT_EQ(name_of(result.verdict), "unknown");
  EXPECT_NE(result.reason.find("the outputs are bounded by intervals alone: node "
                               "'ThresholdedRelu_0' (ThresholdedRelu): there are no linear bounds "
                               "of this operator"),
            std::string::npos)
      << result.reason;
}

}  // namespace
}  // namespace clipbound::test
