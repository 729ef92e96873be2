// Idea: solve() is the inner one between the public types.
// Source: own.
// Guarantees: memory that runs out is a verdict, no error.
#include "solver/api/implementation.h"

#include <new>

#include "base/log.h"
#include "solver/api/incremental.h"
#include "solver/api/saved_run.h"
#include "solver/api/trace_record.h"
#include "solver/solve.h"
#include "specs/evaluate/counterexample.h"
#include "specs/query/row_text.h"
#include "specs/vnnlib/vnnlib.h"

namespace clipbound {

namespace {

Stage outer(solver::Stage stage) {
  using Inner = solver::Stage;
  return stage == Inner::reading    ? Stage::reading
         : stage == Inner::attack   ? Stage::attack
         : stage == Inner::lowering ? Stage::lowering
         : stage == Inner::root     ? Stage::root
                                    : Stage::search;
}

Progress outer(const solver::SearchProgress& inner, const specs::Query& query) {
  Progress progress{.elapsed_s = inner.elapsed_s,
                    .stage = outer(inner.stage),
                    .clauses = inner.clauses,
                    .bounded = inner.bounded,
                    .refuted = inner.refuted,
                    .subproblems = inner.subproblems,
                    .open = inner.open,
                    .worst_bound = inner.worst_bound,
                    .weakest = {},
                    .settled_share = inner.settled_share,
                    .statistics = {}};
  if (inner.weakest) {
    const solver::OpenRow& row = *inner.weakest;
    progress.weakest = WeakestRow{row.clause, query.clauses[row.clause].line, row.row, row.bound,
                                  inner.weakest_text};
  }
  return progress;
}

Verdict outer(solver::Verdict verdict) {
  using Inner = solver::Verdict;
  return verdict == Inner::sat       ? Verdict::sat
         : verdict == Inner::unsat   ? Verdict::unsat
         : verdict == Inner::timeout ? Verdict::timeout
                                     : Verdict::unknown;
}

std::vector<Statistic> outer(const base::Statistics& statistics) {
  std::vector<Statistic> rows;
  base::for_each_statistic(
      statistics, [&]<typename T>(std::string_view name, const T& value, std::string_view help) {
        rows.push_back({std::string(name), static_cast<double>(value), std::is_floating_point_v<T>,
                        std::string(help)});
      });
  return rows;
}

/// Gives the stopper's entry back however solve() ends.
class Registration {
 public:
  Registration(const Stopper& stopper, const base::Deadline& deadline)
      : state_(stopper.implementation()), entry_(state_.enter(deadline)) {}
  ~Registration() { state_.leave(entry_); }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;
  const base::Deadline& deadline() const { return entry_.deadline; }
  /// Ends this run alone.
  void end() const { entry_.deadline.interrupt(); }

 private:
  Stopper::Implementation& state_;
  Stopper::Implementation::Entry& entry_;
};

/// The first clause that the counterexample satisfies.
std::optional<ViolatedClause> violated_clause(const specs::Query& query, specs::DataType input_type,
                                              const Result& result) {
  std::span<const double> outputs = result.output;
  std::vector<mpq_class> calculated;
  if (query.calculation) {
    outputs = outputs.first(outputs.size() - query.calculation->outputs());
    calculated = query.calculation->values(result.input, outputs);
  }
  for (std::size_t k = 0; k < query.clauses.size(); ++k) {
    const specs::Clause& clause = query.clauses[k];
    if (!inside_box(clause, input_type, result.input) ||
        !rows_hold(clause, result.input, outputs, input_type, calculated))
      continue;
    ViolatedClause violated{k, clause.line, {}};
    for (const specs::Row& row : clause.rows)
      violated.rows.push_back(to_text(row, query.names.get()));
    return violated;
  }
  return {};
}

/// What a trace is written to; nullptr: nobody asked.
Trace::Implementation* begin_trace(const Callbacks& callbacks, const specs::Network& network,
                                   const specs::Query& query) {
  if (!callbacks.trace) return nullptr;
  callbacks.trace->implementation().begin(network, query);
  return &callbacks.trace->implementation();
}

/// Who is told how far the run is; empty: nobody. What is given outlives it.
solver::ProgressCallback progress_for(const Callbacks& callbacks, Trace::Implementation* record,
                                      const specs::Query& query, const SavedRun& saved) {
  if (!callbacks.progress && record == nullptr) return {};
  return [&callbacks, record, &query, &saved](const solver::SearchProgress& now) {
    solver::SearchProgress inner = now;
    inner.subproblems += saved.earlier().subproblems;
    inner.statistics += saved.earlier();
    if (record != nullptr) record->saw(inner, outer(inner.stage));
    if (!callbacks.progress) return;
    Progress progress = outer(inner, query);
    progress.statistics = outer(inner.statistics);
    callbacks.progress(progress);
  };
}

using InnerSolve = decltype(&solver::solve);

/// What a run is asked for beyond its verdict.
struct Special {
  bool only_root = false;
  const solver::SearchState* resume = nullptr;
  solver::SearchState* left = nullptr;
  std::size_t divide = 0;  ///< solver::SolveContext::divide
};

/// The counterexample that a saved search has.
Result known(const Network& network, const Query& query, SavedRun& saved, Result about) {
  std::optional<Result> found = counterexample_at(network, query, saved.known_input());
  if (!found) throw InputError("the counterexample that was saved is none");
  found->networks = std::move(about.networks);
  found->part = std::move(about.part);
  found->statistics = outer(saved.earlier());
  saved.finish(*found, saved.earlier());
  return *std::move(found);
}

Result run(InnerSolve how, const Network& network, const Query& query, const Options& options,
           const Callbacks& callbacks, const Special& special = {}) {
  const Query::Implementation& asked = query.implementation();
  if (asked.joint && !asked.joined) {
    // Of one network: whatever its query speaks of beyond inputs and outputs is joined to it.
    const std::vector<std::string> names = query.networks();
    const Problem problem = Problem::join(query, {{names.size() == 1 ? names[0] : "", network}});
    return run(how, problem.network, problem.query, options, callbacks, special);
  }
  const specs::Query& inner_query = asked.query;
  const base::Options& values = options.implementation().values;
  const auto& inner_network = network.implementation().network;
  check_against(inner_query, inner_network->input_size(), inner_network->output_size());

  const auto start = callbacks.start.value_or(base::Deadline::Clock::now());
  const Stopper stopper = callbacks.stopper.value_or(Stopper());
  const Registration registration(
      stopper, base::Deadline(start, values.time_limit_s, values.time_reserve_s));
  const base::Log log(values.verbose, callbacks.log);
  solver::SolveContext context;
  context.deadline = &registration.deadline();
  context.only_root = special.only_root;
  context.resume = special.resume;
  context.left = special.left;
  context.divide = special.divide;
  // Not the caller's stopper: that is for ever.
  context.enough = [&registration] { registration.end(); };
  Result result;
  result.float64 = network.is_float64();
  result.networks = asked.files.empty() ? std::vector<FileInfo>{network.file()} : asked.files;
  result.property = query.file();
  SavedRun saved(callbacks, *inner_network, inner_query, options, result);
  result.part = saved.part();
  if (!saved.known_input().empty()) return known(network, query, saved, std::move(result));
  saved.begin(context);
  Trace::Implementation* const record = begin_trace(callbacks, *inner_network, inner_query);
  if (record != nullptr) context.trace = &record->search;
  context.progress = progress_for(callbacks, record, inner_query, saved);
  if (callbacks.log)
    context.log = [&](int level, const std::string& message) { log.say(level, message); };

  try {
    solver::SolveResult inner = how(inner_network, inner_query, values, context);
    saved.add_earlier(inner);
    result.verdict = outer(inner.verdict);
    result.reason = saved.prefix() + inner.reason;
    result.input = std::move(inner.input);
    result.output = std::move(inner.output);
    if (result.verdict == Verdict::sat)
      result.violated = violated_clause(inner_query, inner_network->input_type(), result);
    if (record != nullptr) record->saw_last(inner.progress, outer(inner.progress.stage));
    result.progress = outer(inner.progress, inner_query);
    result.statistics = outer(inner.statistics);
    saved.finish(result, inner.statistics);
  } catch (const std::bad_alloc&) {
    result.verdict = Verdict::unknown;
    result.reason = "out of memory";
    result.progress.elapsed_s = registration.deadline().elapsed_s();
    result.statistics = all_statistics();
  }
  return result;
}

}  // namespace

Result solve(const Network& network, const Query& query, const Options& options,
             const Callbacks& callbacks) {
  return run(solver::solve, network, query, options, callbacks);
}

std::vector<Statistic> all_statistics() {
  return outer(base::Statistics{});
}

Result solve_at_root(const Network& network, const Query& query, const Options& options,
                     const Callbacks& callbacks) {
  SavedRun::refuse(callbacks);
  return run(solver::solve, network, query, options, callbacks, {.only_root = true});
}

Result solve_from(const Network& network, const Query& query, const Options& options,
                  const Callbacks& callbacks, const solver::SearchState* resume,
                  solver::SearchState* left) {
  SavedRun::refuse(callbacks);
  return run(solver::solve, network, query, options, callbacks, {false, resume, left});
}

Result solve_breadth_first(const Network& network, const Query& query, const Options& options,
                           const Callbacks& callbacks, std::size_t open,
                           solver::SearchState& left) {
  return run(solver::solve, network, query, options, callbacks, {.left = &left, .divide = open});
}

std::optional<Result> counterexample_at(const Network& network, const Query& query,
                                        std::span<const double> input) {
  const specs::Network& inner = *network.implementation().network;
  const specs::Query& asked = query.implementation().query;
  specs::Judgement judgement = specs::judge(inner, asked, input);
  if (!judgement.holds) return {};
  Result result;
  result.verdict = Verdict::sat;
  result.reason = "an earlier counterexample, replayed in three summation orders";
  result.input.assign(input.begin(), input.end());
  result.output = std::move(judgement.outputs);
  result.float64 = network.is_float64();
  result.violated = violated_clause(asked, inner.input_type(), result);
  result.networks = {network.file()};
  result.property = query.file();
  result.statistics = all_statistics();
  return result;
}

Result attack(const Network& network, const Query& query, const Options& options,
              const Callbacks& callbacks) {
  SavedRun::refuse(callbacks);
  return run(solver::search_counterexample, network, query, options, callbacks);
}

}  // namespace clipbound
