// Elements at indices: TopK, GatherElements, GatherND, ScatterElements, NonZero; remainders; what
// is no finite number. Numbers that stand here were worked out by hand; ONNX Runtime is asked for
// all of them (tests/specs/evaluate/test_ort.cpp).
#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

namespace clipbound::test {

namespace {

using Ints = std::vector<std::int64_t>;

void write_indices(OnnxWriter& w, const Ints& dims, const Ints& values) {
  *w.graph().add_initializer() = OnnxWriter::int_tensor("i", dims, values);
}

/// i = an integer from 0 to most - 1 per element of z, which are most - 1 from 7 on.
void write_computed_indices(OnnxWriter& w, const Ints& dims, float most) {
  w.input("z", dims).floats("most", {}, {most - 0.1f});
  w.node("Sigmoid", {"z"}, {"share"});
  w.node("Mul", {"share", "most"}, {"scaled"});
  set_int(w.node("Cast", {"scaled"}, {"i"}), "to", onnx::TensorProto::INT64);
}

/// Values and indices of the k best, one below the other.
void write_top_k(OnnxWriter& w, const std::string& x, std::int64_t k, std::int64_t axis,
                 std::int64_t largest) {
  w.ints("k", {k});
  auto& n = w.node("TopK", {x, "k"}, {"values", "indices"});
  set_int(n, "axis", axis);
  set_int(n, "largest", largest);
  set_int(w.node("Cast", {"indices"}, {"places"}), "to", onnx::TensorProto::FLOAT);
  set_int(w.node("Concat", {"values", "places"}, {"y"}), "axis", 0);
}

void add_top_k(std::vector<OperatorCase>& cases) {
  const auto top = [&](const std::string& name, std::int64_t k, std::int64_t axis,
                       std::int64_t largest, std::vector<float> expected) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 3}).floats("c", {3}, {2, 9, -1});
                       w.node("Min", {"x", "c"}, {"m"});  // 1 2 -1 / 2 5 -1, with exact ties
                       write_top_k(w, "m", k, axis, largest);
                     },
                     11, std::move(expected)});
  };
  top("TopK", 2, -1, 1, {2, 1, 5, 2, 1, 0, 1, 0});
  top("TopKSmallestFirstAxis", 2, 0, 0, {1, 2, -1, 2, 5, -1, 0, 0, 0, 1, 1, 1});
  top("TopKAll", 3, 1, 1, {2, 1, -1, 5, 2, -1, 1, 0, 2, 1, 0, 2});
  cases.push_back({"TopKOfEqual",
                   [](OnnxWriter& w) {
                     w.input("x", {4}).floats("c", {}, {2});
                     w.node("Min", {"x", "c"}, {"m"});
                     write_top_k(w, "m", 3, 0, 1);
                   },
                   13,
                   {2, 2, 2, 1, 2, 3}});
  cases.push_back({"TopKAttribute",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 3});
                     set_int(w.node("TopK", {"x"}, {"y", "places"}), "k", 1);
                   },
                   9,
                   {3, 6}});
  cases.push_back({"TopKValues",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 4}).ints("k", {3});
                     set_int(w.node("TopK", {"x", "k"}, {"y", "places"}), "largest", 0);
                   },
                   13,
                   {1, 2, 3, 5, 6, 7}});
}

void add_gathers_at(std::vector<OperatorCase>& cases) {
  const auto gather = [&](const std::string& name, const std::string& op, const Ints& dims,
                          const Ints& values, const std::string& key, std::int64_t number,
                          std::vector<float> expected) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 3});
                       write_indices(w, dims, values);
                       set_int(w.node(op, {"x", "i"}, {"y"}), key, number);
                     },
                     13, std::move(expected)});
  };
  gather("GatherElements", "GatherElements", {2, 2}, {2, -3, 1, 0}, "axis", 1, {3, 1, 5, 4});
  gather("GatherElementsFirst", "GatherElements", {1, 3}, {1, 0, 1}, "axis", 0, {4, 2, 6});
  gather("GatherND", "GatherND", {2, 2}, {0, 1, 1, -1}, "batch_dims", 0, {2, 6});
  gather("GatherNDSlices", "GatherND", {2, 1}, {1, 0}, "batch_dims", 0, {4, 5, 6, 1, 2, 3});
  gather("GatherNDBatches", "GatherND", {2, 1}, {2, 0}, "batch_dims", 1, {3, 4});
  cases.push_back({"GatherElementsComputed",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 3});
                     write_computed_indices(w, {2, 1}, 3);
                     set_int(w.node("GatherElements", {"x", "i"}, {"y"}), "axis", 1);
                   },
                   13,
                   {3, 6}});
  cases.push_back({"GatherNDComputed",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 3});
                     write_computed_indices(w, {2, 1}, 2);
                     w.node("GatherND", {"x", "i"}, {"y"});
                   },
                   13,
                   {4, 5, 6, 4, 5, 6}});
}

void add_scatters(std::vector<OperatorCase>& cases) {
  const auto scatter = [&](const std::string& name, const std::string& op,
                           const std::string& reduction, int opset, std::vector<float> expected) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 3});
                       write_indices(w, {2, 3}, {1, 0, 1, 2, 2, 0});
                       w.floats("u", {2, 3}, {0.5f, 9, -2, 3, 7, -1});
                       auto& n = w.node(op, {"x", "i", "u"}, {"y"});
                       set_int(n, "axis", 1);
                       if (!reduction.empty()) set_string(n, "reduction", reduction);
                     },
                     opset, std::move(expected)});
  };
  scatter("ScatterElements", "ScatterElements", "", 13, {9, -2, 3, -1, 5, 7});
  scatter("ScatterElementsAdd", "ScatterElements", "add", 16, {10, 0.5, 3, 3, 5, 16});
  scatter("ScatterElementsMul", "ScatterElements", "mul", 16, {9, -2, 3, -4, 5, 126});
  scatter("ScatterElementsMax", "ScatterElements", "max", 18, {9, 2, 3, 4, 5, 7});
  scatter("ScatterElementsMin", "ScatterElements", "min", 18, {1, -2, 3, -1, 5, 3});
  scatter("Scatter", "Scatter", "", 9, {9, -2, 3, -1, 5, 7});
  cases.push_back({"ScatterElementsOfVariables",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 3}).input("u", {2, 2});
                     write_indices(w, {2, 2}, {0, -1, 1, 1});
                     auto& n = w.node("ScatterElements", {"x", "i", "u"}, {"y"});
                     set_int(n, "axis", 1);
                     set_string(n, "reduction", "mul");
                   },
                   18});
  for (const std::string op : {"ScatterElements", "Scatter"})
    cases.push_back({op + "Computed",
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 3}).floats("u", {2, 1}, {9, -9});
                       write_computed_indices(w, {2, 1}, 3);
                       set_int(w.node(op, {"x", "i", "u"}, {"y"}), "axis", 1);
                     },
                     op == "Scatter" ? 10 : 13,
                     {1, 2, 9, 4, 5, -9}});
}

void add_remainders(std::vector<OperatorCase>& cases) {
  const auto of_integers = [&](const std::string& name, std::int64_t fmod,
                               std::vector<float> expected) {
    cases.push_back(
        {name,
         [=](OnnxWriter& w) {
           w.input("x", {6}).floats("shift", {}, {4.5f}).ints("c", {3, -3, 3, -3, 2, 5});
           w.node("Sub", {"x", "shift"}, {"s"});
           set_int(w.node("Cast", {"s"}, {"a"}), "to", onnx::TensorProto::INT64);
           // -3 -2 -1 0 0 1
           set_int(w.node("Mod", {"a", "c"}, {"m"}), "fmod", fmod);
           set_int(w.node("Cast", {"m"}, {"y"}), "to", onnx::TensorProto::FLOAT);
         },
         13, std::move(expected)});
  };
  of_integers("ModOfIntegers", 0, {0, -2, 2, 0, 0, 1});
  of_integers("ModOfIntegersCut", 1, {0, -2, -1, 0, 0, 1});
  cases.push_back(
      {"ModOfReals",
       [](OnnxWriter& w) {
         w.input("x", {2, 3}).floats("shift", {}, {2.75f}).floats("c", {3}, {2, -2, 1.5f});
         w.node("Sub", {"x", "shift"}, {"t"});
         set_int(w.node("Mod", {"t", "c"}, {"y"}), "fmod", 1);
       },
       10,
       {-1.75, -0.75, 0.25, 1.25, 0.25, 0.25}});
  cases.push_back({"ModOfVariables", [](OnnxWriter& w) {
                     w.input("x", {2, 3}).input("z", {3}).floats("least", {}, {1.5f});
                     w.node("Abs", {"z"}, {"size"});
                     w.node("Add", {"size", "least"}, {"c"});
                     set_int(w.node("Mod", {"x", "c"}, {"y"}), "fmod", 1);
                   }});
}

void add_others(std::vector<OperatorCase>& cases) {
  for (const std::string op : {"IsNaN", "IsInf"})
    cases.push_back({op,
                     [=](OnnxWriter& w) {
                       w.input("x", {3}).floats("c", {3}, {0.5f, 2, -1});
                       w.node(op, {"x"}, {"p"});
                       w.node("Where", {"p", "c", "x"}, {"y"});
                     },
                     13,
                     {1, 2, 3}});
  cases.push_back({"NonZero",
                   [](OnnxWriter& w) {
                     w.input("x", {3, 2}).floats("c", {2, 2}, {0, 0.5f, -1, 2});
                     w.node("NonZero", {"c"}, {"places"});  // 0 1 1 / 1 0 1
                     set_int(w.node("Cast", {"places"}, {"f"}), "to", onnx::TensorProto::FLOAT);
                     w.node("MatMul", {"f", "x"}, {"y"});
                   },
                   13,
                   {8, 10, 6, 8}});
}

}  // namespace

void add_indexed_cases(std::vector<OperatorCase>& cases) {
  add_top_k(cases);
  add_gathers_at(cases);
  add_scatters(cases);
  add_remainders(cases);
  add_others(cases);
}

}  // namespace clipbound::test
