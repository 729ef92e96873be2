#pragma once
// Idea: what a search did, as trees that people look at: what was split where, bounded, clipped,
// refuted, when and by which thread. A tree has a budget of nodes, which a split shares out between
// its children; what a subtree does not use it gives back. Where a budget has run out, the subtree
// below is counted in its last node instead, so that what is recorded is connected and whole.
// Source: own; node budgets as in work sharing by shares.
// Guarantees: at most kMostNodes nodes, whatever is searched. Nothing of a search depends on it. A
// node belongs to whoever holds its subproblem's share, so that no lock is on the way of a
// subproblem; counts below a node are atomic. Read it after the search.
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "solver/search/share.h"
#include "specs/query/query.h"

namespace clipbound::solver {

/// Which child of a split: what is split at most `at`, or at least.
enum class Half : std::uint8_t { lower, upper };

/// Where a subproblem is split.
struct SplitAt {
  enum class Of : std::uint8_t {
    nothing,
    input,   ///< number `index`
    neuron,  ///< number `index` of layer `layer` of the lowered network
    value,   ///< of integers and steps: a case
  };
  Of of = Of::nothing;
  std::int32_t layer = -1, index = -1;
  double at = 0.0;
};

/// What became of a subproblem.
enum class NodeEnd : std::uint8_t {
  open,      ///< nothing yet
  split,     ///< it has two children
  refuted,   ///< by a bound
  clipped,   ///< nothing of it was left by clipping
  given_up,  ///< no split makes it smaller
};
const char* name_of(NodeEnd end);

/// A recorded subproblem.
struct TraceNode {
  std::uint32_t parent = 0;  ///< 0: the root of a tree
  std::uint32_t clause = 0;  ///< its number in the search
  std::int32_t budget = 0;   ///< of nodes for its descendants
  std::uint32_t depth = 0;
  std::uint16_t search = 0, thread = 0;
  Half half = Half::lower;
  NodeEnd end = NodeEnd::open;
  bool counts_below = false;  ///< its descendants are counted, not recorded
  float begin_s = 0.0F;
  std::atomic<float> end_s{0.0F};  ///< of the last thing that is known of it, or below it
  float kept = 1.0F;   ///< share of its box that clipping has left, before it was bounded
  double bound = 0.0;  ///< its best row's lower bound minus threshold; NaN: none
  SplitAt split;
  // Of descendants that are not recorded.
  std::atomic<std::uint32_t> splits{0}, refuted{0}, clipped{0}, given_up{0}, deepest{0};
};

/// How many neurons of each layer no bound decides, at some moment.
struct LayerFigures {
  float at_s = 0.0F;
  std::vector<std::int64_t> neurons, undecided;  ///< [layers]
  std::vector<std::string> curves;               ///< [layers] of the layers' functions
};

/// A search: its kind, and the query's numbers of its clauses.
struct TracedSearch {
  std::string kind;
  std::vector<std::size_t> clauses;
};

class SearchTrace {
 public:
  static constexpr std::uint32_t kMostNodes = 1U << 16U;

  SearchTrace();
  SearchTrace(const SearchTrace&) = delete;
  SearchTrace& operator=(const SearchTrace&) = delete;

  /// The run is about this query, which outlives the searches.
  void begin(const Query& query) { query_ = &query; }
  /// A search ("input", "activation" or "cases") of these clauses of the query begins; its number.
  /// Safe from many threads.
  std::uint16_t begin_search(const char* kind, const std::vector<const Clause*>& clauses);
  /// Safe from many threads; forgets what comes after the first thousand.
  void add_layers(LayerFigures figures);

  /// The recorded nodes, from number 1 on; after the search.
  std::span<const TraceNode> nodes() const;
  const std::vector<LayerFigures>& layers() const { return layers_; }
  const std::vector<TracedSearch>& searches() const { return traced_; }

 private:
  friend class TraceHand;
  TraceNode* node(std::uint32_t number) { return &nodes_[number - 1]; }
  /// So many nodes of those that nobody has, or fewer.
  std::int32_t draw(std::int32_t wanted);
  void give_back(std::int32_t budget) { spare_.fetch_add(budget, std::memory_order_relaxed); }
  std::uint32_t make(const TraceNode& parent, std::uint32_t parent_number, Half half, float now_s,
                     std::int32_t budget);

  std::unique_ptr<TraceNode[]> nodes_;
  std::atomic<std::uint32_t> used_{0};
  std::atomic<std::int32_t> spare_{static_cast<std::int32_t>(kMostNodes)};
  const Query* query_ = nullptr;
  std::mutex mutex_;
  std::vector<LayerFigures> layers_;  // guarded by mutex_
  std::vector<TracedSearch> traced_;  // guarded by mutex_
};

/// A worker's way to write. Without a trace every call is one branch.
class TraceHand {
 public:
  void attach(SearchTrace* trace, std::uint16_t search) {
    trace_ = trace;
    search_ = search;
  }
  explicit operator bool() const { return trace_ != nullptr; }
  /// What follows happens now, on this thread.
  void stamp(double now_s);

  void bounded(std::size_t clause, Share& share, double bound) {
    if (trace_ != nullptr) write_bound(clause, share, bound);
  }
  /// `other` was split off; it is this half. Both have the parent's node before.
  void split(std::size_t clause, Share& kept, Share& other, const SplitAt& at, Half other_half) {
    if (trace_ != nullptr) write_split(clause, kept, other, at, other_half);
  }
  void ended(std::size_t clause, Share& share, NodeEnd end) {
    if (trace_ != nullptr) write_end(clause, share, end);
  }
  /// Clipping has left this share of the box.
  void kept(Share& share, double part);

 private:
  void write_bound(std::size_t clause, Share& share, double bound);
  void write_split(std::size_t clause, Share& kept, Share& other, const SplitAt& at,
                   Half other_half);
  void write_end(std::size_t clause, Share& share, NodeEnd end);
  /// Its node, made where it is a tree's root; nullptr where no node is left for that.
  TraceNode* node_of(std::size_t clause, Share& share);

  SearchTrace* trace_ = nullptr;
  std::uint16_t search_ = 0, thread_ = 0;
  float now_s_ = 0.0F;
};

}  // namespace clipbound::solver
