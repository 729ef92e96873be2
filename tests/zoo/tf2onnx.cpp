// What tf2onnx writes of Keras models: names with paths and ":0", dense layers as MatMul and Add,
// convolutions between transpositions, shapes computed from shapes.
// Source: tf2onnx's README and its tests' descriptions of rewriters.
#include "tests/zoo/zoo.h"

namespace clipbound::test {
namespace {

const std::string kPath = "StatefulPartitionedCall/model/";

ZooWriter writer(int opset = 15) {
  return ZooWriter(opset, 8);
}

/// A dense layer: MatMul, BiasAdd.
std::string dense(ZooWriter& w, const std::string& name, const std::string& x, std::int64_t from,
                  std::int64_t to) {
  const std::string path = kPath + name;
  w.weights(path + "/MatMul/ReadVariableOp:0", {from, to});
  w.weights(path + "/BiasAdd/ReadVariableOp:0", {to});
  w.op("MatMul", {x, path + "/MatMul/ReadVariableOp:0"}, {path + "/MatMul:0"});
  w.op("Add", {path + "/MatMul:0", path + "/BiasAdd/ReadVariableOp:0"}, {path + "/BiasAdd:0"});
  return path + "/BiasAdd:0";
}

/// Dense, ReLU, dense, softmax; the batch has a name; the output is an Identity.
OnnxWriter dense_softmax(int opset) {
  ZooWriter w = writer(opset);
  w.input("input_1", {0, 3});
  const std::string first = dense(w, "dense", "input_1", 3, 4);
  w.op("Relu", {first}, {kPath + "dense/Relu:0"});
  const std::string second = dense(w, "dense_1", kPath + "dense/Relu:0", 4, 3);
  set_int(w.op("Softmax", {second}, {kPath + "dense_1/Softmax:0"}), "axis", 1);
  w.op("Identity", {kPath + "dense_1/Softmax:0"}, {"dense_1"});
  w.output("dense_1");
  return w;
}

/// Conv2D on NHWC: a transposition before and one after it, as the optimiser leaves them.
OnnxWriter convolution_nhwc() {
  ZooWriter w = writer();
  w.input("input_1", {0, 3, 3, 2})
      .weights("conv2d/kernel", {2, 2, 2, 2})
      .weights("conv2d/bias", {2});
  w.ints("const_fold_opt__7", {-1, 18});
  set_ints(w.op("Transpose", {"input_1"}, {"adjusted_input1"}), "perm", {0, 3, 1, 2});
  auto& conv = w.op("Conv", {"adjusted_input1", "conv2d/kernel", "conv2d/bias"}, {"Conv2D:0"});
  set_ints(conv, "pads", {0, 0, 1, 1});
  set_ints(conv, "strides", {1, 1});
  set_ints(conv, "dilations", {1, 1});
  set_int(conv, "group", 1);
  set_ints(conv, "kernel_shape", {2, 2});
  w.op("Relu", {"Conv2D:0"}, {"Relu:0"});
  set_ints(w.op("Transpose", {"Relu:0"}, {"Transpose__12:0"}), "perm", {0, 2, 3, 1});
  w.op("Reshape", {"Transpose__12:0", "const_fold_opt__7"}, {"flatten"});
  w.output("flatten");
  return w;
}

/// Flatten with a batch that nobody knows: Shape, Cast, Slice, Concat, Reshape.
OnnxWriter dynamic_flatten() {
  ZooWriter w = writer(13);
  w.input("input_1", {0, 2, 2}).ints("starts", {0}).ints("ends", {1}).ints("axes", {0});
  w.ints("rest", {4});
  w.op("Shape", {"input_1"}, {"flatten/Shape:0"});
  set_int(w.op("Cast", {"flatten/Shape:0"}, {"Shape__11:0"}), "to", onnx::TensorProto::INT32);
  w.op("Slice", {"Shape__11:0", "starts", "ends", "axes"}, {"flatten/strided_slice:0"});
  set_int(w.op("Cast", {"flatten/strided_slice:0"}, {"Cast__13:0"}), "to",
          onnx::TensorProto::INT64);
  set_int(w.op("Concat", {"Cast__13:0", "rest"}, {"flatten/Reshape/shape:0"}), "axis", 0);
  w.op("Reshape", {"input_1", "flatten/Reshape/shape:0"}, {"flatten/Reshape:0"});
  const std::string y = dense(w, "dense", "flatten/Reshape:0", 4, 2);
  w.op("Tanh", {y}, {"dense"});
  w.output("dense");
  return w;
}

/// DepthwiseConv2D, BatchNormalization, ReLU6 as it was exported first: two clamps.
OnnxWriter depthwise() {
  ZooWriter w = writer(12);
  w.input("input_1", {0, 2, 3, 3}).weights("depthwise/kernel", {2, 1, 3, 3});
  w.weights("gamma", {2}).weights("beta", {2}).weights("mean", {2}).floats("var", {2}, {0.5f, 2});
  w.floats("six", {}, {6}).floats("zero", {}, {0});
  auto& conv = w.op("Conv", {"input_1", "depthwise/kernel"}, {"depthwise:0"});
  set_int(conv, "group", 2);
  set_string(conv, "auto_pad", "SAME_UPPER");
  set_ints(conv, "strides", {2, 2});
  set_float(w.op("BatchNormalization", {"depthwise:0", "gamma", "beta", "mean", "var"},
                 {"FusedBatchNormV3:0"}),
            "epsilon", 1e-3f);
  w.op("Min", {"FusedBatchNormV3:0", "six"}, {"Relu6_min:0"});
  w.op("Max", {"Relu6_min:0", "zero"}, {"Relu6:0"});
  set_ints(w.op("ReduceMean", {"Relu6:0"}, {"Mean:0"}), "axes", {2, 3});
  w.output("Relu6:0").output("Mean:0");
  return w;
}

/// MaxPooling2D and AveragePooling2D with padding "same".
OnnxWriter pools() {
  ZooWriter w = writer();
  w.input("input_1", {0, 1, 3, 3});
  for (const std::string kind : {"Max", "Average"}) {
    auto& pool = w.op(kind + "Pool", {"input_1"}, {kind + "Pool:0"});
    set_ints(pool, "kernel_shape", {2, 2});
    set_ints(pool, "strides", {2, 2});
    set_string(pool, "auto_pad", "SAME_UPPER");
  }
  w.op("Sub", {"MaxPool:0", "AveragePool:0"}, {"sub"});
  w.output("sub");
  return w;
}

/// UpSampling2D on NHWC: Resize with sizes computed from the shape.
OnnxWriter upsampling() {
  ZooWriter w = writer();
  w.input("input_1", {0, 1, 1, 2}).ints("factors", {1, 1, 2, 2});
  set_ints(w.op("Transpose", {"input_1"}, {"x"}), "perm", {0, 3, 1, 2});
  w.op("Shape", {"x"}, {"shape"});
  w.op("Mul", {"shape", "factors"}, {"sizes"});
  auto& resize = w.op("Resize", {"x", "", "", "sizes"}, {"up_sampling2d/resize:0"});
  set_string(resize, "mode", "nearest");
  set_string(resize, "coordinate_transformation_mode", "asymmetric");
  set_string(resize, "nearest_mode", "floor");
  set_ints(w.op("Transpose", {"up_sampling2d/resize:0"}, {"y"}), "perm", {0, 2, 3, 1});
  w.output("y");
  return w;
}

/// Activations of Keras one after the other: elu, selu, softplus, leaky_relu, hard_sigmoid, swish.
OnnxWriter activations() {
  ZooWriter w = writer();
  w.input("input_1", {0, 2});
  set_float(w.op("Elu", {"input_1"}, {"elu"}), "alpha", 1);
  set_float(w.op("LeakyRelu", {"input_1"}, {"leaky"}), "alpha", 0.3f);
  w.op("Selu", {"elu"}, {"selu"});
  w.op("Softplus", {"selu"}, {"softplus"});
  auto& hard = w.op("HardSigmoid", {"leaky"}, {"hard_sigmoid"});
  set_float(hard, "alpha", 0.2f);
  set_float(hard, "beta", 0.5f);
  w.op("Sigmoid", {"softplus"}, {"swish/Sigmoid"});
  w.op("Mul", {"softplus", "swish/Sigmoid"}, {"swish"});
  set_int(w.op("Concat", {"swish", "hard_sigmoid"}, {"concat"}), "axis", -1);
  w.output("concat");
  return w;
}

/// Hard swish written out, as TensorFlow has no operator for it.
OnnxWriter hard_swish() {
  ZooWriter w = writer();
  w.input("input_1", {0, 3})
      .floats("three", {1}, {3})
      .floats("zero", {}, {0})
      .floats("six", {}, {6});
  w.floats("sixth", {1}, {0.16666667f});
  w.op("Add", {"input_1", "three"}, {"add"});
  w.op("Clip", {"add", "zero", "six"}, {"relu6"});
  w.op("Mul", {"relu6", "sixth"}, {"scaled"});
  w.op("Mul", {"input_1", "scaled"}, {"y"});
  w.output("y");
  return w;
}

/// A dense layer on sequences: Reshape, MatMul, Reshape back to a shape with one unknown.
OnnxWriter dense_on_sequences() {
  ZooWriter w = writer();
  w.input("input_1", {0, 2, 3}).ints("flat", {-1, 3}).ints("back", {-1, 2, 2});
  w.op("Reshape", {"input_1", "flat"}, {"dense/Tensordot/Reshape:0"});
  const std::string y = dense(w, "dense", "dense/Tensordot/Reshape:0", 3, 2);
  w.op("Reshape", {y, "back"}, {"dense/Tensordot:0"});
  w.ints("axis", {1});
  set_int(w.op("ReduceSum", {"dense/Tensordot:0", "axis"}, {"sum"}), "keepdims", 0);
  w.output("sum");
  return w;
}

/// unstack, stack, strided_slice, pad of constants.
OnnxWriter slicing() {
  ZooWriter w = writer();
  w.input("input_1", {0, 4}).ints("one", {1}).ints("zero", {0}).ints("far", {9223372036854775807});
  w.ints("two", {2}).ints("pads", {0, 1, 0, 0});
  set_int(w.op("Split", {"input_1"}, {"unstack:0", "unstack:1"}), "axis", 1);
  w.op("Slice", {"input_1", "zero", "far", "one", "two"}, {"strided_slice:0"});
  w.op("Unsqueeze", {"unstack:0", "one"}, {"a"});
  w.op("Unsqueeze", {"strided_slice:0", "one"}, {"b"});
  set_int(w.op("Concat", {"a", "b"}, {"stack"}), "axis", 1);
  w.op("Squeeze", {"a", "one"}, {"c"});
  w.op("Pad", {"c", "pads"}, {"pad"});
  w.output("stack").output("pad");
  return w;
}

/// PReLU with shared axes, Conv2DTranspose, GlobalAveragePooling2D.
OnnxWriter generator() {
  ZooWriter w = writer();
  w.input("input_1", {0, 1, 2, 2})
      .weights("kernel", {1, 2, 3, 3})
      .floats("slope", {2, 1, 1}, {0.25f, -0.5f});
  auto& conv = w.op("ConvTranspose", {"input_1", "kernel"}, {"conv2d_transpose"});
  set_ints(conv, "strides", {2, 2});
  set_ints(conv, "pads", {0, 0, 1, 1});
  w.op("PRelu", {"conv2d_transpose", "slope"}, {"prelu"});
  w.op("GlobalAveragePool", {"prelu"}, {"pool"});
  w.ints("axes", {2, 3});
  w.op("Squeeze", {"pool", "axes"}, {"pooled"});
  w.output("pooled").output("prelu");
  return w;
}

}  // namespace

void add_tf2onnx_models(std::vector<ZooModel>& models) {
  models.insert(models.end(),
                {{"tf_dense_softmax", [] { return dense_softmax(13); }},
                 {"tf_dense_softmax_opset18", [] { return dense_softmax(18); }},
                 {"tf_dense_softmax_large_model", [] { return dense_softmax(15); }, true},
                 {"tf_convolution_nhwc", convolution_nhwc},
                 {"tf_dynamic_flatten", dynamic_flatten},
                 {"tf_depthwise", depthwise},
                 {"tf_pools", pools},
                 {"tf_upsampling", upsampling},
                 {"tf_activations", activations},
                 {"tf_hard_swish", hard_swish},
                 {"tf_dense_on_sequences", dense_on_sequences},
                 {"tf_slicing", slicing},
                 {"tf_generator", generator}});
}

}  // namespace clipbound::test
