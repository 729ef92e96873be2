#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

#include <limits>

namespace clipbound::test {

namespace {

using Ints = std::vector<std::int64_t>;
constexpr std::int64_t kFarEnd = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kFarStart = std::numeric_limits<std::int64_t>::min();

std::vector<float> some(std::size_t n) {
  return some_numbers(n);
}

void add_gemms(std::vector<OperatorCase>& cases) {
  cases.push_back({"gemm",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 2})
                         .floats("w", {2, 3}, {1, 2, 3, 4, 5, 6})
                         .floats("c", {3}, {10, 20, 30});
                     w.node("Gemm", {"x", "w", "c"}, {"y"});
                   },
                   13,
                   {19, 32, 45}});
  cases.push_back({"gemm_alpha_beta_transB",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 2})
                         .floats("w", {3, 2}, {1, 4, 2, 5, 3, 6})
                         .floats("c", {1, 3}, {10, 20, 30});
                     auto& n = w.node("Gemm", {"x", "w", "c"}, {"y"});
                     set_int(n, "transB", 1);
                     set_float(n, "alpha", 2.0f);
                     set_float(n, "beta", 0.5f);
                   },
                   13,
                   {23, 34, 45}});
  cases.push_back(
      {"gemm_transA_wide", [](OnnxWriter& w) {
         w.input("x", {4, 3}).floats("w", {4, 5}, some(20)).floats("c", {3, 1}, {1, 2, 3});
         set_int(w.node("Gemm", {"x", "w", "c"}, {"y"}), "transA", 1);
       }});
  cases.push_back({"gemm_no_c", [](OnnxWriter& w) {
                     w.input("x", {3, 4}).floats("w", {5, 4}, some(20));
                     set_int(w.node("Gemm", {"x", "w"}, {"y"}), "transB", 1);
                   }});
  cases.push_back({"gemm_constant_left", [](OnnxWriter& w) {
                     w.input("x", {4, 3}).floats("w", {4, 5}, some(20)).floats("c", {}, {3});
                     auto& n = w.node("Gemm", {"w", "x", "c"}, {"y"});
                     set_int(n, "transA", 1);
                   }});
  cases.push_back(
      {"gemm_variable_c", [](OnnxWriter& w) {
         w.input("x", {2, 3}).floats("a", {2, 4}, some(8)).floats("b", {4, 3}, some(12));
         set_float(w.node("Gemm", {"a", "b", "x"}, {"y"}), "beta", 2.0f);
       }});
  cases.push_back({"gemm_two_variables", [](OnnxWriter& w) {
                     w.input("x", {2, 3}).input("z", {4, 3});
                     set_int(w.node("Gemm", {"x", "z"}, {"y"}), "transB", 1);
                   }});
}

void add_matmuls(std::vector<OperatorCase>& cases) {
  const auto matmul = [&](const std::string& name, const Ints& x, const Ints& c,
                          bool constant_left) {
    cases.push_back({name, [=](OnnxWriter& w) {
                       std::size_t size = 1;
                       for (const auto d : c) size *= static_cast<std::size_t>(d);
                       w.input("x", x).floats("c", c, some(size));
                       w.node("MatMul",
                              constant_left ? std::vector<std::string>{"c", "x"}
                                            : std::vector<std::string>{"x", "c"},
                              {"y"});
                     }});
  };
  matmul("matmul", {1, 3}, {3, 4}, false);
  matmul("matmul_rows", {2, 3}, {3, 4}, false);
  matmul("matmul_batched", {5, 2, 3}, {3, 4}, false);
  matmul("matmul_batched_both", {5, 2, 3}, {5, 3, 4}, false);
  matmul("matmul_broadcast", {1, 2, 3}, {5, 3, 4}, false);
  matmul("matmul_broadcast_cross", {2, 1, 2, 3}, {5, 3, 4}, false);
  matmul("matmul_left_vector", {3}, {3, 4}, false);
  matmul("matmul_right_vector", {2, 3}, {3}, false);
  matmul("matmul_vectors", {3}, {3}, false);
  matmul("matmul_constant_left", {3, 4}, {2, 3}, true);
  matmul("matmul_constant_left_column", {3, 1}, {2, 3}, true);
  matmul("matmul_constant_left_vector", {3}, {2, 3}, true);
  matmul("matmul_constant_left_batched", {5, 3, 1}, {2, 3}, true);
  matmul("matmul_constant_vector_left", {3, 4}, {3}, true);
  matmul("matmul_constant_left_broadcast", {3, 4}, {5, 2, 3}, true);
  cases.push_back({"matmul_two_variables", [](OnnxWriter& w) {
                     w.input("x", {2, 2, 3}).input("z", {3, 4});
                     w.node("MatMul", {"x", "z"}, {"y"});
                   }});
  cases.push_back({"matmul_squared",
                   [](OnnxWriter& w) {
                     w.input("x", {3, 3});
                     w.node("MatMul", {"x", "x"}, {"y"});
                   },
                   13,
                   {30, 36, 42, 66, 81, 96, 102, 126, 150}});
}

void add_arithmetic(std::vector<OperatorCase>& cases) {
  const Ints shapes[][2] = {{{2, 3}, {2, 3}},   {{2, 3}, {3}}, {{2, 3}, {}},
                            {{2, 3}, {2, 1}},   {{3}, {2, 1}}, {{1}, {2, 2, 2}},
                            {{1, 3}, {2, 1, 1}}};
  for (const std::string op : {"Add", "Sub", "Mul", "Div"}) {
    int i = 0;
    for (const auto& [x, c] : shapes) {
      std::size_t size = 1;
      for (const auto d : c) size *= static_cast<std::size_t>(d);
      const std::string name = op + std::to_string(i++);
      std::vector<float> values = some(size);
      for (float& v : values) v = v == 0.0f ? 0.125f : v;
      const auto constant = [x = x, c = c, values, op](bool left) {
        return [=](OnnxWriter& w) {
          w.input("x", x).floats("c", c, values);
          w.node(op, left ? std::vector<std::string>{"c", "x"} : std::vector<std::string>{"x", "c"},
                 {"y"});
        };
      };
      cases.push_back({name, constant(false)});
      cases.push_back({name + "_left", constant(true)});
      cases.push_back({name + "_variables", [x = x, c = c, op](OnnxWriter& w) {
                         w.input("x", x).input("z", c);
                         w.node(op, {"x", "z"}, {"y"});
                       }});
    }
  }
  cases.push_back({"add_axis_before_opset_7",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 2, 3}).floats("c", {2}, {10, 20});
                     auto& n = w.node("Add", {"x", "c"}, {"y"});
                     set_int(n, "axis", 1);
                     set_int(n, "broadcast", 1);
                   },
                   6,
                   {11, 12, 13, 24, 25, 26}});
  cases.push_back({"relu",
                   [](OnnxWriter& w) {
                     w.input("x", {4}).floats("c", {}, {2.5});
                     w.node("Sub", {"x", "c"}, {"d"});
                     w.node("Relu", {"d"}, {"y"});
                   },
                   13,
                   {0, 0, 0.5, 1.5}});
}

void add_shapes(std::vector<OperatorCase>& cases) {
  const std::vector<float> same{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const auto unchanged = [&](const std::string& name, const std::string& op, int opset,
                             std::function<void(OnnxWriter&, onnx::NodeProto&)> more) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 1, 6});
                       more(w, w.node(op, {"x"}, {"y"}));
                     },
                     opset, same});
  };
  unchanged("flatten", "Flatten", 13, [](OnnxWriter&, onnx::NodeProto&) {});
  unchanged("flatten_axis_0", "Flatten", 13,
            [](OnnxWriter&, onnx::NodeProto& n) { set_int(n, "axis", 0); });
  unchanged("flatten_axis_negative", "Flatten", 13,
            [](OnnxWriter&, onnx::NodeProto& n) { set_int(n, "axis", -1); });
  unchanged("identity", "Identity", 13, [](OnnxWriter&, onnx::NodeProto&) {});
  unchanged("dropout", "Dropout", 13, [](OnnxWriter&, onnx::NodeProto&) {});
  unchanged("dropout_ratio_attribute", "Dropout", 10,
            [](OnnxWriter&, onnx::NodeProto& n) { set_float(n, "ratio", 0.4f); });
  unchanged("dropout_with_mask", "Dropout", 13,
            [](OnnxWriter&, onnx::NodeProto& n) { n.add_output("mask"); });
  unchanged("reshape_copy_and_rest", "Reshape", 13, [](OnnxWriter& w, onnx::NodeProto& n) {
    w.ints("shape", {0, -1, 2});
    n.add_input("shape");
  });
  unchanged("reshape_flat", "Reshape", 14, [](OnnxWriter& w, onnx::NodeProto& n) {
    w.ints("shape", {-1});
    n.add_input("shape");
    set_int(n, "allowzero", 1);
  });
  unchanged("squeeze_attribute", "Squeeze", 11,
            [](OnnxWriter&, onnx::NodeProto& n) { set_ints(n, "axes", {1}); });
  unchanged("squeeze_input", "Squeeze", 13, [](OnnxWriter& w, onnx::NodeProto& n) {
    w.ints("axes", {-2});
    n.add_input("axes");
  });
  unchanged("squeeze_all", "Squeeze", 13, [](OnnxWriter&, onnx::NodeProto&) {});
  unchanged("unsqueeze_attribute", "Unsqueeze", 11, [](OnnxWriter&, onnx::NodeProto& n) {
    set_ints(n, "axes", {0, 4});
  });
  unchanged("unsqueeze_input", "Unsqueeze", 13, [](OnnxWriter& w, onnx::NodeProto& n) {
    w.ints("axes", {-1, 1});
    n.add_input("axes");
  });
}

void add_slices(std::vector<OperatorCase>& cases) {
  cases.push_back({"slice_attributes",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 4});
                     auto& n = w.node("Slice", {"x"}, {"y"});
                     set_ints(n, "starts", {1});
                     set_ints(n, "ends", {-1});
                     set_ints(n, "axes", {1});
                   },
                   9,
                   {2, 3, 6, 7}});
  const auto slice = [&](const std::string& name, Ints starts, Ints ends, Ints axes, Ints steps,
                         std::vector<float> expected) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 4}).ints("starts", starts).ints("ends", ends);
                       auto& n = w.node("Slice", {"x", "starts", "ends"}, {"y"});
                       if (!axes.empty() || !steps.empty()) n.add_input(axes.empty() ? "" : "axes");
                       if (!axes.empty()) w.ints("axes", axes);
                       if (steps.empty()) return;
                       w.ints("steps", steps);
                       n.add_input("steps");
                     },
                     13, std::move(expected)});
  };
  slice("slice_inputs", {0, 1}, {2, 3}, {}, {}, {2, 3, 6, 7});
  slice("slice_to_the_end", {1}, {kFarEnd}, {-1}, {}, {2, 3, 4, 6, 7, 8});
  slice("slice_step", {0}, {kFarEnd}, {1}, {3}, {1, 4, 5, 8});
  slice("slice_reversed", {-1}, {kFarStart}, {1}, {-1}, {4, 3, 2, 1, 8, 7, 6, 5});
  slice("slice_reversed_step", {3}, {0}, {1}, {-2}, {4, 2, 8, 6});
  slice("slice_far_start", {100}, {-100}, {0}, {-1}, {5, 6, 7, 8, 1, 2, 3, 4});
  slice("slice_huge_step", {1}, {kFarEnd}, {1}, {kFarEnd}, {2, 6});
  slice("slice_no_axes_with_steps", {0, 0}, {2, 4}, {}, {1, 2}, {1, 3, 5, 7});
}

void add_transposes(std::vector<OperatorCase>& cases) {
  cases.push_back({"transpose",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 3});
                     w.node("Transpose", {"x"}, {"y"});
                   },
                   13,
                   {1, 4, 2, 5, 3, 6}});
  cases.push_back({"transpose_perm",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 3, 2});
                     set_ints(w.node("Transpose", {"x"}, {"y"}), "perm", {1, 0, 2});
                   },
                   13,
                   {1, 2, 7, 8, 3, 4, 9, 10, 5, 6, 11, 12}});
}

void add_concats(std::vector<OperatorCase>& cases) {
  cases.push_back({"concat",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 2}).input("z", {2, 1}).floats("c", {2, 1}, {-1, -2});
                     set_int(w.node("Concat", {"x", "c", "z", "x"}, {"y"}), "axis", -1);
                   },
                   13,
                   {1, 2, -1, 5, 1, 2, 3, 4, -2, 6, 3, 4}});
  cases.push_back({"concat_axis_0",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 2}).floats("c", {2, 2}, {7, 8, 9, 10});
                     set_int(w.node("Concat", {"c", "x"}, {"y"}), "axis", 0);
                   },
                   13,
                   {7, 8, 9, 10, 1, 2}});
}

void add_gathers(std::vector<OperatorCase>& cases) {
  const auto gather = [&](const std::string& name, Ints dims, Ints indices, std::int64_t axis,
                          std::vector<float> expected) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 3});
                       *w.graph().add_initializer() = OnnxWriter::int_tensor("i", dims, indices);
                       set_int(w.node("Gather", {"x", "i"}, {"y"}), "axis", axis);
                     },
                     13, std::move(expected)});
  };
  gather("gather", {3}, {1, 0, 1}, 0, {4, 5, 6, 1, 2, 3, 4, 5, 6});
  gather("gather_scalar", {}, {-1}, 1, {3, 6});
  gather("gather_matrix", {2, 2}, {0, 2, -3, 1}, -1, {1, 3, 1, 2, 4, 6, 4, 5});
}

void add_splits(std::vector<OperatorCase>& cases) {
  const auto join = [](OnnxWriter& w, const std::vector<std::string>& parts) {
    set_int(w.node("Concat", parts, {"y"}), "axis", 1);
  };
  cases.push_back({"split_attribute",
                   [=](OnnxWriter& w) {
                     w.input("x", {2, 3});
                     auto& n = w.node("Split", {"x"}, {"a", "b"});
                     set_ints(n, "split", {1, 2});
                     set_int(n, "axis", 1);
                     join(w, {"b", "a"});
                   },
                   11,
                   {2, 3, 1, 5, 6, 4}});
  cases.push_back({"split_input",
                   [=](OnnxWriter& w) {
                     w.input("x", {2, 3}).ints("sizes", {2, 1});
                     set_int(w.node("Split", {"x", "sizes"}, {"a", "b"}), "axis", -1);
                     join(w, {"b", "a"});
                   },
                   13,
                   {3, 1, 2, 6, 4, 5}});
  cases.push_back({"split_equal",
                   [=](OnnxWriter& w) {
                     w.input("x", {2, 2});
                     w.node("Split", {"x"}, {"a", "b"});
                     join(w, {"b", "a"});
                   },
                   13,
                   {3, 4, 1, 2}});
  cases.push_back({"split_num_outputs",
                   [=](OnnxWriter& w) {
                     w.input("x", {1, 5});
                     auto& n = w.node("Split", {"x"}, {"a", "b"});
                     set_int(n, "num_outputs", 2);
                     set_int(n, "axis", 1);
                     join(w, {"b", "a"});
                   },
                   18,
                   {4, 5, 1, 2, 3}});
}

void add_constants(std::vector<OperatorCase>& cases) {
  cases.push_back({"constant_nodes",
                   [](OnnxWriter& w) {
                     w.input("x", {2});
                     set_tensor(w.node("Constant", {}, {"c"}), "value",
                                OnnxWriter::float_tensor("", {2}, {10, 20}));
                     set_float(w.node("Constant", {}, {"d"}), "value_float", 0.5f);
                     w.node("Add", {"x", "c"}, {"s"});
                     w.node("Mul", {"s", "d"}, {"y"});
                   },
                   13,
                   {5.5, 11}});
  cases.push_back({"constant_subgraph",
                   [](OnnxWriter& w) {
                     w.input("x", {3}).floats("a", {3}, {0.1f, 0.2f, 0.3f}).floats("b", {}, {3.0f});
                     w.node("Div", {"a", "b"}, {"q"});
                     w.node("Relu", {"q"}, {"r"});
                     w.node("Mul", {"r", "x"}, {"y"});
                   },
                   13,
                   {0.1f / 3.0f, 0.2f / 3.0f * 2.0f, 0.3f / 3.0f * 3.0f}});
  cases.push_back({"shape_arithmetic",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 3}).ints("s", {6, 2}).ints("one", {1});
                     set_ints(w.node("Constant", {}, {"first"}), "value_ints", {0});
                     w.node("Gather", {"s", "first"}, {"six"});
                     set_int(w.node("Concat", {"one", "six"}, {"shape"}), "axis", 0);
                     w.node("Reshape", {"x", "shape"}, {"y"});
                   },
                   13,
                   {1, 2, 3, 4, 5, 6}});
}

}  // namespace

std::vector<float> some_numbers(std::size_t n) {
  std::vector<float> values(n);
  std::uint32_t state = 12345;
  for (float& v : values) {
    state = state * 1664525u + 1013904223u;
    v = (static_cast<float>(state >> 26) - 32.0f) / 8.0f;
  }
  return values;
}

const std::vector<OperatorCase>& operator_cases() {
  static const std::vector<OperatorCase> all = [] {
    std::vector<OperatorCase> cases;
    add_gemms(cases);
    add_matmuls(cases);
    add_arithmetic(cases);
    add_shapes(cases);
    add_slices(cases);
    add_transposes(cases);
    add_concats(cases);
    add_gathers(cases);
    add_splits(cases);
    add_constants(cases);
    add_function_cases(cases);
    add_window_cases(cases);
    add_reduction_cases(cases);
    add_choice_cases(cases);
    add_copy_cases(cases);
    add_interpolation_cases(cases);
    add_indexed_cases(cases);
    add_composite_cases(cases);
    add_network_cases(cases);
    return cases;
  }();
  return all;
}

}  // namespace clipbound::test
