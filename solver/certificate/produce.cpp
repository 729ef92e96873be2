// Idea: clauses about one box share its neurons' bounds (records K, k); each is tried with decisions
// on neurons and, where few inputs vary, with halved inputs.
// Source: docs/certificate.md.
// Guarantees: see the header.
#include "solver/certificate/produce.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <optional>

#include "base/file.h"
#include "base/sha256.h"
#include "bounds/layered/clause_rows.h"
#include "solver/certificate/box_tree.h"
#include "solver/certificate/neuron_bounds.h"
#include "solver/certificate/phase_tree.h"
#include "solver/certificate/records.h"
#include "solver/certificate/relu_network.h"
#include "solver/strategy.h"
#include "specs/network/op_table.h"

namespace clipbound::solver {

namespace {

// Where at most so many inputs vary they are halved, too (decision 29).
constexpr std::int64_t kMostHalvedInputs = 40, kFewInputs = 10;
// The shortest that a way is tried for.
constexpr double kShortestSlice_s = 0.05;
constexpr int kRowIterations = 20;  // of the slopes of the rows' root bounds

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

/// A box and the clauses about it.
struct ProofBox {
  std::vector<double> lower, upper;
  std::vector<const specs::Clause*> clauses;
};

std::vector<ProofBox> boxes_of(const specs::Network& network, const specs::Query& query) {
  std::vector<ProofBox> boxes;
  for (const specs::Clause& clause : query.clauses) {
    if (is_empty(*clause.box, network.input_type())) continue;
    ProofBox box;
    for (const specs::InputInterval& interval : *clause.box) {
      const specs::Ends ends = interval.proof_in(network.input_type());
      box.lower.push_back(ends.lower);
      box.upper.push_back(ends.upper);
    }
    const auto found = std::find_if(boxes.begin(), boxes.end(), [&](const ProofBox& other) {
      return other.lower == box.lower && other.upper == box.upper;
    });
    ProofBox& into = found == boxes.end() ? boxes.emplace_back(std::move(box)) : *found;
    into.clauses.push_back(&clause);
  }
  return boxes;
}

/// The records of all clauses about one box. Easy clauses are closed with CROWN's bounds; the
/// others get alpha-CROWN's, and where few inputs vary, halved inputs by turns of growing length.
class BoxProof {
 public:
  BoxProof(const specs::Network& network, const ProofBox& box, int threads,
           const base::Deadline& deadline, Spool& stream)
      : box_(box),
        layers_(lower_as_in_file(network, box.lower, box.upper)),
        task_{layers_, box.lower, box.upper, {}, threads, deadline},
        stream_(stream) {}

  bool prove() {
    const Deadline& deadline = task_.deadline;
    open_ = box_.clauses;
    const double begin = deadline.spent_s();
    find_needed();
    start_from(prove_crown_bounds(task_));
    double slice_s =
        std::max(kShortestSlice_s, strategy::kFirstSearch * (deadline.spent_s() - begin));
    by_phases(slice_s);
    const bool few = varying_inputs() <= kMostHalvedInputs;
    // Of very few inputs, boxes are the way, and starting them anew costs.
    if (few) by_boxes(varying_inputs() <= kFewInputs ? 0.5 * deadline.left_s() : 2.0 * slice_s);
    if (open_.empty()) return true;
    if (deadline.expired()) return false;
    const std::shared_ptr<const SparseNetwork> known = bounds_->network;
    find_needed();
    start_from(prove_alpha_bounds(task_, *known));
    // Without a second way there is nothing to take turns with.
    while (!open_.empty() && !deadline.expired() && (few || can_go_on())) {
      slice_s = few ? 4.0 * slice_s : deadline.left_s();
      by_phases(slice_s);
      if (few) by_boxes(2.0 * slice_s);
    }
    return open_.empty();
  }

 private:
  std::int64_t varying_inputs() const {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < task_.lower.size(); ++i)
      count += task_.upper[i] > task_.lower[i] ? 1 : 0;
    return count;
  }

  /// A clause's search, which can be continued.
  struct Attempt {
    Attempt(ActivationProblem of, const FileLayers& layers, const NeuronBoundsTask& task)
        : problem(std::move(of)), tree(problem, layers, leaves, task.threads, task.deadline) {}
    ActivationProblem problem;
    Spool leaves;
    PhaseTree tree;
  };

  /// The neurons that open clauses depend on are those that are bounded.
  void find_needed() {
    std::vector<AffineForm> rows;
    for (const specs::Clause* clause : open_) rows.push_back(lower_rows(*layers_.system, *clause));
    std::vector<const AffineForm*> pointers;
    for (const AffineForm& form : rows) pointers.push_back(&form);
    task_.needed = needed_neurons(*layers_.system, pointers);
  }

  void start_from(ProvedBounds bounds) {
    bounds_ = std::move(bounds);
    written_ = false;
    attempts_.clear();
  }

  void begin_clause(const specs::Clause& clause) {
    Records records;
    restate(clause, task_.lower, task_.upper, records);
    stream_.append(records.bytes());
  }

  /// Halves inputs of open clauses for so many seconds each.
  void by_boxes(double seconds) {
    if (open_.empty()) return;
    const ReluNetwork network = relu_network(layers_);
    std::erase_if(open_, [&](const specs::Clause* clause) {
      const std::optional<std::string> tree = box_tree(network, *clause, task_.lower, task_.upper,
                                                       task_.threads, seconds, task_.deadline);
      if (!tree) return false;
      attempts_.erase(clause);
      begin_clause(*clause);
      stream_.append(*tree);
      return true;
    });
  }

  ActivationProblem problem_of(const specs::Clause& clause) const {
    ActivationProblem problem;
    problem.network = bounds_->network;
    const AffineForm form = lower_rows(*layers_.system, clause);
    std::vector<std::int64_t> all(static_cast<std::size_t>(form.size()));
    std::iota(all.begin(), all.end(), 0);
    problem.rows = problem.network->compile_rows(form, all);
    problem.strict = strict_rows(*layers_.system, clause);
    problem.clauses = {{&clause, 0, form.size()}};
    SlopeSchedule schedule;
    schedule.iterations = kRowIterations;
    problem.root =
        optimize_rows(*problem.network, problem.rows, schedule, task_.threads, task_.deadline);
    return problem;
  }

  bool can_go_on() const {
    return std::all_of(attempts_.begin(), attempts_.end(),
                       [](const auto& attempt) { return attempt.second->tree.can_go_on(); });
  }

  /// Splits neurons of open clauses for so many seconds each.
  void by_phases(double seconds) {
    std::erase_if(open_, [&](const specs::Clause* clause) {
      if (task_.deadline.expired()) return false;
      std::unique_ptr<Attempt>& attempt = attempts_[clause];
      if (attempt == nullptr)
        attempt = std::make_unique<Attempt>(problem_of(*clause), layers_, task_);
      if (!attempt->tree.can_go_on() || !attempt->tree.search(seconds)) return false;
      write(*clause, attempt->tree);
      attempts_.erase(clause);
      return true;
    });
  }

  void write(const specs::Clause& clause, const PhaseTree& tree) {
    begin_clause(clause);
    stream_.append(written_ ? "k" : bounds_->records + "K");
    written_ = true;
    ScopeSlopes slopes = bounds_->slopes;
    stream_.append(tree.root_records(slopes));
    tree.write([&](const std::string& records) { stream_.append(records); });
  }

  const ProofBox& box_;
  FileLayers layers_;
  NeuronBoundsTask task_;
  Spool& stream_;
  std::optional<ProvedBounds> bounds_;
  bool written_ = false;  ///< their records
  std::vector<const specs::Clause*> open_;
  std::map<const specs::Clause*, std::unique_ptr<Attempt>> attempts_;  ///< on these bounds
};

}  // namespace

bool produce_certificate(const specs::Network& network, const specs::Query& query,
                         const std::string& network_path, const std::string& query_path,
                         int threads, const base::Deadline& deadline, const CertificateSink& sink) {
  check_certifiable(network, query);
  std::vector<std::size_t> sizes;
  for (const specs::Node& node : network.nodes)
    if (node.kind == specs::OpKind::relu)
      sizes.push_back(static_cast<std::size_t>(network.value(node.outputs[0]).size()));
  Spool stream;
  stream.append(header(network, query, sizes, network_path, query_path));
  for (const ProofBox& box : boxes_of(network, query))
    if (!BoxProof(network, box, threads, deadline, stream).prove()) return false;
  stream.append("Z");
  write_certificate_file(stream, sink);
  return true;
}

}  // namespace clipbound::solver
