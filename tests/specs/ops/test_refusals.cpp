// What operators refuse, and that they say so when the network is built, not when it runs.
#include <gtest/gtest.h>

#include "base/error.h"
#include "specs/network/network_builder.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Attributes = std::map<std::string, Attribute>;
using Ints = std::vector<std::int64_t>;

/// A builder with an image x [1,2,4,4] and whatever constants a case needs.
struct Bench {
  explicit Bench(int opset = 18) : b(opset), x(b.input("x", {1, 2, 4, 4})) {}
  ValueId floats(Shape shape, float value = 1.0f) {
    const auto size = static_cast<std::size_t>(element_count(shape));
    return b.constant(std::move(shape), std::vector<float>(size, value));
  }
  NetworkBuilder b;
  ValueId x;
};

template <typename Error>
void expect_refused(Bench& bench, const std::string& op, const std::vector<ValueId>& inputs,
                    const Attributes& given, const std::string& word) {
  try {
    bench.b.add(op, inputs, given);
    ADD_FAILURE() << op << " was accepted; expected: " << word;
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find(word), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("(" + op + ", opset"), std::string::npos) << e.what();
  }
}

TEST(Refusals, Convolutions) {
  Bench t;
  const ValueId w = t.floats({3, 2, 2, 2});
  expect_refused<InputError>(t, "Conv", {t.x, w}, {{"group", std::int64_t{2}}}, "groups");
  expect_refused<InputError>(t, "Conv", {t.x, w}, {{"strides", Ints{1, 0}}}, "strides");
  expect_refused<InputError>(t, "Conv", {t.x, w}, {{"strides", Ints{1}}}, "one number per axis");
  expect_refused<InputError>(t, "Conv", {t.x, w}, {{"pads", Ints{-1, 0, 0, 0}}}, "pads");
  expect_refused<InputError>(t, "Conv", {t.x, w}, {{"dilations", Ints{9, 9}}}, "larger than");
  expect_refused<InputError>(t, "Conv", {t.x, w}, {{"kernel_shape", Ints{3, 3}}}, "kernel_shape");
  expect_refused<InputError>(t, "Conv", {t.x, w}, {{"auto_pad", std::string("SOME")}}, "auto_pad");
  expect_refused<InputError>(t, "Conv", {t.x, w, t.floats({2})}, {}, "bias");
  expect_refused<InputError>(t, "Conv", {t.x, t.floats({3, 2})}, {}, "do not fit");
  expect_refused<InputError>(t, "ConvTranspose", {t.x, w}, {}, "do not fit");
  const Ints far{1 << 30, 1 << 30, 1 << 30, 1 << 30};
  expect_refused<InputError>(t, "Conv", {t.x, w}, {{"pads", far}}, "absurd");
}

TEST(Refusals, PoolsAndReductions) {
  Bench t;
  expect_refused<InputError>(t, "MaxPool", {t.x}, {}, "kernel_shape");
  expect_refused<InputError>(t, "MaxPool", {t.x},
                             {{"kernel_shape", Ints{2, 2}}, {"pads", Ints{2, 0, 0, 0}}}, "pads");
  expect_refused<InputError>(t, "AveragePool", {t.x}, {{"kernel_shape", Ints{5, 1}}},
                             "larger than");
  expect_refused<InputError>(t, "ReduceSum", {t.x, t.b.integers({4})}, {}, "out of range");
  expect_refused<InputError>(t, "ReduceSum", {t.x, t.b.integers({1, -3})}, {}, "twice");
  const ValueId one = t.floats({2});
  expect_refused<Unsupported>(t, "BatchNormalization", {t.x, one, one, one, one},
                              {{"training_mode", std::int64_t{1}}}, "training");
  expect_refused<InputError>(t, "BatchNormalization", {t.x, one, one, one, t.floats({3})}, {},
                             "channels");
  expect_refused<InputError>(t, "Softmax", {t.x}, {{"axis", std::int64_t{4}}}, "axis");
}

TEST(Refusals, SizesThatDependOnTheInput) {
  Bench t;
  const ValueId flat = t.b.add("Reshape", {t.x, t.b.integers({32})});
  const ValueId first =
      t.b.add("Cast", {t.b.add("Slice", {flat, t.b.integers({0}), t.b.integers({1})})},
              {{"to", std::int64_t{7}}});
  const ValueId axes = t.b.integers({0});
  expect_refused<Unsupported>(t, "Slice", {flat, first, t.b.integers({9}), axes}, {},
                              "number of elements");
  expect_refused<Unsupported>(t, "Slice", {flat, first, t.b.add("Mul", {first, first}), axes}, {},
                              "elements");
  expect_refused<Unsupported>(t, "Slice", {flat, first, first, axes}, {}, "0 elements");
  expect_refused<Unsupported>(t, "ConstantOfShape", {first}, {}, "depends on the network's input");
  expect_refused<Unsupported>(t, "Expand", {flat, first}, {}, "depends on the network's input");
  expect_refused<Unsupported>(t, "Range", {first, first, first}, {},
                              "depends on the network's input");
  expect_refused<Unsupported>(t, "Tile", {flat, first}, {}, "depends on the network's input");
}

TEST(Refusals, ModesAndTypes) {
  Bench t;
  const ValueId none = kNoValue, scales = t.floats({4}, 2.0f);
  expect_refused<Unsupported>(t, "Resize", {t.x, none, scales}, {{"mode", std::string("area")}},
                              "mode 'area'");
  expect_refused<Unsupported>(t, "Upsample", {t.x, scales}, {{"mode", std::string("cubic")}},
                              "mode 'cubic'");
  expect_refused<Unsupported>(t, "Resize", {t.x, none, scales},
                              {{"coordinate_transformation_mode", std::string("upside_down")}},
                              "upside_down");
  expect_refused<Unsupported>(t, "Resize", {t.x, none, scales}, {{"antialias", std::int64_t{1}}},
                              "antialias in mode 'nearest'");
  expect_refused<InputError>(
      t, "Resize", {t.x, none, scales},
      {{"coordinate_transformation_mode", std::string("tf_crop_and_resize")}}, "needs a region");
  expect_refused<InputError>(
      t, "Resize", {t.x, t.floats({4}), scales},
      {{"coordinate_transformation_mode", std::string("tf_crop_and_resize")}},
      "two numbers per axis");
  expect_refused<InputError>(t, "Resize", {t.x, none, t.floats({3})}, {}, "per axis");
  expect_refused<InputError>(t, "Resize", {t.x, none, t.floats({4}, -1.0f)}, {}, "not positive");
  expect_refused<Unsupported>(t, "Pad", {t.x, t.b.integers({0, 0, 0, 0, 0, 0, 0, 1})},
                              {{"mode", std::string("mirror")}}, "mirror");
  expect_refused<InputError>(t, "Pad", {t.x, t.b.integers({0, 1})}, {}, "two pads per axis");
  for (const Ints& all : {Ints{0, 0, 0, -4, 0, 0, 0, 2}, Ints{0, 0, 0, 2, 0, 0, 0, -4}})
    expect_refused<Unsupported>(t, "Pad", {t.x, t.b.integers(all)}, {}, "remove all of axis 3");
  for (const std::string mode : {"reflect", "wrap"})
    expect_refused<Unsupported>(t, "Pad", {t.x, t.b.integers({0, 0, 0, -1, 0, 0, 0, 2})},
                                {{"mode", mode}}, "not settled");
  expect_refused<Unsupported>(t, "Cast", {t.x}, {{"to", std::int64_t{17}}}, "element type 17");
  expect_refused<Unsupported>(t, "Cast", {t.x}, {{"to", std::int64_t{3}}}, "no constant");
  expect_refused<Unsupported>(t, "Cast", {t.b.integers({200})}, {{"to", std::int64_t{3}}}, "range");
  expect_refused<Unsupported>(t, "Gelu", {t.x}, {{"approximate", std::string("rough")}}, "rough");
  expect_refused<InputError>(t, "Where", {t.x, t.x, t.x}, {}, "condition");
  expect_refused<InputError>(t, "Not", {t.x}, {}, "float32");
  expect_refused<InputError>(t, "Sigmoid", {t.b.integers({1})}, {}, "int64");
  expect_refused<InputError>(t, "ScatterND", {t.x, t.b.integers({1}), t.floats({1})}, {},
                             "updates");
  expect_refused<InputError>(t, "DepthToSpace", {t.x}, {{"blocksize", std::int64_t{2}}},
                             "multiple");
  expect_refused<InputError>(t, "OneHot", {t.b.integers({1}), t.b.integers({-3}), t.floats({2})},
                             {}, "depth");
}

}  // namespace
}  // namespace clipbound::test
