// Index maps: runs that grow, maps that change nothing, the source of every element.
#include <gtest/gtest.h>

#include "base/check.h"
#include "specs/network/network_builder.h"
#include "specs/ops/movement.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(Movement, RunsGrowWhereTheyCan) {
  Movement movement{{{}}};
  movement.append(0, 0, 4);
  movement.append(0, 0, 5);
  movement.append(0, 0, 5);
  movement.append(0, 1, 6, 2);
  ASSERT_EQ(movement.outputs[0].size(), 3u);
  const auto &first = movement.outputs[0][0], &last = movement.outputs[0][2];
  EXPECT_EQ(first.source, 4);
  EXPECT_EQ(first.length, 2);
  EXPECT_EQ(last.input, 1);
  EXPECT_EQ(last.target, 3);
  EXPECT_EQ(last.length, 2);
}

TEST(Movement, UnchangedIsTheWholeOfInputZero) {
  EXPECT_TRUE(Movement::unchanged(0, 6).is_unchanged(6));
  EXPECT_FALSE(Movement::unchanged(0, 6).is_unchanged(7));
  EXPECT_FALSE(Movement::unchanged(1, 6).is_unchanged(6));
}

TEST(Movement, MapSaysWhereElementsComeFrom) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {2, 3});
  const ValueId turned = b.add("Transpose", {x});
  b.output(b.add("Relu", {turned}));
  const Network network = b.build();
  const auto sources = movement_map(network, network.nodes[0], 0);
  const std::vector<std::int64_t> expected = {0, 3, 1, 4, 2, 5};
  ASSERT_EQ(sources.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(sources[i].input, 0);
    EXPECT_EQ(sources[i].element, expected[i]);
  }
  EXPECT_THROW(movement_map(network, network.nodes[1], 0), ContractError);
}

}  // namespace
}  // namespace clipbound::test
