// Idea: Min, Max of one or more tensors with broadcasting, and Clip. NaN stays NaN, as in ONNX
// Runtime.
// Source: ONNX operator specification, Min, Max, Clip.
// Guarantees: no rounding; the running error of the result is the largest of those that may win
// (S1).
#include <array>
#include <limits>

#include "specs/ops/binary.h"
#include "specs/ops/extremes.h"

namespace clipbound::specs {
namespace {

template <class F>
class ExtremeOp {
 public:
  ExtremeOp(const Network& network, const Node& node)
      : size_(network.value(node.outputs[0]).size()), operands_(operands_of(network, node)) {}

  template <typename S>
  void run(const Arguments<S>& a) const {
    for (std::int64_t b = 0; b < a.batch; ++b) {
      S* y = a.outputs[0] + b * size_;
      for (std::size_t n = 0; n < operands_.size(); ++n) {
        const Operand& operand = operands_[n];
        const S* x = a.inputs[n] + b * operand.point_stride;
        for (std::int64_t i = 0; i < size_; ++i)
          y[i] = n == 0 ? x[operand.at(i)] : F::of(y[i], x[operand.at(i)]);
      }
    }
  }

  /// To the first operand that has the extreme value.
  template <typename S>
  void pull(const Arguments<S>& a, const Gradients<S>& g) const {
    for (std::int64_t b = 0; b < a.batch; ++b)
      for (std::int64_t i = 0; i < size_; ++i) {
        const S y = a.outputs[0][b * size_ + i];
        for (std::size_t n = 0; n < operands_.size(); ++n) {
          const std::int64_t at = b * operands_[n].point_stride + operands_[n].at(i);
          if (a.inputs[n][at] != y) continue;
          if (g.inputs[n] != nullptr) g.inputs[n][at] += g.outputs[0][b * size_ + i];
          break;
        }
      }
  }

 private:
  std::int64_t size_;
  std::vector<Operand> operands_;
};

void infer_extreme(Network& network, Node& node) {
  expect_arity(node, 1, std::numeric_limits<std::size_t>::max());
  const DataType type = input_of(network, node, 0).type;
  if (type == DataType::boolean) throw InputError("inputs are boolean");
  Shape shape;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (!has_input(node, i)) throw InputError("input " + std::to_string(i) + " is missing");
    expect_same_type(network, node, 0, i);
    shape = broadcast_shapes(shape, input_of(network, node, i).shape);
  }
  set_output(network, node, 0, type, shape);
}

/// min(max(x, low), high), the borders from attributes (before opset 11) or scalar inputs, or left
/// out.
class ClipOp {
 public:
  ClipOp(const Network& network, const Node& node)
      : size_(network.value(node.inputs[0]).size()),
        x_stride_(point_stride(network, node.inputs[0])) {
    for (std::size_t i = 1; i <= 2; ++i) {
      Border& border = borders_[i - 1];
      border.given = has_input(node, i);
      if (border.given) border.point_stride = point_stride(network, node.inputs[i]);
      const char* key = i == 1 ? "min" : "max";
      border.attribute = node.opset < 11 && node.attributes.contains(key);
      if (border.attribute) border.value = node.float_attribute(key, 0.0);
    }
  }

  template <typename S>
  void run(const Arguments<S>& a) const {
    for (std::int64_t b = 0; b < a.batch; ++b) {
      const S* x = a.inputs[0] + b * x_stride_;
      S* y = a.outputs[0] + b * size_;
      const S low = border(a, 1, b), high = border(a, 2, b);
      for (std::int64_t i = 0; i < size_; ++i) {
        y[i] = borders_[0].present() ? Largest::of(x[i], low) : x[i];
        if (borders_[1].present()) y[i] = Smallest::of(y[i], high);
      }
    }
  }

  template <typename S>
  void pull(const Arguments<S>& a, const Gradients<S>& g) const {
    for (std::int64_t b = 0; b < a.batch; ++b) {
      const S low = border(a, 1, b), high = border(a, 2, b);
      S* to_low = border_gradient(g, 1, b);
      S* to_high = border_gradient(g, 2, b);
      S* to_x = g.inputs[0] == nullptr ? nullptr : g.inputs[0] + b * x_stride_;
      for (std::int64_t i = 0; i < size_; ++i) {
        const S x = a.inputs[0][b * x_stride_ + i], y = a.outputs[0][b * size_ + i],
                part = g.outputs[0][b * size_ + i];
        const bool above = borders_[1].present() && y == high && x != high;
        const bool below = !above && borders_[0].present() && x < low;
        if (above && to_high != nullptr) *to_high += part;
        if (below && to_low != nullptr) *to_low += part;
        if (!above && !below && to_x != nullptr) to_x[i] += part;
      }
    }
  }

 private:
  struct Border {
    bool given = false, attribute = false;
    double value = 0.0;
    std::int64_t point_stride = 0;
    bool present() const { return given || attribute; }
  };
  template <typename S>
  S border(const Arguments<S>& a, std::size_t i, std::int64_t b) const {
    const Border& held = borders_[i - 1];
    return held.given ? a.inputs[i][b * held.point_stride] : static_cast<S>(held.value);
  }
  template <typename S>
  S* border_gradient(const Gradients<S>& g, std::size_t i, std::int64_t b) const {
    const Border& held = borders_[i - 1];
    return held.given && g.inputs[i] != nullptr ? g.inputs[i] + b * held.point_stride : nullptr;
  }

  std::int64_t size_, x_stride_;
  std::array<Border, 2> borders_;
};

void infer_clip(Network& network, Node& node) {
  expect_arity(node, 1, 3);
  const Value& x = input_of(network, node, 0);
  if (x.type == DataType::boolean) throw InputError("input is boolean");
  for (std::size_t i = 1; i <= 2; ++i) {
    if (!has_input(node, i)) continue;
    expect_same_type(network, node, 0, i);
    if (input_of(network, node, i).size() != 1) throw InputError("a border is no scalar");
  }
  if (node.opset < 11)  // for their checks
    for (const char* key : {"min", "max"}) node.float_attribute(key, 0.0);
  set_output(network, node, 0, x.type, x.shape);
}

}  // namespace

OpVerbs verbs_of_min() {
  return {infer_extreme, prepare_as<ExtremeOp<Smallest>>};
}
OpVerbs verbs_of_max() {
  return {infer_extreme, prepare_as<ExtremeOp<Largest>>};
}
OpVerbs verbs_of_clip() {
  return {infer_clip, prepare_as<ClipOp>};
}

}  // namespace clipbound::specs
