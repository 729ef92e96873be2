// What torch.onnx.export(..., dynamo=True) writes since torch 2.5: functions inlined, weights in a
// file beside the model, nodes called node_*, constants called val_*.
// Source: PyTorch's documentation of the exporter; onnxscript's torch_lib.
#include "tests/zoo/zoo.h"

namespace clipbound::test {
namespace {

/// nn.Sequential(Linear, ReLU, Linear) of opset 18.
ZooWriter mlp(int opset = 18, int ir_version = 10) {
  ZooWriter w(opset, ir_version);
  w.input("x", {1, 3});
  w.weights("fc1.weight", {4, 3}).weights("fc1.bias", {4});
  w.weights("fc2.weight", {2, 4}).weights("fc2.bias", {2});
  const auto linear = [&](const std::string& x, const std::string& layer, const std::string& y) {
    auto& gemm = w.op("Gemm", {x, layer + ".weight", layer + ".bias"}, {y});
    set_float(gemm, "alpha", 1);
    set_float(gemm, "beta", 1);
    set_int(gemm, "transA", 0);
    set_int(gemm, "transB", 1);
  };
  linear("x", "fc1", "linear");
  w.op("Relu", {"linear"}, {"relu"});
  linear("relu", "fc2", "linear_1");
  w.output("linear_1");
  return w;
}

/// Conv2d, BatchNorm2d, ReLU, MaxPool2d, flatten, Linear.
ZooWriter convolutional() {
  ZooWriter w(18, 10);
  w.input("x", {1, 1, 4, 4}).weights("conv.weight", {2, 1, 3, 3}).weights("conv.bias", {2});
  w.weights("bn.weight", {2}).weights("bn.bias", {2}).weights("bn.running_mean", {2});
  w.floats("bn.running_var", {2}, {1.5f, 0.25f});
  w.ints("val_shape", {1, 8}).weights("fc.weight", {3, 8}).weights("fc.bias", {3});
  auto& conv = w.op("Conv", {"x", "conv.weight", "conv.bias"}, {"conv2d"});
  set_int(conv, "group", 1);
  set_string(conv, "auto_pad", "NOTSET");
  set_ints(conv, "dilations", {1, 1});
  set_ints(conv, "pads", {1, 1, 1, 1});
  set_ints(conv, "strides", {1, 1});
  auto& bn =
      w.op("BatchNormalization",
           {"conv2d", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"}, {"batch_norm"});
  set_float(bn, "epsilon", 1e-5f);
  set_float(bn, "momentum", 0.9f);
  set_int(bn, "training_mode", 0);
  w.op("Relu", {"batch_norm"}, {"relu"});
  auto& pool = w.op("MaxPool", {"relu"}, {"max_pool2d", "max_pool2d_indices"});
  set_ints(pool, "kernel_shape", {2, 2});
  set_ints(pool, "strides", {2, 2});
  set_int(pool, "ceil_mode", 0);
  set_int(w.op("Reshape", {"max_pool2d", "val_shape"}, {"flatten"}), "allowzero", 1);
  set_int(w.op("Gemm", {"flatten", "fc.weight", "fc.bias"}, {"linear"}), "transB", 1);
  w.output("linear");
  return w;
}

/// One head of attention over two tokens, as scaled_dot_product_attention is decomposed.
ZooWriter attention() {
  ZooWriter w(18, 10);
  w.input("x", {1, 2, 2}).weights("q.weight", {2, 2}).weights("k.weight", {2, 2});
  w.weights("v.weight", {2, 2}).floats("val_scale", {}, {0.8408964f});
  for (const std::string name : {"q", "k", "v"}) {
    set_ints(w.op("Transpose", {name + ".weight"}, {name + "_t"}), "perm", {1, 0});
    w.op("MatMul", {"x", name + "_t"}, {name});
  }
  set_ints(w.op("Transpose", {"k"}, {"val_kt"}), "perm", {0, 2, 1});
  w.op("Mul", {"q", "val_scale"}, {"val_q"});
  w.op("Mul", {"val_kt", "val_scale"}, {"val_k"});
  w.op("MatMul", {"val_q", "val_k"}, {"val_scores"});
  set_int(w.op("Softmax", {"val_scores"}, {"val_weights"}), "axis", -1);
  w.op("MatMul", {"val_weights", "v"}, {"scaled_dot_product_attention"});
  w.output("scaled_dot_product_attention");
  return w;
}

/// x + Linear(LayerNorm(x)), Gelu of opset 20.
ZooWriter residual_block() {
  ZooWriter w(20, 10);
  w.input("x", {1, 4}).weights("norm.weight", {4}).weights("norm.bias", {4});
  w.weights("fc.weight", {4, 4}).weights("fc.bias", {4});
  auto& norm = w.op("LayerNormalization", {"x", "norm.weight", "norm.bias"}, {"layer_norm"});
  set_int(norm, "axis", -1);
  set_float(norm, "epsilon", 1e-5f);
  set_int(norm, "stash_type", 1);
  set_int(w.op("Gemm", {"layer_norm", "fc.weight", "fc.bias"}, {"linear"}), "transB", 1);
  set_string(w.op("Gelu", {"linear"}, {"gelu"}), "approximate", "tanh");
  w.op("Add", {"x", "gelu"}, {"add"});
  w.output("add");
  return w;
}

/// PixelShuffle, chunk, cat, mean: shapes as constants.
ZooWriter shuffles() {
  ZooWriter w(18, 10);
  w.input("x", {1, 4, 1, 2});
  w.ints("val_0", {1, 1, 2, 2, 1, 2}).ints("val_1", {1, 1, 2, 4}).ints("val_2", {-1});
  set_int(w.op("Reshape", {"x", "val_0"}, {"val_3"}), "allowzero", 1);
  set_ints(w.op("Transpose", {"val_3"}, {"val_4"}), "perm", {0, 1, 4, 2, 5, 3});
  set_int(w.op("Reshape", {"val_4", "val_1"}, {"pixel_shuffle"}), "allowzero", 1);
  auto& split = w.op("Split", {"pixel_shuffle"}, {"chunk", "chunk_1"});
  set_int(split, "axis", -1);
  set_int(split, "num_outputs", 2);
  w.op("Neg", {"chunk_1"}, {"neg"});
  set_int(w.op("Concat", {"neg", "chunk"}, {"cat"}), "axis", -1);
  auto& mean = w.op("ReduceMean", {"cat", "val_2"}, {"mean"});
  set_int(mean, "keepdims", 0);
  set_int(mean, "noop_with_empty_axes", 0);
  w.output("mean");
  return w;
}

/// Depthwise convolution, hardswish, global pool.
ZooWriter mobile() {
  ZooWriter w(18, 10);
  w.input("x", {1, 2, 3, 3}).weights("dw.weight", {2, 1, 2, 2}).weights("pw.weight", {2, 2, 1, 1});
  w.ints("val_axes", {-1, -2}).ints("val_shape", {1, 2});
  auto& depthwise = w.op("Conv", {"x", "dw.weight"}, {"conv2d"});
  set_int(depthwise, "group", 2);
  set_ints(depthwise, "strides", {1, 1});
  w.op("HardSwish", {"conv2d"}, {"hardswish"});
  w.op("Conv", {"hardswish", "pw.weight"}, {"conv2d_1"});
  set_int(w.op("ReduceMean", {"conv2d_1", "val_axes"}, {"mean"}), "keepdims", 1);
  set_int(w.op("Reshape", {"mean", "val_shape"}, {"view"}), "allowzero", 1);
  w.output("view");
  return w;
}

/// Interpolation to twice the size and padding.
ZooWriter upsampling() {
  ZooWriter w(19, 10);
  w.input("x", {1, 1, 2, 2}).floats("val_scales", {4}, {1, 1, 2, 2});
  w.ints("val_pads", {0, 0, 1, 0, 0, 0, 0, 1}).floats("val_value", {}, {0.5f});
  w.weights("conv.weight", {1, 1, 3, 3});
  auto& resize = w.op("Resize", {"x", "", "val_scales"}, {"upsample_nearest2d"});
  set_string(resize, "mode", "nearest");
  set_string(resize, "coordinate_transformation_mode", "asymmetric");
  set_string(resize, "nearest_mode", "floor");
  set_string(w.op("Pad", {"upsample_nearest2d", "val_pads", "val_value"}, {"pad"}), "mode",
             "constant");
  w.op("Conv", {"pad", "conv.weight"}, {"conv2d"});
  w.output("conv2d");
  return w;
}

/// SiLU, clamp, where, comparison with a constant.
ZooWriter choices() {
  ZooWriter w(18, 10);
  w.input("x", {1, 4}).floats("val_0", {}, {-0.5f}).floats("val_6", {}, {6.0f});
  w.op("Sigmoid", {"x"}, {"val_sigmoid"});
  w.op("Mul", {"x", "val_sigmoid"}, {"silu"});
  w.op("Clip", {"silu", "val_0", "val_6"}, {"clamp"});
  w.op("Greater", {"x", "val_0"}, {"gt"});
  w.op("Where", {"gt", "clamp", "val_0"}, {"where"});
  w.output("where");
  return w;
}

/// model.half(): everything is float16, the input as well.
ZooWriter half_model() {
  ZooWriter w(18, 10);
  constexpr int kHalf = onnx::TensorProto::FLOAT16;
  w.input("x", {1, 3}, kHalf);
  w.halfs("fc1.weight", {4, 3}, some_weights(12, 1)).halfs("fc1.bias", {4}, some_weights(4, 2));
  w.halfs("fc2.weight", {2, 4}, some_weights(8, 3)).halfs("fc2.bias", {2}, some_weights(2, 4));
  set_int(w.op("Gemm", {"x", "fc1.weight", "fc1.bias"}, {"linear"}), "transB", 1);
  w.op("Relu", {"linear"}, {"relu"});
  set_int(w.op("Gemm", {"relu", "fc2.weight", "fc2.bias"}, {"linear_1"}), "transB", 1);
  w.output("linear_1", kHalf);
  return w;
}

}  // namespace

void add_dynamo_models(std::vector<ZooModel>& models) {
  models.insert(models.end(), {{"dynamo_mlp", [] { return mlp(); }},
                               {"dynamo_mlp_external", [] { return mlp(); }, true},
                               {"dynamo_convolutional", convolutional, true},
                               {"dynamo_attention", attention},
                               {"dynamo_residual_block", residual_block, true},
                               {"dynamo_shuffles", shuffles},
                               {"dynamo_mobile", mobile},
                               {"dynamo_upsampling", upsampling},
                               {"dynamo_choices", choices},
                               {"dynamo_half", half_model, true}});
  // The same network at every opset that the exporter offers, and at those after them.
  for (int opset = 18; opset <= 25; ++opset)
    models.push_back({"dynamo_mlp_opset" + std::to_string(opset), [opset] {
                        return mlp(opset, opset < 20 ? 9 : opset < 23 ? 10 : opset < 24 ? 11 : 12);
                      }});
}

}  // namespace clipbound::test
