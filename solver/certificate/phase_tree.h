#pragma once
// Idea: a clause's tree of decisions on neurons, each leaf with the slopes and multipliers that
// close it: the batches of the activation split, without its clipping, whose every bound
// is one that records say.
// Source: beta-CROWN (Wang et al., NeurIPS 2021); docs/certificate.md, records N, a and L.
// Guarantees: none that a verdict depends on: clipbound-check computes every bound itself. A leaf is
// called closed with a margin that is far above roundings.
// Legend: T free parameters (SparseNetwork).
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "solver/activation_split/branching.h"
#include "solver/activation_split/problem.h"
#include "solver/certificate/neuron_bounds.h"
#include "solver/certificate/spool.h"

namespace clipbound::solver {

class PhaseTree {
 public:
  /// `problem` has one clause, with its rows' root bounds. `spool` receives records.
  PhaseTree(const ActivationProblem& problem, const FileLayers& layers, Spool& spool, int threads,
            const base::Deadline& deadline);

  /// Goes on for so many seconds. True once every leaf is closed; false where it is not, or where a
  /// leaf has nothing left to split.
  bool search(double seconds);
  /// Whether more time may help.
  bool can_go_on() const { return !stuck_; }
  /// Lets slopes be those of the root where a leaf says nothing else: records that say so.
  std::string root_records(ScopeSlopes& slopes) const;
  /// The closed tree's records, piece by piece.
  template <class Write>
  void write(const Write& write) const;
  std::size_t leaves() const { return leaves_; }

 private:
  struct Node {
    Unstable split{-1};
    std::uint32_t children = 0;  ///< the first of both; 0: a leaf
    Spool::Part leaf = {};
  };
  struct Open {
    ActivationSubproblem subproblem;
    std::uint32_t node;
    bool is_last = false;  ///< nothing is left to split
  };

  class Worker;
  /// Up to kLanes open subproblems, the newest first; none at the end.
  std::vector<Open> take(double end);
  void give_back(std::vector<Open> open, int taken);
  /// After an error of one worker the others must not wait for what it had taken.
  void abandon();
  std::uint32_t split_node(std::uint32_t node, Unstable neuron);
  void close(std::uint32_t node, std::string_view records);
  std::string split_record(Unstable neuron) const;
  /// In its layer.
  std::uint32_t neuron(Unstable u) const;
  /// [nodes] bytes of the trees below, with `apart` where they are written with their length.
  std::vector<std::uint64_t> sizes(std::vector<char>& apart) const;

  const ActivationProblem& problem_;
  const FileLayers& layers_;
  Spool& spool_;
  int threads_;
  const base::Deadline& deadline_;
  std::vector<float> root_slopes_;  // [T] those of the scope at the root
  double margin_;

  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::vector<Node> nodes_;
  std::vector<Open> open_;
  int at_work_ = 0;
  bool stuck_ = false;
  std::size_t leaves_ = 0;
};

template <class Write>
void PhaseTree::write(const Write& write) const {
  std::vector<char> apart;
  const std::vector<std::uint64_t> size = sizes(apart);
  std::vector<std::uint32_t> stack{0};
  while (!stack.empty()) {
    const std::uint32_t k = stack.back();
    stack.pop_back();
    const Node& node = nodes_[k];
    if (apart[k] != 0) write(Records().tag('J').varint(size[k]).bytes());
    if (node.children == 0) {
      write(spool_.read(node.leaf));
      continue;
    }
    write(split_record(node.split));
    stack.push_back(node.children + 1);
    stack.push_back(node.children);
  }
}

}  // namespace clipbound::solver
