// The judge, on networks small enough to see the answer.
#include <gtest/gtest.h>

#include <limits>

#include "base/check.h"
#include "specs/evaluate/counterexample.h"
#include "specs/network/network_builder.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

Number number(double x) {
  return {mpq_class(x), x, x};
}

/// Y_0 <= threshold.
Row at_most(double threshold, bool strict = false) {
  return {{{Term::Of::output, 0, number(1.0)}}, number(threshold), strict, false};
}

/// The box [lower, upper]^n, its decimals exactly these float32 numbers.
std::shared_ptr<const Box> cube(std::size_t n, float lower, float upper) {
  return std::make_shared<const Box>(
      n, InputInterval{{lower, upper}, {lower, upper}, {lower, upper}, {lower, upper}, {}});
}

Query query_of(std::vector<Clause> clauses, std::int64_t n) {
  Query query;
  query.input_size = n;
  query.output_size = 1;
  query.clauses = std::move(clauses);
  return query;
}

/// Y = sum of the inputs, in the order of the replay.
Network sum_of(std::int64_t n, DataType type = DataType::float32) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, n}, type);
  const auto size = static_cast<std::size_t>(n);
  const Tensor ones = type == DataType::float32 ? Tensor{{n, 1}, std::vector<float>(size, 1.0f)}
                                                : Tensor{{n, 1}, std::vector<double>(size, 1.0)};
  b.output(b.add("MatMul", {x, b.constant(ones)}));
  return b.build();
}

TEST(Judge, AcceptsWithZeroTolerance) {
  const Network network = sum_of(2);
  const Query query = query_of({{cube(2, 0, 1), {at_most(1.0)}, 0}}, 2);
  const Judgement good = judge(network, query, std::vector<double>{0.5, 0.5});
  EXPECT_TRUE(good.holds);
  EXPECT_TRUE(good.inside_exact_box);
  EXPECT_EQ(good.outputs, std::vector<double>{1.0});
  EXPECT_FALSE(judge(network, query, std::vector<double>{0.5, 0.5 + 0x1p-23}).holds);
  const Query strict = query_of({{cube(2, 0, 1), {at_most(1.0, true)}, 0}}, 2);
  EXPECT_FALSE(judge(network, strict, std::vector<double>{0.5, 0.5}).holds);
}

TEST(Judge, SaysWhyNot) {
  const Network network = sum_of(2);
  const Query query = query_of({{cube(2, 0, 1), {at_most(1.0)}, 0}}, 2);
  EXPECT_NE(judge(network, query, std::vector<double>{-0.5, 0.5}).why_not.find("outside"),
            std::string::npos);
  EXPECT_NE(judge(network, query, std::vector<double>{1.0, 0.5}).why_not.find("rows"),
            std::string::npos);
  EXPECT_NE(judge(network, query, std::vector<double>{0.1, 0.5}).why_not.find("float32"),
            std::string::npos);
  EXPECT_NE(
      judge(network, query_of({}, 2), std::vector<double>{0.5, 0.5}).why_not.find("no clause"),
      std::string::npos);
  EXPECT_THROW(judge(network, query, std::vector<double>{0.5}), ContractError);
}

TEST(Judge, AllOrdersMustAgreeOnOneClause) {
  // 2^24 + 1 + 1: natural 2^24, reversed 2^24 + 2.
  const Network network = sum_of(3);
  const std::vector<double> point{0x1p24, 1.0, 1.0};
  const auto box = cube(3, 0, 0x1p25f);
  const Judgement low = judge(network, query_of({{box, {at_most(0x1p24)}, 0}}, 3), point);
  EXPECT_FALSE(low.holds);
  EXPECT_NE(low.why_not.find("disagree"), std::string::npos);
  Row at_least{{{Term::Of::output, 0, number(-1.0)}}, number(-0x1p24 - 1), false, false};
  EXPECT_FALSE(
      judge(network, query_of({{box, {at_most(0x1p24)}, 0}, {box, {at_least}, 0}}, 3), point).holds)
      << "each order satisfies some clause, but no clause holds in all";
  EXPECT_TRUE(judge(network,
                    query_of({{box, {at_most(0x1p24)}, 0}, {box, {at_most(0x1p24 + 2)}, 0}}, 3),
                    point)
                  .holds);
}

TEST(Judge, PrefersTheClauseWhoseExactBoxHoldsThePoint) {
  const Network network = sum_of(1);
  // Around the decimal 0.1: its float32 rounding lies above it.
  const float rounded = 0.1f;
  const auto narrow = std::make_shared<const Box>(
      1, InputInterval{{0.0, 0.1}, {0.0, 0.1}, {0.0, rounded}, {0.0, 0.1}, {}});
  const Clause outer{narrow, {at_most(1.0)}, 0}, inner{cube(1, 0, 1), {at_most(1.0)}, 0};
  const std::vector<double> point{rounded};
  const Judgement first = judge(network, query_of({outer}, 1), point);
  EXPECT_TRUE(first.holds);
  EXPECT_FALSE(first.inside_exact_box);
  const Judgement both = judge(network, query_of({outer, inner}, 1), point);
  EXPECT_EQ(both.clause, 1u);
  EXPECT_TRUE(both.inside_exact_box);
}

TEST(Judge, NeverAcceptsWhatIsNotFinite) {
  const Network network = sum_of(2);
  const float largest = std::numeric_limits<float>::max();
  const Query query = query_of({{cube(2, 0, largest), {}, 0}}, 2);
  EXPECT_TRUE(judge(network, query, std::vector<double>{1.0, 1.0}).holds)
      << "no rows: every point of the box";
  EXPECT_NE(judge(network, query, std::vector<double>{largest, largest}).why_not.find("finite"),
            std::string::npos);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(judge(network, query, std::vector<double>{nan, 0.0}).holds);
}

TEST(Judge, ReplaysFloat64NetworksInFloat64) {
  const Network network = sum_of(2, DataType::float64);
  const Query query = query_of({{cube(2, 0, 1), {at_most(0.3)}, 0}}, 2);
  EXPECT_FALSE(judge(network, query, std::vector<double>{0.1, 0.2}).holds)
      << "0.1 + 0.2 > 0.3 in float64";
  EXPECT_TRUE(judge(network, query, std::vector<double>{0.1, 0.1}).holds);
}

}  // namespace
}  // namespace clipbound::test
