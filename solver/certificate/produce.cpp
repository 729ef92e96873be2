// Idea: the first boxes are split one after the other until there is work for all threads; what is
// open then is proved apart, each as a subtree with its length (J).
// Source: docs/certificate.md.
// Guarantees: see the header.
#include "solver/certificate/produce.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <deque>

#include "base/file.h"
#include "base/parallel.h"
#include "solver/certificate/box_prover.h"
#include "solver/certificate/records.h"
#include "solver/certificate/relu_network.h"
#include "specs/network/op_table.h"

namespace clipbound::solver {

namespace {

// A leaf's bound is above 0 by this share of what it is made of. Roundings are some 1e-13 of that.
constexpr double kMargin = 1e-10;
// Boxes that are split before threads take over; of a single leaf none is.
constexpr std::size_t kFirstBoxes = 64;
constexpr int kDeepest = 300;
constexpr std::size_t kMostFileBytes = std::size_t{1} << 30;

struct NoProof {};  // the deadline, or a box that no split helps

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
  ClauseProof(const BoxProver& prover, int threads, const base::Deadline& deadline)
      : prover_(prover), threads_(threads), deadline_(deadline) {}

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
    if (deadline_.expired() || depth > kDeepest) throw NoProof{};
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
  std::deque<Node> nodes_;
};

std::string header(const specs::Network& network, const specs::Query& query,
                   const std::vector<std::size_t>& layers, const std::string& network_path,
                   const std::string& query_path) {
  Records records;
  records.tag('R');
  for (const std::string& path : {network_path, query_path}) {
    constexpr std::size_t kMost = std::size_t{8} << 30;
    base::Sha256 hash;
    hash.update(base::read_file(path, kMost).bytes);
    records.append(digest_bytes(hash.digits()));
  }
  records.varint(static_cast<std::uint64_t>(network.input_size()));
  records.varint(static_cast<std::uint64_t>(network.output_size())).varint(layers.size());
  for (const std::size_t size : layers) records.varint(size);
  return records.varint(query.clauses.size()).bytes();
}

void restate(const specs::Clause& clause, std::span<const double> lower,
             std::span<const double> upper, Records& records) {
  records.tag('C');
  for (std::size_t i = 0; i < lower.size(); ++i) records.f64(lower[i]).f64(upper[i]);
  const auto nearest = [](const specs::Number& number) {
    return number.exact - mpq_class(number.lower) <= mpq_class(number.upper) - number.exact
               ? number.lower
               : number.upper;
  };
  records.varint(clause.rows.size());
  for (const specs::Row& row : clause.rows) {
    records.tag(row.strict ? '\1' : '\0').varint(row.terms.size());
    std::vector<std::pair<std::uint64_t, double>> terms;
    for (const specs::Term& term : row.terms)
      terms.emplace_back(
          2 * static_cast<std::uint64_t>(term.index) + (term.of == specs::Term::Of::input ? 1 : 0),
          nearest(term.coefficient));
    std::sort(terms.begin(), terms.end());
    for (const auto& [variable, value] : terms) records.varint(variable).f64(value);
    records.f64(nearest(row.threshold));
  }
}

}  // namespace

std::optional<std::string> produce_certificate(const specs::Network& network,
                                               const specs::Query& query,
                                               const std::string& network_path,
                                               const std::string& query_path, int threads,
                                               const base::Deadline& deadline) {
  check_certifiable(network, query);
  Records clauses;
  std::vector<std::size_t> layers;
  for (const specs::Node& node : network.nodes)
    if (node.kind == specs::OpKind::relu)
      layers.push_back(static_cast<std::size_t>(network.value(node.outputs[0]).size()));
  try {
    for (const specs::Clause& clause : query.clauses) {
      if (is_empty(*clause.box, network.input_type())) continue;
      std::vector<double> lower, upper;
      for (const specs::InputInterval& interval : *clause.box) {
        const specs::Ends ends = interval.proof_in(network.input_type());
        lower.push_back(ends.lower);
        upper.push_back(ends.upper);
      }
      const ReluNetwork dense = relu_network(network, lower, upper);
      const DenseForm rows = form_of(clause, dense, lower.size());
      const BoxProver prover(dense, rows);
      const auto n = static_cast<Eigen::Index>(lower.size());
      ProofScope root = prover.root(Eigen::Map<const Eigen::VectorXd>(lower.data(), n),
                                    Eigen::Map<const Eigen::VectorXd>(upper.data(), n));
      restate(clause, lower, upper, clauses);
      clauses.append(ClauseProof(prover, threads, deadline).tree(std::move(root)));
    }
  } catch (const NoProof&) {
    return {};
  }
  Records stream;
  stream.append(header(network, query, layers, network_path, query_path));
  stream.append(clauses.bytes()).tag('Z');
  return certificate_file(stream.bytes());
}

}  // namespace clipbound::solver
