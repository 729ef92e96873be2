#include "bounds/lowering/ops/bounded_quotient.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// The node that makes a value; nullptr where none does.
const Node* producer_of(const Network& network, ValueId id) {
  const auto found =
      std::find_if(network.nodes.begin(), network.nodes.end(), [id](const Node& node) {
        return std::find(node.outputs.begin(), node.outputs.end(), id) != node.outputs.end();
      });
  return found == network.nodes.end() ? nullptr : &*found;
}

bool all_of_constant(const Network& network, ValueId id, bool (*holds)(double)) {
  if (id == kNoValue || !network.is_constant(id)) return false;
  const std::vector<double> numbers = network.value(id).constant->as_float64();
  return std::all_of(numbers.begin(), numbers.end(), holds);
}

/// Looks past a node that makes its first operand no smaller, element by element: + c with c >= 0,
/// Max, Clip from below. The same id where it is none.
ValueId before_growth(const Network& network, ValueId id) {
  const Node* const node = producer_of(network, id);
  if (node == nullptr) return id;
  const auto nonnegative = [](double x) { return x >= 0.0; };
  const auto same_shape = [&](ValueId input) {
    return input != kNoValue && network.value(input).shape == network.value(id).shape;
  };
  if (node->kind == OpKind::add || node->kind == OpKind::max) {
    for (std::size_t k = 0; node->inputs.size() == 2 && k < 2; ++k) {
      const ValueId other = node->inputs[1 - k];
      const bool grows = node->kind == OpKind::max ? network.is_constant(other)
                                                   : all_of_constant(network, other, nonnegative);
      if (grows && same_shape(node->inputs[k])) return node->inputs[k];
    }
  }
  const bool unlimited = node->kind == OpKind::clip && node->opset >= 11 &&
                         (node->inputs.size() < 3 || node->inputs[2] == kNoValue);
  return unlimited ? node->inputs[0] : id;
}

/// Several such nodes.
ValueId before_all_growth(const Network& network, ValueId id) {
  constexpr int kMost = 8;
  for (int i = 0; i < kMost; ++i) id = before_growth(network, id);
  return id;
}

bool is_power(const Network& network, const Node& node, bool (*exponent)(double)) {
  return node.kind == OpKind::pow && all_of_constant(network, node.inputs[1], exponent);
}

/// Whether a value is x^2, element by element.
bool is_square_of(const Network& network, ValueId id, ValueId x) {
  const Node* const node = producer_of(network, id);
  if (node == nullptr || network.value(id).shape != network.value(x).shape) return false;
  if (node->kind == OpKind::mul) return node->inputs[0] == x && node->inputs[1] == x;
  return is_power(network, *node, [](double c) { return c == 2.0; }) && node->inputs[0] == x;
}

/// c with x_i^2 <= c s_i for the sum s_i that x_i is in.
double square_by_sum(const Network& network, ValueId s, ValueId x) {
  s = before_all_growth(network, s);
  if (is_square_of(network, s, x)) return 1.0;
  const Node* const node = producer_of(network, s);
  if (node == nullptr || (node->kind != OpKind::reduce_sum && node->kind != OpKind::reduce_mean) ||
      node->int_attribute("keepdims", 1) == 0 || !is_square_of(network, node->inputs[0], x))
    return kInfinity;
  return node->kind == OpKind::reduce_sum ? 1.0
                                          : static_cast<double>(network.value(x).size()) /
                                                static_cast<double>(network.value(s).size());
}

/// The coefficient of a source's element in a form's element.
double coefficient_of(const AffineForm& form, std::int64_t i, int source, std::int32_t column) {
  const auto found = form.terms.find(source);
  if (found == form.terms.end()) return 0.0;
  const auto index = found->second.indices(i);
  const auto value = found->second.values(i);
  for (std::size_t j = 0; j < index.size(); ++j) {
    if (index[j] == column) return value[j];
  }
  return 0.0;
}

/// Whether an element is a sum of terms >= 0, each with a coefficient no larger than `whole` has
/// (nullptr: any).
bool is_part_of(const LowerContext& context, const AffineForm& part, const AffineForm* whole,
                std::int64_t i) {
  const auto e = static_cast<std::size_t>(i);
  if (part.radius[e] != 0.0 || !(part.constant[e] >= 0.0)) return false;
  if (whole != nullptr && part.constant[e] > whole->constant[e]) return false;
  for (const auto& [source, coefficients] : part.terms) {
    const SparseRows& rows = coefficients.written();
    const std::vector<double>& least = context.sources().at(source).lower;
    const auto index = rows.indices(i);
    const auto value = rows.values(i);
    for (std::size_t j = 0; j < index.size(); ++j) {
      if (!(value[j] >= 0.0) || !(least[static_cast<std::size_t>(index[j])] >= 0.0)) return false;
      if (whole != nullptr && value[j] > coefficient_of(*whole, i, source, index[j])) return false;
    }
  }
  return true;
}

}  // namespace

double largest_quotient(const Network& network, const Node& node) {
  const ValueId x = node.inputs[0];
  if (network.value(node.outputs[0]).shape != network.value(x).shape || node.opset < 7)
    return kInfinity;
  const ValueId y = before_all_growth(network, node.inputs[1]);
  const Node* const norm = producer_of(network, y);
  if (norm == nullptr) return kInfinity;
  if (norm->kind == OpKind::abs && norm->inputs[0] == x) return 1.0;
  const bool root =
      norm->kind == OpKind::sqrt || is_power(network, *norm, [](double c) { return c == 0.5; });
  if (!root) return kInfinity;
  const double square = square_by_sum(network, norm->inputs[0], x);
  return square == 1.0 ? 1.0 : next_up(std::sqrt(square));
}

bool are_shares(const LowerContext& context, const AffineForm& x, const AffineForm& y) {
  for (std::int64_t i = 0; i < x.size(); ++i) {
    if (!is_part_of(context, y, nullptr, i) || !is_part_of(context, x, &y, i)) return false;
  }
  return x.size() > 0;
}

}  // namespace clipbound::bounds
