#include "benchmarks/scaling/tree.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace clipbound::scaling {
namespace {

/// Subtrees from which fractions are taken: of small ones they say little.
constexpr std::uint64_t kLargeSubtree = 200;
constexpr std::size_t kFewFractions = 20;

/// splitmix64 (Steele, Lea, Flood 2014).
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

/// In [0, 1).
double unit(std::uint64_t hash) {
  return std::ldexp(static_cast<double>(hash >> 11), -53);
}

/// A recorded node and what is counted in it: two nodes for its own split, two for each below it.
std::uint64_t counted_size(const suite::TraceFileNode& node) {
  if (node.below.empty()) return 1;
  return 1 + 2 * (node.below[0] + (node.end == 's' ? 1 : 0));
}

}  // namespace

Tree Tree::synthetic(std::uint64_t size, Fractions fractions, std::uint64_t seed) {
  Tree tree;
  tree.size_ = size | 1U;
  tree.fractions_ = std::move(fractions);
  tree.roots_ = {{.size = tree.size_, .hash = mix(seed)}};
  return tree;
}

Tree Tree::recorded(const suite::TraceFile& trace) {
  Tree tree;
  const std::size_t count = trace.nodes.size();
  std::vector<std::uint64_t> sizes(count + 1, 0);
  // Parents come before their children; nothing is counted in a node whose children are recorded.
  for (std::size_t k = count; k >= 1; --k) {
    sizes[k] += sizes[k] > 0 ? 1 : counted_size(trace.nodes[k - 1]);
    sizes[trace.nodes[k - 1].parent] += sizes[k];
  }
  tree.children_.resize(count + 1);
  for (std::size_t k = 1; k <= count; ++k) {
    const suite::TraceFileNode& node = trace.nodes[k - 1];
    tree.children_[node.parent].push_back({.size = sizes[k],
                                           .hash = mix(k),
                                           .recorded = static_cast<std::uint32_t>(k),
                                           .depth = node.depth});
  }
  tree.roots_ = std::move(tree.children_[0]);
  tree.children_[0].clear();
  tree.size_ = sizes[0];
  for (std::size_t k = 1; k <= count; ++k) {
    const auto& pair = tree.children_[k];
    if (pair.size() != 2 || sizes[k] < kLargeSubtree) continue;
    const double less = static_cast<double>(std::min(pair[0].size, pair[1].size));
    tree.fractions_.push_back(less / static_cast<double>(pair[0].size + pair[1].size));
  }
  std::sort(tree.fractions_.begin(), tree.fractions_.end());
  if (tree.fractions_.size() < kFewFractions) tree.fractions_.clear();
  if (tree.size_ == 0) throw InputError("the trace has no tree");
  return tree;
}

void Tree::divide(const Node& node, std::vector<Node>& children) const {
  const std::uint64_t both = node.size - 1;
  if (both < 2) return;
  const std::uint64_t draw = mix(node.hash);
  double fraction = unit(draw);
  if (!fractions_.empty()) {
    fraction =
        fractions_[static_cast<std::size_t>(fraction * static_cast<double>(fractions_.size()))];
  }
  // Both sizes are odd: `both` is even, and the first is made odd.
  const auto wanted = static_cast<std::uint64_t>(fraction * static_cast<double>(both));
  const std::uint64_t first = std::clamp<std::uint64_t>(wanted | 1U, 1, both - 1);
  children.push_back({.size = first, .hash = mix(draw + 1), .depth = node.depth + 1});
  children.push_back({.size = both - first, .hash = mix(draw + 2), .depth = node.depth + 1});
  if ((draw & 1U) != 0) std::swap(children.back(), children[children.size() - 2]);
}

void Tree::expand(const Node& node, std::vector<Node>& children) const {
  if (node.recorded == 0) return divide(node, children);
  const std::vector<Node>& known = children_[node.recorded];
  if (known.empty()) return divide(node, children);
  children.insert(children.end(), known.begin(), known.end());
}

std::uint32_t Tree::depth() const {
  std::vector<Node> open = roots_;
  std::uint32_t deepest = 0;
  while (!open.empty()) {
    const Node node = open.back();
    open.pop_back();
    deepest = std::max(deepest, node.depth);
    expand(node, open);
  }
  return deepest;
}

Timing timing_of(const suite::TraceFile& trace, double cpu_s) {
  const auto& statistics = trace.result.at("statistics");
  const double batches = statistics.at("batches").get<double>(),
               subproblems = statistics.at("subproblems").get<double>(),
               search_s = statistics.at("search_s").get<double>(),
               elapsed_s = trace.result.at("progress").at("elapsed_s").get<double>();
  if (!(batches > 0.0)) throw InputError("the trace's search bounded no batch");
  const double busy = cpu_s > 0.0 ? std::min(1.0, cpu_s / elapsed_s) : 1.0;
  Timing timing;
  timing.batch_s = busy * search_s / batches;
  timing.root_s = busy * std::max(0.0, elapsed_s - search_s);
  timing.lanes = static_cast<int>(
      std::bit_ceil(static_cast<unsigned>(std::max(1.0, std::floor(subproblems / batches)))));
  // Nodes of one batch end at one moment; between such moments lies a batch, or several that were
  // not recorded: what is longer than many is left out.
  std::vector<double> ends, gaps;
  for (const auto& node : trace.nodes) ends.push_back(node.end_s);
  std::sort(ends.begin(), ends.end());
  constexpr double kMany = 20.0, kOneMoment = 0.02;
  const double mean_s = search_s / batches;
  for (std::size_t k = 1; k < ends.size(); ++k) {
    const double gap = (ends[k] - ends[k - 1]) / mean_s;
    if (gap > kOneMoment && gap < kMany) gaps.push_back(gap);
  }
  constexpr std::size_t kQuantiles = 64;
  if (gaps.size() < kQuantiles) return timing;
  std::sort(gaps.begin(), gaps.end());
  double sum = 0.0;
  for (std::size_t q = 0; q < kQuantiles; ++q) {
    timing.spread.push_back(gaps[(2 * q + 1) * gaps.size() / (2 * kQuantiles)]);
    sum += timing.spread.back();
  }
  for (double& factor : timing.spread) factor *= kQuantiles / sum;
  return timing;
}

}  // namespace clipbound::scaling
