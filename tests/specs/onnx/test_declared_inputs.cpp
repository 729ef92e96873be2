// Models read as a query declares their inputs: sizes that the model leaves open, initialisers that
// are inputs too; and tensors that are written, read back.
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "specs/evaluate/evaluate.h"
#include "specs/onnx/external_data.h"
#include "specs/onnx/onnx_reader.h"
#include "specs/onnx/onnx_tensor.h"
#include "specs/onnx/tensor_writer.h"
#include "tests/support/floors.h"
#include "tests/support/onnx_writer.h"

namespace clipbound::test {
namespace {

DeclaredModel read(const OnnxWriter& writer, const std::vector<DeclaredInput>& declared) {
  return specs::parse_onnx(writer.bytes(), "model", declared);
}
std::string refusal(const OnnxWriter& writer, const std::vector<DeclaredInput>& declared) {
  try {
    read(writer, declared);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::vector<float> evaluated(const Network& network, const std::vector<float>& x) {
  std::vector<float> y(static_cast<std::size_t>(network.output_size()));
  specs::Evaluator<float>(std::make_shared<const Network>(network))
      .replay(x, specs::SummationOrder::natural, y);
  return y;
}

/// y = ReduceSum over axis 1 of x [?, ?].
OnnxWriter open_model() {
  OnnxWriter writer;
  writer.input("x", {0, -1}).output("y");
  writer.ints("axes", {1});
  set_int(writer.node("ReduceSum", {"x", "axes"}, {"y"}), "keepdims", 0);
  return writer;
}

/// y = x + w, where w has a default and is listed as an input.
OnnxWriter default_model() {
  OnnxWriter writer;
  writer.input("x", {2}).input("w", {2}).output("y");
  writer.floats("w", {2}, {3.0F, 5.0F});
  writer.node("Add", {"x", "w"}, {"y"});
  return writer;
}

TEST(DeclaredInputs, OpenDimensionsTakeTheQuerysSizes) {
  const Network network = read(open_model(), {{"X", {3, 4}, false}}).network;
  EXPECT_EQ(network.value(network.inputs[0]).shape, (Shape{3, 4}));
  EXPECT_EQ(network.value(network.outputs[0]).shape, (Shape{3}));
  EXPECT_EQ(evaluated(network, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}),
            (std::vector<float>{10, 26, 42}));
  // Without declarations they are 1.
  EXPECT_EQ(specs::parse_onnx(open_model().bytes(), "model").input_size(), 1);
  EXPECT_NE(refusal(open_model(), {{"X", {3}, false}}), "");
}

TEST(DeclaredInputs, DefaultsMayBeLeftOutOverriddenOrKept) {
  const Network usual = read(default_model(), {{"X", {2}, false}}).network;
  EXPECT_EQ(evaluated(usual, {1, 1}), (std::vector<float>{4, 6}));
  const Network overridden = read(default_model(), {{"X", {2}, false}, {"W", {2}, false}}).network;
  EXPECT_EQ(evaluated(overridden, {1, 1, 10, 20}), (std::vector<float>{11, 21}));
  const DeclaredModel kept = read(default_model(), {{"X", {2}, false}, {"W", {2}, true}});
  EXPECT_EQ(evaluated(kept.network, {1, 1, 10, 20}), (std::vector<float>{4, 6}));
  ASSERT_EQ(kept.initial.size(), 2U);
  EXPECT_FALSE(kept.initial[0].has_value());
  ASSERT_TRUE(kept.initial[1].has_value());
  EXPECT_EQ(kept.initial[1]->as_float64(), (std::vector<double>{3, 5}));
}

TEST(DeclaredInputs, WhatDoesNotFitNamesBothSides) {
  const auto expect = [](const std::string& message, const std::vector<std::string>& words) {
    for (const std::string& word : words)
      EXPECT_NE(message.find(word), std::string::npos) << "'" << word << "' in: " << message;
  };
  expect(refusal(default_model(), {}), {"declares 0 inputs", "'x'", "'w' (initialised)"});
  expect(refusal(default_model(), {{"X", {2}, true}, {"W", {2}, false}}),
         {"X", "initialized", "no initialiser", "'x'"});
  expect(refusal(default_model(), {{"A", {2}, false}, {"B", {2}, false}, {"C", {2}, false}}),
         {"declares 3 inputs", "A, B, C", "the model has 2"});
  expect(refusal(default_model(), {{"X", {3}, false}}), {"X", "[3]", "'x'", "[2]"});
  expect(refusal(default_model(), {{"X", {2}, false}, {"W", {7}, true}}),
         {"W", "[7]", "'w'", "[2]"});
}

TEST(TensorWriter, WhatIsWrittenIsRead) {
  const std::vector<double> values = {0.0, -1.0, 3.0, 100.0, 1.0, 2.0};
  const std::vector<std::string> types = {"float32", "float64", "float16", "bfloat16",
                                          "int8",    "int16",   "int32",   "int64"};
  for (const std::string& type : types) {
    onnx::TensorProto proto;
    ASSERT_TRUE(proto.ParseFromString(specs::serialised_tensor("X", {2, 3}, type, values)));
    EXPECT_EQ(proto.name(), "X");
    specs::ExternalData none;
    const Tensor tensor = specs::tensor_from(proto, none);
    EXPECT_EQ(tensor.shape, (Shape{2, 3})) << type;
    EXPECT_EQ(tensor.as_float64(), values) << type;
  }
  EXPECT_THROW(specs::serialised_tensor("X", {6}, "string", values), Unsupported);
}

TEST(TensorWriter, NarrowNumbersKeepTheirBits) {
  const std::vector<double> halves = {0x1p-24, -0x1.ffcp15, 0x1.004p-14, 0x1p-14, 0x1.8p-16, -0.0};
  onnx::TensorProto proto;
  ASSERT_TRUE(proto.ParseFromString(specs::serialised_tensor("X", {6}, "float16", halves)));
  specs::ExternalData none;
  EXPECT_EQ(specs::tensor_from(proto, none).as_float64(), halves);
  const std::vector<double> floats = {0x1p-149, 0x1.fffffep127, 0x1.000002p0, -0x1.23456p-7};
  ASSERT_TRUE(proto.ParseFromString(specs::serialised_tensor("X", {4}, "float32", floats)));
  EXPECT_EQ(specs::tensor_from(proto, none).as_float64(), floats);
}

}  // namespace
}  // namespace clipbound::test
