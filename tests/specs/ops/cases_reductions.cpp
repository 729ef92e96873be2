// Reductions, normalisations, softmax.
#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

namespace clipbound::test {

namespace {

using Ints = std::vector<std::int64_t>;

void add_reductions(std::vector<OperatorCase>& cases) {
  struct Form {
    std::string op;
    int last_attribute_opset;  // the axes are an input afterwards
    std::vector<float> rows;   // of {1..6} as [2,3]
    std::vector<float> whole;
  };
  const Form forms[] = {{"ReduceSum", 11, {6, 15}, {21}},
                        {"ReduceMean", 13, {2, 5}, {3.5}},
                        {"ReduceMax", 13, {3, 6}, {6}},
                        {"ReduceMin", 13, {1, 4}, {1}}};
  for (const Form& form : forms) {
    const std::string& op = form.op;
    cases.push_back({op + "Attribute",
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 3});
                       set_ints(w.node(op, {"x"}, {"y"}), "axes", {-1});
                     },
                     form.last_attribute_opset, form.rows});
    cases.push_back({op + "Input",
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 3}).ints("axes", {1});
                       set_int(w.node(op, {"x", "axes"}, {"y"}), "keepdims", 0);
                     },
                     18, form.rows});
    cases.push_back({op + "All",
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 3});
                       set_int(w.node(op, {"x"}, {"y"}), "keepdims", 0);
                     },
                     13, form.whole});
    cases.push_back({op + "Nothing",
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 3}).ints("axes", {});
                       set_int(w.node(op, {"x", "axes"}, {"y"}), "noop_with_empty_axes", 1);
                     },
                     18,
                     {1, 2, 3, 4, 5, 6}});
    cases.push_back({op + "OuterAndInner",
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 3, 20});
                       set_ints(w.node(op, {"x"}, {"y"}), "axes", {0, 2});
                     },
                     form.last_attribute_opset});
  }
}

void add_softmax(std::vector<OperatorCase>& cases) {
  for (const std::string op : {"Softmax", "LogSoftmax"}) {
    for (const int opset : {11, 13}) {
      for (const int axis : {0, 1, 2, -1, -2})
        cases.push_back(
            {op + std::to_string(opset) + (axis < 0 ? "_m" : "_") + std::to_string(std::abs(axis)),
             [=](OnnxWriter& w) {
               w.input("x", {2, 3, 4});
               set_int(w.node(op, {"x"}, {"y"}), "axis", axis);
             },
             opset});
      cases.push_back({op + std::to_string(opset),
                       [=](OnnxWriter& w) {
                         w.input("x", {2, 3, 4});
                         w.node(op, {"x"}, {"y"});
                       },
                       opset});
    }
    cases.push_back({op + "FarApart", [=](OnnxWriter& w) {
                       w.input("x", {1, 5}).floats("c", {5}, {-300, 0, 60, 59, 50});
                       w.node("Add", {"x", "c"}, {"t"});
                       w.node(op, {"t"}, {"y"});
                     }});
  }
}

void add_batch_normalisations(std::vector<OperatorCase>& cases) {
  const auto batch = [&](const std::string& name, const Ints& x, int opset, float epsilon) {
    cases.push_back(
        {name,
         [=](OnnxWriter& w) {
           w.input("x", x).floats("s", {2}, {1.5f, -0.5f}).floats("b", {2}, {0.25f, 3.0f});
           w.floats("m", {2}, {0.5f, -1.0f}).floats("v", {2}, {0.75f, 2.0f});
           auto& n = w.node("BatchNormalization", {"x", "s", "b", "m", "v"}, {"y"});
           if (epsilon > 0) set_float(n, "epsilon", epsilon);
           if (opset < 7) set_int(n, "is_test", 1);
         },
         opset});
  };
  batch("BatchNormalization", {1, 2, 2, 2}, 9, 0.0f);
  batch("BatchNormalizationLargeEpsilon", {1, 2, 3}, 15, 0.8f);
  batch("BatchNormalizationMatrix", {3, 2}, 15, 0.0f);
  batch("BatchNormalizationOld", {1, 2, 2, 1}, 6, 1e-3f);
  cases.push_back(
      {"BatchNormalizationExact",
       [](OnnxWriter& w) {
         w.input("x", {1, 2}).floats("s", {2}, {2, 3}).floats("b", {2}, {1, 0});
         w.floats("m", {2}, {0, 4}).floats("v", {2}, {4, 1});
         set_float(w.node("BatchNormalization", {"x", "s", "b", "m", "v"}, {"y"}), "epsilon", 0.0f);
       },
       9,
       {2, -6}});
  cases.push_back(
      {"BatchNormalizationVariableParameters",
       [](OnnxWriter& w) {
         w.input("x", {2}).input("z", {2}).input("m", {2}).floats("d", {1, 2, 3}, some_numbers(6));
         w.floats("half", {}, {0.5f});
         w.node("Mul", {"m", "m"}, {"square"});
         w.node("Add", {"square", "half"}, {"v"});
         w.node("BatchNormalization", {"d", "x", "z", "m", "v"}, {"y"});
       },
       15});
}

void add_layer_normalisations(std::vector<OperatorCase>& cases) {
  const auto layer = [&](const std::string& name, int axis, const Ints& scale, bool bias) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       std::size_t size = 1;
                       for (const auto d : scale) size *= static_cast<std::size_t>(d);
                       w.input("x", {2, 3, 4}).floats("s", scale, some_numbers(size));
                       if (bias) w.floats("b", scale, std::vector<float>(size, 0.5f));
                       auto& n = w.node("LayerNormalization",
                                        bias ? std::vector<std::string>{"x", "s", "b"}
                                             : std::vector<std::string>{"x", "s"},
                                        {"y"});
                       set_int(n, "axis", axis);
                       set_float(n, "epsilon", 0.01f);
                     },
                     17});
  };
  cases.push_back({"LayerNormalizationVariableParameters",
                   [](OnnxWriter& w) {
                     w.input("x", {4}).input("z", {4}).floats("d", {3, 4}, some_numbers(12));
                     w.node("LayerNormalization", {"d", "x", "z"}, {"y"});
                   },
                   17});
  layer("LayerNormalization", -1, {4}, true);
  layer("LayerNormalizationNoBias", 1, {3, 4}, false);
}

}  // namespace

void add_reduction_cases(std::vector<OperatorCase>& cases) {
  add_reductions(cases);
  add_softmax(cases);
  add_batch_normalisations(cases);
  add_layer_normalisations(cases);
}

}  // namespace clipbound::test
