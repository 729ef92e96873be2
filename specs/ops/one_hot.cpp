// Idea: OneHot: a new axis of length `depth` that holds the on-value at the index and the off-value
// elsewhere. Indices count from the end where they are negative; outside [-depth, depth) nothing is
// on.
// Source: ONNX operator specification, OneHot.
// Guarantees: an index whose running error leaves it open makes every position that it may mean
// uncertain (S1).
#include "specs/ops/enclosed_functions.h"
#include "specs/ops/op_support.h"

namespace clipbound::specs {
namespace {

std::int64_t depth_of(const Network& network, const Node& node) {
  const Value& v = input_of(network, node, 1);
  if (!v.constant) throw Unsupported("the depth ('" + v.name + "') depends on the network's input");
  if (v.size() != 1) throw InputError("the depth is no scalar");
  const double depth = v.constant->at(0);
  if (!(depth >= 1.0 && depth <= static_cast<double>(kLargestTensor)))
    throw InputError("absurd depth");
  return static_cast<std::int64_t>(depth);
}

/// Where the new axis stands in the output.
std::int64_t axis_of(const Network& network, const Node& node) {
  return checked_axis(node.int_attribute("axis", -1), input_of(network, node, 0).shape.size() + 1);
}

class OneHotOp {
 public:
  OneHotOp(const Network& network, const Node& node)
      : depth_(depth_of(network, node)),
        indices_(network.value(node.inputs[0]).size()),
        index_stride_(point_stride(network, node.inputs[0])),
        value_stride_(point_stride(network, node.inputs[2])) {
    const Shape& shape = input_of(network, node, 0).shape;
    inner_ = element_count(Shape(shape.begin() + axis_of(network, node), shape.end()));
  }

  template <typename S>
  void run(const Arguments<S>& a) const {
    for_each(a.batch, [&](std::int64_t index, std::int64_t j, std::int64_t values,
                          std::int64_t to) {
      a.outputs[0][to] = entry(a.inputs[0][index], j, a.inputs[2][values], a.inputs[2][values + 1]);
    });
  }

  template <typename T>
  void pull(const Arguments<T>& a, const Gradients<T>& g) const {
    if (g.inputs[2] == nullptr) return;  // an index has no slope
    for_each(a.batch,
             [&](std::int64_t index, std::int64_t j, std::int64_t values, std::int64_t to) {
               g.inputs[2][values + (is_at(a.inputs[0][index], j) ? 1 : 0)] += g.outputs[0][to];
             });
  }

 private:
  /// body(place of the index, entry of the new axis, place of the values, place in the output) for
  /// all.
  template <typename Body>
  void for_each(std::int64_t batch, const Body& body) const {
    for (std::int64_t b = 0; b < batch; ++b)
      for (std::int64_t i = 0; i < indices_; ++i)
        for (std::int64_t j = 0; j < depth_; ++j) {
          const std::int64_t outer = i / inner_, inner = i % inner_;
          body(b * index_stride_ + i, j, b * value_stride_,
               b * indices_ * depth_ + (outer * depth_ + j) * inner_ + inner);
        }
  }
  template <typename S>
  bool is_at(S index, std::int64_t j) const {
    return index == static_cast<S>(j) || index == static_cast<S>(j - depth_);
  }
  template <typename S>
  S entry(S index, std::int64_t j, S off, S on) const {
    return is_at(index, j) ? on : off;
  }
  Enclosed entry(Enclosed index, std::int64_t j, Enclosed off, Enclosed on) const {
    const bool is_on = is_at(index.value, j);
    if (index.error == 0.0) return is_on ? on : off;
    const auto possible = [&](std::int64_t x) {
      const auto t = static_cast<double>(x);
      return !(lower_end(index) > t) && !(upper_end(index) < t);
    };
    if (!possible(j) && !possible(j - depth_)) return off;
    return is_on ? hull(on, off) : hull(off, on);
  }

  std::int64_t depth_, indices_, inner_ = 1, index_stride_, value_stride_;
};

void infer(Network& network, Node& node) {
  expect_arity(node, 3, 3);
  if (input_of(network, node, 0).type == DataType::boolean) throw InputError("indices are boolean");
  if (input_of(network, node, 2).size() != 2) throw InputError("needs an off- and an on-value");
  Shape shape = input_of(network, node, 0).shape;
  shape.insert(shape.begin() + axis_of(network, node), depth_of(network, node));
  set_output(network, node, 0, input_of(network, node, 2).type, shape);
  network.value(node.outputs[0]).half = input_of(network, node, 2).half;
}

}  // namespace

OpVerbs verbs_of_one_hot() {
  return {infer, prepare_as<OneHotOp>};
}

}  // namespace clipbound::specs
