#include "solver/integer_cases/case_search.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>

#include "base/error.h"
#include "bounds/layered/clause_rows.h"
#include "bounds/layered/layered_system.h"
#include "bounds/lowering/lower_network.h"
#include "bounds/lowering/narrow_tail.h"
#include "solver/search/parallel_search.h"
#include "solver/strategy.h"

namespace clipbound::solver {

namespace {

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

/// A context for roots of single cases: nobody listens, and points are offered here.
SearchContext quiet(const SearchContext& context, int threads) {
  SearchContext copy = context;
  copy.threads = threads;
  copy.attack = nullptr;
  copy.progress = nullptr;
  copy.log = nullptr;
  return copy;
}

/// What is open is counted in pairs of a case and a clause. A case that is interrupted stays
/// counted, and nobody takes it again.
class CaseSearch {
 public:
  CaseSearch(const CaseProblem& problem, const SearchContext& context)
      : problem_(problem),
        context_(context),
        one_thread_(quiet(context, 1)),
        all_threads_(quiet(context, context.threads)),
        counters_(problem.box.clauses.size()) {}

  SearchOutcome run() {
    Case whole{problem_.box.lower, problem_.box.upper, {}, problem_.box.clauses, 1.0};
    whole.open.lower.assign(whole.lower.size(), 0);
    whole.open.upper = whole.open.lower;
    queue_.push_back(std::move(whole));
    const bool complete = run_search(context_, *this, counters_,
                                     [this](int) { return std::make_unique<Worker>(*this); });
    if (complete) search_hard();
    return counters_.outcome(complete && !context_.judge.found());
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
        search.process(std::move(*taken), statistics);
        search.done();
      }
    }
    CaseSearch& search;
    Statistics statistics;
  };

  std::optional<Case> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !queue_.empty() || busy_ == 0 || ended_; });
    if (queue_.empty() || ended_ || context_.ended()) return std::nullopt;
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
  void give_up(const Case& c) {
    counters_.unsplittable.fetch_add(c.clauses.size());
    counters_.open.fetch_sub(static_cast<std::int64_t>(c.clauses.size()));
  }

  void process(Case c, Statistics& statistics) {
    std::map<ValueId, IntervalVector> intervals;
    const std::shared_ptr<const LayeredSystem> lowered =
        lower(*problem_.network, c.lower, c.upper,
              {c.open, NarrowInputs::constants, &intervals, &context_.deadline});
    if (lowered == nullptr) return;
    const LayeredSystem& system = *lowered;
    ++statistics.subproblems;
    counters_.subproblems.fetch_add(1, std::memory_order_relaxed);
    drop(c, [&](const Clause* clause) { return refuted_by_intervals(system, *clause); });
    if (c.clauses.empty()) {
      ++statistics.pruned_bound;
      return;
    }
    if (system.has_interval_only() && !system.staircases.empty()) {
      ++statistics.splits;
      return split(c, system.staircases);
    }
    if (offer_middle(c)) return;
    bound_tail(c, intervals);
    if (c.clauses.empty() || bound_root(c, one_thread_) == nullptr) return;
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
                       [&](const Clause* clause) { return context_.judge.offer(*clause, x); });
  }

  /// nullptr where the deadline came meanwhile.
  static std::shared_ptr<const LayeredSystem> lower(const Network& network,
                                                    const std::vector<double>& lower,
                                                    const std::vector<double>& upper,
                                                    const LoweringOptions& options) {
    try {
      return std::make_shared<const LayeredSystem>(
          lower_network(network, lower, upper, ProductForm::squares, options));
    } catch (const LoweringInterrupted&) {
      return nullptr;
    }
  }

  /// Drops the clauses that root bounds of the network's tail refute.
  void bound_tail(Case& c, const std::map<ValueId, IntervalVector>& intervals) {
    if (std::any_of(c.clauses.begin(), c.clauses.end(),
                    [](const Clause* clause) { return reads_inputs(*clause); }))
      return;
    const std::optional<NarrowTail> tail = narrow_tail(*problem_.network, intervals);
    if (!tail) return;
    std::shared_ptr<const LayeredSystem> system;
    try {
      system = lower(*tail->network, tail->lower, tail->upper,
                     {{}, NarrowInputs::variables, nullptr, &context_.deadline});
    } catch (const Unsupported&) {
      return;  // a slice's start and end, made inputs apart, do not tell its length any more
    }
    if (system == nullptr) return;
    ActivationSplitSettings settings;
    settings.stable_too_width = strategy::kNarrowRefineWidth;
    ActivationSplitSchedule root(system, {tail->lower, tail->upper, c.clauses}, settings,
                                 one_thread_);
    keep_open(c, root);
  }

  /// Lets a root bound its clauses, and drops those that it refutes. False where it was
  /// interrupted: what it says of clauses counts for nothing then.
  bool keep_open(Case& c, ActivationSplitSchedule& root) {
    root.begin();
    if (context_.deadline.expired() || root.problem().network == nullptr) return false;
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
  std::unique_ptr<ActivationSplitSchedule> bound_root(Case& c, const SearchContext& context) {
    const std::shared_ptr<const LayeredSystem> system =
        lower(*problem_.network, c.lower, c.upper,
              {c.open, NarrowInputs::variables, nullptr, &context_.deadline});
    if (system == nullptr) return nullptr;
    auto root = std::make_unique<ActivationSplitSchedule>(
        system, BoxClauses{c.lower, c.upper, c.clauses}, ActivationSplitSettings{}, context);
    const bool bounded = keep_open(c, *root);
    return !bounded || c.clauses.empty() ? nullptr : std::move(root);
  }

  /// Cases that their root bounds leave open, each once, with all threads.
  void search_hard() {
    ProgressReporter reporter(
        context_.progress
            ? [&] { context_.progress(counters_.progress(context_.deadline.elapsed_s())); }
            : std::function<void()>());
    for (; !hard_.empty() && !context_.ended(); hard_.pop_back()) search(hard_.back());
    reporter.stop();
  }
  void search(Case& c) {
    const auto root = bound_root(c, all_threads_);
    if (root == nullptr) return;
    const LayeredSystem& system = root->problem().network->system();
    const bool hopeless =
        std::any_of(c.clauses.begin(), c.clauses.end(),
                    [&](const Clause* clause) { return is_settled_by_numbers(system, *clause); });
    if (hopeless) return give_up(c);
    const SearchOutcome part = root->run().search;
    if (part.exhausted) return drop(c, [](const Clause*) { return true; });
    if (part.unsplittable > 0) give_up(c);
  }

  const CaseProblem& problem_;
  const SearchContext& context_;
  const SearchContext one_thread_, all_threads_;  // of roots
  SearchCounters counters_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Case> queue_, hard_;
  int busy_ = 0;
  bool ended_ = false;
};

}  // namespace

SearchOutcome search_cases(const CaseProblem& problem, const SearchContext& context) {
  return CaseSearch(problem, context).run();
}

}  // namespace clipbound::solver
