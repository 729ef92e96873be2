// Composite operators (specs/expand): reductions, normalisations, functions of one number, masks.
#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

namespace clipbound::test {

namespace {

using Ints = std::vector<std::int64_t>;

void add_reductions(std::vector<OperatorCase>& cases) {
  struct Form {
    std::string op;
    std::vector<float> rows, whole;  // of {1..6} as [2,3]
  };
  const Form forms[] = {{"ReduceL1", {6, 15}, {21}},
                        {"ReduceL2", {}, {}},
                        {"ReduceSumSquare", {14, 77}, {91}},
                        {"ReduceProd", {6, 120}, {720}},
                        {"ReduceLogSum", {}, {}},
                        {"ReduceLogSumExp", {}, {}}};
  for (const Form& form : forms) {
    const std::string& op = form.op;
    // A logarithm needs a positive sum.
    const auto node = [op](OnnxWriter& w, const Ints& dims) -> onnx::NodeProto& {
      w.input("x", dims);
      if (op != "ReduceLogSum") return w.node(op, {"x"}, {"y"});
      w.floats("half", {}, {0.5f});
      w.node("Mul", {"x", "x"}, {"square"});
      w.node("Add", {"square", "half"}, {"t"});
      return w.node(op, {"t"}, {"y"});
    };
    cases.push_back({op + "Attribute",
                     [=](OnnxWriter& w) {
                       set_ints(node(w, {2, 3}), "axes", {-1});
                     },
                     13, form.rows});
    cases.push_back({op + "Old",
                     [=](OnnxWriter& w) {
                       set_ints(node(w, {2, 3}), "axes", {1});
                     },
                     9, form.rows});
    cases.push_back({op + "Input",
                     [=](OnnxWriter& w) {
                       auto& n = node(w, {2, 3});
                       w.ints("axes", {1});
                       n.add_input("axes");
                       set_int(n, "keepdims", 0);
                     },
                     18, form.rows});
    cases.push_back({op + "All",
                     [=](OnnxWriter& w) {
                       set_int(node(w, {2, 3}), "keepdims", 0);
                     },
                     18, form.whole});
    cases.push_back({op + "OuterAndInner", [=](OnnxWriter& w) {
                       set_ints(node(w, {2, 3, 5}), "axes", {2, 0});
                     }});
  }
}

void add_exact_reductions(std::vector<OperatorCase>& cases) {
  cases.push_back({"ReduceL2Exact",
                   [](OnnxWriter& w) {
                     w.input("x", {2}).floats("c", {2}, {3, 2});
                     w.node("Mul", {"x", "c"}, {"t"});
                     w.node("ReduceL2", {"t"}, {"y"});
                   },
                   13,
                   {5}});
  cases.push_back({"ReduceProdOfAShape",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 1, 3});
                     w.node("Shape", {"x"}, {"s"});
                     w.node("ReduceProd", {"s"}, {"p"});
                     w.node("Reshape", {"x", "p"}, {"r"});
                     w.node("ReduceSum", {"r"}, {"y"});
                   },
                   13,
                   {21}});
}

/// By the standard's text and in ONNX Runtime not even squares are taken.
void add_reductions_of_nothing(std::vector<OperatorCase>& cases) {
  for (const std::string op : {"ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceProd",
                               "ReduceLogSum", "ReduceLogSumExp"}) {
    cases.push_back({op + "Nothing",
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 3}).ints("axes", {});
                       set_int(w.node(op, {"x", "axes"}, {"y"}), "noop_with_empty_axes", 1);
                     },
                     18,
                     {1, 2, 3, 4, 5, 6}});
  }
  cases.push_back({"ReduceSumSquareOfOneNumber",
                   [](OnnxWriter& w) {
                     w.input("x", {}).floats("three", {}, {3});
                     w.node("Mul", {"x", "three"}, {"t"});
                     w.node("ReduceSumSquare", {"t"}, {"y"});
                   },
                   13,
                   {9}});
}

void add_group_normalizations(std::vector<OperatorCase>& cases) {
  const auto instance = [&](const std::string& name, const Ints& x, int opset) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", x).floats("s", {2}, {1.5f, -0.5f}).floats("b", {2}, {0.25f, 3});
                       auto& n = w.node("InstanceNormalization", {"x", "s", "b"}, {"y"});
                       if (opset > 6) set_float(n, "epsilon", 0.01f);
                     },
                     opset});
  };
  instance("InstanceNormalization", {2, 2, 5}, 13);
  instance("InstanceNormalizationImage", {1, 2, 3, 2}, 13);
  instance("InstanceNormalizationDefault", {1, 2, 4}, 6);
  const auto group = [&](const std::string& name, int opset, std::int64_t groups) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       const std::int64_t count = opset < 21 ? groups : 4;
                       const auto size = static_cast<std::size_t>(count);
                       w.input("x", {2, 4, 3}).floats("s", {count}, some_numbers(size));
                       w.floats("b", {count}, std::vector<float>(size, 0.5f));
                       auto& n = w.node("GroupNormalization", {"x", "s", "b"}, {"y"});
                       set_int(n, "num_groups", groups);
                       set_float(n, "epsilon", 0.01f);
                     },
                     opset});
  };
  group("GroupNormalizationPerGroup", 18, 2);
  group("GroupNormalizationPerChannel", 21, 2);
  group("GroupNormalizationOneGroup", 21, 1);
}

void add_other_normalizations(std::vector<OperatorCase>& cases) {
  for (const int axis : {-1, 1}) {
    cases.push_back({std::string("RMSNormalization") + (axis < 0 ? "Last" : "Inner"),
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 3, 4}).floats("s", {4}, some_numbers(4));
                       auto& n = w.node("RMSNormalization", {"x", "s"}, {"y"});
                       set_int(n, "axis", axis);
                       set_float(n, "epsilon", 0.01f);
                     },
                     23,
                     {},
                     InRuntime::no});
    for (const int p : {1, 2})
      cases.push_back({"LpNormalization" + std::to_string(p) + (axis < 0 ? "Last" : "Inner"),
                       [=](OnnxWriter& w) {
                         w.input("x", {2, 3, 4});
                         auto& n = w.node("LpNormalization", {"x"}, {"y"});
                         set_int(n, "p", p);
                         set_int(n, "axis", axis);
                       },
                       13});
  }
  const auto lrn = [&](const std::string& name, std::int64_t size, bool plain) {
    cases.push_back({name, [=](OnnxWriter& w) {
                       w.input("x", {1, 5, 2, 1});
                       auto& n = w.node("LRN", {"x"}, {"y"});
                       set_int(n, "size", size);
                       if (plain) return;
                       set_float(n, "alpha", 0.5f);
                       set_float(n, "beta", 0.6f);
                       set_float(n, "bias", 1.5f);
                     }});
  };
  lrn("LRN", 3, false);
  lrn("LRNDefaults", 5, true);
  lrn("LRNWide", 13, false);
  cases.push_back({"MeanVarianceNormalization", [](OnnxWriter& w) {
                     w.input("x", {2, 2, 2, 2});
                     w.node("MeanVarianceNormalization", {"x"}, {"y"});
                   }});
  cases.push_back({"MeanVarianceNormalizationAxes", [](OnnxWriter& w) {
                     w.input("x", {2, 3, 2});
                     set_ints(w.node("MeanVarianceNormalization", {"x"}, {"y"}), "axes", {-1, 0});
                   }});
}

void add_sums(std::vector<OperatorCase>& cases) {
  const auto several = [&](const std::string& op, std::vector<float> expected) {
    cases.push_back({op + "OfThree",
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 2}).floats("c", {2}, {3, -3}).floats("d", {}, {6});
                       w.node(op, {"x", "c", "d"}, {"y"});
                     },
                     13, std::move(expected)});
    cases.push_back({op + "OfOne",
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 2});
                       w.node(op, {"x"}, {"y"});
                     },
                     13,
                     {1, 2, 3, 4}});
    cases.push_back({op + "OfVariables", [=](OnnxWriter& w) {
                       w.input("x", {2, 2}).input("z", {2, 1});
                       w.node(op, {"x", "z", "x"}, {"y"});
                     }});
  };
  several("Sum", {10, 5, 12, 7});
  cases.push_back({"SumOld",
                   [](OnnxWriter& w) {
                     w.input("x", {2}).input("z", {2});
                     w.node("Sum", {"x", "z"}, {"y"});
                   },
                   6,
                   {4, 6}});
  several("Mean", {10.0f / 3.0f, 5.0f / 3.0f, 4, 7.0f / 3.0f});
}

void add_functions(std::vector<OperatorCase>& cases) {
  const auto function = [&](const std::string& name, const std::string& op, int opset,
                            const std::function<void(onnx::NodeProto&)>& change,
                            std::vector<float> expected = {}, InRuntime known = InRuntime::yes) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       // t = -1.75, -0.75, 0.25, 1.25, 2.25, 3.25
                       w.input("x", {2, 3}).floats("shift", {}, {2.75f});
                       w.node("Sub", {"x", "shift"}, {"t"});
                       change(w.node(op, {"t"}, {"y"}));
                     },
                     opset, std::move(expected), known});
  };
  const auto plain = [](onnx::NodeProto&) {};
  function("Celu", "Celu", 13, plain);
  function("CeluAlpha", "Celu", 13, [](onnx::NodeProto& n) { set_float(n, "alpha", 0.75f); });
  function("Mish", "Mish", 18, plain);
  function("Swish", "Swish", 24, plain, {}, InRuntime::no);
  function(
      "SwishAlpha", "Swish", 24, [](onnx::NodeProto& n) { set_float(n, "alpha", 1.5f); }, {},
      InRuntime::no);
  function("ShrinkHard", "Shrink", 13, plain, {-1.75, -0.75, 0, 1.25, 2.25, 3.25});
  const auto shrink = [](float edge, float bias) {
    return [=](onnx::NodeProto& n) {
      set_float(n, "lambd", edge);
      set_float(n, "bias", bias);
    };
  };
  function("ShrinkSoft", "Shrink", 13, shrink(1, 1), {-0.75, 0, 0, 0.25, 1.25, 2.25});
  function("ShrinkBoth", "Shrink", 13, shrink(1, 0.25f), {-1.5, 0, 0, 1, 2, 3});
  function("HardmaxLast", "Hardmax", 13, plain, {0, 0, 1, 0, 0, 1});
  function("HardmaxAxis", "Hardmax", 13, [](onnx::NodeProto& n) { set_int(n, "axis", 0); },
           {0, 0, 0, 1, 1, 1});
  function("HardmaxFlat", "Hardmax", 11, [](onnx::NodeProto& n) { set_int(n, "axis", 0); },
           {0, 0, 0, 0, 0, 1});
}

void add_masks(std::vector<OperatorCase>& cases) {
  const auto trilu = [&](const std::string& name, std::int64_t upper, std::int64_t k,
                         std::vector<float> expected) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 3});
                       *w.graph().add_initializer() = OnnxWriter::int_tensor("k", {}, {k});
                       set_int(w.node("Trilu", {"x", "k"}, {"y"}), "upper", upper);
                     },
                     14, std::move(expected)});
  };
  trilu("TriluUpper", 1, 0, {1, 2, 3, 0, 5, 6});
  trilu("TriluUpperShifted", 1, 1, {0, 2, 3, 0, 0, 6});
  trilu("TriluLower", 0, 0, {1, 0, 0, 4, 5, 0});
  trilu("TriluLowerShifted", 0, -1, {0, 0, 0, 4, 0, 0});
  cases.push_back({"EyeLike",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 3});
                     set_int(w.node("EyeLike", {"x"}, {"e"}), "k", 1);
                     w.node("Mul", {"x", "e"}, {"y"});
                   },
                   13,
                   {0, 2, 0, 0, 0, 6}});
  cases.push_back(
      {"EyeLikeOfIntegers",
       [](OnnxWriter& w) {
         w.input("x", {2, 2});
         *w.graph().add_initializer() = OnnxWriter::int_tensor("i", {2, 2}, {1, 2, 3, 4});
         set_int(w.node("EyeLike", {"i"}, {"e"}), "dtype", onnx::TensorProto::FLOAT);
         w.node("Add", {"x", "e"}, {"y"});
       },
       13,
       {2, 2, 3, 5}});
  cases.push_back({"CastLike",
                   [](OnnxWriter& w) {
                     w.input("x", {2}).ints("i", {3, 4});
                     w.node("CastLike", {"i", "x"}, {"f"});
                     w.node("Mul", {"x", "f"}, {"y"});
                   },
                   15,
                   {3, 8}});
}

void add_running_sums(std::vector<OperatorCase>& cases) {
  const auto sums = [&](const std::string& name, std::int64_t axis, std::int64_t exclusive,
                        std::int64_t reverse, std::vector<float> expected) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 3});
                       *w.graph().add_initializer() = OnnxWriter::int_tensor("a", {}, {axis});
                       auto& n = w.node("CumSum", {"x", "a"}, {"y"});
                       set_int(n, "exclusive", exclusive);
                       set_int(n, "reverse", reverse);
                     },
                     14, std::move(expected)});
  };
  sums("CumSum", 1, 0, 0, {1, 3, 6, 4, 9, 15});
  sums("CumSumOuter", 0, 0, 0, {1, 2, 3, 5, 7, 9});
  sums("CumSumExclusive", -1, 1, 0, {0, 1, 3, 0, 4, 9});
  sums("CumSumReverse", 1, 0, 1, {6, 5, 3, 15, 11, 6});
  sums("CumSumBoth", 1, 1, 1, {5, 3, 0, 11, 6, 0});
  cases.push_back({"CumSumOfAShape",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 3}).ints("axis", {0}).ints("one", {1});
                     w.node("Shape", {"x"}, {"s"});
                     w.node("CumSum", {"s", "axis"}, {"c"});  // 2, 5
                     w.node("Gather", {"c", "one"}, {"five"});
                     set_int(w.node("Cast", {"five"}, {"f"}), "to", onnx::TensorProto::FLOAT);
                     w.node("Mul", {"x", "f"}, {"y"});
                   },
                   13,
                   {5, 10, 15, 20, 25, 30}});
}

}  // namespace

void add_composite_cases(std::vector<OperatorCase>& cases) {
  add_reductions(cases);
  add_exact_reductions(cases);
  add_reductions_of_nothing(cases);
  add_group_normalizations(cases);
  add_other_normalizations(cases);
  add_sums(cases);
  add_functions(cases);
  add_masks(cases);
  add_running_sums(cases);
}

}  // namespace clipbound::test
