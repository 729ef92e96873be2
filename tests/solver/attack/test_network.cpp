// The network as the attack sees it: multiplications of a point, steps, softmaxes that change no
// order.
#include <gtest/gtest.h>

#include "solver/attack/network.h"
#include "tests/solver/attack/funnel.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// f(x) of a Gemm [2, 3] and, behind it, `op`.
std::shared_ptr<const Network> gemm_and(const char* op) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  b.output(b.add(op, {b.add("Gemm", {x, b.constant({2, 3}, {1, 2, 3, 4, 5, 6})})}));
  return std::make_shared<const Network>(b.build());
}

Query query_of(std::vector<std::vector<std::string>> clauses) {
  return parse_vnnlib(unit_box(2, std::move(clauses), 3).text(), "t");
}

TEST(AttackNetwork, CountsMultiplications) {
  const Query query = query_of({{y_at_most(0, 1.0)}});
  // 1, 3 outputs of 2 terms each, one more per output of each node.
  EXPECT_EQ(attack_network(gemm_and("Relu"), query).work, 1.0 + 3.0 + 6.0 + 3.0);
}

TEST(AttackNetwork, StepsNeedASurrogate) {
  const Query query = query_of({{y_at_most(0, 1.0)}});
  EXPECT_FALSE(attack_network(gemm_and("Relu"), query).has_steps);
  for (const char* op : {"Sign", "Floor", "Ceil", "Round"})
    EXPECT_TRUE(attack_network(gemm_and(op), query).has_steps) << op;
}

TEST(AttackNetwork, LeavesOutASoftmaxWhereRowsOnlyCompare) {
  const auto network = gemm_and("Softmax");
  EXPECT_NE(attack_network(network, query_of({{"(<= Y_0 Y_1)"}})).network, network);
  EXPECT_EQ(attack_network(network, query_of({{y_at_most(0, 0.5)}})).network, network);
}

}  // namespace
}  // namespace clipbound::test
