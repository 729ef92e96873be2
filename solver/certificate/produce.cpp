// Idea: a clause is tried with decisions on neurons and with halved inputs, by turns where few
// inputs vary.
// Source: docs/certificate.md.
// Guarantees: see the header.
#include "solver/certificate/produce.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/file.h"
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
constexpr std::int64_t kMostHalvedInputs = 40;
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

/// The records of one clause's tree.
class ClauseProof {
 public:
  ClauseProof(const specs::Clause& clause, const FileLayers& layers, NeuronBoundsTask task,
              Spool& stream)
      : clause_(clause), layers_(layers), task_(std::move(task)), stream_(stream) {
    const AffineForm rows = lower_rows(*layers.system, clause);
    task_.needed = needed_neurons(*layers.system, {&rows});
  }

  bool prove() {
    const double begin = task_.deadline.spent_s();
    const bool few = varying_inputs() <= kMostHalvedInputs;
    const ProvedBounds crown = prove_crown_bounds(task_);
    const double crown_s = task_.deadline.spent_s() - begin;
    if (by_phases(crown, strategy::kFirstSearch * crown_s)) return true;
    if (few && by_boxes(0.5 * task_.deadline.left_s())) return true;
    if (task_.deadline.expired()) return false;
    return by_phases(prove_alpha_bounds(task_, *crown.network), task_.deadline.left_s());
  }

 private:
  std::int64_t varying_inputs() const {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < task_.lower.size(); ++i)
      count += task_.upper[i] > task_.lower[i] ? 1 : 0;
    return count;
  }

  bool by_boxes(double seconds) {
    const std::optional<std::string> tree =
        box_tree(relu_network(layers_), clause_, task_.lower, task_.upper, task_.threads, seconds,
                 task_.deadline);
    if (tree) stream_.append(*tree);
    return tree.has_value();
  }

  bool by_phases(const ProvedBounds& bounds, double seconds) {
    ActivationProblem problem;
    problem.network = bounds.network;
    const AffineForm form = lower_rows(*layers_.system, clause_);
    std::vector<std::int64_t> all(static_cast<std::size_t>(form.size()));
    std::iota(all.begin(), all.end(), 0);
    problem.rows = problem.network->compile_rows(form, all);
    problem.strict = strict_rows(*layers_.system, clause_);
    problem.clauses = {{&clause_, 0, form.size()}};
    SlopeSchedule schedule;
    schedule.iterations = kRowIterations;
    problem.root =
        optimize_rows(*problem.network, problem.rows, schedule, task_.threads, task_.deadline);
    Spool leaves;
    PhaseTree tree(problem, layers_, leaves, task_.threads, task_.deadline);
    if (!tree.search(seconds)) return false;
    ScopeSlopes slopes = bounds.slopes;
    stream_.append(bounds.records);
    stream_.append(tree.root_records(slopes));
    tree.write([&](const std::string& records) { stream_.append(records); });
    return true;
  }

  const specs::Clause& clause_;
  const FileLayers& layers_;
  NeuronBoundsTask task_;
  Spool& stream_;
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
  for (const specs::Clause& clause : query.clauses) {
    if (is_empty(*clause.box, network.input_type())) continue;
    std::vector<double> lower, upper;
    for (const specs::InputInterval& interval : *clause.box) {
      const specs::Ends ends = interval.proof_in(network.input_type());
      lower.push_back(ends.lower);
      upper.push_back(ends.upper);
    }
    const FileLayers layers = lower_as_in_file(network, lower, upper);
    Records restated;
    restate(clause, lower, upper, restated);
    stream.append(restated.bytes());
    if (!ClauseProof(clause, layers, {layers, lower, upper, {}, threads, deadline}, stream).prove())
      return false;
  }
  stream.append("Z");
  write_certificate_file(stream, sink);
  return true;
}

}  // namespace clipbound::solver
