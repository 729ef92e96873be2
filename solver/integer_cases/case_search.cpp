#include "solver/integer_cases/case_search.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>

#include "base/error.h"
#include "bounds/layered/layered_system.h"
#include "bounds/lowering/narrow_tail.h"
#include "solver/search/parallel_search.h"

namespace clipbound::solver {

namespace {

constexpr double kRefreshWidth = 1e-2;  // where what enters is narrow

/// A part of the box, and the clauses that are open on it.
struct Case {
  std::vector<double> lower, upper;
  OpenEnds open;
  std::vector<const Clause*> clauses;
  double share = 1.0;  ///< of the box, by halvings
};

/// Both parts of a case, cut where a staircase changes.
std::pair<Case, Case> cut(const Case& whole, const InputStaircase& staircase) {
  const StaircaseCut edge = cut_staircase(staircase);
  const auto i = static_cast<std::size_t>(staircase.input);
  std::pair<Case, Case> parts{whole, whole};
  parts.first.share = parts.second.share = 0.5 * whole.share;
  parts.first.upper[i] = edge.at;
  parts.first.open.upper[i] = edge.right_has_it ? 1 : 0;
  parts.second.lower[i] = edge.at;
  parts.second.open.lower[i] = edge.right_has_it ? 0 : 1;
  return parts;
}

/// True where some row of the clause cannot hold on the system's box.
bool refuted_by_intervals(const LayeredSystem& system, const Clause& clause) {
  const IntervalVector rows = enclose(lower_rows(system, clause), system.sources);
  for (std::size_t s = 0; s < rows.lower.size(); ++s) {
    if (clause.rows[s].strict ? rows.lower[s] >= 0.0 : rows.lower[s] > 0.0) return true;
  }
  return false;
}

/// True where nothing is left that bounds could find out: numbers, within radii.
bool is_settled_by_numbers(const LayeredSystem& system, const Clause& clause) {
  return lower_rows(system, clause).terms.empty();
}

/// True where a row of the clause reads inputs.
bool reads_inputs(const Clause& clause) {
  return std::any_of(clause.rows.begin(), clause.rows.end(), [](const Row& row) {
    return std::any_of(row.terms.begin(), row.terms.end(),
                       [](const Term& term) { return term.of == Term::Of::input; });
  });
}

ActivationSplitSettings settings_for(bool thin, int threads) {
  ActivationSplitSettings settings;
  settings.threads = threads;
  if (thin) settings.refresh_width = kRefreshWidth;
  return settings;
}

/// What is open is counted in pairs of a case and a clause. A case that is interrupted stays
/// counted, and nobody takes it again.
class CaseSearch {
 public:
  CaseSearch(const CaseProblem& problem, int threads, const Options& options,
             const SolveContext& context, const Deadline& deadline, CandidateJudge& judge,
             Statistics& statistics)
      : problem_(problem),
        threads_(threads),
        options_(options),
        context_(context),
        deadline_(deadline),
        judge_(judge),
        statistics_(statistics),
        counters_(problem.clauses.size()) {}

  SearchOutcome run() {
    Case whole{problem_.lower, problem_.upper, {}, problem_.clauses, 1.0};
    whole.open.lower.assign(whole.lower.size(), 0);
    whole.open.upper = whole.open.lower;
    queue_.push_back(std::move(whole));
    const bool complete = run_search(threads_, *this, counters_, context_, deadline_, statistics_,
                                     [this](int) { return std::make_unique<Worker>(*this); });
    if (complete) settle_hard();
    return counters_.outcome(complete && !judge_.found());
  }
  /// No worker takes another case.
  void stop() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

 private:
  struct Worker {
    explicit Worker(CaseSearch& of) : search(of) {}
    /// Takes cases until none is left and nobody works on one.
    void run() {
      while (std::optional<Case> taken = search.take()) {
        try {
          search.process(std::move(*taken), statistics);
        } catch (const LoweringInterrupted&) {
        }
        search.done();
      }
    }
    CaseSearch& search;
    Statistics statistics;
  };

  bool stopped() const { return judge_.found() || deadline_.expired(); }

  std::optional<Case> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !queue_.empty() || busy_ == 0 || ended_; });
    if (queue_.empty() || ended_ || stopped()) return std::nullopt;
    Case taken = std::move(queue_.back());
    queue_.pop_back();
    ++busy_;
    return taken;
  }
  void done() {
    const std::lock_guard lock(mutex_);
    --busy_;
    changed_.notify_all();
  }

  /// Drops the clauses that are refuted on the case.
  template <typename Refuted>
  void drop(Case& c, const Refuted& refuted) {
    const auto dropped = static_cast<std::int64_t>(std::erase_if(c.clauses, refuted));
    counters_.open.fetch_sub(dropped);
    counters_.settle(c.share * static_cast<double>(dropped));
  }
  /// Nothing more can be done about the case.
  void stick(const Case& c) {
    counters_.stuck.fetch_add(c.clauses.size());
    counters_.open.fetch_sub(static_cast<std::int64_t>(c.clauses.size()));
  }

  void process(Case c, Statistics& statistics) {
    std::map<ValueId, IntervalVector> intervals;
    const LayeredSystem system =
        lower(*problem_.network, c.lower, c.upper, {c.open, false, &intervals, &deadline_});
    ++statistics.subproblems;
    counters_.subproblems.fetch_add(1, std::memory_order_relaxed);
    drop(c, [&](const Clause* clause) { return refuted_by_intervals(system, *clause); });
    if (c.clauses.empty()) {
      ++statistics.pruned_bound;
      return;
    }
    if (system.loose && !system.staircases.empty()) {
      ++statistics.splits;
      return split(c, system.staircases);
    }
    if (offer_middle(c)) return;
    bound_tail(c, intervals);
    if (c.clauses.empty() || bound_root(c, 1) == nullptr) return;
    const std::lock_guard lock(mutex_);
    hard_.push_back(std::move(c));
  }

  void split(const Case& c, const std::vector<InputStaircase>& staircases) {
    const auto widest = std::max_element(staircases.begin(), staircases.end(),
                                         [](const InputStaircase& a, const InputStaircase& b) {
                                           return a.upper - a.lower < b.upper - b.lower;
                                         });
    auto [left, right] = cut(c, *widest);
    counters_.open.fetch_add(static_cast<std::int64_t>(c.clauses.size()));
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(right));
    queue_.push_back(std::move(left));
    changed_.notify_all();
  }

  /// Replays the middle of a case.
  bool offer_middle(const Case& c) {
    std::vector<double> x(c.lower.size());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = 0.5 * c.lower[i] + 0.5 * c.upper[i];
    return std::any_of(c.clauses.begin(), c.clauses.end(),
                       [&](const Clause* clause) { return judge_.offer(*clause, x); });
  }

  static LayeredSystem lower(const Network& network, const std::vector<double>& lower,
                             const std::vector<double>& upper, const LoweringOptions& options) {
    return lower_network(network, lower, upper, ProductForm::squares, options);
  }

  /// Drops the clauses that root bounds of the network's tail refute.
  void bound_tail(Case& c, const std::map<ValueId, IntervalVector>& intervals) {
    if (std::any_of(c.clauses.begin(), c.clauses.end(),
                    [](const Clause* clause) { return reads_inputs(*clause); }))
      return;
    const std::optional<NarrowTail> tail = thin_tail(*problem_.network, intervals);
    if (!tail) return;
    std::shared_ptr<const LayeredSystem> system;
    try {
      system = std::make_shared<const LayeredSystem>(
          lower(*tail->network, tail->lower, tail->upper, {{}, true, nullptr, &deadline_}));
    } catch (const Unsupported&) {
      return;  // a slice's start and end, made inputs apart, do not tell its length any more
    }
    ActivationSplitSchedule root(system, tail->lower, tail->upper, c.clauses, settings_for(true, 1),
                                 deadline_);
    keep_open(c, root);
  }

  /// Lets a root bound its clauses, and drops those that it refutes. False where it was
  /// interrupted: what it says of clauses counts for nothing then.
  bool keep_open(Case& c, ActivationSplitSchedule& root) {
    root.begin();
    if (deadline_.expired() || root.problem().network == nullptr) return false;
    const std::vector<ActivationClause>& open = root.problem().clauses;
    drop(c, [&](const Clause* clause) {
      return std::none_of(open.begin(), open.end(),
                          [&](const ActivationClause& o) { return o.clause == clause; });
    });
    return true;
  }

  /// Root bounds of a case; nullptr where they refute all its clauses, or were interrupted. Inputs
  /// that vary by roundings alone are variables here: where intervals have failed, that is mostly
  /// because deep networks multiply such widths from layer to layer.
  std::unique_ptr<ActivationSplitSchedule> bound_root(Case& c, int threads) {
    auto system = std::make_shared<const LayeredSystem>(
        lower(*problem_.network, c.lower, c.upper, {c.open, true, nullptr, &deadline_}));
    auto root = std::make_unique<ActivationSplitSchedule>(system, c.lower, c.upper, c.clauses,
                                                          settings_for(false, threads), deadline_);
    const bool bounded = keep_open(c, *root);
    return !bounded || c.clauses.empty() ? nullptr : std::move(root);
  }

  /// Cases that their root bounds leave open, each once, with all threads.
  void settle_hard() {
    ProgressReporter reporter(
        context_.progress ? [&] { context_.progress(counters_.progress(deadline_.elapsed_s())); }
                          : std::function<void()>());
    SolveContext quiet = context_;
    quiet.progress = nullptr;
    try {
      for (; !hard_.empty() && !stopped(); hard_.pop_back()) settle(hard_.back(), quiet);
    } catch (const LoweringInterrupted&) {
    }
    reporter.stop();
  }
  void settle(Case& c, const SolveContext& context) {
    const auto root = bound_root(c, threads_);
    if (root == nullptr) return;
    const LayeredSystem& system = root->problem().network->system();
    const bool hopeless =
        std::any_of(c.clauses.begin(), c.clauses.end(),
                    [&](const Clause* clause) { return is_settled_by_numbers(system, *clause); });
    if (hopeless) return stick(c);
    const SearchOutcome part = root->settle(options_, context, judge_, nullptr, statistics_).search;
    if (part.exhausted) return drop(c, [](const Clause*) { return true; });
    if (part.stuck > 0) stick(c);
  }

  const CaseProblem& problem_;
  const int threads_;
  const Options& options_;
  const SolveContext& context_;
  const Deadline& deadline_;
  CandidateJudge& judge_;
  Statistics& statistics_;
  SearchCounters counters_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Case> queue_, hard_;
  int busy_ = 0;
  bool ended_ = false;
};

}  // namespace

SearchOutcome search_cases(const CaseProblem& problem, int threads, const Options& options,
                           const SolveContext& context, const Deadline& deadline,
                           CandidateJudge& judge, Statistics& statistics) {
  return CaseSearch(problem, threads, options, context, deadline, judge, statistics).run();
}

}  // namespace clipbound::solver
