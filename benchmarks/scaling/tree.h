#pragma once
// Idea: search trees to simulate on: recorded ones (`verify --trace`), and ones of any size that are
// made as they are searched, of which nothing is kept but the nodes that are open.
// Source: own. A tree of n nodes is two of f (n - 1) and (1 - f) (n - 1): sizes add up exactly,
// whoever searches which part in which order.
// Guarantees: a tree has the same nodes however it is searched.
#include <cstdint>
#include <string>
#include <vector>

#include "benchmarks/report/trace_file.h"

namespace clipbound::scaling {

/// An open subproblem: the whole subtree below it, unseen so far.
struct Node {
  std::uint64_t size = 1;      ///< nodes of its subtree, itself included
  std::uint64_t hash = 0;      ///< what its descendants' sizes are drawn from
  std::uint32_t recorded = 0;  ///< number of the recorded node, 0: none
  std::uint32_t depth = 0;
};

/// How the smaller share of a split is distributed: quantiles in (0, 1/2], drawn with equal
/// chances.
using Fractions = std::vector<double>;

class Tree {
 public:
  /// `size` nodes, odd or rounded up to it, >= 1. Without fractions these are uniform in (0, 1).
  static Tree synthetic(std::uint64_t size, Fractions fractions = {}, std::uint64_t seed = 1);
  /// All trees of a trace, side by side; what is counted in a node is made up of the trace's
  /// fractions. Throws InputError where nothing was searched.
  static Tree recorded(const suite::TraceFile& trace);

  const std::vector<Node>& roots() const { return roots_; }
  std::uint64_t size() const { return size_; }
  /// Appends the children of `node`: none or two (one where a recording has one alone).
  void expand(const Node& node, std::vector<Node>& children) const;
  /// Of the splits of large subtrees; empty where there are hardly any.
  const Fractions& fractions() const { return fractions_; }
  /// Longest path from a root, in splits; walks over the whole tree.
  std::uint32_t depth() const;

 private:
  void divide(const Node& node, std::vector<Node>& children) const;
  std::vector<Node> roots_;
  std::uint64_t size_ = 0;
  Fractions fractions_;
  std::vector<std::vector<Node>> children_;  // [recorded node]
};

/// What a recording says of times.
struct Timing {
  double batch_s = 0.0;  ///< mean time of one thread for a batch
  double root_s = 0.0;   ///< before the search: reading, bounds of the whole box
  int lanes = 1;         ///< subproblems of a full batch
  /// Times of single batches by their mean: quantiles, each with the same chance. Empty: all are 1.
  std::vector<double> spread;
};

/// Of the trace of a search with one thread. `cpu_s`: what the process has computed, where the
/// machine was busy with other things, too; 0: the clock's time counts. Throws InputError where no
/// batch was bounded.
Timing timing_of(const suite::TraceFile& trace, double cpu_s);

}  // namespace clipbound::scaling
