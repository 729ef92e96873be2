#include "solver/search/search_trace.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace clipbound::solver {

namespace {

// A mark's node is one whose descendants are counted.
constexpr std::uint32_t kBelow = 1U << 31U;
// No node is left for a tree: nothing is recorded of it.
constexpr std::uint32_t kNoNode = kBelow - 1;
// The part of the spare nodes that a tree's root gets, and the most that a subtree whose budget has
// run out may take: little, because what waits beside a deep path keeps half of it.
constexpr std::int32_t kRootPart = 4, kRefill = 32;
constexpr std::size_t kMostLayerFigures = 1000;

std::uint16_t number_of_this_thread() {
  static std::atomic<std::uint16_t> next{0};
  thread_local const std::uint16_t mine = next.fetch_add(1);
  return mine;
}

void count(std::atomic<std::uint32_t>& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

void raise(std::atomic<std::uint32_t>& most, std::uint32_t value) {
  std::uint32_t before = most.load(std::memory_order_relaxed);
  while (before < value && !most.compare_exchange_weak(before, value, std::memory_order_relaxed)) {
  }
}

}  // namespace

const char* name_of(NodeEnd end) {
  switch (end) {
    case NodeEnd::split: return "split";
    case NodeEnd::refuted: return "refuted";
    case NodeEnd::clipped: return "clipped";
    case NodeEnd::given_up: return "given up";
    case NodeEnd::open: break;
  }
  return "open";
}

SearchTrace::SearchTrace() : nodes_(std::make_unique<TraceNode[]>(kMostNodes)) {}

std::span<const TraceNode> SearchTrace::nodes() const {
  return {nodes_.get(), used_.load()};
}

void SearchTrace::add_layers(LayerFigures figures) {
  const std::lock_guard lock(mutex_);
  if (layers_.size() < kMostLayerFigures) layers_.push_back(std::move(figures));
}

std::uint16_t SearchTrace::begin_search(const char* kind,
                                        const std::vector<const Clause*>& clauses) {
  TracedSearch search{kind, {}};
  for (const Clause* clause : clauses)
    search.clauses.push_back(static_cast<std::size_t>(clause - query_->clauses.data()));
  const std::lock_guard lock(mutex_);
  traced_.push_back(std::move(search));
  return static_cast<std::uint16_t>(traced_.size() - 1);
}

std::int32_t SearchTrace::draw(std::int32_t wanted) {
  std::int32_t spare = spare_.load(std::memory_order_relaxed);
  while (spare > 0) {
    const std::int32_t drawn = std::min(wanted, spare);
    if (spare_.compare_exchange_weak(spare, spare - drawn, std::memory_order_relaxed)) return drawn;
  }
  return 0;
}

std::uint32_t SearchTrace::make(const TraceNode& parent, std::uint32_t parent_number, Half half,
                                float now_s, std::int32_t budget) {
  const std::uint32_t number = used_.fetch_add(1, std::memory_order_relaxed) + 1;
  TraceNode& child = *node(number);
  child.parent = parent_number;
  child.clause = parent.clause;
  child.search = parent.search;
  child.thread = parent.thread;
  child.budget = budget;
  child.depth = parent.depth + 1;
  child.half = half;
  child.begin_s = now_s;
  child.end_s = now_s;
  child.bound = std::numeric_limits<double>::quiet_NaN();
  return number;
}

void TraceHand::stamp(double now_s) {
  if (trace_ == nullptr) return;
  now_s_ = static_cast<float>(now_s);
  thread_ = number_of_this_thread();
}

TraceNode* TraceHand::node_of(std::size_t clause, Share& share) {
  std::uint32_t& mark = share.marks.node;
  if (mark == kNoNode) return nullptr;
  if (mark != 0) return trace_->node(mark & ~kBelow);
  const std::int32_t spare = trace_->spare_.load(std::memory_order_relaxed);
  const std::int32_t drawn = trace_->draw(std::max(1, spare / kRootPart));
  if (drawn == 0) {
    mark = kNoNode;
    return nullptr;
  }
  TraceNode above;
  above.clause = static_cast<std::uint32_t>(clause);
  above.search = search_;
  above.thread = thread_;
  above.depth = share.depth() - 1;  // wraps around, and back
  mark = trace_->make(above, 0, Half::lower, now_s_, drawn - 1);
  return trace_->node(mark);
}

void TraceHand::write_bound(std::size_t clause, Share& share, double bound) {
  TraceNode* node = node_of(clause, share);
  if (node == nullptr || (share.marks.node & kBelow) != 0) return;
  node->bound = bound;
  node->thread = thread_;
  node->end_s = now_s_;
}

void TraceHand::write_split(std::size_t clause, Share& kept, Share& other, const SplitAt& at,
                            Half other_half) {
  TraceNode* node = node_of(clause, kept);
  if (node == nullptr || (kept.marks.node & kBelow) != 0) {
    if (node != nullptr) {
      count(node->splits);
      raise(node->deepest, other.depth());
      node->end_s = now_s_;
    }
    other.marks.node = kept.marks.node;
    return;
  }
  const std::uint32_t number = kept.marks.node;
  node->end = NodeEnd::split;
  node->split = at;
  node->end_s = now_s_;
  if (node->budget < 2) {
    node->budget += trace_->draw(kRefill);
  }
  if (node->budget < 2) {
    node->counts_below = true;
    trace_->give_back(std::exchange(node->budget, 0));
    raise(node->deepest, other.depth());
    kept.marks.node = other.marks.node = number | kBelow;
    return;
  }
  const std::int32_t rest = node->budget - 2;
  node->budget = 0;
  const Half kept_half = other_half == Half::lower ? Half::upper : Half::lower;
  kept.marks.node = trace_->make(*node, number, kept_half, now_s_, rest - rest / 2);
  other.marks.node = trace_->make(*node, number, other_half, now_s_, rest / 2);
}

void TraceHand::write_end(std::size_t clause, Share& share, NodeEnd end) {
  TraceNode* node = node_of(clause, share);
  if (node == nullptr) return;
  if ((share.marks.node & kBelow) != 0) {
    count(end == NodeEnd::refuted ? node->refuted
                                  : (end == NodeEnd::clipped ? node->clipped : node->given_up));
    node->end_s = now_s_;
    return;
  }
  node->end = end;
  node->end_s = now_s_;
  node->thread = thread_;
  trace_->give_back(std::exchange(node->budget, 0));
}

void TraceHand::kept(Share& share, double part) {
  const std::uint32_t mark = share.marks.node;
  if (mark == 0 || mark == kNoNode || (mark & kBelow) != 0) return;
  trace_->node(mark)->kept = static_cast<float>(part);
}

}  // namespace clipbound::solver
