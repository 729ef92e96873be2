// Comparisons, logic, casts, indices: what chooses and jumps.
#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

namespace clipbound::test {

namespace {

using Ints = std::vector<std::int64_t>;

onnx::TensorProto bool_tensor(const std::string& name, const Ints& dims,
                              const std::vector<int>& values) {
  onnx::TensorProto t;
  t.set_name(name);
  t.set_data_type(onnx::TensorProto::BOOL);
  for (const auto d : dims) t.add_dims(d);
  for (const int v : values) t.add_int32_data(v);
  return t;
}

/// Truth values and integers leave as float32 numbers.
void write_as_float(OnnxWriter& w, const std::string& from) {
  set_int(w.node("Cast", {from}, {"y"}), "to", onnx::TensorProto::FLOAT);
}

void add_comparisons(std::vector<OperatorCase>& cases) {
  const auto compare = [&](const std::string& op, int opset, std::vector<float> expected) {
    cases.push_back({op,
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 2}).floats("c", {2}, {1, 3.5});
                       w.node(op, {"x", "c"}, {"t"});
                       write_as_float(w, "t");
                     },
                     opset, std::move(expected)});
    cases.push_back({op + "Variables",
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 2}).input("z", {2, 1});
                       w.node(op, {"x", "z"}, {"t"});
                       write_as_float(w, "t");
                     },
                     opset});
  };
  compare("Equal", 13, {1, 0, 0, 0});
  compare("Less", 13, {0, 1, 0, 0});
  compare("Greater", 13, {0, 0, 1, 1});
  compare("LessOrEqual", 13, {1, 1, 0, 0});
  compare("GreaterOrEqual", 13, {1, 0, 1, 1});
  const auto logic = [&](const std::string& op, std::vector<float> expected) {
    cases.push_back({op,
                     [=](OnnxWriter& w) {
                       w.input("x", {4}).floats("low", {}, {1.5}).floats("c", {4}, {0, 9, 9, 0});
                       w.node("Less", {"x", "low"}, {"p"});  // 1 0 0 0
                       w.node("Less", {"x", "c"}, {"q"});    // 0 1 1 0
                       w.node(op, {"p", "q"}, {"t"});
                       write_as_float(w, "t");
                     },
                     13, std::move(expected)});
  };
  logic("And", {0, 0, 0, 0});
  logic("Or", {1, 1, 1, 0});
  logic("Xor", {1, 1, 1, 0});
  cases.push_back({"div_of_integers",
                   [](OnnxWriter& w) {
                     w.input("x", {6}).floats("shift", {}, {4.25}).ints("c", {2, 2, -2, 3, -1, 2});
                     w.node("Sub", {"x", "shift"}, {"s"});  // -3.25, ..., 1.75
                     set_int(w.node("Cast", {"s"}, {"whole"}), "to", onnx::TensorProto::INT64);
                     w.node("Div", {"whole", "c"}, {"t"});
                     write_as_float(w, "t");
                   },
                   13,
                   {-1, -1, 0, 0, 0, 0}});
  cases.push_back({"Not",
                   [](OnnxWriter& w) {
                     w.input("x", {3}).floats("c", {}, {1.5});
                     w.node("Less", {"x", "c"}, {"p"});
                     w.node("Not", {"p"}, {"t"});
                     write_as_float(w, "t");
                   },
                   13,
                   {0, 1, 1}});
}

void add_where(std::vector<OperatorCase>& cases) {
  cases.push_back({"WhereComputed",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 2}).floats("c", {}, {2.5}).floats("d", {2, 1}, {10, 20});
                     w.node("Less", {"x", "c"}, {"p"});
                     w.node("Where", {"p", "x", "d"}, {"y"});
                   },
                   13,
                   {1, 2, 20, 20}});
  cases.push_back({"WhereConstant",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 2}).floats("d", {2, 1}, {10, 20});
                     *w.graph().add_initializer() = bool_tensor("p", {2}, {1, 0});
                     w.node("Where", {"p", "x", "d"}, {"y"});
                   },
                   13,
                   {1, 10, 3, 20}});
  cases.push_back(
      {"WhereConstantSubgraph",
       [](OnnxWriter& w) {
         w.input("x", {3})
             .floats("a", {10}, some_numbers(10))
             .floats("b", {3}, {1, 2, 3})
             .ints("axes", {0});
         set_int(w.node("ReduceSum", {"a", "axes"}, {"s"}), "keepdims", 1);
         w.node("Mul", {"a", "a"}, {"square"});  // large enough to stay until simplify()
         w.node("ReduceMax", {"square"}, {"large"});
         w.node("Less", {"b", "large"}, {"p"});
         w.node("Where", {"p", "x", "b"}, {"y"});
       },
       13});
}

void add_casts(std::vector<OperatorCase>& cases) {
  const auto cast = [&](const std::string& name, int to, float shift, std::vector<float> expected) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", {4}).floats("c", {}, {shift});
                       w.node("Sub", {"x", "c"}, {"d"});
                       set_int(w.node("Cast", {"d"}, {"t"}), "to", to);
                       write_as_float(w, "t");
                     },
                     13, std::move(expected)});
  };
  cast("CastToInt64", onnx::TensorProto::INT64, 2.25f, {-1, 0, 0, 1});
  cast("CastToInt32", onnx::TensorProto::INT32, 2.75f, {-1, 0, 0, 1});
  cast("CastToBool", onnx::TensorProto::BOOL, 2.0f, {1, 0, 1, 1});
  cast("CastToDouble", onnx::TensorProto::DOUBLE, 2.25f, {-1.25, -0.25, 0.75, 1.75});
  cases.push_back({"CastByName",
                   [](OnnxWriter& w) {
                     w.input("x", {2});
                     set_string(w.node("Cast", {"x"}, {"y"}), "to", "FLOAT");
                   },
                   5,
                   {1, 2}});
}

void add_indices(std::vector<OperatorCase>& cases) {
  const auto arg = [&](const std::string& name, const std::string& op, int axis, int keep, int last,
                       std::vector<float> expected) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 3}).floats("c", {3}, {-9, 9, -20});
                       w.node("Min", {"x", "c"}, {"m"});  // -9 2 -20 / -9 5 -20, with exact ties
                       auto& n = w.node(op, {"m"}, {"t"});
                       set_int(n, "axis", axis);
                       set_int(n, "keepdims", keep);
                       set_int(n, "select_last_index", last);
                       write_as_float(w, "t");
                     },
                     13, std::move(expected)});
  };
  arg("ArgMax", "ArgMax", 1, 1, 0, {1, 1});
  arg("ArgMin", "ArgMin", -1, 0, 0, {2, 2});
  arg("ArgMaxFirst", "ArgMax", 0, 0, 0, {0, 1, 0});
  arg("ArgMaxLast", "ArgMax", 0, 0, 1, {1, 1, 1});
  arg("ArgMinLast", "ArgMin", 0, 1, 1, {1, 0, 1});
  const auto one_hot = [&](const std::string& name, int axis, std::vector<float> expected) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 2})
                           .floats("values", {2}, {-1, 5})
                           .ints("depth", {3})
                           .floats("c", {}, {2});
                       w.node("Sub", {"x", "c"}, {"s"});  // -1 0 1 2
                       set_int(w.node("Cast", {"s"}, {"i"}), "to", onnx::TensorProto::INT64);
                       set_int(w.node("OneHot", {"i", "depth", "values"}, {"y"}), "axis", axis);
                     },
                     13, std::move(expected)});
  };
  one_hot("OneHot", -1, {-1, -1, 5, 5, -1, -1, -1, 5, -1, -1, -1, 5});
  one_hot("OneHotFirst", 0, {-1, 5, -1, -1, -1, -1, 5, -1, 5, -1, -1, 5});
}

void add_computed_places(std::vector<OperatorCase>& cases) {
  cases.push_back({"ScatterND",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 2}).floats("d", {4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
                     *w.graph().add_initializer() = OnnxWriter::int_tensor("i", {2, 1}, {3, -4});
                     w.node("ScatterND", {"d", "i", "x"}, {"y"});
                   },
                   13,
                   {3, 4, 3, 4, 5, 6, 1, 2}});
  cases.push_back({"ScatterNDComputed",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 2}).floats("u", {1}, {9});
                     w.node("Abs", {"x"}, {"a"});
                     set_int(w.node("Cast", {"a"}, {"i"}), "to", onnx::TensorProto::INT64);
                     w.floats("d", {3, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8});
                     w.node("ScatterND", {"d", "i", "u"}, {"y"});
                   },
                   13,
                   {0, 1, 2, 3, 4, 9, 6, 7, 8}});
  const auto gather = [&](const std::string& name, std::int64_t axis, std::vector<float> expected) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", {1, 2}).floats("one", {}, {1});
                       w.node("Abs", {"x"}, {"a"});
                       w.node("Sub", {"a", "one"}, {"places"});  // 0 1; cut towards 0
                       set_int(w.node("Cast", {"places"}, {"i"}), "to", onnx::TensorProto::INT64);
                       w.floats("d", {2, 3}, {0, 1, 2, 3, 4, 5});
                       set_int(w.node("Gather", {"d", "i"}, {"y"}), "axis", axis);
                     },
                     13, std::move(expected)});
  };
  gather("GatherComputed", 0, {0, 1, 2, 3, 4, 5});
  gather("GatherComputedLast", -1, {0, 1, 3, 4});
  cases.push_back({"SliceComputed",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 6}).input("z", {1}).ints("axes", {1}).ints("two", {2});
                     w.floats("c", {}, {8.5f});
                     w.node("Sub", {"z", "c"},
                            {"moved"});  // z is 13 in the closed form, about 1 at random points
                     w.node("Sigmoid", {"moved"}, {"s"});
                     w.floats("k", {}, {4.5f});
                     w.node("Mul", {"s", "k"}, {"index"});
                     set_int(w.node("Cast", {"index"}, {"start"}), "to", onnx::TensorProto::INT64);
                     w.node("Add", {"two", "start"}, {"end"});
                     w.node("Slice", {"x", "start", "end", "axes"}, {"y"});
                   },
                   13,
                   {5, 6, 11, 12}});
}

/// Writes 9 into {0, 1, 2, 3} at places[begin : end], where begin is the second input (2 in the
/// closed form) and end a sum.
void scatter_at_slice(OnnxWriter& w, const Ints& places, const std::string& length) {
  w.input("x", {2}).ints("places", places).ints("axes", {0}).ints("one", {1}).ints("two", {2});
  w.node("Slice", {"x", "one", "two", "axes"}, {"last"});
  w.ints("column", {-1, 1}).floats("u", {1}, {9}).floats("d", {4}, {0, 1, 2, 3});
  set_int(w.node("Cast", {"last"}, {"start"}), "to", onnx::TensorProto::INT64);
  w.node("Add", {"start", length}, {"end"});
  w.node("Slice", {"places", "start", "end", "axes"}, {"place"});
  w.node("Reshape", {"place", "column"}, {"index"});
  w.node("Shape", {"place"}, {"count"});
  w.node("Expand", {"u", "count"}, {"updates"});
  w.node("ScatterND", {"d", "index", "updates"}, {"y"});
}

void add_scattered_slices(std::vector<OperatorCase>& cases) {
  // Where the slice is empty, nothing is scattered (cctsdb_yolo_2023 in test_all_networks.cpp
  // depends on it).
  cases.push_back({"ScatterNDAtAnEmptySlice",
                   [](OnnxWriter& w) {
                     scatter_at_slice(w, {2, 0}, "one");
                   },
                   13,
                   {0, 1, 2, 3}});
  // Where the border cuts a slice of indices, those that are left are written.
  cases.push_back({"ScatterNDAtACutSlice",
                   [](OnnxWriter& w) {
                     scatter_at_slice(w, {2, 0, 3}, "two");
                   },
                   13,
                   {0, 1, 2, 9}});
}

}  // namespace

void add_choice_cases(std::vector<OperatorCase>& cases) {
  add_comparisons(cases);
  add_where(cases);
  add_casts(cases);
  add_indices(cases);
  add_computed_places(cases);
  add_scattered_slices(cases);
}

}  // namespace clipbound::test
