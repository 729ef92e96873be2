// Idea: two graphs walked from their outputs at the same time, each pair of values once.
// Source: own.
// Guarantees: the order of nodes says nothing; constants of floating types may differ, those of
// other types (shapes, axes, indices) may not.
#include <map>

#include "specs/joint/declarations.h"
#include "specs/network/op_table.h"

namespace clipbound::specs {

namespace {

struct Producer {
  const Node* node = nullptr;
  std::size_t output = 0;
};

std::vector<Producer> producers_of(const Network& network) {
  std::vector<Producer> producers(network.values.size());
  for (const Node& node : network.nodes)
    for (std::size_t o = 0; o < node.outputs.size(); ++o)
      if (node.outputs[o] != kNoValue) producers[index_of(node.outputs[o])] = {&node, o};
  return producers;
}

bool is_floating(const Value& value) {
  return value.type == DataType::float32 || value.type == DataType::float64;
}

bool same_attribute(const Attribute& a, const Attribute& b) {
  if (a.index() != b.index()) return false;
  const auto* tensor = std::get_if<Tensor>(&a);
  if (tensor == nullptr)
    return std::visit(
        [&b](const auto& held) {
          using T = std::decay_t<decltype(held)>;
          if constexpr (std::is_same_v<T, Tensor>) {
            return false;
          } else {
            return held == std::get<T>(b);
          }
        },
        a);
  const Tensor& other = std::get<Tensor>(b);
  const bool weights = tensor->type() == DataType::float32 || tensor->type() == DataType::float64;
  return tensor->shape == other.shape && (weights || tensor->values == other.values);
}

/// Whether an operator of equal attributes means the same in the opsets of two nodes. What else
/// changed with opsets shows in attributes, inputs, or in what the operator is built of.
bool same_meaning(const Network& network, const Node& p, const Node& q) {
  const auto parted_at = [&](int opset) { return (p.opset < opset) != (q.opset < opset); };
  const Shape& x = network.value(p.inputs[0]).shape;
  const auto rank = static_cast<std::int64_t>(x.size());
  switch (p.kind) {
    case OpKind::softmax:
    case OpKind::log_softmax: {
      if (!parted_at(13)) return true;
      // Before 13 all axes from the given one on are one list.
      const auto axis_of = [&](const Node& node) {
        const std::int64_t axis = node.int_attribute("axis", node.opset < 13 ? 1 : -1);
        return axis < 0 ? axis + rank : axis;
      };
      return axis_of(p) == axis_of(q) && axis_of(p) + 1 >= rank;
    }
    case OpKind::average_pool:
      return !parted_at(19) || p.int_attribute("count_include_pad", 0) == 0;
    case OpKind::prelu: {
      const Shape& slope = network.value(p.inputs[1]).shape;
      return !parted_at(7) || slope.size() != 1 || slope[0] == 1;
    }
    case OpKind::resize:
    case OpKind::interpolate: return !parted_at(11);
    default: return true;
  }
}

class Walk {
 public:
  Walk(const Network& f, const Network& g)
      : f_(f), g_(g), of_f_(producers_of(f)), of_g_(producers_of(g)) {}

  std::string why_not() {
    if (f_.inputs.size() != g_.inputs.size()) return "they have different numbers of inputs";
    if (f_.outputs.size() != g_.outputs.size()) return "they have different numbers of outputs";
    for (std::size_t i = 0; i < f_.inputs.size(); ++i) pair(f_.inputs[i], g_.inputs[i]);
    for (std::size_t o = 0; o < f_.outputs.size(); ++o) pair(f_.outputs[o], g_.outputs[o]);
    while (why_.empty() && !open_.empty()) {
      const auto [a, b] = open_.back();
      open_.pop_back();
      compare(a, b);
    }
    return why_;
  }

 private:
  /// Notes that b is for g what a is for f.
  void pair(ValueId a, ValueId b) {
    if (!why_.empty() || (a == kNoValue && b == kNoValue)) return;
    if (a == kNoValue || b == kNoValue) {
      why_ = "an optional input is left out in one of them";
      return;
    }
    // Equal numbers may be one constant here and two there.
    if (f_.is_constant(a) && g_.is_constant(b)) return compare(a, b);
    const auto [there, is_new] = to_g_.emplace(a, b);
    const auto [back, is_new_too] = to_f_.emplace(b, a);
    if (there->second != b || back->second != a) {
      why_ = "'" + f_.value(a).name + "' and '" + g_.value(b).name + "' are joined differently";
    } else if (is_new && is_new_too) {
      open_.emplace_back(a, b);
    }
  }

  void compare(ValueId a, ValueId b) {
    const Value &p = f_.value(a), &q = g_.value(b);
    const std::string names = "'" + p.name + "' and '" + q.name + "' ";
    const bool both_floating = is_floating(p) && is_floating(q);
    if (p.shape != q.shape) {
      why_ = names + "have shapes " + to_string(p.shape) + " and " + to_string(q.shape);
    } else if (!both_floating && (p.type != q.type || p.integers != q.integers)) {
      why_ = names + "have element types " + text_of_type(p) + " and " + text_of_type(q);
    } else if (p.constant.has_value() != q.constant.has_value()) {
      why_ = names + "are a constant and something computed";
    } else if (p.constant && !both_floating && p.constant->values != q.constant->values) {
      why_ = names + "are different numbers that are no weights";
    } else if (!p.constant) {
      compare(of_f_[index_of(a)], of_g_[index_of(b)], names);
    }
  }

  void compare(const Producer& p, const Producer& q, const std::string& names) {
    if (p.node == nullptr && q.node == nullptr) return;  // inputs, in one order
    if (p.node == nullptr || q.node == nullptr) {
      why_ = names + "are an input and something computed";
      return;
    }
    const std::string nodes = describe(*p.node) + " and " + describe(*q.node) + " ";
    if (p.node->kind != q.node->kind || p.node->composite != q.node->composite) {
      why_ = nodes + "are different operators";
    } else if (p.output != q.output || p.node->inputs.size() != q.node->inputs.size()) {
      why_ = nodes + "are joined differently";
    } else if (!same_attributes(*p.node, *q.node)) {
      why_ = nodes + "have different attributes";
    } else if (!p.node->inputs.empty() && !same_meaning(f_, *p.node, *q.node)) {
      why_ = nodes + "mean different things in opsets " + std::to_string(p.node->opset) + " and " +
             std::to_string(q.node->opset);
    }
    for (std::size_t i = 0; why_.empty() && i < p.node->inputs.size(); ++i)
      pair(p.node->inputs[i], q.node->inputs[i]);
  }

  static bool same_attributes(const Node& p, const Node& q) {
    if (p.attributes.size() != q.attributes.size()) return false;
    for (const auto& [name, value] : p.attributes) {
      const auto other = q.attributes.find(name);
      if (other == q.attributes.end() || !same_attribute(value, other->second)) return false;
    }
    return true;
  }

  const Network &f_, &g_;
  std::vector<Producer> of_f_, of_g_;
  std::map<ValueId, ValueId> to_g_, to_f_;
  std::vector<std::pair<ValueId, ValueId>> open_;
  std::string why_;
};

}  // namespace

std::string why_not_isomorphic(const Network& f, const Network& g) {
  return Walk(f, g).why_not();
}

}  // namespace clipbound::specs
