// y = x^1.5, x written as an exponent that varies next to nothing and a base around 0, has interval
// bounds only, and no input is wide enough to be halved. The reason names the node.
#include <gtest/gtest.h>

#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"

namespace clipbound::test {
namespace {

TEST(IntervalOnly, TheReasonNamesTheNodeAndSaysWhy) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1});
  const ValueId tiny = b.add("Sub", {x, b.constant({1}, {0.5F})});
  b.output(b.add("Pow", {tiny, b.add("Add", {x, b.constant({1}, {1.0F})})}));
  const SolveResult result = solve_text(std::make_shared<const Network>(b.build()),
                                        "(declare-const X_0 Real)\n(declare-const Y_0 Real)\n"
                                        "(assert (and (>= X_0 0.49999999) (<= X_0 0.5)))\n"
                                        "(assert (and (>= Y_0 0.4) (<= Y_0 0.6)))\n",
                                        {.seconds = 120.0});
  EXPECT_EQ(name_of(result.verdict), "unknown");
  EXPECT_NE(
      result.reason.find("the outputs are bounded by intervals alone: node 'Pow_2' (Pow): the "
                         "exponent varies, and the base may be 0 or negative"),
      std::string::npos)
      << result.reason;
}

}  // namespace
}  // namespace clipbound::test
