// The graph itself: invariants and attributes.
#include <gtest/gtest.h>

#include "base/check.h"
#include "specs/network/op_table.h"
#include "tests/specs/network/two_layers.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(Attributes, FallBackAndInsistOnTheirType) {
  Node node{
      OpKind::relu, "n",
      13,           {},
      {},           {{"i", std::int64_t{5}}, {"f", 0.5}, {"l", std::vector<std::int64_t>{1, 2}}}};
  EXPECT_EQ(node.int_attribute("i", 0), 5);
  EXPECT_EQ(node.int_attribute("absent", 7), 7);
  EXPECT_EQ(node.float_attribute("f", 0), 0.5);
  EXPECT_EQ(node.ints_attribute("l")->size(), 2u);
  EXPECT_EQ(node.ints_attribute("absent"), nullptr);
  EXPECT_THROW(node.int_attribute("f", 0), InputError);
}

TEST(Validate, FindsBrokenInvariants) {
  const auto broken = [](auto change) {
    Network network = two_layers();
    network.validate();
    change(network);
    EXPECT_THROW(network.validate(), ContractError);
  };
  broken([](Network& n) { std::swap(n.nodes[0], n.nodes[1]); });
  broken([](Network& n) { n.nodes.pop_back(); });
  broken([](Network& n) { n.nodes[0].inputs[0] = ValueId{99}; });
  broken([](Network& n) { n.outputs[0] = kNoValue; });
  broken([](Network& n) { n.inputs.push_back(n.inputs[0]); });
  broken([](Network& n) { n.value(n.inputs[0]).shape = {0, 2}; });
  broken([](Network& n) { n.nodes[1].outputs[0] = n.nodes[0].outputs[0]; });
  broken([](Network& n) { n.value(n.nodes[0].inputs[1]).constant->shape = {4}; });
}

}  // namespace
}  // namespace clipbound::test
