// Functions of one number: which types they take, where slopes and stand-ins for them are added.
#include "specs/ops/elementwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Numbers = std::vector<double>;

/// 2 x; the "slope" shows which argument is which.
struct Twice : NumberFunction {
  template <typename S>
  S value(S x) const {
    return x + x;
  }
  template <typename T>
  T slope(T x, T y) const {
    return T(10) * x + y;
  }
};

struct FloatTwice : FloatFunction {
  template <typename S>
  S value(S x) const {
    return x + x;
  }
  template <typename T>
  T slope(T, T) const {
    return T(2);
  }
};

/// What stands in for its slope: the width times the point's first argument.
struct Stepped : FloatFunction {
  template <typename S>
  S value(S x) const {
    return x;
  }
  template <typename T>
  T slope(T, T) const {
    return T(0);
  }
  template <typename T>
  static void surrogate(const T* x, const T* gy, T* gx, std::int64_t size, T width) {
    for (std::int64_t i = 0; i < size; ++i) gx[i] += gy[i] * width * x[0];
  }
};

struct Scaled : FloatFunction {
  Scaled(const Network&, const Node& node) : factor(node.float_attribute("factor", 1.0)) {}
  template <typename S>
  S value(S x) const {
    return x * S(factor);
  }
  template <typename T>
  T slope(T, T) const {
    return static_cast<T>(factor);
  }
  double factor;
};

/// One node from one value to another, without shape inference.
struct OneNode {
  explicit OneNode(const Shape& shape, DataType type = DataType::float32) {
    network.values = {{"x", type, shape, std::nullopt},
                      {"y", DataType::float32, Shape{}, std::nullopt}};
  }
  Network network;
  Node node{OpKind{}, "n", 18, {ValueId{0}}, {ValueId{1}}, {}};
};

template <class F, typename S>
std::vector<S> values(const OneNode& one, const std::vector<S>& x, std::int64_t batch = 1) {
  std::vector<S> y(x.size());
  const S* in[] = {x.data()};
  S* out[] = {y.data()};
  ElementwiseOp<F>(one.network, one.node).run(Arguments<S>{batch, in, out});
  return y;
}

/// The gradient, added to 100, with the function's own values.
template <class F>
Numbers gradient(const OneNode& one, const Numbers& x, const Numbers& gy, std::int64_t batch,
                 double surrogate = 0.0) {
  Numbers y = values<F>(one, x, batch);
  Numbers gx(x.size(), 100.0);
  const double* in[] = {x.data()};
  double* out[] = {y.data()};
  const double* g_out[] = {gy.data()};
  double* g_in[] = {gx.data()};
  ElementwiseOp<F>(one.network, one.node)
      .pull(Arguments<double>{batch, in, out}, Gradients<double>{g_out, g_in, surrogate});
  return gx;
}

template <class F>
std::string inference_error(DataType type) {
  OneNode one({2}, type);
  try {
    infer_elementwise<F>(one.network, one.node);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Elementwise, AppliesToEveryElementOfEveryPoint) {
  const OneNode one({2});
  EXPECT_EQ((values<Twice, double>(one, {1, -2, 0.25, 4, 5, 6}, 3)),
            (Numbers{2, -4, 0.5, 8, 10, 12}));
  EXPECT_EQ((values<Twice, double>(OneNode({0}), {}, 3)), Numbers{});
  EXPECT_EQ((values<Twice, double>(OneNode({}), {3})), Numbers{6});
}

TEST(Elementwise, WritesNothingPastTheLastPoint) {
  const OneNode one({2});
  const Numbers y = values<Twice, double>(one, {1, 2, 3, 4}, 1);
  EXPECT_EQ(y, (Numbers{2, 4, 0, 0}));
}

TEST(Elementwise, PutsNothingBetweenFunctionAndElement) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Numbers y = values<Twice, double>(OneNode({4}), {infinity, -infinity, -0.0, std::nan("")});
  EXPECT_EQ(y[0], infinity);
  EXPECT_EQ(y[1], -infinity);
  EXPECT_TRUE(std::signbit(y[2]));
  EXPECT_TRUE(std::isnan(y[3]));
}

TEST(Elementwise, ComputesInEveryScalar) {
  const OneNode one({1});
  EXPECT_EQ((values<Twice, float>(one, {0.1F})), std::vector<float>{0.2F});
  EXPECT_EQ((values<Twice, std::int64_t>(one, {-7})), std::vector<std::int64_t>{-14});
  const Enclosed y = values<Twice, Enclosed>(one, {Enclosed(1.0, 0.25)})[0];
  EXPECT_EQ(y.value, 2.0);
  EXPECT_GE(y.error, 0.5);
  EXPECT_LE(y.error, 0.5 + 1e-12);
}

TEST(Elementwise, RefusesIntegersWhereTheFunctionHasNone) {
  EXPECT_THROW((values<FloatTwice, std::int64_t>(OneNode({1}), {3})), ContractError);
  EXPECT_EQ((values<FloatTwice, double>(OneNode({1}), {3})), Numbers{6});
}

TEST(Elementwise, TakesParametersFromItsNode) {
  OneNode one({2});
  EXPECT_EQ((values<Scaled, double>(one, {1, 2})), (Numbers{1, 2}));
  one.node.attributes["factor"] = -0.5;
  EXPECT_EQ((values<Scaled, double>(one, {1, 2})), (Numbers{-0.5, -1}));
  EXPECT_EQ(gradient<Scaled>(one, {1, 2}, {4, 8}, 1), (Numbers{98, 96}));
}

TEST(Elementwise, AddsCotangentTimesSlope) {
  // slope(x, y) = 10 x + y = 12 x.
  EXPECT_EQ(gradient<Twice>(OneNode({2}), {1, 2, 3, -1}, {1, 2, 0, 1}, 2),
            (Numbers{112, 148, 100, 88}));
}

TEST(Elementwise, AStandInCountsOnlyWhereItIsAskedFor) {
  const OneNode one({2});
  const Numbers x = {2, 3, 5, 7}, gy = {1, 10, 1, 10};
  EXPECT_EQ(gradient<Stepped>(one, x, gy, 2), (Numbers{100, 100, 100, 100}));
  EXPECT_EQ(gradient<Stepped>(one, x, gy, 2, 0.5), (Numbers{101, 110, 102.5, 125}));
  // A function without one keeps its slope.
  EXPECT_EQ(gradient<FloatTwice>(one, x, gy, 2, 0.5), (Numbers{102, 120, 102, 120}));
}

TEST(Elementwise, InfersTypeAndShapeOfItsInput) {
  OneNode one({2, 3}, DataType::int64);
  infer_elementwise<Twice>(one.network, one.node);
  EXPECT_EQ(one.network.values[1].type, DataType::int64);
  EXPECT_EQ(one.network.values[1].shape, (Shape{2, 3}));
}

TEST(Elementwise, InferenceRefusesTypesThatTheFunctionHasNot) {
  EXPECT_EQ(inference_error<Twice>(DataType::boolean), "input is boolean");
  EXPECT_EQ(inference_error<FloatTwice>(DataType::boolean), "input is boolean");
  EXPECT_EQ(inference_error<FloatTwice>(DataType::int64), "input is int64");
  EXPECT_EQ(inference_error<Twice>(DataType::int64), "");
  EXPECT_EQ(inference_error<FloatTwice>(DataType::float64), "");
}

TEST(Elementwise, TakesOneInput) {
  OneNode one({2});
  one.node.inputs = {};
  EXPECT_THROW(infer_elementwise<Twice>(one.network, one.node), InputError);
  one.node.inputs = {ValueId{0}, ValueId{0}};
  EXPECT_THROW(infer_elementwise<Twice>(one.network, one.node), InputError);
}

TEST(Elementwise, VerbsInferAndPrepare) {
  OneNode one({2});
  const OpVerbs verbs = elementwise_verbs<Twice>();
  verbs.infer(one.network, one.node);
  EXPECT_EQ(one.network.values[1].shape, Shape{2});
  const auto operation = verbs.prepare(one.network, one.node);
  const double x[] = {1, 2};
  double y[2] = {};
  const double* in[] = {x};
  double* out[] = {y};
  operation->eval(Arguments<double>{1, in, out});
  EXPECT_EQ(y[1], 4.0);
  EXPECT_EQ(operation->movement(), nullptr);
}

}  // namespace
}  // namespace clipbound::test
