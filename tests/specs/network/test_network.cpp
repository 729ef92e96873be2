// The graph itself: invariants, attributes, the builder, simplification, BLAS, the evaluator's
// contract.
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "base/blas.h"
#include "base/check.h"
#include "specs/evaluate/evaluate.h"
#include "specs/network/network_builder.h"
#include "specs/network/op_table.h"
#include "specs/simplify/simplify.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

Network two_layers() {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  const ValueId h = b.add("Relu", {b.add("MatMul", {x, b.constant({2, 2}, {1, -1, 1, -1})})});
  b.output(b.add("MatMul", {h, b.constant({2, 1}, {2, 3})}));
  return b.build();
}

TEST(Shapes, CountAndText) {
  EXPECT_EQ(element_count({}), 1);
  EXPECT_EQ(element_count({2, 0, 3}), 0);
  EXPECT_EQ(to_string(Shape{1, 3, 32}), "[1,3,32]");
  EXPECT_EQ(to_string(Shape{}), "[]");
  EXPECT_THROW(element_count({-1}), InputError);
  EXPECT_THROW(element_count({std::int64_t{1} << 40, std::int64_t{1} << 40}), InputError);
}

TEST(Tensors, ReadInEveryType) {
  const Tensor t{{2}, std::vector<std::int64_t>{3, -4}};
  EXPECT_EQ(t.type(), DataType::int64);
  EXPECT_EQ(t.at(1), -4.0);
  EXPECT_EQ(t.as_float64(), (std::vector<double>{3, -4}));
  EXPECT_THROW((Tensor{{1}, std::vector<float>{1}}.as_int64()), InputError);
}

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

TEST(Builder, RefusesAndStaysUsable) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  EXPECT_THROW(b.add("Einsum", {x}), Unsupported);
  EXPECT_THROW(b.add("MatMul", {x, b.constant({3, 1}, {1, 2, 3})}), InputError);
  EXPECT_THROW(b.add("Relu", {}), InputError);
  EXPECT_THROW(b.add("Relu", {ValueId{55}}), InputError);
  EXPECT_THROW(b.constant({2}, {1}), InputError);
  EXPECT_THROW(b.input("z", {0}), InputError);
  b.output(b.add("Relu", {x}));
  EXPECT_EQ(b.build().nodes.size(), 1u);
  EXPECT_THROW(b.build(), InputError) << "it is empty now";
}

TEST(Builder, SplitsIntoSeveralOutputs) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 4});
  const auto parts = b.add("Split", {x, b.integers({1, 3})}, {{"axis", std::int64_t{1}}}, 2);
  b.output(parts[1]);
  b.output(parts[0]);
  EXPECT_EQ(b.build().value(parts[1]).shape, (Shape{1, 3}));
}

TEST(Simplify, FoldsDropsAndRecords) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {9});
  // More elements than shape arithmetic has, which is computed at once.
  const ValueId folded =
      b.add("Add", {b.constant({9}, std::vector<float>(9, 0.1f)), b.constant(Shape{}, {0.2f})});
  const ValueId same = b.add("Dropout", {b.add("Identity", {x})});
  b.add("Relu", {same});  // nobody reads it
  b.output(b.add("Identity", {b.add("Mul", {same, folded})}));
  const auto network = std::make_shared<const Network>(b.build());
  const Simplified simplified = simplify(network);
  ASSERT_EQ(simplified.records.size(), 3u);
  EXPECT_EQ(simplified.records[0].what, "folded 1 constant node");
  EXPECT_EQ(simplified.records[1].what, "dropped 2 identity nodes");
  ASSERT_EQ(simplified.network->nodes.size(), 2u);
  EXPECT_EQ(simplified.network->nodes[0].kind, OpKind::mul);
  EXPECT_EQ(simplified.network->nodes[1].kind, OpKind::identity) << "an output keeps its name";
  const Value& constant = simplified.network->value(simplified.network->nodes[0].inputs[1]);
  EXPECT_EQ(constant.constant->as_float64(), (std::vector<double>(9, 0.1f + 0.2f))) << "in float32";
  EXPECT_EQ(simplified.network->values.size(), 4u);
}

TEST(Simplify, LeavesWhatIsSimple) {
  const auto network = std::make_shared<const Network>(two_layers());
  const Simplified simplified = simplify(network);
  EXPECT_EQ(simplified.network, network);
  EXPECT_TRUE(simplified.records.empty());
}

TEST(Simplify, KeepsInputsThatAreOutputsOrUnused) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {2});
  b.input("unused", {3});
  b.output(x);
  b.output(b.add("Add", {b.constant({1}, {1}), b.constant({1}, {2})}));
  const auto simplified = simplify(std::make_shared<const Network>(b.build()));
  EXPECT_EQ(simplified.network->input_size(), 5);
  std::vector<double> y(6), gradient(10);
  Evaluator<double> evaluator(simplified.network);
  evaluator.forward(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, y);
  EXPECT_EQ(y, (std::vector<double>{1, 2, 3, 6, 7, 3}));
  evaluator.backward(std::vector<double>{1, 2, 3, 4, 5, 6}, gradient);
  EXPECT_EQ(gradient, (std::vector<double>{1, 2, 0, 0, 0, 4, 5, 0, 0, 0}));
}

TEST(Evaluate, InsistsOnSizesAndOrder) {
  Evaluator<float> evaluator(std::make_shared<const Network>(two_layers()));
  std::vector<float> x(4), y(2), g(4);
  EXPECT_THROW(evaluator.backward(y, g), ContractError);
  EXPECT_THROW(evaluator.forward(std::span(x).first(3), y), ContractError);
  EXPECT_THROW(evaluator.forward(x, std::span(y).first(1)), ContractError);
  evaluator.forward(x, y);
  evaluator.backward(y, g);
  evaluator.replay(std::span(x).first(2), SummationOrder::natural, std::span(y).first(1));
  EXPECT_THROW(evaluator.backward(y, g), ContractError) << "replay() has overwritten the buffers";
}

TEST(Evaluate, PointsDoNotDependOnTheirBatch) {
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  Evaluator<float> evaluator(std::make_shared<const Network>(two_layers()));
  for (const std::size_t batch : {1u, 7u, 3u, 100u, 64u}) {
    std::vector<float> x(batch * 2), y(batch);
    for (float& v : x) v = uniform(generator);
    evaluator.forward(x, y);
    for (std::size_t p = 0; p < batch; ++p) {
      const float s = x[2 * p] + x[2 * p + 1];
      EXPECT_FLOAT_EQ(y[p], s > 0 ? 2 * s : -3 * s);
    }
  }
}

TEST(Blas, MultipliesLikeTheDefinition) {
  std::mt19937 generator(9);
  std::uniform_int_distribution<int> small(-4, 4);
  for (const std::int64_t m : {1, 2, 5, 33})
    for (const std::int64_t n : {1, 3, 17})
      for (const std::int64_t k : {0, 1, 4, 40})
        for (const auto ta : {Transpose::no, Transpose::yes})
          for (const auto tb : {Transpose::no, Transpose::yes})
            for (const float beta : {0.0f, 1.0f, -2.0f}) {
              const auto random = [&](std::int64_t size) {
                std::vector<float> v(static_cast<std::size_t>(size));
                for (float& x : v) x = static_cast<float>(small(generator));
                return v;
              };
              const auto a = random(std::max<std::int64_t>(1, m * k)),
                         b = random(std::max<std::int64_t>(1, k * n));
              auto c = random(m * n), expected = c;
              if (beta == 0.0f) c.assign(c.size(), std::numeric_limits<float>::quiet_NaN());
              const std::int64_t lda = std::max<std::int64_t>(1, ta == Transpose::no ? k : m);
              const std::int64_t ldb = std::max<std::int64_t>(1, tb == Transpose::no ? n : k);
              for (std::int64_t i = 0; i < m; ++i)
                for (std::int64_t j = 0; j < n; ++j) {
                  float sum = 0;
                  for (std::int64_t l = 0; l < k; ++l)
                    sum += a[static_cast<std::size_t>(ta == Transpose::no ? i * lda + l
                                                                          : l * lda + i)] *
                           b[static_cast<std::size_t>(tb == Transpose::no ? l * ldb + j
                                                                          : j * ldb + l)];
                  float& e = expected[static_cast<std::size_t>(i * n + j)];
                  e = 0.5f * sum + beta * e;
                }
              gemm(ta, tb, m, n, k, 0.5f, a.data(), lda, b.data(), ldb, beta, c.data(), n);
              ASSERT_EQ(c, expected) << m << " " << n << " " << k;
              const std::vector<double> a64(a.begin(), a.end()), b64(b.begin(), b.end());
              std::vector<double> c64(c.size(), std::numeric_limits<double>::quiet_NaN());
              gemm(ta, tb, m, n, k, 0.5, a64.data(), lda, b64.data(), ldb, 0.0, c64.data(), n);
              if (beta == 0.0f) {
                ASSERT_EQ(std::vector<double>(c.begin(), c.end()), c64);
              }
            }
}

}  // namespace
}  // namespace clipbound::test
