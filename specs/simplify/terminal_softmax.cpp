#include "specs/simplify/terminal_softmax.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "specs/network/op_table.h"

namespace clipbound::specs {

namespace {

bool compares_two_outputs(const Row& row) {
  return row.terms.size() == 2 && row.threshold.exact == 0 && row.terms[0].of == Term::Of::output &&
         row.terms[1].of == Term::Of::output &&
         row.terms[0].coefficient.exact == -row.terms[1].coefficient.exact;
}

bool only_compares(const Query& query) {
  return std::all_of(query.clauses.begin(), query.clauses.end(), [](const Clause& clause) {
    return std::all_of(clause.rows.begin(), clause.rows.end(), compares_two_outputs);
  });
}

/// c Y_smaller - c Y_larger <= 0 with c > 0.
struct Order {
  std::int32_t smaller, larger;
};
Order order_of(const Row& row) {
  const bool first = row.terms[0].coefficient.exact > 0;
  return {row.terms[first ? 0 : 1].index, row.terms[first ? 1 : 0].index};
}

/// Whether the clause's rows say of one output that it is no smaller than any other, and nothing
/// else.
bool asks_for_largest(const Clause& clause, std::size_t outputs) {
  std::set<std::int32_t> smaller;
  for (const Row& row : clause.rows) {
    const Order order = order_of(row);
    if (order.larger != order_of(clause.rows.front()).larger) return false;
    smaller.insert(order.smaller);
  }
  return smaller.size() + 1 == outputs;
}

const Node* producer_of(const Network& network, ValueId id) {
  const auto at = std::find_if(network.nodes.begin(), network.nodes.end(), [id](const Node& node) {
    return std::find(node.outputs.begin(), node.outputs.end(), id) != node.outputs.end();
  });
  return at == network.nodes.end() ? nullptr : &*at;
}

/// One list: all elements lie along one axis, whichever axis it is that the softmax runs along.
bool is_single_softmax(const Network& network, const Node& node) {
  const Shape& shape = network.value(node.outputs[0]).shape;
  const bool one_axis =
      std::count_if(shape.begin(), shape.end(), [](std::int64_t d) { return d != 1; }) == 1;
  if (!op_row(node.kind).has(OpTrait::keeps_order) || !one_axis) return false;
  const auto rank = static_cast<std::int64_t>(shape.size());
  std::int64_t axis = node.int_attribute("axis", node.opset < 13 ? 1 : -1);
  if (axis < 0) axis += rank;
  return axis >= 0 && axis < rank && shape[static_cast<std::size_t>(axis)] != 1;
}

}  // namespace

std::shared_ptr<const Network> without_softmax(const Network& network, const Query& query) {
  if (network.outputs.size() != 1 || !only_compares(query)) return nullptr;
  const Node* last = producer_of(network, network.outputs[0]);
  if (last == nullptr || !is_single_softmax(network, *last) || network.is_constant(last->inputs[0]))
    return nullptr;
  auto shortened = std::make_shared<Network>(network);
  shortened->outputs[0] = last->inputs[0];
  return shortened;
}

bool compares_with_largest(const Query& query) {
  if (!only_compares(query)) return false;
  const auto outputs = static_cast<std::size_t>(query.output_size);
  // Outputs that are to be smaller, on a box.
  std::map<std::pair<const Box*, std::int32_t>, std::set<std::int32_t>> rivals;
  for (const Clause& clause : query.clauses) {
    if (asks_for_largest(clause, outputs)) continue;
    if (clause.rows.size() != 1) return false;
    const Order order = order_of(clause.rows.front());
    rivals[{clause.box.get(), order.smaller}].insert(order.larger);
  }
  return std::all_of(rivals.begin(), rivals.end(),
                     [outputs](const auto& entry) { return entry.second.size() + 1 == outputs; });
}

}  // namespace clipbound::specs
