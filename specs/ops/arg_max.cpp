// Idea: ArgMax, ArgMin along one axis. Enclosed, the error reaches to every index that may be the
// one.
// Source: ONNX operator specification, ArgMax and ArgMin.
// Guarantees: where the running errors leave the index open, its error reaches to every index that
// may be the one (S1).
#include "specs/ops/enclosed_functions.h"
#include "specs/ops/op_support.h"

namespace clipbound::specs {
namespace {

template <bool kMax>
class ArgOp {
 public:
  ArgOp(const Network& network, const Node& node) {
    const Shape& shape = input_of(network, node, 0).shape;
    const auto axis =
        static_cast<std::size_t>(checked_axis(node.int_attribute("axis", 0), shape.size()));
    length_ = shape[axis];
    inner_ = strides_of(shape)[axis];
    lists_ = element_count(shape) / length_;
    point_stride_ = point_stride(network, node.inputs[0]);
    last_ = node.int_attribute("select_last_index", 0) != 0;
  }

  template <typename S>
  void run(const Arguments<S>& a) const {
    for (std::int64_t b = 0; b < a.batch; ++b)
      for (std::int64_t i = 0; i < lists_; ++i) {
        const S* x = a.inputs[0] + b * point_stride_ + i / inner_ * inner_ * length_ + i % inner_;
        a.outputs[0][b * lists_ + i] = find(x);
      }
  }

  template <typename T>
  void pull(const Arguments<T>&, const Gradients<T>&) const {}  // constant almost everywhere

 private:
  template <typename S>
  static bool beats(S x, S best) {
    return kMax ? x > best : x < best;
  }
  template <typename S>
  S find(const S* x) const {
    std::int64_t best = 0;
    for (std::int64_t j = 1; j < length_; ++j)
      if (beats(x[j * inner_], x[best * inner_]) || (last_ && x[j * inner_] == x[best * inner_]))
        best = j;
    return static_cast<S>(best);
  }
  Enclosed find(const Enclosed* x) const {
    std::int64_t best = 0;
    for (std::int64_t j = 1; j < length_; ++j) {
      const double candidate = x[j * inner_].value, so_far = x[best * inner_].value;
      if (beats(candidate, so_far) || (last_ && candidate == so_far)) best = j;
    }
    std::int64_t farthest = 0;
    for (std::int64_t j = 0; j < length_; ++j)
      if (j != best && !certainly_beaten(x[j * inner_], x[best * inner_], j, best))
        farthest = std::max(farthest, std::abs(j - best));
    return {static_cast<double>(best), static_cast<double>(farthest)};
  }
  /// True where index j cannot win against index `best`.
  bool certainly_beaten(Enclosed x, Enclosed best_x, std::int64_t j, std::int64_t best) const {
    if (x.error == 0.0 && best_x.error == 0.0 && x.value == best_x.value)
      return last_ ? j < best : j > best;
    return kMax ? upper_end(x) < lower_end(best_x) : lower_end(x) > upper_end(best_x);
  }

  std::int64_t length_, inner_, lists_, point_stride_;
  bool last_;
};

void infer(Network& network, Node& node) {
  expect_arity(node, 1, 1);
  Shape shape = input_of(network, node, 0).shape;
  if (input_of(network, node, 0).type == DataType::boolean) throw InputError("input is boolean");
  const auto axis = checked_axis(node.int_attribute("axis", 0), shape.size());
  if (shape[static_cast<std::size_t>(axis)] == 0) throw InputError("the axis is empty");
  if (node.int_attribute("keepdims", 1) != 0) {
    shape[static_cast<std::size_t>(axis)] = 1;
  } else {
    shape.erase(shape.begin() + axis);
  }
  set_output(network, node, 0, DataType::int64, shape);
}

}  // namespace

OpVerbs verbs_of_arg_max() {
  return {infer, prepare_as<ArgOp<true>>};
}
OpVerbs verbs_of_arg_min() {
  return {infer, prepare_as<ArgOp<false>>};
}

}  // namespace clipbound::specs
