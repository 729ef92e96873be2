// Idea: Where: the second input where the condition holds, else the third. With a constant
// condition it only moves elements, and is the form `select`.
// Source: ONNX operator specification, Where.
// Guarantees: copies are exact (S1); an uncertain condition gives the hull of both sides.
#include "specs/ops/binary.h"
#include "specs/ops/enclosed_functions.h"
#include "specs/ops/movement.h"

namespace clipbound::specs {
namespace {

template <typename S>
S choose(S condition, S yes, S no) {
  return condition != S(0) ? yes : no;
}
inline Enclosed choose(Enclosed condition, Enclosed yes, Enclosed no) {
  const bool holds = condition.value != 0.0;
  if (condition.error == 0.0) return holds ? yes : no;
  return holds ? hull(yes, no) : hull(no, yes);
}

class WhereOp {
 public:
  WhereOp(const Network& network, const Node& node)
      : size_(network.value(node.outputs[0]).size()), operands_(operands_of(network, node)) {}

  template <typename S>
  void run(const Arguments<S>& a) const {
    for (std::int64_t b = 0; b < a.batch; ++b)
      for (std::int64_t i = 0; i < size_; ++i)
        a.outputs[0][b * size_ + i] = choose(
            a.inputs[0][place(0, b, i)], a.inputs[1][place(1, b, i)], a.inputs[2][place(2, b, i)]);
  }

  template <typename S>
  void pull(const Arguments<S>& a, const Gradients<S>& g) const {
    for (std::int64_t b = 0; b < a.batch; ++b)
      for (std::int64_t i = 0; i < size_; ++i) {
        const std::size_t chosen = a.inputs[0][place(0, b, i)] != S(0) ? 1 : 2;
        if (g.inputs[chosen] != nullptr)
          g.inputs[chosen][place(chosen, b, i)] += g.outputs[0][b * size_ + i];
      }
  }

 private:
  std::int64_t place(std::size_t input, std::int64_t b, std::int64_t i) const {
    return b * operands_[input].point_stride + operands_[input].at(i);
  }
  std::int64_t size_;
  std::vector<Operand> operands_;
};

void infer(Network& network, Node& node) {
  expect_arity(node, 3, 3);
  const Value& condition = input_of(network, node, 0);
  if (condition.type != DataType::boolean)
    throw InputError(std::string("the condition is ") + name_of(condition.type));
  expect_same_type(network, node, 1, 2);
  const Shape branches =
      broadcast_shapes(input_of(network, node, 1).shape, input_of(network, node, 2).shape);
  node.kind = condition.constant ? OpKind::select : OpKind::where;
  set_output(network, node, 0, input_of(network, node, 1).type,
             broadcast_shapes(condition.shape, branches));
}

Movement map(const Network& network, const Node& node) {
  const Shape& shape = network.value(node.outputs[0]).shape;
  const std::vector<std::int64_t> holds = input_of(network, node, 0).constant->as_int64();
  const Operand condition(network, node.inputs[0], input_of(network, node, 0).shape, shape);
  const Operand yes(network, node.inputs[1], input_of(network, node, 1).shape, shape);
  const Operand no(network, node.inputs[2], input_of(network, node, 2).shape, shape);
  Movement movement{{{}}};
  for (std::int64_t i = 0; i < element_count(shape); ++i) {
    if (holds[static_cast<std::size_t>(condition.at(i))] != 0) {
      movement.append(0, 1, yes.at(i));
    } else {
      movement.append(0, 2, no.at(i));
    }
  }
  return movement;
}

}  // namespace

OpVerbs verbs_of_where() {
  return {infer, prepare_as<WhereOp>};
}
OpVerbs verbs_of_select() {
  return {infer, prepare_movement<map>};
}

}  // namespace clipbound::specs
