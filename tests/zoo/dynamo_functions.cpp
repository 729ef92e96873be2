// What torch.onnx.dynamo_export and torch.onnx.export(..., dynamo=True) wrote in torch 2.1 to 2.4:
// every operator a function of pkg.onnxscript.torch_lib, every module one of pkg.torch.
// Source: onnxscript's torch_lib; the ONNX IR's functions.
#include "tests/zoo/zoo.h"

namespace clipbound::test {
namespace {

using Proto = onnx::AttributeProto;

const std::string kLib = "pkg.onnxscript.torch_lib", kCommon = "pkg.onnxscript.torch_lib.common",
                  kTorch = "pkg.torch.2.1.0";

ZooWriter writer(int opset = 18) {
  ZooWriter w(opset, 8);
  w.imports(kLib).imports(kCommon).imports(kTorch);
  return w;
}

Proto number(const std::string& name, float value) {
  Proto a;
  a.set_name(name);
  a.set_type(Proto::FLOAT);
  a.set_f(value);
  return a;
}

void constant_ints(onnx::NodeProto& n, const std::vector<std::int64_t>& values) {
  set_ints(n, "value_ints", values);
}

void add_transpose(ZooWriter& w) {
  auto& f = w.function(kLib, "aten_t", {"self"}, {"result"}, 18);
  set_ints(add_node(f, "Transpose", {"self"}, {"result"}), "perm", {1, 0});
}

/// beta self + alpha mat1 mat2, both with defaults.
void add_addmm(ZooWriter& w) {
  auto& f = w.function(kLib, "aten_addmm", {"self", "mat1", "mat2"}, {"return_val"}, 18);
  set_default(f, number("beta", 1.0f));
  set_default(f, number("alpha", 1.0f));
  auto& gemm = add_node(f, "Gemm", {"mat1", "mat2", "self"}, {"return_val"});
  set_reference(gemm, "alpha", "alpha", Proto::FLOAT);
  set_reference(gemm, "beta", "beta", Proto::FLOAT);
}

void add_relu(ZooWriter& w) {
  auto& f = w.function(kLib, "aten_relu", {"self"}, {"return_val"}, 18);
  add_node(f, "Relu", {"self"}, {"return_val"});
}

/// self + alpha other, where alpha takes other's type.
void add_add(ZooWriter& w) {
  auto& f = w.function(kLib, "aten_add", {"self", "other"}, {"return_val"}, 18);
  set_default(f, number("alpha", 1.0f));
  set_reference(add_node(f, "Constant", {}, {"alpha"}), "value_float", "alpha", Proto::FLOAT);
  add_node(f, "CastLike", {"alpha", "other"}, {"alpha_0"});
  add_node(f, "Mul", {"other", "alpha_0"}, {"other_1"});
  add_node(f, "Add", {"self", "other_1"}, {"return_val"});
}

/// Rank and IsScalar, which most reductions and views ask.
void add_common(ZooWriter& w) {
  auto& rank = w.function(kCommon, "Rank", {"input"}, {"return_val"}, 18);
  add_node(rank, "Shape", {"input"}, {"tmp"});
  add_node(rank, "Size", {"tmp"}, {"return_val"});
  auto& scalar = w.function(kCommon, "IsScalar", {"input"}, {"return_val"}, 18);
  add_node(scalar, "Shape", {"input"}, {"tmp"});
  add_node(scalar, "Size", {"tmp"}, {"tmp_0"});
  set_int(add_node(scalar, "Constant", {}, {"tmp_1"}), "value_int", 0);
  add_node(scalar, "Equal", {"tmp_0", "tmp_1"}, {"return_val"});
}

/// The mean along dim; of a scalar, the scalar.
void add_mean_dim(ZooWriter& w) {
  auto& f = w.function(kLib, "aten_mean_dim", {"self", "dim"}, {"result_4"}, 18);
  f.add_attribute("keepdim");
  add_node(f, "IsScalar", {"self"}, {"cond"}, kCommon);
  onnx::GraphProto same, mean;
  same.set_name("thenGraph");
  add_node(same, "Identity", {"self"}, {"result"});
  same.add_output()->set_name("result");
  mean.set_name("elseGraph");
  add_node(mean, "IsScalar", {"dim"}, {"cond_0"}, kCommon);
  onnx::GraphProto unsqueezed, as_it_is;
  unsqueezed.set_name("thenGraph_1");
  as_it_is.set_name("elseGraph_1");
  constant_ints(add_node(unsqueezed, "Constant", {}, {"one_d"}), {-1});
  add_node(unsqueezed, "Reshape", {"dim", "one_d"}, {"dim_1"});
  unsqueezed.add_output()->set_name("dim_1");
  add_node(as_it_is, "Identity", {"dim"}, {"dim_2"});
  as_it_is.add_output()->set_name("dim_2");
  auto& inner = add_node(mean, "If", {"cond_0"}, {"dim_3"});
  set_graph(inner, "then_branch", unsqueezed);
  set_graph(inner, "else_branch", as_it_is);
  auto& reduce = add_node(mean, "ReduceMean", {"self", "dim_3"}, {"result_2"});
  set_reference(reduce, "keepdims", "keepdim", Proto::INT);
  mean.add_output()->set_name("result_2");
  auto& choice = add_node(f, "If", {"cond"}, {"result_4"});
  set_graph(choice, "then_branch", same);
  set_graph(choice, "else_branch", mean);
}

/// Modules are functions that call those of torch_lib, which are called by the model's graph.
OnnxWriter mlp() {
  ZooWriter w = writer();
  w.input("arg0", {1, 3}).weights("fc1.weight", {4, 3}).weights("fc1.bias", {4});
  w.weights("fc2.weight", {2, 4}).weights("fc2.bias", {2});
  for (const std::string layer : {"fc1", "fc2"}) {
    auto& module = w.function(kTorch, "torch_nn_modules_linear_Linear_" + layer + "_1",
                              {"x", "weight", "bias"}, {"addmm"}, 18);
    add_node(module, "aten_t", {"weight"}, {"t"}, kLib).set_name("aten_t_0");
    add_node(module, "aten_addmm", {"bias", "x", "t"}, {"addmm"}, kLib).set_name("aten_addmm_1");
  }
  auto& activation =
      w.function(kTorch, "torch_nn_modules_activation_ReLU_relu_1", {"x"}, {"relu"}, 18);
  add_node(activation, "aten_relu", {"x"}, {"relu"}, kLib);
  w.op("torch_nn_modules_linear_Linear_fc1_1", {"arg0", "fc1.weight", "fc1.bias"}, {"fc1_1"},
       kTorch);
  w.op("torch_nn_modules_activation_ReLU_relu_1", {"fc1_1"}, {"relu_1"}, kTorch);
  w.op("torch_nn_modules_linear_Linear_fc2_1", {"relu_1", "fc2.weight", "fc2.bias"}, {"fc2_1"},
       kTorch);
  add_addmm(w);  // defined after they are used, as the exporter does
  add_transpose(w);
  add_relu(w);
  w.output("fc2_1");
  return w;
}

/// Calls that give the attributes which others leave out.
OnnxWriter scaled_addmm() {
  ZooWriter w = writer();
  w.input("x", {1, 2}).weights("b", {2}).weights("m", {2, 2});
  add_addmm(w);
  w.op("aten_addmm", {"b", "x", "m"}, {"plain"}, kLib);
  auto& scaled = w.op("aten_addmm", {"b", "plain", "m"}, {"scaled"}, kLib);
  set_float(scaled, "alpha", 0.5f);
  set_float(scaled, "beta", -2.0f);
  w.output("scaled");
  return w;
}

OnnxWriter residual_add() {
  ZooWriter w = writer();
  w.input("x", {1, 2}).weights("m", {2, 2}).weights("b", {2});
  add_add(w);
  add_relu(w);
  add_addmm(w);
  w.op("aten_addmm", {"b", "x", "m"}, {"addmm"}, kLib);
  w.op("aten_relu", {"addmm"}, {"relu"}, kLib);
  set_float(w.op("aten_add", {"relu", "x"}, {"add"}, kLib), "alpha", 2.0f);
  w.output("add");
  return w;
}

OnnxWriter mean_dim() {
  ZooWriter w = writer();
  w.input("x", {1, 2, 3}).ints("dims", {1, 2});
  w.graph().add_initializer()->CopyFrom(OnnxWriter::int_tensor("last", {}, {-1}));
  add_common(w);
  add_mean_dim(w);
  set_int(w.op("aten_mean_dim", {"x", "last"}, {"mean"}, kLib), "keepdim", 0);
  set_int(w.op("aten_mean_dim", {"x", "dims"}, {"mean_1"}, kLib), "keepdim", 1);
  w.output("mean").output("mean_1");
  return w;
}

/// A function with three outputs of which one is read; the others are named nevertheless.
OnnxWriter layer_norm() {
  ZooWriter w = writer();
  w.input("x", {1, 4}).weights("weight", {4}).weights("bias", {4});
  auto& f = w.function(kLib, "aten_native_layer_norm", {"input", "weight", "bias"},
                       {"result", "mean", "rdenominator"}, 18);
  f.add_attribute("axis");
  f.add_attribute("eps");
  auto& norm = add_node(f, "LayerNormalization", {"input", "weight", "bias"},
                        {"result", "mean", "rdenominator"});
  set_reference(norm, "axis", "axis", Proto::INT);
  set_reference(norm, "epsilon", "eps", Proto::FLOAT);
  auto& call = w.op("aten_native_layer_norm", {"x", "weight", "bias"},
                    {"getitem", "getitem_1", "getitem_2"}, kLib);
  set_int(call, "axis", -1);
  set_float(call, "eps", 1e-5f);
  w.output("getitem");
  return w;
}

/// Convolution with every attribute a reference, view with its size cast, max pool.
OnnxWriter convolution() {
  ZooWriter w = writer();
  w.input("x", {1, 1, 4, 4}).weights("weight", {2, 1, 2, 2}).weights("bias", {2});
  auto& conv =
      w.function(kLib, "_aten_convolution_onnx", {"input", "weight", "bias"}, {"result"}, 18);
  auto& node = add_node(conv, "Conv", {"input", "weight", "bias"}, {"result"});
  for (const std::string name : {"strides", "pads", "dilations"}) {
    conv.add_attribute(name);
    set_reference(node, name, name, Proto::INTS);
  }
  conv.add_attribute("groups");
  set_reference(node, "group", "groups", Proto::INT);
  auto& view = w.function(kLib, "aten_view", {"self", "size"}, {"return_val"}, 18);
  set_int(add_node(view, "Cast", {"size"}, {"size_0"}), "to", onnx::TensorProto::INT64);
  add_node(view, "Reshape", {"self", "size_0"}, {"return_val"});
  auto& call = w.op("_aten_convolution_onnx", {"x", "weight", "bias"}, {"convolution"}, kLib);
  set_ints(call, "strides", {1, 2});
  set_ints(call, "pads", {0, 1, 1, 0});
  set_ints(call, "dilations", {1, 1});
  set_int(call, "groups", 1);
  constant_ints(w.op("Constant", {}, {"size"}), {1, 16});
  w.op("aten_view", {"convolution", "size"}, {"view"}, kLib);
  w.output("view");
  return w;
}

/// Overloads (IR version 10): one name, two bodies.
OnnxWriter overloads() {
  ZooWriter w(21, 10);
  w.imports("model").input("x", {1, 2}).weights("m", {2, 2});
  auto& first = w.function("model", "layer", {"x", "m"}, {"y"}, 21);
  set_overload(first, "0");
  add_node(first, "MatMul", {"x", "m"}, {"h"});
  add_node(first, "Tanh", {"h"}, {"y"});
  auto& second = w.function("model", "layer", {"x", "m"}, {"y"}, 21);
  set_overload(second, "1");
  add_node(second, "MatMul", {"x", "m"}, {"h"});
  add_node(second, "Softplus", {"h"}, {"y"});
  set_overload(w.op("layer", {"x", "m"}, {"h"}, "model"), "0");
  set_overload(w.op("layer", {"h", "m"}, {"y"}, "model"), "1");
  w.output("y");
  return w;
}

/// The model's opset is not that of its functions.
OnnxWriter older_function() {
  ZooWriter w(22, 10);
  w.imports("model").input("x", {1, 2, 2});
  auto& f = w.function("model", "squeeze_and_sum", {"x"}, {"y"}, 11);
  set_ints(add_node(f, "Squeeze", {"x"}, {"s"}), "axes", {0});
  set_ints(add_node(f, "ReduceSum", {"s"}, {"y"}), "axes", {1});
  w.op("squeeze_and_sum", {"x"}, {"h"}, "model");
  w.op("Mul", {"h", "h"}, {"y"});
  w.output("y");
  return w;
}

}  // namespace

void add_dynamo_function_models(std::vector<ZooModel>& models) {
  models.insert(models.end(), {{"functions_mlp", mlp},
                               {"functions_mlp_external", mlp, true},
                               {"functions_scaled_addmm", scaled_addmm},
                               {"functions_residual_add", residual_add},
                               {"functions_mean_dim", mean_dim},
                               {"functions_layer_norm", layer_norm},
                               {"functions_convolution", convolution},
                               {"functions_overloads", overloads},
                               {"functions_older_opset", older_function}});
}

}  // namespace clipbound::test
