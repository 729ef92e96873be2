// Pads, expansions, resizing; shapes that are computed.
#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

namespace clipbound::test {

namespace {

using Ints = std::vector<std::int64_t>;

void add_pads(std::vector<OperatorCase>& cases) {
  const auto pad = [&](const std::string& name, const std::string& mode, const Ints& pads,
                       std::vector<float> expected) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 3}).ints("pads", pads);
                       set_string(w.node("Pad", {"x", "pads"}, {"y"}), "mode", mode);
                     },
                     13, std::move(expected)});
  };
  pad("PadZero", "constant", {0, 1, 1, 0}, {0, 1, 2, 3, 0, 4, 5, 6, 0, 0, 0, 0});
  pad("PadNothing", "constant", {0, 0, 0, 0}, {1, 2, 3, 4, 5, 6});
  pad("PadRemoves", "constant", {0, -1, 0, -1}, {2, 5});
  pad("PadBoth", "constant", {0, -1, 0, 1}, {2, 3, 0, 5, 6, 0});
  pad("PadEdge", "edge", {0, 2, 0, 1}, {1, 1, 1, 2, 3, 3, 4, 4, 4, 5, 6, 6});
  pad("PadReflect", "reflect", {0, 2, 0, 1}, {3, 2, 1, 2, 3, 2, 6, 5, 4, 5, 6, 5});
  cases.push_back({"PadValue",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 2}).ints("pads", {0, 0, 0, 1}).floats("v", {}, {-7});
                     w.node("Pad", {"x", "pads", "v"}, {"y"});
                   },
                   13,
                   {1, 2, -7, 3, 4, -7}});
  cases.push_back({"PadVariableValue",
                   [](OnnxWriter& w) {
                     w.input("x", {2}).input("z", {}).ints("pads", {1, 0});
                     w.node("Pad", {"x", "pads", "z"}, {"y"});
                   },
                   13,
                   {3, 1, 2}});
  cases.push_back({"PadAttributes",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 2});
                     auto& n = w.node("Pad", {"x"}, {"y"});
                     set_ints(n, "pads", {0, 1, 0, 0});
                     set_float(n, "value", 2.5f);
                   },
                   10,
                   {2.5, 1, 2}});
  cases.push_back({"PadAxes",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 2}).ints("pads", {1, 1}).ints("axes", {-1});
                     w.node("Pad", {"x", "pads", "", "axes"}, {"y"});
                   },
                   18,
                   {0, 1, 2, 0}});
}

void add_expansions(std::vector<OperatorCase>& cases) {
  const auto with_ints = [&](const std::string& name, const std::string& op, const Ints& x,
                             const Ints& numbers, std::vector<float> expected) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", x).ints("n", numbers);
                       w.node(op, {"x", "n"}, {"y"});
                     },
                     13, std::move(expected)});
  };
  with_ints("Expand", "Expand", {2, 1}, {2, 3}, {1, 1, 1, 2, 2, 2});
  with_ints("ExpandRank", "Expand", {2}, {2, 1}, {1, 2, 1, 2});
  with_ints("ExpandKeeps", "Expand", {2, 2}, {1}, {1, 2, 3, 4});
  with_ints("Tile", "Tile", {2, 2}, {2, 1}, {1, 2, 3, 4, 1, 2, 3, 4});
  with_ints("TileBoth", "Tile", {2, 2}, {2, 2}, {1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4});
  const auto blocks = [&](const std::string& name, const std::string& op, const Ints& x,
                          const std::string& mode, std::vector<float> expected) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", x);
                       auto& n = w.node(op, {"x"}, {"y"});
                       set_int(n, "blocksize", 2);
                       if (!mode.empty()) set_string(n, "mode", mode);
                     },
                     13, std::move(expected)});
  };
  blocks("DepthToSpace", "DepthToSpace", {1, 8, 1, 2}, "", {});
  blocks("DepthToSpaceOne", "DepthToSpace", {1, 4, 1, 1}, "DCR", {1, 2, 3, 4});
  blocks("DepthToSpaceColumns", "DepthToSpace", {1, 8, 1, 2}, "CRD", {});
  blocks("SpaceToDepth", "SpaceToDepth", {1, 2, 2, 4}, "", {});
}

void add_resizing(std::vector<OperatorCase>& cases) {
  cases.push_back({"UpsampleAttribute",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 1, 1, 2});
                     set_floats(w.node("Upsample", {"x"}, {"y"}), "scales", {1, 1, 2, 2});
                   },
                   7,
                   {1, 1, 2, 2, 1, 1, 2, 2}});
  cases.push_back({"UpsampleInput",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 1, 2, 2}).floats("scales", {4}, {1, 1, 1, 3});
                     w.node("Upsample", {"x", "scales"}, {"y"});
                   },
                   9,
                   {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}});
  cases.push_back({"ResizeOpset10",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 1, 2, 3}).floats("scales", {4}, {1, 1, 1.5f, 0.7f});
                     w.node("Resize", {"x", "scales"}, {"y"});
                   },
                   10});
  for (const std::string position :
       {"asymmetric", "half_pixel", "align_corners", "pytorch_half_pixel"})
    for (const std::string rounding : {"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"})
      cases.push_back({"Resize_" + position + "_" + rounding, [=](OnnxWriter& w) {
                         w.input("x", {1, 2, 4, 5}).floats("scales", {4}, {1, 1, 2.5f, 0.6f});
                         auto& n = w.node("Resize", {"x", "", "scales"}, {"y"});
                         set_string(n, "coordinate_transformation_mode", position);
                         set_string(n, "nearest_mode", rounding);
                       }});
  cases.push_back({"ResizeSizes", [](OnnxWriter& w) {
                     w.input("x", {1, 2, 3, 4}).ints("sizes", {1, 2, 7, 2});
                     w.node("Resize", {"x", "", "", "sizes"}, {"y"});
                   }});
}

void add_computed_shapes(std::vector<OperatorCase>& cases) {
  cases.push_back({"ReshapeByShape",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 3, 2}).ints("zero", {0}).ints("rest", {-1});
                     w.node("Shape", {"x"}, {"s"});
                     w.node("Gather", {"s", "zero"}, {"batch"});
                     set_int(w.node("Concat", {"batch", "rest"}, {"shape"}), "axis", 0);
                     w.node("Reshape", {"x", "shape"}, {"y"});
                   },
                   13,
                   {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}});
  cases.push_back({"ShapePart",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 3});
                     auto& n = w.node("Shape", {"x"}, {"s"});
                     set_int(n, "start", -1);
                     set_int(w.node("Cast", {"s"}, {"f"}), "to", onnx::TensorProto::FLOAT);
                     w.node("Add", {"x", "f"}, {"y"});
                   },
                   15,
                   {4, 5, 6, 7, 8, 9}});
  cases.push_back(
      {"ResizeByFloatArithmetic",
       [](OnnxWriter& w) {
         w.input("x", {1, 1, 1, 2})
             .floats("two", {}, {2.0f})
             .ints("last", {3})
             .ints("first", {1, 1, 1});
         w.node("Shape", {"x"}, {"s"});
         w.node("Gather", {"s", "last"}, {"width"});
         set_int(w.node("Cast", {"width"}, {"float_width"}), "to", onnx::TensorProto::FLOAT);
         w.node("Mul", {"float_width", "two"}, {"doubled"});
         w.node("Floor", {"doubled"}, {"floored"});
         set_int(w.node("Cast", {"floored"}, {"whole"}), "to", onnx::TensorProto::INT64);
         set_int(w.node("Concat", {"first", "whole"}, {"sizes"}), "axis", 0);
         auto& n = w.node("Resize", {"x", "", "", "sizes"}, {"y"});
         set_string(n, "coordinate_transformation_mode", "asymmetric");
         set_string(n, "nearest_mode", "floor");
       },
       13,
       {1, 1, 2, 2}});
}

void add_computed_constants(std::vector<OperatorCase>& cases) {
  cases.push_back({"ConstantOfShape",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 2}).floats("c", {1}, {3});
                     w.node("Shape", {"x"}, {"s"});
                     set_tensor(w.node("ConstantOfShape", {"s"}, {"t"}), "value",
                                OnnxWriter::float_tensor("", {1}, {0.5f}));
                     w.node("ConstantOfShape", {"s"}, {"zeros"});
                     w.node("Mul", {"x", "t"}, {"m"});
                     w.node("Add", {"m", "zeros"}, {"y"});
                   },
                   13,
                   {0.5, 1, 1.5, 2}});
  cases.push_back({"RangeAndSize",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 2});
                     *w.graph().add_initializer() = OnnxWriter::int_tensor("zero", {}, {0});
                     *w.graph().add_initializer() = OnnxWriter::int_tensor("one", {}, {1});
                     w.node("Size", {"x"}, {"n"});
                     w.node("Range", {"zero", "n", "one"}, {"r"});
                     w.ints("shape", {2, 2});
                     w.node("Reshape", {"r", "shape"}, {"i"});
                     set_int(w.node("Cast", {"i"}, {"f"}), "to", onnx::TensorProto::FLOAT);
                     w.node("Add", {"x", "f"}, {"y"});
                   },
                   13,
                   {1, 3, 5, 7}});
  cases.push_back(
      {"RangeOfFloats",
       [](OnnxWriter& w) {
         w.input("x", {3}).floats("a", {}, {2}).floats("b", {}, {0.4f}).floats("d", {}, {-0.75f});
         w.node("Range", {"a", "b", "d"}, {"r"});
         w.node("Add", {"x", "r"}, {"y"});
       },
       13,
       {3, 3.25, 3.5}});
}

}  // namespace

void add_copy_cases(std::vector<OperatorCase>& cases) {
  add_pads(cases);
  add_expansions(cases);
  add_resizing(cases);
  add_computed_shapes(cases);
  add_computed_constants(cases);
}

}  // namespace clipbound::test
