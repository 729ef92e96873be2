// Idea: solve() is the inner one between the public types.
// Source: own.
// Guarantees: memory that runs out is a verdict, no error.
#include "solver/api/implementation.h"

#include <new>

#include "base/log.h"
#include "solver/solve.h"
#include "specs/vnnlib/vnnlib.h"

namespace clipbound {

namespace {

Progress outer(const solver::SearchProgress& inner) {
  return {inner.elapsed_s, inner.subproblems, inner.open, inner.worst_bound, inner.settled_share};
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

 private:
  Stopper::Implementation& state_;
  Stopper::Implementation::Entry& entry_;
};

using InnerSolve = decltype(&solver::solve);

Result run(InnerSolve how, const Network& network, const Query& query, const Options& options,
           const Callbacks& callbacks) {
  const specs::Query& inner_query = query.implementation().query;
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
  if (callbacks.progress)
    context.progress = [&](const solver::SearchProgress& inner) {
      callbacks.progress(outer(inner));
    };
  if (callbacks.log)
    context.log = [&](int level, const std::string& message) { log.say(level, message); };

  Result result;
  result.float64 = network.is_float64();
  try {
    solver::SolveResult inner = how(inner_network, inner_query, values, context);
    result.verdict = outer(inner.verdict);
    result.reason = std::move(inner.reason);
    result.input = std::move(inner.input);
    result.output = std::move(inner.output);
    result.progress = outer(inner.progress);
    result.statistics = outer(inner.statistics);
  } catch (const std::bad_alloc&) {
    result.verdict = Verdict::unknown;
    result.reason = "out of memory";
    result.progress.elapsed_s = registration.deadline().elapsed_s();
    result.statistics = outer(base::Statistics{});
  }
  return result;
}

}  // namespace

Result solve(const Network& network, const Query& query, const Options& options,
             const Callbacks& callbacks) {
  return run(solver::solve, network, query, options, callbacks);
}

Result attack(const Network& network, const Query& query, const Options& options,
              const Callbacks& callbacks) {
  return run(solver::search_counterexample, network, query, options, callbacks);
}

}  // namespace clipbound
