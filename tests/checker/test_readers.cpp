// The readers: properties in normal form, operators at points. A box that is one point is bounded
// by interval arithmetic to the operator's value there, which closed forms give.
#include <gtest/gtest.h>

#include <cfenv>
#include <functional>

#include "checker/kernel/arithmetic.h"
#include "checker/kernel/errors.h"
#include "checker/kernel/scope.h"
#include "checker/reader/onnx.h"
#include "checker/reader/operators.h"
#include "checker/reader/vnnlib.h"

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
  const std::vector<Clause> clauses = read_vnnlib(text, 2, 2);
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
    EXPECT_THROW(read_vnnlib(head + rest, 1, 1), Unreadable) << rest;
}

onnx::TensorProto weights(const std::string& name, const std::vector<std::int64_t>& shape,
                          const std::vector<float>& values) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const auto extent : shape) tensor.add_dims(extent);
  for (const float value : values) tensor.add_float_data(value);
  return tensor;
}

struct Model {
  onnx::ModelProto proto;
  explicit Model(const std::vector<std::int64_t>& shape) {
    proto.add_opset_import()->set_version(13);
    auto* input = proto.mutable_graph()->add_input();
    input->set_name("x");
    auto* type = input->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (const auto extent : shape) type->mutable_shape()->add_dim()->set_dim_value(extent);
    proto.mutable_graph()->add_output()->set_name("y");
  }
  onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs,
                        const std::string& output) {
    auto* node = proto.mutable_graph()->add_node();
    node->set_op_type(op);
    for (const auto& name : inputs) node->add_input(name);
    node->add_output(output);
    return *node;
  }
  void add(const onnx::TensorProto& tensor) { *proto.mutable_graph()->add_initializer() = tensor; }
  static void ints(onnx::NodeProto& node, const std::string& name,
                   const std::vector<std::int64_t>& values) {
    auto* attribute = node.add_attribute();
    attribute->set_name(name);
    for (const auto value : values) attribute->add_ints(value);
  }
  /// The outputs at a point; NaN where they are not bounded to 1e-12.
  std::vector<double> at(const std::vector<double>& x) const {
    std::fesetround(FE_TONEAREST);
    const CheckedNetwork network = read_onnx(proto.SerializeAsString());
    round_upward();
    const Scope<double> scope = root_scope<double>(network.system, {x, x, {}});
    std::fesetround(FE_TONEAREST);
    std::vector<double> result;
    for (const Index e : network.outputs) {
      const double low = scope.bounds.lower[e], high = scope.bounds.upper[e];
      result.push_back(low <= high && high - low <= 1e-12 ? low + (high - low) / 2 : std::nan(""));
    }
    return result;
  }
};

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
  EXPECT_THROW(read_onnx("no network"), Unreadable);
}

}  // namespace
}  // namespace clipcheck
