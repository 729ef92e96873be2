// What the reader accepts, and what it says about what it does not.
#include <zlib.h>

#include <cmath>
#include <functional>

#include "base/file.h"
#include "specs/network/op_table.h"
#include "specs/onnx/onnx_tensor.h"
#include "tests/specs/onnx/reading.h"

namespace clipbound::test {
namespace {

TEST(Reader, ReadsShapesNamesAndConstants) {
  const Network network = parse(small_model());
  ASSERT_EQ(network.nodes.size(), 2u);
  EXPECT_EQ(network.nodes[0].kind, OpKind::gemm);
  EXPECT_EQ(network.nodes[0].name, "Gemm_node1");
  EXPECT_EQ(network.nodes[0].opset, 13);
  EXPECT_EQ(network.value(network.nodes[1].outputs[0]).shape, (Shape{1, 2}));
  EXPECT_EQ(network.input_size(), 2);
  EXPECT_EQ(network.input_type(), DataType::float32);
  EXPECT_EQ(evaluate(network, {1, 1}), (std::vector<float>{4, 0}));
}

TEST(Reader, InitialisersListedAsInputsAreConstants) {
  OnnxWriter w = small_model();
  w.input("w", {2, 2}).input("b", {2});
  const Network network = parse(w);
  EXPECT_EQ(network.inputs.size(), 1u);
  EXPECT_EQ(network.input_size(), 2);
}

TEST(Reader, SymbolicAndMissingDimensionsAreOne) {
  OnnxWriter w;
  w.input("x", {0, -1, 3});
  w.node("Relu", {"x"}, {"y"});
  w.output("y");
  EXPECT_EQ(parse(w).value(ValueId{0}).shape, (Shape{1, 1, 3}));
}

TEST(Reader, SortsNodesAndNamesTheNameless) {
  OnnxWriter w;
  w.input("x", {2});
  w.node("Relu", {"b"}, {"y"}).clear_name();
  w.node("Relu", {"a"}, {"b"});
  w.node("Relu", {"x"}, {"a"});
  w.output("y");
  const Network network = parse(w);
  ASSERT_EQ(network.nodes.size(), 3u);
  EXPECT_EQ(network.nodes[2].name, "Relu_0");
  EXPECT_EQ(network.nodes[0].name, "Relu_node3");
}

TEST(Reader, SeveralInputsAndOutputsConcatenate) {
  OnnxWriter w;
  w.input("a", {2}).input("b", {1});
  w.node("Add", {"a", "b"}, {"s"});
  w.node("Mul", {"a", "b"}, {"p"});
  w.output("p").output("s").output("b");
  EXPECT_EQ(evaluate(parse(w), {1, 2, 3}), (std::vector<float>{3, 6, 4, 5, 3}));
}

TEST(Reader, WidensEveryElementType) {
  const auto first_of = [](onnx::TensorProto tensor) {
    OnnxWriter w;
    tensor.set_name("c");
    w.input("x", {1});
    *w.graph().add_initializer() = tensor;
    w.node("Relu", {"x"}, {"y"});
    w.output("y");
    const Network network = parse(w);
    return *network.value(ValueId{0}).constant;
  };
  onnx::TensorProto t;
  t.add_dims(2);
  t.set_data_type(onnx::TensorProto::FLOAT16);
  t.add_int32_data(0x3c01);  // 1 + 2^-10
  t.add_int32_data(0x8001);  // -2^-24, subnormal
  EXPECT_EQ(first_of(t).as_float64(), (std::vector<double>{1.0 + 0x1p-10, -0x1p-24}));
  EXPECT_EQ(first_of(t).type(), DataType::float32);
  const std::uint16_t half[] = {0xfbff, 0x7c00};  // -65504, infinity
  t.clear_int32_data();
  t.set_raw_data(half, sizeof half);
  EXPECT_EQ(first_of(t).at(0), -65504.0);
  EXPECT_TRUE(std::isinf(first_of(t).at(1)));
  const std::uint16_t bfloat[] = {0x3f80, 0xc049};
  t.set_data_type(onnx::TensorProto::BFLOAT16);
  t.set_raw_data(bfloat, sizeof bfloat);
  EXPECT_EQ(first_of(t).as_float64(), (std::vector<double>{1.0, -3.140625}));
  const std::int32_t ints[] = {-7, 1 << 30};
  t.set_data_type(onnx::TensorProto::INT32);
  t.set_raw_data(ints, sizeof ints);
  EXPECT_EQ(first_of(t).as_int64(), (std::vector<std::int64_t>{-7, 1 << 30}));
  const double doubles[] = {0.1, 1e300};
  t.set_data_type(onnx::TensorProto::DOUBLE);
  t.set_raw_data(doubles, sizeof doubles);
  EXPECT_EQ(first_of(t).type(), DataType::float64);
  EXPECT_EQ(first_of(t).as_float64(), (std::vector<double>{0.1, 1e300}));
  t.set_data_type(onnx::TensorProto::BOOL);
  t.set_raw_data("\x01\x00", 2);
  EXPECT_EQ(first_of(t).as_int64(), (std::vector<std::int64_t>{1, 0}));
}

TEST(Reader, Float64NetworksStayFloat64) {
  OnnxWriter w;
  w.input("x", {2}, onnx::TensorProto::DOUBLE);
  w.node("Relu", {"x"}, {"y"});
  w.output("y", onnx::TensorProto::DOUBLE);
  EXPECT_EQ(parse(w).input_type(), DataType::float64);
}

TEST(Reader, ReadsFilesPlainAndCompressed) {
  const TemporaryFolder folder("reader_files");
  const std::string bytes = small_model().bytes();
  EXPECT_EQ(read_onnx(folder.file("a.onnx", bytes)).nodes.size(), 2u);
  const std::string path = folder.path("a.onnx.gz");
  const gzFile gz = gzopen(path.c_str(), "wb");
  gzwrite(gz, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(gz);
  EXPECT_EQ(read_onnx(path).nodes.size(), 2u);
  std::ifstream in(path, std::ios::binary);
  const std::string packed((std::istreambuf_iterator<char>(in)), {});
  EXPECT_THROW(read_onnx(folder.file("short.onnx.gz", packed.substr(0, packed.size() / 2))),
               InputError);
  EXPECT_THROW(read_onnx(folder.path("absent.onnx")), InputError);
  EXPECT_THROW(read_onnx(folder.path("")), InputError) << "a folder";
}

TEST(Reader, StopsAtGzipBombs) {
  const TemporaryFolder folder("reader_bomb");
  const std::string path = folder.path("bomb.onnx.gz");
  const gzFile gz = gzopen(path.c_str(), "wb1");
  const std::string zeros(1 << 24, '\0');
  gzwrite(gz, zeros.data(), static_cast<unsigned>(zeros.size()));
  gzclose(gz);
  EXPECT_EQ(read_file(path, 1 << 24).bytes.size(), std::size_t{1} << 24);
  try {
    read_file(path, (1 << 24) - 1);
    ADD_FAILURE();
  } catch (const InputError& e) {
    EXPECT_NE(std::string(e.what()).find("is larger than 16777215 bytes"), std::string::npos)
        << e.what();
  }
}

TEST(Reader, NamesOtherUnsupportedThings) {
  OnnxWriter integers;
  integers.input("x", {2}, onnx::TensorProto::INT64);
  integers.node("Relu", {"x"}, {"y"});
  integers.output("y");
  expect_refused<Unsupported>(integers, {"'x'", "float32"});
  OnnxWriter moving;
  moving.input("x", {2}).input("s", {1});
  moving.node("Reshape", {"x", "s"}, {"y"});
  moving.output("y");
  expect_refused<Unsupported>(moving, {"Reshape", "depends on the network's input"});
  OnnxWriter future = small_model();
  future.model.mutable_opset_import(0)->set_version(99);
  expect_refused<Unsupported>(future, {"opset 99"});
}

TEST(Reader, RefusesBrokenGraphs) {
  OnnxWriter cycle;
  cycle.input("x", {2});
  cycle.node("Add", {"x", "b"}, {"a"});
  cycle.node("Relu", {"a"}, {"b"});
  cycle.output("b");
  expect_refused<InputError>(cycle, {"cycle"});
  OnnxWriter self;
  self.input("x", {2});
  self.node("Add", {"x", "y"}, {"y"});
  self.output("y");
  expect_refused<InputError>(self, {"cycle"});
  OnnxWriter undefined = small_model();
  undefined.node("Relu", {"nowhere"}, {"z"});
  expect_refused<InputError>(undefined, {"'nowhere'", "nothing defines"});
  OnnxWriter twice = small_model();
  twice.node("Relu", {"h"}, {"y"});
  expect_refused<InputError>(twice, {"'y'", "defined twice"});
  OnnxWriter overwritten = small_model();
  overwritten.node("Relu", {"h"}, {"x"});
  expect_refused<InputError>(overwritten, {"'x'", "defined twice"});
  OnnxWriter no_output = small_model();
  no_output.graph().clear_output();
  expect_refused<InputError>(no_output, {"no output"});
  OnnxWriter lost_output = small_model();
  lost_output.output("lost");
  expect_refused<InputError>(lost_output, {"'lost'"});
}

TEST(Reader, RefusesBrokenTensorsAndShapes) {
  OnnxWriter short_data = small_model();
  short_data.graph().mutable_initializer(0)->set_raw_data("abc");
  expect_refused<InputError>(short_data, {"'w'", "3 bytes"});
  OnnxWriter absurd = small_model();
  absurd.graph().mutable_initializer(0)->set_dims(0, std::int64_t{1} << 62);
  expect_refused<InputError>(absurd, {"absurd"});
  OnnxWriter large = small_model();
  large.graph().mutable_initializer(0)->set_dims(0, std::int64_t{1} << 40);
  expect_refused<InputError>(large, {"'w'", "bytes"});
  OnnxWriter negative = small_model();
  negative.graph().mutable_initializer(0)->set_dims(0, -2);
  expect_refused<InputError>(negative, {"negative"});
  OnnxWriter huge_input;
  huge_input.input("x", {1 << 20, 1 << 20, 1 << 20});
  huge_input.node("Relu", {"x"}, {"y"});
  huge_input.output("y");
  expect_refused<InputError>(huge_input, {"'x'", "absurd"});
  OnnxWriter mismatch;
  mismatch.input("x", {1, 3}).floats("w", {2, 2}, {1, 2, 3, 4});
  mismatch.node("MatMul", {"x", "w"}, {"y"});
  mismatch.output("y");
  expect_refused<InputError>(mismatch, {"MatMul_node1", "[1,3]", "[2,2]"});
  OnnxWriter types;
  types.input("x", {2}).ints("i", {1, 2});
  types.node("Add", {"x", "i"}, {"y"});
  types.output("y");
  expect_refused<InputError>(types, {"float32", "int64"});
}

TEST(Reader, RefusesWrongAttributes) {
  const auto refused = [](const std::string& op, const std::function<void(onnx::NodeProto&)>& set,
                          int opset = 11) {
    OnnxWriter w(opset);
    w.input("x", {2, 3});
    set(w.node(op, {"x"}, {"y"}));
    w.output("y");
    EXPECT_THROW(parse(w), InputError) << op;
  };
  refused("Transpose", [](auto& n) { set_ints(n, "perm", {0, 0}); });
  refused("Transpose", [](auto& n) { set_ints(n, "perm", {0, 2}); });
  refused("Transpose", [](auto& n) { set_int(n, "perm", 0); });
  refused("Flatten", [](auto& n) { set_int(n, "axis", 3); });
  refused("Squeeze", [](auto& n) { set_ints(n, "axes", {0}); });
  refused("Unsqueeze", [](auto& n) { set_ints(n, "axes", {0, 0}); });
  refused("Unsqueeze", [](auto&) {});
  refused("Concat", [](auto& n) { set_int(n, "axis", -3); });
  refused("Split", [](auto& n) { set_ints(n, "split", {1, 2}); });
  refused("Split", [](auto& n) {
    set_ints(n, "split", {-1, 3});
    n.add_output("z");
  });
  refused(
      "Slice",
      [](auto& n) {
        set_ints(n, "starts", {0});
        set_ints(n, "ends", {1, 2});
      },
      9);
  refused("Slice", [](auto&) {});
  refused("Relu", [](auto& n) { n.clear_input(); });
  refused("Relu", [](auto& n) {
    set_int(n, "a", 1);
    set_int(n, "a", 1);
  });
}

}  // namespace
}  // namespace clipbound::test
