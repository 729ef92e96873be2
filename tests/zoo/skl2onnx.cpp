// What skl2onnx writes of scikit-learn's networks and of what stands before them in pipelines:
// scalers, projections, multilayer perceptrons; names of variables with numbers, Cast at the ends.
// Source: skl2onnx's documentation of supported models and its converters' descriptions.
#include "tests/zoo/zoo.h"

namespace clipbound::test {
namespace {

constexpr int kFloat = onnx::TensorProto::FLOAT, kDouble = onnx::TensorProto::DOUBLE;

/// A layer of MLPRegressor or MLPClassifier.
std::string layer(ZooWriter& w, int number, const std::string& x, std::int64_t from,
                  std::int64_t to) {
  const std::string n = number == 0 ? "" : std::to_string(number);
  w.weights("coefficient" + n, {from, to}).weights("intercepts" + n, {1, to});
  w.op("MatMul", {x, "coefficient" + n}, {"mul_result" + n});
  w.op("Add", {"mul_result" + n, "intercepts" + n}, {"add_result" + n});
  return "add_result" + n;
}

OnnxWriter mlp_regressor(const std::string& activation) {
  ZooWriter w(15);
  w.input("X", {0, 3}).ints("shape_tensor", {-1, 1});
  set_int(w.op("Cast", {"X"}, {"cast_input"}), "to", kFloat);
  const std::string hidden = layer(w, 0, "cast_input", 3, 4);
  w.op(activation, {hidden}, {"next_activations"});
  const std::string y = layer(w, 1, "next_activations", 4, 1);
  w.op("Reshape", {y, "shape_tensor"}, {"variable"});
  w.output("variable");
  return w;
}

/// Two classes: p of the logistic, and 1 - p beside it.
OnnxWriter mlp_classifier_binary() {
  ZooWriter w(17);
  w.input("X", {0, 2}).floats("unity", {}, {1});
  const std::string hidden = layer(w, 0, "X", 2, 3);
  w.op("Relu", {hidden}, {"next_activations"});
  const std::string y = layer(w, 1, "next_activations", 3, 1);
  w.op("Sigmoid", {y}, {"out_activations_result"});
  w.op("Sub", {"unity", "out_activations_result"}, {"negative_class_proba"});
  set_int(w.op("Concat", {"negative_class_proba", "out_activations_result"}, {"probabilities"}),
          "axis", 1);
  w.output("probabilities");
  return w;
}

/// More classes: softmax, and the label by ArgMax.
OnnxWriter mlp_classifier() {
  ZooWriter w(17);
  w.input("X", {0, 2});
  const std::string hidden = layer(w, 0, "X", 2, 3);
  w.op("Relu", {hidden}, {"next_activations"});
  const std::string y = layer(w, 1, "next_activations", 3, 3);
  set_int(w.op("Softmax", {y}, {"probabilities"}), "axis", 1);
  auto& best = w.op("ArgMax", {"probabilities"}, {"argmax_output"});
  set_int(best, "axis", 1);
  set_int(best, "keepdims", 0);
  set_int(w.op("Cast", {"argmax_output"}, {"label"}), "to", kFloat);
  w.output("label").output("probabilities");
  return w;
}

/// StandardScaler as Sub and Div, then a network.
OnnxWriter scaled_mlp() {
  ZooWriter w(18);
  w.input("X", {0, 2}).floats("sub_cst", {2}, {0.5f, -1}).floats("div_cst", {2}, {2, 0.25f});
  w.op("Sub", {"X", "sub_cst"}, {"centred"});
  w.op("Div", {"centred", "div_cst"}, {"variable"});
  const std::string hidden = layer(w, 0, "variable", 2, 3);
  w.op("Tanh", {hidden}, {"next_activations"});
  w.output(layer(w, 1, "next_activations", 3, 2));
  return w;
}

/// MinMaxScaler with clip=True.
OnnxWriter min_max() {
  ZooWriter w(18);
  w.input("X", {0, 2}).floats("scale", {2}, {0.5f, 2}).floats("min", {2}, {0.25f, -1});
  w.floats("low", {}, {0}).floats("high", {}, {1});
  w.op("Mul", {"X", "scale"}, {"scaled"});
  w.op("Add", {"scaled", "min"}, {"shifted"});
  w.op("Clip", {"shifted", "low", "high"}, {"variable"});
  w.output("variable");
  return w;
}

/// PCA, then a linear model as Gemm.
OnnxWriter projection() {
  ZooWriter w(16);
  w.input("X", {0, 3}).weights("mean", {3}).weights("transform_matrix", {3, 2});
  w.weights("coef", {2, 2}).weights("intercept", {2});
  w.op("Sub", {"X", "mean"}, {"sub_result"});
  w.op("MatMul", {"sub_result", "transform_matrix"}, {"transformed"});
  auto& gemm = w.op("Gemm", {"transformed", "coef", "intercept"}, {"raw"});
  set_float(gemm, "alpha", 1);
  set_float(gemm, "beta", 1);
  w.output("raw");
  return w;
}

/// PolynomialFeatures of degree 2: columns gathered, multiplied, concatenated.
OnnxWriter polynomial() {
  ZooWriter w(15);
  w.input("X", {0, 2}).ints("column0", {0}).ints("column1", {1}).weights("coef", {5, 1});
  set_int(w.op("Gather", {"X", "column0"}, {"a"}), "axis", 1);
  set_int(w.op("Gather", {"X", "column1"}, {"b"}), "axis", 1);
  w.op("Mul", {"a", "a"}, {"aa"});
  w.op("Mul", {"a", "b"}, {"ab"});
  w.op("Mul", {"b", "b"}, {"bb"});
  set_int(w.op("Concat", {"a", "b", "aa", "ab", "bb"}, {"features"}), "axis", 1);
  w.op("MatMul", {"features", "coef"}, {"variable"});
  w.output("variable");
  return w;
}

/// DoubleTensorType: float64 from end to end.
OnnxWriter in_float64() {
  ZooWriter w(18);
  w.input("X", {0, 2}, kDouble);
  const auto constant = [&](const std::string& name, const std::vector<std::int64_t>& dims,
                            const std::vector<double>& values) {
    onnx::TensorProto& t = *w.graph().add_initializer();
    t.set_name(name);
    t.set_data_type(kDouble);
    for (const auto d : dims) t.add_dims(d);
    for (const double v : values) t.add_double_data(v);
  };
  constant("coefficient", {2, 2}, {0.5, -1.25, 1.0, 0.75});
  constant("intercepts", {1, 2}, {0.1, -0.2});
  w.op("MatMul", {"X", "coefficient"}, {"mul_result"});
  w.op("Add", {"mul_result", "intercepts"}, {"add_result"});
  w.op("Sigmoid", {"add_result"}, {"variable"});
  w.output("variable", kDouble);
  return w;
}

/// A pipeline whose steps are functions, as onnx.compose and onnxscript write them.
OnnxWriter composed() {
  ZooWriter w(18, 9);
  w.imports("pipeline").input("X", {0, 2}).weights("coef", {2, 2});
  onnx::AttributeProto shift;
  shift.set_name("shift");
  shift.set_type(onnx::AttributeProto::FLOAT);
  shift.set_f(0.5f);
  auto& scaler = w.function("pipeline", "scaler", {"x"}, {"y"}, 18);
  set_default(scaler, shift);
  set_reference(add_node(scaler, "Constant", {}, {"c"}), "value_float", "shift",
                onnx::AttributeProto::FLOAT);
  add_node(scaler, "Sub", {"x", "c"}, {"y"});
  auto& model = w.function("pipeline", "model", {"x", "coef"}, {"y"}, 18);
  add_node(model, "scaler", {"x"}, {"s"}, "pipeline");
  add_node(model, "MatMul", {"s", "coef"}, {"m"});
  set_float(add_node(model, "scaler", {"m"}, {"y"}, "pipeline"), "shift", -1);
  w.op("model", {"X", "coef"}, {"variable"}, "pipeline");
  w.output("variable");
  return w;
}

}  // namespace

void add_skl2onnx_models(std::vector<ZooModel>& models) {
  models.insert(models.end(), {{"skl_mlp_regressor_relu", [] { return mlp_regressor("Relu"); }},
                               {"skl_mlp_regressor_tanh", [] { return mlp_regressor("Tanh"); }},
                               {"skl_mlp_classifier_binary", mlp_classifier_binary},
                               {"skl_mlp_classifier", mlp_classifier},
                               {"skl_scaled_mlp", scaled_mlp},
                               {"skl_scaled_mlp_external", scaled_mlp, true},
                               {"skl_min_max", min_max},
                               {"skl_projection", projection},
                               {"skl_polynomial", polynomial},
                               {"skl_float64", in_float64},
                               {"skl_composed", composed}});
}

}  // namespace clipbound::test
