#pragma once
// Idea: the nodes of a record that are written. A record may hold more of a short search than it is
// worth the time to write; then trees are written down to a depth, and what is below is counted.
// Source: own; docs/trace.md.
// Guarantees: what is written is connected and counts all that was recorded or counted: a node of
// the record is written itself or counted in its deepest written ancestor.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "solver/search/search_trace.h"

namespace clipbound {

/// A node as it is written; what is not here is as recorded.
struct WrittenNode {
  const solver::TraceNode* recorded = nullptr;
  std::uint32_t parent = 0;  ///< the number under which it is written; 0: the root of a tree
  bool counts_below = false;
  float end_s = 0.0F;
  // Of descendants that are not written.
  std::uint64_t splits = 0, refuted = 0, clipped = 0, given_up = 0, deepest = 0;
};

/// All nodes where there are at most `most`, else those down to the depth below their roots that
/// leaves at most `most`, the roots at least.
std::vector<WrittenNode> written_nodes(std::span<const solver::TraceNode> nodes, std::size_t most);

}  // namespace clipbound
