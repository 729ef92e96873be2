// Idea: PRelu: x where x >= 0, else slope * x, the slope broadcast to x.
// Source: ONNX operator specification, PRelu.
// Guarantees: float, double and Enclosed compute one template; the running error covers every
// rounding (S1).
#include "specs/ops/binary.h"
#include "specs/ops/enclosed_functions.h"

namespace clipbound::specs {
namespace {

struct PReluOf {
  template <typename S>
  static S value(S x, S slope) {
    return x < S(0) ? slope * x : x;
  }
  static Enclosed value(Enclosed x, Enclosed slope) {
    if (lower_end(x) >= 0.0) return x;
    const Enclosed scaled = slope * x;
    if (upper_end(x) <= 0.0) return scaled;
    return x.value < 0.0 ? hull(scaled, x) : hull(x, scaled);  // one of the two
  }
  template <typename T>
  static T by_x(T x, T slope, T g) {
    return x < T(0) ? g * slope : g;
  }
  template <typename T>
  static T by_y(T x, T, T g) {
    return x < T(0) ? g * x : T(0);
  }
};

/// The slope's shape; before opset 7 one slope per channel (axis 1) was meant without saying so.
Shape slope_shape(const Network& network, const Node& node) {
  const Shape& x = input_of(network, node, 0).shape;
  Shape slope = input_of(network, node, 1).shape;
  const bool per_channel = node.opset < 7 && slope.size() == 1 && x.size() > 2 && slope[0] == x[1];
  if (per_channel) slope.resize(x.size() - 1, 1);
  return slope;
}

std::unique_ptr<const Operation> prepare(const Network& network, const Node& node) {
  return std::make_unique<OperationOf<BinaryOp<PReluOf>>>(
      BinaryOp<PReluOf>(network, node, slope_shape(network, node)));
}

void infer(Network& network, Node& node) {
  expect_arity(node, 2, 2);
  expect_same_type(network, node, 0, 1);
  expect_floating(network, node, 0);
  const DataType type = input_of(network, node, 0).type;
  const Shape shape = input_of(network, node, 0).shape, slope = slope_shape(network, node);
  if (broadcast_shapes(shape, slope) != shape)
    throw InputError("slope of shape " + to_string(slope) + " does not broadcast to " +
                     to_string(shape));
  set_output(network, node, 0, type, shape);
}

}  // namespace

OpVerbs verbs_of_prelu() {
  return {infer, prepare};
}

}  // namespace clipbound::specs
