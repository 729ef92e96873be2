// Forms that converters add: float16 by onnxconverter-common, branches left by torch.jit, weights
// kept in 16 bits, initialisers listed as inputs.
#include <cstring>

#include "tests/zoo/zoo.h"

namespace clipbound::test {
namespace {

constexpr int kFloat = onnx::TensorProto::FLOAT, kHalf = onnx::TensorProto::FLOAT16;

/// convert_float_to_float16(keep_io_types=True): a Cast at each end.
OnnxWriter keep_io_types() {
  ZooWriter w(13);
  w.input("x", {1, 2}).halfs("w", {2, 3}, some_weights(6, 5)).halfs("b", {3}, some_weights(3, 6));
  set_int(w.op("Cast", {"x"}, {"graph_input_cast0"}), "to", kHalf);
  w.op("MatMul", {"graph_input_cast0", "w"}, {"m"});
  w.op("Add", {"m", "b"}, {"a"});
  w.op("Relu", {"a"}, {"graph_output_cast0"});
  set_int(w.op("Cast", {"graph_output_cast0"}, {"y"}), "to", kFloat);
  w.output("y");
  return w;
}

/// One operator kept in float32 (op_block_list): casts around it.
OnnxWriter blocked_operator() {
  ZooWriter w(13);
  w.input("x", {1, 3}, kHalf).halfs("w", {3, 2}, some_weights(6, 7));
  w.op("MatMul", {"x", "w"}, {"m"});
  set_int(w.op("Cast", {"m"}, {"m_cast"}), "to", kFloat);
  set_int(w.op("Softmax", {"m_cast"}, {"s"}), "axis", -1);
  set_int(w.op("Cast", {"s"}, {"y"}), "to", kHalf);
  w.output("y", kHalf);
  return w;
}

/// Weights stored in 16 bits, arithmetic in float32.
OnnxWriter weights_in(int type) {
  ZooWriter w(13);
  w.input("x", {1, 2});
  onnx::TensorProto t;
  t.set_name("w");
  t.set_data_type(type);
  t.add_dims(2);
  t.add_dims(2);
  for (const float x : some_weights(4, 8)) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &x, sizeof bits);
    t.add_int32_data(type == kHalf ? float16_bits(x) : static_cast<int>(bits >> 16));
  }
  *w.graph().add_initializer() = t;
  set_int(w.op("Cast", {"w"}, {"w32"}), "to", kFloat);
  w.op("MatMul", {"x", "w32"}, {"y"});
  w.output("y");
  return w;
}

/// torch.squeeze(x, 1) of a dimension that the exporter did not know: If.
OnnxWriter squeeze_by_branch() {
  ZooWriter w(11, 6);
  w.input("x", {0, 1, 2}).weights("m", {2, 2}).weights("b", {2});
  set_tensor(w.op("Constant", {}, {"4"}), "value", OnnxWriter::int_tensor("", {}, {1}));
  w.op("Shape", {"x"}, {"3"});
  set_int(w.op("Gather", {"3", "4"}, {"5"}), "axis", 0);
  set_tensor(w.op("Constant", {}, {"6"}), "value", OnnxWriter::int_tensor("", {}, {1}));
  w.op("Equal", {"5", "6"}, {"7"});
  onnx::GraphProto squeezed, kept;
  squeezed.set_name("torch_jit1");
  set_ints(add_node(squeezed, "Squeeze", {"x"}, {"9"}), "axes", {1});
  squeezed.add_output()->set_name("9");
  kept.set_name("torch_jit2");
  add_node(kept, "Identity", {"x"}, {"10"});
  kept.add_output()->set_name("10");
  auto& choice = w.op("If", {"7"}, {"8"});
  set_graph(choice, "then_branch", squeezed);
  set_graph(choice, "else_branch", kept);
  w.op("Gemm", {"8", "m", "b"}, {"y"});
  w.output("y");
  return w;
}

/// keep_initializers_as_inputs=True, and nodes without names in no order.
OnnxWriter initialisers_as_inputs() {
  ZooWriter w(9, 3);
  w.input("x", {1, 2}).input("w", {2, 2}).weights("w", {2, 2});
  w.op("Relu", {"h"}, {"y"}).clear_name();
  w.op("MatMul", {"x", "w"}, {"h"}).clear_name();
  w.output("y");
  return w;
}

/// Newer forms: axes as inputs, allowzero, num_outputs, Pad with axes, start and end of Shape.
OnnxWriter newer_forms(int opset) {
  ZooWriter w(opset, 10);
  w.input("x", {1, 2, 2})
      .ints("axes", {-1})
      .ints("pads", {1, 0})
      .ints("axis1", {1})
      .ints("axis0", {0});
  w.floats("fill", {}, {0.25f}).ints("minus", {-1});
  w.op("Pad", {"x", "pads", "fill", "axis1"}, {"p"});  // [1,3,2]
  auto& shape = w.op("Shape", {"p"}, {"s"});
  set_int(shape, "start", 1);
  set_int(shape, "end", 2);
  set_int(w.op("Concat", {"s", "minus"}, {"t"}), "axis", 0);
  set_int(w.op("Reshape", {"p", "t"}, {"r"}), "allowzero", 0);  // [3,2]
  auto& split = w.op("Split", {"r"}, {"a", "b"});
  set_int(split, "axis", 0);
  set_int(split, "num_outputs", 2);  // [2,2], [1,2]
  w.op("ReduceMax", {"a", "axes"}, {"m"});
  w.op("ReduceMin", {"b", "axes"}, {"n"});
  w.op("Unsqueeze", {"m", "axis0"}, {"u"});
  w.op("Squeeze", {"u", "axis0"}, {"v"});
  set_ints(w.op("Transpose", {"v"}, {"q"}), "perm", {1, 0});
  set_int(w.op("Concat", {"q", "n"}, {"y"}), "axis", 1);
  w.output("y");
  return w;
}

/// Constant nodes in every form of the attribute, Identity, Dropout at inference.
OnnxWriter constants() {
  ZooWriter w(13);
  w.input("x", {2});
  set_float(w.op("Constant", {}, {"half"}), "value_float", 0.5f);
  set_floats(w.op("Constant", {}, {"pair"}), "value_floats", {1, -2});
  set_ints(w.op("Constant", {}, {"shape"}), "value_ints", {1, 2});
  w.op("Mul", {"x", "half"}, {"a"});
  w.op("Dropout", {"a"}, {"b"});
  w.op("Add", {"b", "pair"}, {"c"});
  w.op("Identity", {"c"}, {"d"});
  w.op("Reshape", {"d", "shape"}, {"y"});
  w.output("y");
  return w;
}

}  // namespace

void add_form_models(std::vector<ZooModel>& models) {
  models.insert(models.end(),
                {{"half_keep_io_types", keep_io_types},
                 {"half_blocked_operator", blocked_operator},
                 {"half_weights", [] { return weights_in(kHalf); }},
                 {"bfloat16_weights", [] { return weights_in(onnx::TensorProto::BFLOAT16); }},
                 {"if_from_squeeze", squeeze_by_branch},
                 {"initialisers_as_inputs", initialisers_as_inputs},
                 {"constants", constants}});
  for (const int opset : {18, 21, 23, 24, 25})
    models.push_back(
        {"newer_forms_opset" + std::to_string(opset), [opset] { return newer_forms(opset); }});
}

std::vector<ZooModel> zoo() {
  std::vector<ZooModel> models;
  add_dynamo_models(models);
  add_dynamo_function_models(models);
  add_tf2onnx_models(models);
  add_skl2onnx_models(models);
  add_form_models(models);
  return models;
}

}  // namespace clipbound::test
