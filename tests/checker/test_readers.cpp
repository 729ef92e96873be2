// The readers: properties in normal form, operators at points. A box that is one point is bounded
// by interval arithmetic to the operator's value there, which closed forms give.
#include <gtest/gtest.h>

#include <cfenv>
#include <functional>

#include "checker/kernel/errors.h"
#include "tests/checker/models.h"
#include "tests/cli/child.h"

namespace clipcheck {
namespace {

/// Readers round to nearest, the kernel upward.
class Readers : public testing::Test {
 protected:
  void SetUp() override { std::fesetround(FE_TONEAREST); }
  void TearDown() override { std::fesetround(FE_TONEAREST); }
};

TEST_F(Readers, ClausesOfAProperty) {
  const std::string text = R"(; two inputs
(declare-const X_0 Real) (declare-const X_1 Real) (declare-const Y_0 Real) (declare-const Y_1 Real)
(assert (and (<= X_0 0.1) (>= X_0 -1e-1)))
(assert (>= X_1 0.5)) (assert (<= X_1 0.5))
(assert (or (and (<= Y_0 Y_1) (>= (* 2.0 Y_1) 3)) (< (- Y_0 1) (+ Y_1 X_0)))))";
  const std::vector<Clause> clauses = read_vnnlib(text, {{2}, {2}});
  ASSERT_EQ(clauses.size(), 2U);
  // 0.1 lies below its float32 and above its float64's lower neighbour.
  EXPECT_EQ(clauses[0].upper[0], static_cast<double>(0.1F));
  EXPECT_EQ(clauses[0].lower[0], -static_cast<double>(0.1F));
  EXPECT_EQ(clauses[0].lower[1], 0.5);
  ASSERT_EQ(clauses[0].rows.size(), 2U);
  EXPECT_EQ(clauses[0].rows[1].terms[0].coefficient, -2);
  EXPECT_EQ(clauses[0].rows[1].threshold, -3);
  ASSERT_EQ(clauses[1].rows.size(), 1U);
  EXPECT_TRUE(clauses[1].rows[0].strict);
  EXPECT_EQ(clauses[1].rows[0].threshold, 1);
  EXPECT_EQ(clauses[1].rows[0].terms.size(), 3U);
}

TEST_F(Readers, BadProperties) {
  const std::string head = "(declare-const X_0 Real)(declare-const Y_0 Real)";
  for (const char* rest :
       {"(assert (<= X_0 1))", "(assert (<= X_0 1)", "(assert (<= X_1 1))", "(assert (<= X_0 1e))",
        "(assert (<= X_0 (* X_0 Y_0)))", "(assert (!= X_0 1))", "(check-sat)", ")", "(assert)"})
    EXPECT_THROW(read_vnnlib(head + rest, {{1}, {1}}), Unreadable) << rest;
}

onnx::TensorProto integers(const std::string& name, const std::vector<std::int64_t>& values) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(static_cast<std::int64_t>(values.size()));
  for (const auto value : values) tensor.add_int64_data(value);
  return tensor;
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t k = 0; k < found.size(); ++k) EXPECT_NEAR(found[k], expected[k], 1e-12) << k;
}

TEST_F(Readers, DenseLayersAndBiases) {
  Model model({1, 2});
  model.add(weights("w", {2, 2}, {1, 2, 3, 4}));
  model.add(weights("b", {2}, {0.5F, -8}));
  model.node("MatMul", {"x", "w"}, "z");
  model.node("Add", {"z", "b"}, "s");
  model.node("Relu", {"s"}, "y");
  expect_near(model.at({1, -0.25}), {0.75, 0});
  // Somebody else reads z too, so the bias must not become a part of it.
  model.proto.mutable_graph()->mutable_node(2)->set_output(0, "r");
  model.node("Sub", {"r", "z"}, "y");
  expect_near(model.at({1, -0.25}), {0.5, -1});
  // ... also by way of another name.
  Model alias({1, 2});
  alias.add(weights("w", {2, 2}, {1, 2, 3, 4}));
  alias.add(weights("b", {2}, {0.5F, -8}));
  alias.node("MatMul", {"x", "w"}, "z");
  alias.node("Identity", {"z"}, "i");
  alias.node("Add", {"i", "b"}, "s");
  alias.node("Sub", {"s", "z"}, "y");
  expect_near(alias.at({1, -0.25}), {0.5, -8});
}

TEST_F(Readers, ABiasOfAnAliasStaysItsOwn) {
  // z also under a name that an operator gives it without computing anything: a bias that is added
  // to that name must not become a part of z.
  for (const char* op : {"MaxPool", "Clip", "Max", "Min", "Sum", "Dropout", "Reshape"}) {
    const bool pool = std::string(op) == "MaxPool", reshape = std::string(op) == "Reshape";
    Model model(pool ? std::vector<std::int64_t>{1, 1, 1, 2} : std::vector<std::int64_t>{2});
    model.add(weights("two", {}, {2}));
    model.add(weights("b", {1}, {0.5F}));
    if (reshape) model.add(integers("shape", {2}));
    model.node("Mul", {"x", "two"}, "z");
    auto& alias = model.node(
        op, reshape ? std::vector<std::string>{"z", "shape"} : std::vector<std::string>{"z"}, "i");
    if (pool) Model::ints(alias, "kernel_shape", {1, 1});
    model.node("Add", {"i", "b"}, "s");
    model.node("Sub", {"s", "z"}, "y");
    SCOPED_TRACE(op);
    expect_near(model.at({3, -4}), {0.5, 0.5});
  }
}

TEST_F(Readers, NamesAndFormsThatAreAmbiguous) {
  Model twice({1});
  twice.add(weights("w", {}, {1}));
  twice.add(weights("w", {}, {2}));
  twice.node("Mul", {"x", "w"}, "y");
  EXPECT_THROW(twice.at({1}), Unreadable);
  Model inputs({1});
  *inputs.proto.mutable_graph()->add_input() = inputs.proto.graph().input(0);
  inputs.node("Relu", {"x"}, "y");
  EXPECT_THROW(inputs.at({1, 1}), Unreadable);
  Model padded({1, 1, 3});
  padded.add(weights("w", {1, 1, 2}, {1, 1}));
  auto& conv = padded.node("Conv", {"x", "w"}, "y");
  Model::ints(conv, "pads", {1, 0});
  expect_near(padded.at({1, 2, 3}), {1, 3, 5});
  conv.add_attribute()->set_name("auto_pad");
  conv.mutable_attribute(1)->set_s("VALID");
  EXPECT_THROW(padded.at({1, 2, 3}), Unreadable) << "pads and auto_pad";
  conv.mutable_attribute(1)->set_s("NOTSET");
  Model::ints(conv, "kernel_shape", {3});
  EXPECT_THROW(padded.at({1, 2, 3}), Unreadable) << "another kernel than the weights'";
  Model training({1});
  training.add(weights("ratio", {}, {0.5F}));
  training.add(integers("yes", {1}));
  training.node("Dropout", {"x", "ratio", "yes"}, "y");
  EXPECT_THROW(training.at({1}), Unreadable);
  Model nothing({2});
  nothing.node("Split", {"x"}, "y");
  nothing.proto.mutable_graph()->mutable_node(0)->clear_output();
  EXPECT_THROW(nothing.at({1, 2}), Unreadable);
}

TEST_F(Readers, Padding) {
  Model model({1, 1, 5});
  model.add(weights("w", {1, 1, 2}, {1, 10}));
  auto& conv = model.node("Conv", {"x", "w"}, "y");
  conv.add_attribute()->set_name("auto_pad");
  conv.mutable_attribute(0)->set_s("SAME_UPPER");
  expect_near(model.at({1, 2, 3, 4, 5}), {21, 32, 43, 54, 5});
  conv.mutable_attribute(0)->set_s("SAME_LOWER");
  expect_near(model.at({1, 2, 3, 4, 5}), {10, 21, 32, 43, 54});
  Model::ints(conv, "strides", {2});
  expect_near(model.at({1, 2, 3, 4, 5}), {10, 32, 54});
  Model ceiling({1, 1, 4});
  auto& pool = ceiling.node("MaxPool", {"x"}, "y");
  Model::ints(pool, "kernel_shape", {3});
  Model::ints(pool, "strides", {2});
  expect_near(ceiling.at({1, 2, 3, 4}), {3});
  pool.add_attribute()->set_name("ceil_mode");
  pool.mutable_attribute(2)->set_i(1);
  expect_near(ceiling.at({1, 2, 3, 4}), {3, 4});
  pool.set_op_type("AveragePool");
  expect_near(ceiling.at({1, 2, 3, 4}), {2, 3.5});
}

TEST_F(Readers, WideNumbersAndFilesOfTheirOwn) {
  Model model({1});
  auto* type = model.proto.mutable_graph()->mutable_input(0)->mutable_type();
  type->mutable_tensor_type()->set_elem_type(onnx::TensorProto::DOUBLE);
  onnx::TensorProto wide;
  wide.set_name("w");
  wide.set_data_type(onnx::TensorProto::DOUBLE);
  wide.add_double_data(0.1);
  model.add(wide);
  model.node("Add", {"w", "w"}, "c");
  model.node("Mul", {"x", "c"}, "y");
  expect_near(model.at({1}), {0.2});  // to 1e-12: no float32
  EXPECT_TRUE(read_onnx(model.proto.SerializeAsString(), ".").signature.wide);
  // 0.1 as a float64's edge is between its neighbours, not at a float32.
  const std::string text =
      "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= X_0 0.1))(assert (>= X_0 0.1))";
  const Clause clause = read_vnnlib(text, {{1}, {1}, true})[0];
  EXPECT_LE(clause.lower[0], 0.1);
  EXPECT_GE(clause.upper[0], 0.1);
  EXPECT_LT(clause.upper[0] - clause.lower[0], 1e-16);
  const clipbound::test::Scratch scratch;
  const float numbers[] = {7, 3, 5};
  scratch.write("weights.bin", {reinterpret_cast<const char*>(numbers), sizeof numbers});
  Model outside({1});
  onnx::TensorProto tensor = weights("w", {2}, {});
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  const auto entry = [&](const char* key, const char* value) {
    auto* added = tensor.add_external_data();
    added->set_key(key);
    added->set_value(value);
  };
  entry("location", "weights.bin");
  entry("offset", "4");
  entry("length", "8");
  outside.add(tensor);
  outside.node("Mul", {"x", "w"}, "y");
  const CheckedNetwork network = read_onnx(outside.proto.SerializeAsString(), scratch / "");
  EXPECT_EQ(enclosed_at(network, {2})[1].first, 10.0);
  for (const auto& [k, value] : {std::pair{0, "/etc/passwd"}, {0, "../w"}, {0, "none"}, {1, "8"}}) {
    onnx::ModelProto bad = outside.proto;
    bad.mutable_graph()->mutable_initializer(0)->mutable_external_data(k)->set_value(value);
    EXPECT_THROW(read_onnx(bad.SerializeAsString(), scratch / ""), Unreadable) << value;
  }
}

TEST_F(Readers, VersionTwoOfVnnlib) {
  const std::string head =
      "(vnnlib-version <2.0>)\n(declare-network f (declare-input A float32 [1,2])\n"
      "(declare-input B float32 []) (declare-output C float32 [2, 1]))\n"
      "(assert (and (<= A[0, 0] 1) (>= A[0,0] -1) (== A[0,1] 0.5) (>= B 0) (<= B 2)))";
  const Signature network{{2, 1}, {2}};
  const std::vector<Clause> clauses =
      read_vnnlib(head + "(assert (or (!= C[1,0] 3) (< (* -2 C[0,0]) (+ B 1))))", network);
  ASSERT_EQ(clauses.size(), 3U);
  for (const Clause& clause : clauses) {
    EXPECT_EQ(clause.lower, (std::vector<double>{-1, 0.5, 0}));
    EXPECT_EQ(clause.upper, (std::vector<double>{1, 0.5, 2}));
    ASSERT_EQ(clause.rows.size(), 1U);
    EXPECT_TRUE(clause.rows[0].strict);
  }
  EXPECT_EQ(clauses[0].rows[0].terms[0].element, 2U);
  EXPECT_EQ(clauses[0].rows[0].threshold, 3);
  EXPECT_EQ(clauses[1].rows[0].threshold, -3);
  ASSERT_EQ(clauses[2].rows[0].terms.size(), 2U);
  EXPECT_EQ(clauses[2].rows[0].terms[0].coefficient, -2);
  EXPECT_EQ(clauses[2].rows[0].terms[1].element, 5U);  // B is X_2
  for (const char* rest :
       {"(assert (<= C 1))", "(assert (<= C[0] 1))", "(assert (<= C[0,1] 1))", "(assert (<= D 1))",
        "(assert (<= (* C[0,0] B) 1))", "(declare-network g (equal-to f))", "(assert (<= C[0,0] 1)",
        "(declare-const X_0 Real)", "(assert (<= Y_0 1))", "(assert (<= C[-1,0] 1))"})
    EXPECT_THROW(read_vnnlib(head + rest, network), Unreadable) << rest;
  EXPECT_THROW(read_vnnlib(head, {{1, 2}, {2}}), Unreadable);
  EXPECT_THROW(read_vnnlib(head, {{2, 1, 1}, {2}}), Unreadable);
  EXPECT_THROW(read_vnnlib(head, {{2, 1}, {2, 1}}), Unreadable);
  EXPECT_THROW(read_vnnlib("(vnnlib-version <3.0>)", network), Unreadable);
  EXPECT_THROW(read_vnnlib("(vnnlib-version <2.0>)(assert (<= 1 2))", network), Unreadable);
}

TEST_F(Readers, Convolutions) {
  Model model({1, 1, 3, 3});
  model.add(weights("w", {1, 1, 2, 2}, {1, 10, 100, 1000}));
  model.add(weights("b", {1}, {0.5F}));
  Model::ints(model.node("Conv", {"x", "w", "b"}, "y"), "pads", {1, 0, 0, 0});
  expect_near(model.at({1, 2, 3, 4, 5, 6, 7, 8, 9}),
              {2100.5, 3200.5, 5421.5, 6532.5, 8754.5, 9865.5});
  Model transposed({1, 1, 1, 2});
  transposed.add(weights("w", {1, 1, 1, 2}, {1, 10}));
  Model::ints(transposed.node("ConvTranspose", {"x", "w"}, "y"), "strides", {1, 2});
  expect_near(transposed.at({3, 4}), {3, 30, 4, 40});
}

TEST_F(Readers, PoolsAndNormalisation) {
  Model model({1, 1, 2, 3});
  Model::ints(model.node("MaxPool", {"x"}, "y"), "kernel_shape", {2, 2});
  expect_near(model.at({1, 2, 7, 4, 5, 6}), {5, 7});
  Model average({1, 1, 2, 3});
  Model::ints(average.node("AveragePool", {"x"}, "y"), "kernel_shape", {1, 3});
  expect_near(average.at({1, 2, 6, -4, 5, 5}), {3, 2});
  Model normal({1, 2});
  for (const auto& [name, values] : std::vector<std::pair<std::string, std::vector<float>>>{
           {"g", {2, -1}}, {"c", {1, 0}}, {"m", {3, 0}}, {"v", {4, 2}}})
    normal.add(weights(name, {2}, values));
  auto* epsilon = normal.node("BatchNormalization", {"x", "g", "c", "m", "v"}, "y").add_attribute();
  epsilon->set_name("epsilon");
  epsilon->set_f(0.0F);
  expect_near(normal.at({5, 1}), {3, -1 / std::sqrt(2.0)});
}

TEST_F(Readers, ElementwiseOperators) {
  Model model({2});
  model.add(weights("half", {}, {0.5F}));
  model.add(weights("top", {}, {2}));
  model.node("Clip", {"x", "half", "top"}, "c");
  model.node("Abs", {"x"}, "a");
  model.node("Max", {"c", "a"}, "m");
  model.node("Mul", {"m", "half"}, "s");
  model.node("Min", {"s", "top"}, "y");
  expect_near(model.at({-3, 0.25}), {1.5, 0.25});
  expect_near(model.at({9, 1}), {2, 0.5});
}

TEST_F(Readers, Movements) {
  Model model({2, 3});
  Model::ints(model.node("Transpose", {"x"}, "t"), "perm", {1, 0});
  onnx::TensorProto one;
  one.set_name("one");
  one.set_data_type(onnx::TensorProto::INT64);
  one.add_dims(1);
  one.add_int64_data(1);
  model.add(one);
  model.node("Gather", {"t", "one"}, "g");
  model.node("Flatten", {"g"}, "f");
  model.node("Concat", {"f", "f"}, "y").add_attribute()->set_name("axis");
  model.proto.mutable_graph()->mutable_node(3)->mutable_attribute(0)->set_i(1);
  expect_near(model.at({1, 2, 3, 4, 5, 6}), {2, 5, 2, 5});
}

TEST_F(Readers, WhatIsNotKnownIsRefusedByName) {
  Model model({2});
  model.node("Sigmoid", {"x"}, "y");
  try {
    model.at({0, 0});
    FAIL() << "a sigmoid was read";
  } catch (const Unreadable& error) {
    EXPECT_NE(std::string(error.what()).find("Sigmoid"), std::string::npos);
  }
  Model product({2});
  product.node("Mul", {"x", "x"}, "y");
  EXPECT_THROW(product.at({0, 0}), Unreadable);
  Model infinite({1, 1});
  infinite.add(weights("w", {1, 1}, {INFINITY}));
  infinite.node("MatMul", {"x", "w"}, "y");
  EXPECT_THROW(infinite.at({0}), Unreadable);
  EXPECT_THROW(read_onnx("no network", "."), Unreadable);
}

}  // namespace
}  // namespace clipcheck
