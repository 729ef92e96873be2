#include "solver/certificate/box_tree.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <deque>

#include "base/parallel.h"
#include "solver/certificate/box_prover.h"
#include "solver/certificate/records.h"

namespace clipbound::solver {

namespace {

// A leaf's bound is above 0 by this share of what it is made of. Roundings are some 1e-13 of that.
constexpr double kMargin = 1e-10;
// Boxes that are split before threads take over; of a single leaf none is.
constexpr std::size_t kFirstBoxes = 64;
constexpr int kDeepest = 300;
constexpr std::size_t kMostFileBytes = std::size_t{1} << 30;

struct NoProof {};  // the end of the time, or a box that no split helps

/// sum of terms - threshold, over the sources of the outputs.
DenseForm form_of(const specs::Clause& clause, const ReluNetwork& network, std::size_t inputs) {
  const auto rows = static_cast<Eigen::Index>(clause.rows.size());
  DenseRows over_outputs = DenseRows::Zero(rows, network.outputs.constant.size());
  DenseRows over_inputs = DenseRows::Zero(rows, static_cast<Eigen::Index>(inputs));
  DenseForm result;
  result.constant.resize(rows);
  for (Eigen::Index r = 0; r < rows; ++r) {
    const specs::Row& row = clause.rows[static_cast<std::size_t>(r)];
    result.constant[r] = -row.threshold.exact.get_d();
    for (const specs::Term& term : row.terms)
      (term.of == specs::Term::Of::output ? over_outputs : over_inputs)(r, term.index) +=
          term.coefficient.exact.get_d();
  }
  result.constant += over_outputs * network.outputs.constant;
  for (const DenseForm::Term& term : network.outputs.terms) {
    DenseRows map = over_outputs * term.rows;
    if (term.source == -1) map += over_inputs;
    result.terms.push_back({term.source, std::move(map)});
  }
  if (!over_inputs.isZero(0.0) && (result.terms.empty() || result.terms[0].source != -1))
    result.terms.push_back({-1, over_inputs});
  return result;
}

/// The proof of one clause's box.
class ClauseProof {
 public:
  ClauseProof(const BoxProver& prover, int threads, double seconds, const base::Deadline& deadline)
      : prover_(prover),
        threads_(threads),
        deadline_(deadline),
        end_(deadline.spent_s() + seconds) {}

  std::string tree(ProofScope root) {
    nodes_.push_back({std::move(root), {}, {}, 0, -1});
    std::size_t next = 0;  // nodes from here on are open
    for (; next < nodes_.size() && nodes_.size() - next < kFirstBoxes; ++next) {
      Node node = std::move(nodes_[next]);
      ProofScope other;
      if (advance(node.scope, node.records, node.depth, other)) {
        node.first = static_cast<int>(nodes_.size());
        nodes_.push_back({std::move(node.scope), {}, {}, node.depth + 1, -1});
        nodes_.push_back({std::move(other), {}, {}, node.depth + 1, -1});
      }
      nodes_[next] = std::move(node);
    }
    prove_open(next);
    Records result;
    assemble(0, result);
    return result.bytes();
  }

 private:
  struct Node {
    ProofScope scope;
    Records records;
    std::string subtree;  ///< in place of the records, of a box that was proved apart
    int depth = 0, first = -1;
  };

  /// Bounds the box. False: it is closed, and its records end. True: it is split; `scope` becomes
  /// the first half, `other` the second.
  bool advance(ProofScope& scope, Records& records, int depth, ProofScope& other) const {
    if (deadline_.expired() || deadline_.spent_s() > end_ || depth > kDeepest) throw NoProof{};
    const BestRow best = prover_.bound(scope, records);
    if (std::isnan(best.bound)) throw NoProof{};
    const Eigen::VectorXd widths = scope.upper - scope.lower;
    const double size =
        1.0 + best.gradient.cwiseAbs().dot(scope.lower.cwiseAbs().cwiseMax(scope.upper.cwiseAbs()));
    if (best.bound > kMargin * size) {
      records.tag('L').varint(1).varint(best.row).f32(1.0F);
      return false;
    }
    Eigen::Index input = 0;
    if (!(best.branching_score.maxCoeff(&input) > 0.0)) widths.maxCoeff(&input);
    const double at = scope.lower[input] + 0.5 * widths[input];
    if (!(at > scope.lower[input] && at < scope.upper[input])) throw NoProof{};
    records.tag('X').varint(static_cast<std::uint64_t>(input)).f64(at);
    other = scope;
    scope.upper[input] = at;
    other.lower[input] = at;
    return true;
  }

  void prove(ProofScope scope, int depth, Records& records) {
    ProofScope other;
    if (!advance(scope, records, depth, other)) return;
    prove(std::move(scope), depth + 1, records);
    prove(std::move(other), depth + 1, records);
  }

  void prove_open(std::size_t first) {
    std::atomic<std::size_t> next{first};
    std::atomic<bool> failed{false};
    base::run_workers(threads_, [&](int) {
      for (std::size_t k = next++; k < nodes_.size() && !failed; k = next++) {
        try {
          Records records;
          prove(std::move(nodes_[k].scope), nodes_[k].depth, records);
          if (records.bytes().size() > kMostFileBytes) throw NoProof{};
          nodes_[k].subtree = records.bytes();
        } catch (const NoProof&) {
          failed = true;
        }
      }
    });
    if (failed) throw NoProof{};
  }

  void assemble(std::size_t k, Records& into) const {
    const Node& node = nodes_[k];
    if (!node.subtree.empty()) {
      into.tag('J').varint(node.subtree.size()).append(node.subtree);
      return;
    }
    into.append(node.records.bytes());
    if (node.first < 0) return;
    assemble(static_cast<std::size_t>(node.first), into);
    assemble(static_cast<std::size_t>(node.first) + 1, into);
  }

  const BoxProver& prover_;
  int threads_;
  const base::Deadline& deadline_;
  double end_;
  std::deque<Node> nodes_;
};

}  // namespace

std::optional<std::string> box_tree(const ReluNetwork& network, const specs::Clause& clause,
                                    std::span<const double> lower, std::span<const double> upper,
                                    int threads, double seconds, const base::Deadline& deadline) {
  const DenseForm rows = form_of(clause, network, lower.size());
  const BoxProver prover(network, rows);
  const auto n = static_cast<Eigen::Index>(lower.size());
  try {
    return ClauseProof(prover, threads, seconds, deadline)
        .tree(prover.root(Eigen::Map<const Eigen::VectorXd>(lower.data(), n),
                          Eigen::Map<const Eigen::VectorXd>(upper.data(), n)));
  } catch (const NoProof&) {
    return {};
  }
}

}  // namespace clipbound::solver
