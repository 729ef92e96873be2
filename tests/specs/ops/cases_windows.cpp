// Convolutions and pools.
#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

namespace clipbound::test {

namespace {

using Ints = std::vector<std::int64_t>;
using Change = std::function<void(onnx::NodeProto&)>;

const Change kPlain = [](onnx::NodeProto&) {};

std::size_t size_of(const Ints& dims) {
  std::size_t size = 1;
  for (const auto d : dims) size *= static_cast<std::size_t>(d);
  return size;
}

Change with_ints(const std::string& key, const Ints& values) {
  return [=](onnx::NodeProto& n) { set_ints(n, key, values); };
}
Change all(const std::vector<Change>& changes) {
  return [=](onnx::NodeProto& n) {
    for (const Change& change : changes) change(n);
  };
}
Change with_int(const std::string& key, std::int64_t value) {
  return [=](onnx::NodeProto& n) { set_int(n, key, value); };
}
Change with_string(const std::string& key, const std::string& value) {
  return [=](onnx::NodeProto& n) { set_string(n, key, value); };
}

/// A convolution (or its transpose) with constant weights; bias 0: none.
void add_convolution(std::vector<OperatorCase>& cases, const std::string& name,
                     const std::string& op, const Ints& x, const Ints& w_dims, std::int64_t bias,
                     const Change& change) {
  cases.push_back({name, [=](OnnxWriter& w) {
                     w.input("x", x).floats("w", w_dims, some_numbers(size_of(w_dims)));
                     if (bias > 0)
                       w.floats("b", {bias}, some_numbers(static_cast<std::size_t>(bias)));
                     change(w.node(op,
                                   bias > 0 ? std::vector<std::string>{"x", "w", "b"}
                                            : std::vector<std::string>{"x", "w"},
                                   {"y"}));
                   }});
}

void add_convolutions(std::vector<OperatorCase>& cases) {
  const auto add = [&](const std::string& name, const Ints& x, const Ints& w_dims,
                       std::int64_t bias, const Change& change) {
    add_convolution(cases, name, "Conv", x, w_dims, bias, change);
  };
  add("Conv1x1", {1, 3, 2, 2}, {4, 3, 1, 1}, 4, kPlain);
  add("Conv3x3Padded", {1, 2, 4, 5}, {3, 2, 3, 3}, 3, with_ints("pads", {1, 1, 1, 1}));
  add("ConvStrides", {1, 2, 5, 6}, {3, 2, 3, 2}, 0, with_ints("strides", {2, 3}));
  add("ConvUnevenPads", {1, 1, 3, 3}, {2, 1, 2, 2}, 2, with_ints("pads", {1, 0, 0, 2}));
  add("ConvDilations", {1, 2, 6, 6}, {2, 2, 2, 3}, 2, with_ints("dilations", {3, 2}));
  add("ConvGroups", {1, 4, 3, 3}, {6, 2, 2, 2}, 6, with_int("group", 2));
  add("ConvDepthwise", {1, 3, 4, 4}, {6, 1, 3, 3}, 6,
      all({with_int("group", 3), with_ints("pads", {1, 1, 1, 1}), with_ints("strides", {2, 2})}));
  add("ConvTwoImages", {2, 2, 3, 3}, {2, 2, 2, 2}, 2, kPlain);
  add("Conv1D", {1, 2, 6}, {3, 2, 3}, 3,
      all({with_ints("strides", {2}), with_ints("pads", {1, 1})}));
  add("Conv3D", {1, 2, 3, 3, 3}, {2, 2, 2, 2, 2}, 2,
      all({with_ints("pads", {1, 0, 0, 0, 1, 0}), with_ints("kernel_shape", {2, 2, 2})}));
  for (const std::string mode : {"SAME_UPPER", "SAME_LOWER", "VALID"})
    add("Conv_" + mode, {1, 1, 5, 4}, {2, 1, 2, 3}, 2,
        all({with_string("auto_pad", mode), with_ints("strides", {2, 1})}));
  cases.push_back({"ConvOfOnes",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 1, 3, 3})
                         .floats("w", {1, 1, 2, 2}, {1, 1, 1, 1})
                         .floats("b", {1}, {0.5f});
                     set_ints(w.node("Conv", {"x", "w", "b"}, {"y"}), "pads", {1, 1, 0, 0});
                   },
                   13,
                   {1.5, 3.5, 5.5, 5.5, 12.5, 16.5, 11.5, 24.5, 28.5}});
  cases.push_back({"ConvVariableWeights", [](OnnxWriter& w) {
                     w.input("x", {1, 2, 3, 3}).input("z", {2, 2, 2, 2}).input("b", {2});
                     set_ints(w.node("Conv", {"x", "z", "b"}, {"y"}), "pads", {0, 1, 0, 1});
                   }});
}

void add_transposed_convolutions(std::vector<OperatorCase>& cases) {
  const auto add = [&](const std::string& name, const Ints& x, const Ints& w_dims,
                       std::int64_t bias, const Change& change) {
    add_convolution(cases, name, "ConvTranspose", x, w_dims, bias, change);
  };
  add("ConvTranspose", {1, 2, 2, 3}, {2, 3, 2, 2}, 3, kPlain);
  add("ConvTransposeStrides", {1, 3, 3, 2}, {3, 2, 4, 4}, 2,
      all({with_ints("strides", {2, 2}), with_ints("pads", {1, 1, 1, 1})}));
  add("ConvTransposeGroups", {1, 4, 2, 2}, {4, 3, 2, 2}, 0,
      all({with_int("group", 2), with_ints("strides", {3, 1}),
           with_ints("output_padding", {1, 0})}));
  add("ConvTransposeDilations", {1, 1, 3, 3}, {1, 2, 2, 2}, 2, with_ints("dilations", {2, 3}));
  add("ConvTranspose1D", {2, 2, 4}, {2, 2, 3}, 2, with_ints("strides", {2}));
  add("ConvTransposeOutputShape", {1, 1, 3, 3}, {1, 2, 3, 3}, 2,
      all({with_ints("output_shape", {6, 6}), with_ints("strides", {2, 2})}));
  for (const std::string mode : {"SAME_UPPER", "SAME_LOWER"})
    add("ConvTranspose_" + mode, {1, 1, 3, 2}, {1, 1, 3, 4}, 1,
        all({with_string("auto_pad", mode), with_ints("strides", {2, 3})}));
  cases.push_back({"ConvTransposeOfOnes",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 1, 2, 2}).floats("w", {1, 1, 2, 2}, {1, 1, 1, 1});
                     w.node("ConvTranspose", {"x", "w"}, {"y"});
                   },
                   13,
                   {1, 3, 2, 4, 10, 6, 3, 7, 4}});
  cases.push_back({"ConvTransposeVariableWeights", [](OnnxWriter& w) {
                     w.input("x", {1, 2, 2, 2}).input("z", {2, 1, 2, 2});
                     w.node("ConvTranspose", {"x", "z"}, {"y"});
                   }});
}

void add_pools(std::vector<OperatorCase>& cases) {
  const auto add = [&](const std::string& name, const std::string& op, const Ints& x,
                       const Ints& kernel, int opset, const Change& change,
                       std::vector<float> expected = {}) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", x);
                       auto& n = w.node(op, {"x"}, {"y"});
                       set_ints(n, "kernel_shape", kernel);
                       change(n);
                     },
                     opset, std::move(expected)});
  };
  for (const std::string op : {"MaxPool", "AveragePool"}) {
    const bool max = op == "MaxPool";
    add(op, op, {1, 1, 2, 4}, {2, 2}, 13, with_ints("strides", {2, 2}),
        max ? std::vector<float>{6, 8} : std::vector<float>{3.5, 5.5});
    add(op + "Overlapping", op, {1, 2, 4, 4}, {3, 3}, 13, kPlain);
    add(op + "Padded", op, {1, 2, 4, 5}, {3, 3}, 13,
        all({with_ints("pads", {1, 1, 1, 1}), with_ints("strides", {2, 2})}));
    add(op + "CeilMode", op, {1, 1, 5, 6}, {2, 3}, 13,
        all({with_int("ceil_mode", 1), with_ints("strides", {2, 2})}));
    add(op + "CeilModePadded", op, {1, 1, 5, 5}, {3, 3}, 13,
        all({with_int("ceil_mode", 1), with_ints("strides", {3, 3}),
             with_ints("pads", {1, 0, 1, 1})}));
    add(op + "SameUpper", op, {1, 1, 5, 4}, {2, 3}, 13,
        all({with_string("auto_pad", "SAME_UPPER"), with_ints("strides", {2, 2})}));
    add(op + "SameLower", op, {1, 1, 5, 4}, {2, 3}, 13, with_string("auto_pad", "SAME_LOWER"));
    add(op + "1D", op, {2, 2, 6}, {3}, 13, with_ints("strides", {2}));
    add(op + "3D", op, {1, 2, 3, 3, 3}, {2, 2, 2}, 13, kPlain);
    add(op + "Dilations", op, {1, 1, 5, 6}, {2, 3}, max ? 13 : 19, with_ints("dilations", {3, 2}));
  }
  add("AveragePoolCountsPads", "AveragePool", {1, 1, 3, 3}, {2, 2}, 13,
      all({with_int("count_include_pad", 1), with_ints("pads", {1, 1, 1, 1}),
           with_ints("strides", {2, 2})}),
      {0.25, 1.25, 2.75, 7});
  add("AveragePoolCountsPadsCeil", "AveragePool", {1, 1, 6, 5}, {3, 3}, 19,
      all({with_int("count_include_pad", 1), with_int("ceil_mode", 1),
           with_ints("pads", {1, 1, 1, 1}), with_ints("strides", {2, 3})}));
  for (const int opset : {18, 19})
    add("AveragePoolCountsBeyondPadsInOpset" + std::to_string(opset), "AveragePool", {1, 1, 3}, {2},
        opset,
        all({with_int("count_include_pad", 1), with_int("ceil_mode", 1),
             with_ints("strides", {2})}),
        opset < 19 ? std::vector<float>{1.5, 1.5} : std::vector<float>{1.5, 3});
}

/// Forms of MaxPool and the pools without a window.
void add_other_pools(std::vector<OperatorCase>& cases) {
  cases.push_back({"MaxPoolNamesNoIndices",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 1, 2, 2});
                     auto& n = w.node("MaxPool", {"x"}, {"y", ""});
                     set_ints(n, "kernel_shape", {1, 2});
                   },
                   13,
                   {2, 4}});
  cases.push_back({"MaxPoolWithoutElements",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 1, 2}).floats("low", {}, {-1}).floats("high", {}, {9});
                     auto& n = w.node(
                         "MaxPool", {"x"},
                         {"p"});  // the window begins before the elements and goes on behind them
                     set_ints(n, "kernel_shape", {2});
                     set_ints(n, "dilations", {3});
                     set_ints(n, "pads", {1, 1});
                     w.node("Clip", {"p", "low", "high"}, {"y"});
                   },
                   13,
                   {-1}});
  for (const std::string op : {"GlobalMaxPool", "GlobalAveragePool"})
    for (const Ints& x : {Ints{1, 2, 2, 2}, Ints{2, 2, 3}, Ints{1, 3, 2, 2, 2}})
      cases.push_back({op + std::to_string(x.size() - 2) + "D", [=](OnnxWriter& w) {
                         w.input("x", x);
                         w.node(op, {"x"}, {"y"});
                       }});
}

}  // namespace

void add_window_cases(std::vector<OperatorCase>& cases) {
  add_convolutions(cases);
  add_transposed_convolutions(cases);
  add_pools(cases);
  add_other_pools(cases);
}

}  // namespace clipbound::test
