// float16, bfloat16 and mixed precision: evaluation rounds every node's result to its type, real
// arithmetic (running error bounds) does not.
#include <cmath>

#include "specs/evaluate/counterexample.h"
#include "specs/network/half.h"
#include "specs/simplify/simplify.h"
#include "tests/specs/onnx/reading.h"

namespace clipbound::test {
namespace {

using Proto = onnx::TensorProto;
using Numbers = std::vector<float>;

/// x -> Cast to `type` -> Cast back to float32.
OnnxWriter there_and_back(int type) {
  OnnxWriter w;
  w.input("x", {1});
  set_int(w.node("Cast", {"x"}, {"h"}), "to", type);
  set_int(w.node("Cast", {"h"}, {"y"}), "to", Proto::FLOAT);
  w.output("y");
  return w;
}

TEST(NarrowTypes, CastsRound) {
  const Network half = parse(there_and_back(Proto::FLOAT16));
  EXPECT_EQ(evaluate(half, {1.0001f}), (Numbers{1.0f}));
  EXPECT_EQ(evaluate(half, {0.1f}), (Numbers{0.0999755859375f}));
  EXPECT_EQ(evaluate(half, {70000.0f}), (Numbers{INFINITY}));
  EXPECT_EQ(evaluate(parse(there_and_back(Proto::BFLOAT16)), {1.0f + 0x1p-8f}), (Numbers{1.0f}));
  EXPECT_EQ(evaluate(parse(there_and_back(Proto::BFLOAT16)), {1.0f + 0x3p-8f}),
            (Numbers{1.0f + 0x1p-6f}));
  EXPECT_EQ(evaluate(parse(there_and_back(Proto::DOUBLE)), {0.1f}), (Numbers{0.1f}));
}

TEST(NarrowTypes, RewritesRoundAsWell) {
  const auto read = std::make_shared<const Network>(parse(there_and_back(Proto::FLOAT16)));
  EXPECT_EQ(evaluate(*simplify(read).network, {1.0001f}), (Numbers{1.0f}));
}

TEST(NarrowTypes, RealArithmeticDoesNotRound) {
  const double x = static_cast<double>(1.0001f);
  const auto real = evaluate_enclosed(parse(there_and_back(Proto::FLOAT16)), std::vector{x});
  EXPECT_LE(std::fabs(real.value[0] - x), real.error[0]);
  EXPECT_LT(real.error[0], 1e-12);
}

/// A float16 body between float32 ends.
TEST(NarrowTypes, EveryNodeOfABodyRounds) {
  OnnxWriter w;
  w.input("x", {1, 2}).halfs("w", {2, 1}, {1, 1}).halfs("third", {1}, {0.333251953125f});
  set_int(w.node("Cast", {"x"}, {"h"}), "to", Proto::FLOAT16);
  w.node("MatMul", {"h", "w"}, {"s"});
  w.node("Mul", {"s", "third"}, {"t"});
  set_int(w.node("Cast", {"t"}, {"y"}), "to", Proto::FLOAT);
  w.output("y");
  // 2048 + 1 is 2048 in float16, which counts by 2 there; times 0.333251953125 it is 682.5,
  // exactly.
  EXPECT_EQ(evaluate(parse(w), {2048, 1}), (Numbers{682.5f}));
  // 2048 + 3 is 2052: halfway, the even one; times 0.33325... = 683.833: counted by 0.5.
  EXPECT_EQ(evaluate(parse(w), {2048, 3}), (Numbers{684.0f}));
}

TEST(NarrowTypes, InputsAndOutputsMayBeFloat16) {
  OnnxWriter w;
  w.input("x", {2}, Proto::FLOAT16).halfs("b", {2}, {1, 1});
  w.node("Add", {"x", "b"}, {"y"});
  w.output("y", Proto::FLOAT16);
  const Network network = parse(w);
  EXPECT_EQ(network.input_type(), DataType::float16);
  EXPECT_FALSE(network.computes_in_float64());
  EXPECT_EQ(evaluate(network, {0x1p-11f, 2.0f}), (Numbers{1.0f, 3.0f}));
  EXPECT_EQ(evaluate(network, {1.0001f, 2.0f}), (Numbers{2.0f, 3.0f})) << "inputs are rounded";
  OnnxWriter both;
  both.input("x", {2}, Proto::FLOAT16).input("z", {2});
  both.node("Relu", {"x"}, {"y"});
  both.output("y");
  expect_refused<Unsupported>(both, {"float16 inputs beside"});
}

// A decimal of the property would be rounded to float64 for both, and a point of float32 left out.
TEST(NarrowTypes, Float32AndFloat64InputsAreNotMixed) {
  OnnxWriter both;
  both.input("x", {2}, Proto::DOUBLE).input("z", {2});
  both.node("Relu", {"z"}, {"y"});
  both.output("y");
  expect_refused<Unsupported>(both, {"inputs of float32 and float64"});
}

TEST(NarrowTypes, AreNotMixed) {
  OnnxWriter w;
  w.input("x", {2}, Proto::FLOAT16).floats("b", {2}, {1, 1});
  w.node("Add", {"x", "b"}, {"y"});
  w.output("y");
  expect_refused<InputError>(w, {"Add_node1", "float16", "float32"});
}

TEST(NarrowTypes, ConstantsAreComputedIn16Bits) {
  OnnxWriter w;
  w.input("x", {1}).halfs("a", {1}, {2048}).halfs("b", {1}, {1});
  w.node("Add", {"a", "b"}, {"c"});
  set_int(w.node("Cast", {"c"}, {"d"}), "to", Proto::FLOAT);
  w.node("Add", {"x", "d"}, {"y"});
  w.output("y");
  EXPECT_EQ(evaluate(parse(w), {0}), (Numbers{2048})) << "small ones are computed while reading";
  OnnxWriter large;
  large.input("x", {16}).halfs("a", {16}, Numbers(16, 2048)).halfs("b", {1}, {1});
  large.node("Add", {"a", "b"}, {"c"});
  set_int(large.node("Cast", {"c"}, {"d"}), "to", Proto::FLOAT);
  large.node("Add", {"x", "d"}, {"y"});
  large.output("y");
  const auto network = std::make_shared<const Network>(parse(large));
  EXPECT_EQ(evaluate(*network, Numbers(16, 0)), Numbers(16, 2048));
  EXPECT_EQ(evaluate(*simplify(network).network, Numbers(16, 0)), Numbers(16, 2048));
}

TEST(NarrowTypes, FollowTheDataThroughCopiesAndChoices) {
  OnnxWriter w(18);
  w.input("x", {2, 1}, Proto::FLOAT16).halfs("one", {1}, {1}).ints("i", {1}).ints("s", {1, 1});
  w.node("Gather", {"x", "i"}, {"g"});
  w.node("Reshape", {"g", "s"}, {"r"});
  w.node("Greater", {"r", "one"}, {"c"});
  w.node("Where", {"c", "r", "one"}, {"p"});
  set_int(w.node("Concat", {"p", "r"}, {"q"}), "axis", 0);
  w.node("Mul", {"q", "q"}, {"y"});
  w.output("y");
  const float third = 0.333251953125f, square = 0.11102294921875f;  // 0.1110568... in float16
  EXPECT_EQ(evaluate(parse(w), {9, third}),
            (Numbers{1, nearest_half(Half::float16, third * third)}));
  EXPECT_NEAR(nearest_half(Half::float16, third * third), square, 1e-4);
}

/// In a float64 network, what is float32 is rounded to that.
TEST(NarrowTypes, Float32InsideAFloat64NetworkRounds) {
  OnnxWriter w;
  w.input("x", {1}, Proto::DOUBLE);
  set_int(w.node("Cast", {"x"}, {"h"}), "to", Proto::FLOAT);
  set_int(w.node("Cast", {"h"}, {"y"}), "to", Proto::DOUBLE);
  w.output("y", Proto::DOUBLE);
  const auto network = std::make_shared<const Network>(parse(w));
  EXPECT_TRUE(network->computes_in_float64());
  std::vector<double> x = {1.0 + 1e-9}, y(1);
  Evaluator<double>(network).forward(x, y);
  EXPECT_EQ(y[0], 1.0);
  const auto real = evaluate_enclosed(*network, x);
  EXPECT_LE(std::fabs(real.value[0] - x[0]), real.error[0]);
}

TEST(NarrowTypes, AFloat64BodyIsComputedInFloat64) {
  OnnxWriter w;
  w.input("x", {1});
  onnx::TensorProto tiny;
  tiny.set_name("tiny");
  tiny.set_data_type(Proto::DOUBLE);
  tiny.add_dims(1);
  tiny.add_double_data(0x1p-40);
  *w.graph().add_initializer() = tiny;
  set_int(w.node("Cast", {"x"}, {"h"}), "to", Proto::DOUBLE);
  w.node("Add", {"h", "tiny"}, {"s"});
  w.node("Sub", {"s", "h"}, {"d"});
  set_int(w.node("Cast", {"d"}, {"y"}), "to", Proto::FLOAT);
  w.output("y");
  const Network network = parse(w);
  Query query;
  query.input_size = query.output_size = 1;
  const std::vector<double> x = {1.0};
  EXPECT_EQ(judge(network, query, x).outputs, (std::vector<double>{0x1p-40}));
}

}  // namespace
}  // namespace clipbound::test
