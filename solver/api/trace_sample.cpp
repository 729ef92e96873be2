#include "solver/api/trace_sample.h"

#include <algorithm>

namespace clipbound {

namespace {

/// Depths below the nodes' roots.
std::vector<std::uint32_t> levels_of(std::span<const solver::TraceNode> nodes) {
  std::vector<std::uint32_t> levels(nodes.size(), 0);
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (nodes[i].parent != 0) levels[i] = levels[nodes[i].parent - 1] + 1;
  return levels;
}

/// The deepest level that is written.
std::uint32_t last_level(const std::vector<std::uint32_t>& levels, std::size_t most) {
  std::vector<std::size_t> at_level;
  for (const std::uint32_t level : levels) {
    if (level >= at_level.size()) at_level.resize(level + 1, 0);
    ++at_level[level];
  }
  std::size_t sum = 0;
  for (std::uint32_t level = 0; level < at_level.size(); ++level) {
    sum += at_level[level];
    if (sum > most && level > 0) return level - 1;
  }
  return at_level.empty() ? 0 : static_cast<std::uint32_t>(at_level.size() - 1);
}

/// The node as it was recorded, with what is counted in it.
WrittenNode whole(const solver::TraceNode& node) {
  WrittenNode written;
  written.recorded = &node;
  written.counts_below = node.counts_below;
  written.end_s = node.end_s.load();
  written.splits = node.splits.load();
  written.refuted = node.refuted.load();
  written.clipped = node.clipped.load();
  written.given_up = node.given_up.load();
  written.deepest = node.deepest.load();
  return written;
}

/// Counts a node that is not written, and what is counted in it.
void count_in(WrittenNode& above, const solver::TraceNode& node) {
  using solver::NodeEnd;
  above.counts_below = true;
  above.end_s = std::max(above.end_s, node.end_s.load());
  above.splits += node.splits.load() + (node.end == NodeEnd::split ? 1 : 0);
  above.refuted += node.refuted.load() + (node.end == NodeEnd::refuted ? 1 : 0);
  above.clipped += node.clipped.load() + (node.end == NodeEnd::clipped ? 1 : 0);
  above.given_up += node.given_up.load() + (node.end == NodeEnd::given_up ? 1 : 0);
  above.deepest = std::max({above.deepest, static_cast<std::uint64_t>(node.depth),
                            static_cast<std::uint64_t>(node.deepest.load())});
}

}  // namespace

std::vector<WrittenNode> written_nodes(std::span<const solver::TraceNode> nodes, std::size_t most) {
  const std::vector<std::uint32_t> levels = levels_of(nodes);
  const std::uint32_t last = last_level(levels, most);
  std::vector<WrittenNode> written;
  // Where each node is written or counted; parents come first.
  std::vector<std::uint32_t> place(nodes.size(), 0);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::uint32_t parent = nodes[i].parent == 0 ? 0 : place[nodes[i].parent - 1];
    if (levels[i] <= last) {
      written.push_back(whole(nodes[i]));
      written.back().parent = parent;
      place[i] = static_cast<std::uint32_t>(written.size());
    } else {
      place[i] = parent;
      count_in(written[parent - 1], nodes[i]);
    }
  }
  return written;
}

}  // namespace clipbound
