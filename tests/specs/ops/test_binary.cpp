// Functions of two numbers with broadcasting, on f(x, y) = (x - 1) y: the order of the operands and
// of the derivatives' arguments shows in the values.
#include "specs/ops/binary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Numbers = std::vector<double>;

struct Example {
  template <typename S>
  static S value(S x, S y) {
    return x * y - y;
  }
  template <typename T>
  static T by_x(T, T y, T g) {
    return g * y;
  }
  template <typename T>
  static T by_y(T x, T, T g) {
    return g * x - g;
  }
};

/// One node with these inputs' shapes and an output of shape `out`, without shape inference.
struct OneNode {
  OneNode(const std::vector<Shape>& shapes, const Shape& out) {
    for (const Shape& shape : shapes) add(shape, node.inputs);
    add(out, node.outputs);
  }
  void make_constant(std::size_t i) {
    Value& value = network.values[i];
    value.constant =
        Tensor{value.shape, std::vector<float>(static_cast<std::size_t>(value.size()))};
  }

  Network network;
  Node node{OpKind{}, "n", 18, {}, {}, {}};

 private:
  void add(const Shape& shape, std::vector<ValueId>& ids) {
    ids.push_back(ValueId{static_cast<std::int32_t>(network.values.size())});
    network.values.push_back({"v", DataType::float32, shape, std::nullopt});
  }
};

template <typename S>
std::vector<S> run(const BinaryOp<Example>& op, const std::vector<S>& x, const std::vector<S>& y,
                   std::size_t size, std::int64_t batch = 1) {
  std::vector<S> z(size);
  const S* in[] = {x.data(), y.data()};
  S* out[] = {z.data()};
  op.run(Arguments<S>{batch, in, out});
  return z;
}

/// Shapes a, b broadcast to `out`; one point.
Numbers values(const Shape& a, const Shape& b, const Shape& out, const Numbers& x,
               const Numbers& y) {
  const OneNode one({a, b}, out);
  return run(BinaryOp<Example>(one.network, one.node), x, y,
             static_cast<std::size_t>(element_count(out)));
}

Operand operand(const Shape& from, const Shape& to) {
  const OneNode one({from}, to);
  return {one.network, one.node.inputs[0], from, to};
}

TEST(Operand, IsReadAsItIsWhereNothingRepeats) {
  const std::vector<std::pair<Shape, Shape>> pairs = {
      {{2, 3}, {2, 3}}, {{3}, {1, 3}}, {{}, {1, 1}}, {{0}, {0}}};
  for (const auto& [from, to] : pairs) {
    const Operand whole = operand(from, to);
    EXPECT_TRUE(whole.unchanged) << to_string(from);
    EXPECT_FALSE(whole.single) << to_string(from);
    EXPECT_TRUE(whole.index.empty()) << to_string(from);
    EXPECT_EQ(whole.at(2), 2);
  }
}

TEST(Operand, OfOneElementIsOneNumberForAll) {
  const std::vector<std::pair<Shape, Shape>> pairs = {
      {{1}, {2, 3}}, {{}, {4}}, {{1, 1}, {2, 2}}, {{1}, {0}}};
  for (const auto& [from, to] : pairs) {
    const Operand one = operand(from, to);
    EXPECT_FALSE(one.unchanged) << to_string(to);
    EXPECT_TRUE(one.single) << to_string(to);
    EXPECT_EQ(one.at(3), 0);
  }
}

TEST(Operand, ThatRepeatsHasATable) {
  EXPECT_EQ(operand({3}, {2, 3}).index, (std::vector<std::int64_t>{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(operand({2, 1}, {2, 3}).index, (std::vector<std::int64_t>{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(operand({2, 1}, {2, 3}).at(4), 1);
  EXPECT_THROW(operand({2}, {3}), InputError);
  EXPECT_THROW(operand({0}, {3}), InputError);
}

TEST(Operand, StepsFromPointToPointUnlessItIsConstant) {
  OneNode one({{2, 3}, {2, 1}, {1}}, {2, 3});
  one.make_constant(1);
  const std::vector<Operand> operands = operands_of(one.network, one.node);
  ASSERT_EQ(operands.size(), 3u);
  EXPECT_EQ(operands[0].point_stride, 6);
  EXPECT_TRUE(operands[0].unchanged);
  EXPECT_EQ(operands[1].point_stride, 0);
  EXPECT_EQ(operands[1].size, 2);
  EXPECT_EQ(operands[1].at(3), 1);
  EXPECT_EQ(operands[2].point_stride, 1);
  EXPECT_TRUE(operands[2].single);
}

TEST(BinaryOp, BroadcastsEitherOperandOrBoth) {
  EXPECT_EQ(values({3}, {3}, {3}, {1, 2, 3}, {10, 20, 30}), (Numbers{0, 20, 60}));
  EXPECT_EQ(values({2, 3}, {3}, {2, 3}, {1, 2, 3, 4, 5, 6}, {10, 20, 30}),
            (Numbers{0, 20, 60, 30, 80, 150}));
  EXPECT_EQ(values({3}, {1}, {3}, {1, 2, 3}, {10}), (Numbers{0, 10, 20}));
  EXPECT_EQ(values({1}, {2}, {2}, {3}, {5, 7}), (Numbers{10, 14}));
  EXPECT_EQ(values({2, 1}, {1, 2}, {2, 2}, {2, 3}, {5, 7}), (Numbers{5, 7, 10, 14}));
  EXPECT_EQ(values({}, {}, {}, {3}, {5}), Numbers{10});
}

TEST(BinaryOp, OfNothingWritesNothing) {
  EXPECT_EQ(values({0}, {0}, {0}, {}, {}), Numbers{});
  EXPECT_EQ(values({1}, {0}, {0}, {3}, {}), Numbers{});
  EXPECT_EQ(values({2, 0}, {2, 1}, {2, 0}, {}, {1, 2}), Numbers{});
}

TEST(BinaryOp, InfinitiesGoWhereArithmeticSendsThem) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Numbers z = values({3}, {3}, {3}, {infinity, infinity, -infinity}, {2, 0, 2});
  EXPECT_EQ(z[0], infinity);
  EXPECT_TRUE(std::isnan(z[1]));
  EXPECT_EQ(z[2], -infinity);
}

TEST(BinaryOp, AConstantIsTheSameForEveryPoint) {
  OneNode one({{2}, {2}}, {2});
  const BinaryOp<Example> of_points(one.network, one.node);
  EXPECT_EQ(run<double>(of_points, {1, 2, 3, 4}, {10, 20, 30, 40}, 4, 2),
            (Numbers{0, 20, 60, 120}));
  one.make_constant(1);
  const BinaryOp<Example> with_constant(one.network, one.node);
  EXPECT_EQ(run<double>(with_constant, {1, 2, 3, 4}, {10, 20}, 4, 2), (Numbers{0, 20, 20, 60}));
}

TEST(BinaryOp, ComputesInEveryScalar) {
  const OneNode one({{2}, {1}}, {2});
  const BinaryOp<Example> op(one.network, one.node);
  EXPECT_EQ(run<float>(op, {4, -1}, {0.5F}, 2), (std::vector<float>{1.5F, -1.0F}));
  EXPECT_EQ(run<std::int64_t>(op, {4, -1}, {7}, 2), (std::vector<std::int64_t>{21, -14}));
  const auto enclosed = run<Enclosed>(op, {Enclosed(4.0, 0.5), Enclosed(-1.0)}, {2.0}, 2);
  EXPECT_EQ(enclosed[0].value, 6.0);
  EXPECT_GE(enclosed[0].error, 1.0) << "half a unit, twice";
  EXPECT_LE(enclosed[0].error, 1.0 + 1e-12);
  EXPECT_EQ(enclosed[1].value, -4.0);
  EXPECT_LE(enclosed[1].error, 1e-12);
}

TEST(BinaryOp, ReadsTheSecondOperandInAnotherShapeWhereAsked) {
  const OneNode one({{1, 2, 2}, {2}}, {1, 2, 2});
  const BinaryOp<Example> per_channel(one.network, one.node, Shape{2, 1});
  EXPECT_EQ(run<double>(per_channel, {1, 2, 3, 4}, {10, 20}, 4), (Numbers{0, 10, 40, 60}));
}

/// Gradients that begin with `from` everywhere.
struct Pulled {
  Numbers x, y;
};
Pulled pull(const BinaryOp<Example>& op, const Numbers& x, const Numbers& y, const Numbers& g,
            std::int64_t batch = 1, double from = 100.0) {
  Pulled pulled{Numbers(x.size(), from), Numbers(y.size(), from)};
  const double* in[] = {x.data(), y.data()};
  const double* gz[] = {g.data()};
  double* gradients[] = {pulled.x.data(), pulled.y.data()};
  op.pull(Arguments<double>{batch, in, {}}, Gradients<double>{gz, gradients});
  return pulled;
}

TEST(BinaryOp, GradientsOfWhatRepeatsAreSummedAndAdded) {
  const OneNode one({{2, 3}, {3}}, {2, 3});
  const Pulled pulled = pull(BinaryOp<Example>(one.network, one.node), {1, 2, 3, 4, 5, 6},
                             {10, 20, 30}, {1, 1, 1, 1, 1, 2});
  EXPECT_EQ(pulled.x, (Numbers{110, 120, 130, 110, 120, 160}));
  EXPECT_EQ(pulled.y, (Numbers{100 + 0 + 3, 100 + 1 + 4, 100 + 2 + 2 * 5}));
}

TEST(BinaryOp, GradientsOfEveryPointStandApart) {
  const OneNode one({{1}, {2}}, {2});
  const Pulled pulled =
      pull(BinaryOp<Example>(one.network, one.node), {3, 5}, {10, 20, 30, 40}, {1, 1, 1, 0}, 2);
  EXPECT_EQ(pulled.x, (Numbers{130, 130}));
  EXPECT_EQ(pulled.y, (Numbers{102, 102, 104, 100}));
}

TEST(BinaryOp, GradientsThatNobodyWantsAreLeftOut) {
  const OneNode one({{1}, {1}}, {1});
  const BinaryOp<Example> op(one.network, one.node);
  const Numbers x = {3}, y = {5}, g = {1};
  Numbers gx = {0}, gy = {0};
  const double *in[] = {x.data(), y.data()}, *gz[] = {g.data()};
  double *first[] = {gx.data(), nullptr}, *second[] = {nullptr, gy.data()};
  op.pull(Arguments<double>{1, in, {}}, Gradients<double>{gz, first});
  EXPECT_EQ(gx, Numbers{5});
  op.pull(Arguments<double>{1, in, {}}, Gradients<double>{gz, second});
  EXPECT_EQ(gx, Numbers{5});
  EXPECT_EQ(gy, Numbers{2});
}

}  // namespace
}  // namespace clipbound::test
