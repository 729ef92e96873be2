// Idea: BatchNormalization at inference: (x - mean) / sqrt(variance + epsilon) * scale + bias, per
// channel (axis 1).
// Source: ONNX operator specification, BatchNormalization.
// Guarantees: float, double and Enclosed compute one template; the running error covers every
// rounding (S1).
#include "base/check.h"
#include "specs/ops/enclosed_functions.h"
#include "specs/ops/op_support.h"

namespace clipbound::specs {
namespace {

double epsilon_of(const Node& node) {
  // Attributes are float32 numbers.
  return node.float_attribute("epsilon", static_cast<double>(1e-5f));
}

class BatchNormalizationOp {
 public:
  BatchNormalizationOp(const Network& network, const Node& node) : epsilon_(epsilon_of(node)) {
    const Shape& x = input_of(network, node, 0).shape;
    channels_ = x.size() < 2 ? 1 : x[1];
    images_ = x.empty() ? 1 : x[0];
    area_ = input_of(network, node, 0).size() / (channels_ * images_);
    for (const ValueId id : node.inputs) stride_.push_back(point_stride(network, id));
  }

  template <typename S>
  void run(const Arguments<S>& a) const {
    if constexpr (std::is_same_v<S, std::int64_t>) {
      CLIPBOUND_CHECK_NOTE(false, "a normalisation of integers");
    } else {
      for_each_channel(a.batch,
                       [&](std::int64_t b, std::int64_t c, std::int64_t at, std::int64_t to) {
                         const S scale = factor(a, b, c);
                         const S shift = parameter(a, 2, b, c) - parameter(a, 3, b, c) * scale;
                         const S* x = a.inputs[0] + at;
                         // In the order of ONNX Runtime: x * factor + (bias - mean * factor).
                         for (std::int64_t i = 0; i < area_; ++i)
                           a.outputs[0][to + i] = x[i] * scale + shift;
                       });
    }
  }

  template <typename T>
  void pull(const Arguments<T>& a, const Gradients<T>& g) const {
    for_each_channel(a.batch,
                     [&](std::int64_t b, std::int64_t c, std::int64_t at, std::int64_t to) {
                       const T scale = factor(a, b, c), mean = parameter(a, 3, b, c);
                       T sum = T(0), weighted = T(0);  // of the cotangents, and times x - mean
                       for (std::int64_t i = 0; i < area_; ++i) {
                         const T part = g.outputs[0][to + i];
                         sum += part;
                         weighted += part * (a.inputs[0][at + i] - mean);
                         if (g.inputs[0] != nullptr) g.inputs[0][at + i] += scale * part;
                       }
                       const T variance = parameter(a, 4, b, c) + static_cast<T>(epsilon_),
                               inverse = T(1) / std::sqrt(variance);
                       const T parts[] = {weighted * inverse, sum, -sum * scale,
                                          weighted * scale / (T(-2) * variance)};
                       for (std::size_t i = 1; i < 5; ++i)
                         if (g.inputs[i] != nullptr)
                           g.inputs[i][b * stride_[i] + c] += parts[i - 1];
                     });
  }

 private:
  template <typename S>
  S parameter(const Arguments<S>& a, std::size_t i, std::int64_t b, std::int64_t c) const {
    return a.inputs[i][b * stride_[i] + c];
  }
  template <typename S>
  S factor(const Arguments<S>& a, std::int64_t b, std::int64_t c) const {
    using std::sqrt;
    return parameter(a, 1, b, c) * (S(1) / sqrt(parameter(a, 4, b, c) + static_cast<S>(epsilon_)));
  }
  /// body(point, channel, where the channel begins in x, where in y) for all.
  template <typename Body>
  void for_each_channel(std::int64_t batch, const Body& body) const {
    for (std::int64_t b = 0; b < batch; ++b)
      for (std::int64_t i = 0; i < images_ * channels_; ++i)
        body(b, i % channels_, b * stride_[0] + i * area_, (b * images_ * channels_ + i) * area_);
  }

  double epsilon_;
  std::int64_t images_ = 1, channels_ = 1, area_ = 1;
  std::vector<std::int64_t> stride_;
};

void infer(Network& network, Node& node) {
  expect_arity(node, 5, 5, 5);
  keep_first_output(node, "statistics");
  expect_floating(network, node, 0);
  if (node.int_attribute("training_mode", 0) != 0) throw Unsupported("training mode");
  if (node.opset < 7 && node.int_attribute("is_test", 0) == 0)
    throw Unsupported("training mode (is_test is 0)");
  if (node.opset < 9 && node.int_attribute("spatial", 1) == 0) throw Unsupported("spatial = 0");
  epsilon_of(node);  // for its check
  const Shape& shape = input_of(network, node, 0).shape;
  const std::int64_t channels = shape.size() < 2 ? 1 : shape[1];
  for (std::size_t i = 1; i < 5; ++i) {
    expect_floating(network, node, i);
    if (input_of(network, node, i).shape != Shape{channels})
      throw InputError("input " + std::to_string(i) + " has shape " +
                       to_string(input_of(network, node, i).shape) + " for " +
                       std::to_string(channels) + " channels");
  }
  set_output(network, node, 0, input_of(network, node, 0).type, shape);
}

}  // namespace

OpVerbs verbs_of_batch_normalization() {
  return {infer, prepare_as<BatchNormalizationOp>};
}

}  // namespace clipbound::specs
