#pragma once
// Idea: a term's value from the values of its parts, without recursion.
// Source: own.
// Guarantees: arguments are combined from left to right.
#include <cstdint>
#include <utility>
#include <vector>

#include "specs/vnnlib/ast.h"

namespace clipbound::specs {

/// The value of the term at node `root`. atom(kind, value) gives that of a variable or a number,
/// combine(node, so_far, argument) that of an operator with one argument more, negate(value) turns
/// the value of a lone `-` round.
template <class Value, class AtomValue, class Combine, class Negate>
Value fold_term(const Ast& ast, std::uint32_t root, const AtomValue& atom, const Combine& combine,
                const Negate& negate) {
  // An open operator whose arguments are being gathered.
  struct Frame {
    std::uint32_t node = 0;
    std::uint32_t next = 0;  // the argument to come
    std::uint32_t count = 0;
    Value value{};
  };
  const AstNode& first = ast.nodes[root];
  if (first.kind == NodeKind::atom) return atom(first.left_kind, first.left);
  const auto take = [&](Frame& frame, Value&& argument) {
    if (frame.count++ == 0) {
      frame.value = std::move(argument);
    } else {
      combine(frame.node, frame.value, std::move(argument));
    }
  };
  std::vector<Frame> frames;
  frames.push_back({root, root + 1, 0, {}});
  while (true) {
    Frame& frame = frames.back();
    if (frame.next == ast.nodes[frame.node].end) {
      Value value = std::move(frame.value);
      if (frame.count == 1 && ast.nodes[frame.node].kind == NodeKind::minus) negate(value);
      frames.pop_back();
      if (frames.empty()) return value;
      take(frames.back(), std::move(value));
      continue;
    }
    const std::uint32_t child = frame.next;
    const AstNode& node = ast.nodes[child];
    frame.next = node.end;
    if (node.kind == NodeKind::atom) {
      take(frame, atom(node.left_kind, node.left));
    } else {
      frames.push_back({child, child + 1, 0, {}});
    }
  }
}

}  // namespace clipbound::specs
