// Idea: makes the example network: trains y = sin(2 x0) cos(1.5 x1) + 0.5 sin(x1 + 2 x2) on [-2,
// 2]^3 with plain stochastic gradient descent, writes it as ONNX and prints the greatest output
// that a dense grid and a climb from its best points find: from there the properties' bounds come.
// Source: own.
// Guarantees: the same file every time.
//
//   make_example waves.onnx
//
// 3 inputs, 3 hidden ReLU layers, 1 output. The same every time: fixed seed, own random numbers,
// fixed order of sums.
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace {

constexpr int kWidth = 24, kHiddenLayers = 3, kBatch = 32, kSteps = 60'000;
constexpr double kEdge = 2.0;

constexpr int kInputs = 3;
using Point = std::array<double, kInputs>;

double target(const Point& x) {
  return std::sin(2.0 * x[0]) * std::cos(1.5 * x[1]) + 0.5 * std::sin(x[1] + 2.0 * x[2]);
}

/// SplitMix64: the standard's distributions differ between libraries.
class Random {
 public:
  double uniform(double low, double high) {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return low + (high - low) * static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }

 private:
  std::uint64_t state_ = 20'260'101;
};

/// One layer with its gradient: weights [outputs, inputs] row by row.
struct Layer {
  int inputs, outputs;
  std::vector<double> weights, bias, weight_gradient, bias_gradient;

  Layer(int n, int m, Random& random)
      : inputs(n),
        outputs(m),
        weights(static_cast<std::size_t>(n * m)),
        bias(static_cast<std::size_t>(m)) {
    const double scale = std::sqrt(6.0 / n);  // He's uniform initialisation
    for (double& w : weights) w = random.uniform(-scale, scale);
    weight_gradient.resize(weights.size());
    bias_gradient.resize(bias.size());
  }
};

using Activations = std::vector<std::vector<double>>;

/// values[k] is the input of layer k, values.back() the output.
void forward(const std::vector<Layer>& layers, const Point& x, Activations& values) {
  values.assign(1, {x.begin(), x.end()});
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const Layer& layer = layers[k];
    std::vector<double> out(layer.bias);
    for (std::size_t o = 0; o < out.size(); ++o) {
      for (std::size_t i = 0; i < values[k].size(); ++i)
        out[o] += layer.weights[o * values[k].size() + i] * values[k][i];
      if (k + 1 < layers.size()) out[o] = std::max(out[o], 0.0);
    }
    values.push_back(std::move(out));
  }
}

/// Adds the gradients of error * output.
void backward(std::vector<Layer>& layers, const Activations& values, double error) {
  std::vector<double> gradient{error};
  for (std::size_t k = layers.size(); k-- > 0;) {
    Layer& layer = layers[k];
    std::vector<double> below(values[k].size(), 0.0);
    for (std::size_t o = 0; o < gradient.size(); ++o) {
      if (k + 1 < layers.size() && values[k + 1][o] <= 0.0) continue;
      layer.bias_gradient[o] += gradient[o];
      for (std::size_t i = 0; i < below.size(); ++i) {
        layer.weight_gradient[o * below.size() + i] += gradient[o] * values[k][i];
        below[i] += gradient[o] * layer.weights[o * below.size() + i];
      }
    }
    gradient = std::move(below);
  }
}

void descend(std::vector<double>& parameters, std::vector<double>& gradient, double rate) {
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i] -= rate * gradient[i];
  std::fill(gradient.begin(), gradient.end(), 0.0);
}

std::vector<Layer> train() {
  Random random;
  std::vector<Layer> layers;
  layers.emplace_back(kInputs, kWidth, random);
  for (int k = 1; k < kHiddenLayers; ++k) layers.emplace_back(kWidth, kWidth, random);
  layers.emplace_back(kWidth, 1, random);
  Activations values;
  for (int step = 0; step < kSteps; ++step) {
    const double rate = 0.1 * (1.0 - static_cast<double>(step) / kSteps);
    for (int b = 0; b < kBatch; ++b) {
      Point x;
      for (double& coordinate : x) coordinate = random.uniform(-kEdge, kEdge);
      forward(layers, x, values);
      backward(layers, values, (values.back()[0] - target(x)) / kBatch);
    }
    for (Layer& layer : layers) {
      descend(layer.weights, layer.weight_gradient, rate);
      descend(layer.bias, layer.bias_gradient, rate);
    }
  }
  // What is written is float32, so what is measured is too.
  for (Layer& layer : layers) {
    for (double& w : layer.weights) w = static_cast<float>(w);
    for (double& b : layer.bias) b = static_cast<float>(b);
  }
  return layers;
}

void add_tensor(onnx::GraphProto& graph, const std::string& name, std::vector<int> shape,
                const std::vector<double>& data) {
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const int dimension : shape) tensor.add_dims(dimension);
  for (const double value : data) tensor.add_float_data(static_cast<float>(value));
}

void describe(onnx::ValueInfoProto& info, const std::string& name, int size) {
  info.set_name(name);
  auto& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  type.mutable_shape()->add_dim()->set_dim_value(1);
  type.mutable_shape()->add_dim()->set_dim_value(size);
}

onnx::NodeProto& add_node(onnx::GraphProto& graph, const char* kind,
                          const std::vector<std::string>& inputs, const std::string& output) {
  onnx::NodeProto& node = *graph.add_node();
  node.set_op_type(kind);
  node.set_name(output);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

onnx::ModelProto as_onnx(const std::vector<Layer>& layers) {
  onnx::ModelProto model;
  model.set_ir_version(7);
  model.set_producer_name("clipbound examples/make_example");
  model.add_opset_import()->set_version(13);
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.set_name("waves");
  describe(*graph.add_input(), "X", kInputs);
  describe(*graph.add_output(), "Y", 1);
  std::string value = "X";
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const std::string id = std::to_string(k);
    const bool last = k + 1 == layers.size();
    add_tensor(graph, "W" + id, {layers[k].outputs, layers[k].inputs}, layers[k].weights);
    add_tensor(graph, "b" + id, {layers[k].outputs}, layers[k].bias);
    onnx::NodeProto& gemm =
        add_node(graph, "Gemm", {value, "W" + id, "b" + id}, last ? "Y" : "z" + id);
    onnx::AttributeProto& transposed = *gemm.add_attribute();
    transposed.set_name("transB");
    transposed.set_type(onnx::AttributeProto::INT);
    transposed.set_i(1);
    value = "h" + id;
    if (!last) add_node(graph, "Relu", {"z" + id}, value);
  }
  return model;
}

/// Climbs from x in ever smaller steps along the axes; returns the output that it ends with.
double climb(const std::vector<Layer>& layers, Point& x) {
  Activations values;
  forward(layers, x, values);
  double best = values.back()[0];
  for (double step = 0.05; step > 1e-6; step *= 0.6) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      for (const double move : {-step, step}) {
        Point next = x;
        next[i] = std::clamp(x[i] + move, -kEdge, kEdge);
        forward(layers, next, values);
        if (values.back()[0] > best) best = values.back()[0], x = next;
      }
    }
  }
  return best;
}

void report(const std::vector<Layer>& layers) {
  constexpr int kGrid = 80, kClimbs = 500;
  const auto coordinate = [](int i) { return kEdge * (2.0 * i / kGrid - 1.0); };
  std::vector<std::pair<double, Point>> points;
  Activations values;
  double error = 0.0;
  for (int i = 0; i <= kGrid; ++i) {
    for (int j = 0; j <= kGrid; ++j) {
      for (int k = 0; k <= kGrid; ++k) {
        const Point x = {coordinate(i), coordinate(j), coordinate(k)};
        forward(layers, x, values);
        error = std::max(error, std::abs(values.back()[0] - target(x)));
        points.emplace_back(values.back()[0], x);
      }
    }
  }
  std::sort(points.begin(), points.end(), std::greater<>());
  const double least = points.back().first;
  double most = points.front().first;
  std::printf("on the grid: output from %.9g to %.9g, error at most %.3g\n", least, most, error);
  for (std::size_t i = 0; i < kClimbs; ++i) most = std::max(most, climb(layers, points[i].second));
  std::printf("greatest output found: %.9g\n", most);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_example FILE.onnx\n");
    return 1;
  }
  const std::vector<Layer> layers = train();
  std::ofstream file(argv[1], std::ios::binary);
  if (!as_onnx(layers).SerializeToOstream(&file) || !file.flush()) {
    std::fprintf(stderr, "cannot write %s\n", argv[1]);
    return 1;
  }
  report(layers);
  return 0;
}
