#include "solver/case_search.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>

#include "base/parallel.h"
#include "bounds/layered_system.h"
#include "bounds/thin_tail.h"
#include "solver/parallel_search.h"

namespace clipbound {

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
bool is_settled_by_numbers(const LayeredSystem& system, const Clause& clause) { return lower_rows(system, clause).terms.empty(); }

class CaseSearch {
 public:
  CaseSearch(const CaseProblem& problem, int threads, const Options& options, const SolveContext& context, const Deadline& deadline, CandidateJudge& judge,
             Statistics& statistics)
      : problem_(problem), threads_(threads), options_(options), context_(context), deadline_(deadline), judge_(judge), statistics_(statistics) {}

  SearchOutcome run() {
    Case whole{problem_.lower, problem_.upper, {}, problem_.clauses, 1.0};
    whole.open.lower.assign(whole.lower.size(), 0);
    whole.open.upper = whole.open.lower;
    queue_.push_back(std::move(whole));
    run_workers(threads_, [this](int) { work(); });
    settle_hard();
    SearchOutcome outcome;
    for (const Case& c : queue_) add_open(outcome, c);
    for (const Case& c : hard_) add_open(outcome, c);
    for (const Case& c : stuck_) {
      add_open(outcome, c);
      ++outcome.stuck;
    }
    outcome.exhausted = outcome.open == 0 && !judge_.found() && !lost_;
    return outcome;
  }

 private:
  static void add_open(SearchOutcome& outcome, const Case& c) {
    ++outcome.open;
    outcome.open_share += c.share * static_cast<double>(c.clauses.size());
  }
  bool stopped() const { return judge_.found() || deadline_.expired() || lost_; }

  /// Takes cases until none is left and nobody works on one. A case that is interrupted goes back: it is still open.
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return !queue_.empty() || busy_ == 0 || stopped(); });
      if (queue_.empty() || stopped()) break;
      Case taken = std::move(queue_.back());
      queue_.pop_back();
      ++busy_;
      lock.unlock();
      try {
        process(std::move(taken));
      } catch (...) {
        lock.lock();
        lost_ = true;
        --busy_;
        changed_.notify_all();
        throw;
      }
      lock.lock();
      --busy_;
      changed_.notify_all();
    }
    changed_.notify_all();
  }

  void process(Case c) {
    LayeredSystem system = lower_network(*problem_.network, c.lower, c.upper, ProductForm::squares, {c.open, false});
    std::erase_if(c.clauses, [&](const Clause* clause) { return refuted_by_intervals(system, *clause); });
    {
      const std::lock_guard lock(mutex_);
      ++statistics_.subproblems;
    }
    if (c.clauses.empty()) return;
    if (system.loose && !system.staircases.empty()) {
      const auto widest = std::max_element(system.staircases.begin(), system.staircases.end(), [](const InputStaircase& a, const InputStaircase& b) {
        return a.upper - a.lower < b.upper - b.lower;
      });
      auto [left, right] = cut(c, *widest);
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(right));
      queue_.push_back(std::move(left));
      changed_.notify_all();
      return;
    }
    if (offer_middle(c) || refuted_by_tail(c)) return;
    if (!root_of(c, 1)) return;
    const std::lock_guard lock(mutex_);
    hard_.push_back(std::move(c));
  }

  /// Replays the middle of a case.
  bool offer_middle(const Case& c) {
    std::vector<double> x(c.lower.size());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = 0.5 * c.lower[i] + 0.5 * c.upper[i];
    return std::any_of(c.clauses.begin(), c.clauses.end(), [&](const Clause* clause) { return judge_.offer(*clause, x); });
  }

  /// True where root bounds of the network's tail refute all clauses; those that they refute are dropped.
  bool refuted_by_tail(Case& c) {
    const auto reads_inputs = [](const Clause* clause) {
      return std::any_of(clause->rows.begin(), clause->rows.end(), [](const Row& row) {
        return std::any_of(row.terms.begin(), row.terms.end(), [](const Term& term) { return term.of == Term::Of::input; });
      });
    };
    if (std::any_of(c.clauses.begin(), c.clauses.end(), reads_inputs)) return false;
    const std::optional<ThinTail> tail = thin_tail(*problem_.network, c.lower, c.upper, c.open);
    if (!tail) return false;
    auto system = std::make_shared<const LayeredSystem>(lower_network(*tail->network, tail->lower, tail->upper, ProductForm::squares, {{}, true}));
    NeuronRoot root(system, tail->lower, tail->upper, c.clauses, settings_for(true, 1), deadline_);
    keep_open(c, root);
    return c.clauses.empty();
  }

  static NeuronRootSettings settings_for(bool thin, int threads) {
    NeuronRootSettings settings;
    settings.threads = threads;
    if (thin) settings.refresh_width = kRefreshWidth;
    return settings;
  }

  /// Lets a root bound its clauses, and drops those that it refutes.
  void keep_open(Case& c, NeuronRoot& root) const {
    root.begin();
    if (deadline_.expired() || root.problem().network == nullptr) return;  // interrupted: what it says of clauses counts for nothing
    c.clauses.clear();
    for (const NeuronClause& clause : root.problem().clauses) c.clauses.push_back(clause.clause);
  }

  /// Root bounds of a case; nullptr where they refute all its clauses. Inputs that vary by roundings alone are variables here: where
  /// intervals have failed, that is mostly because deep networks multiply such widths from layer to layer.
  std::unique_ptr<NeuronRoot> root_of(Case& c, int threads) {
    auto system = std::make_shared<const LayeredSystem>(lower_network(*problem_.network, c.lower, c.upper, ProductForm::squares, {c.open, true}));
    auto root = std::make_unique<NeuronRoot>(system, c.lower, c.upper, c.clauses, settings_for(false, threads), deadline_);
    keep_open(c, *root);
    return c.clauses.empty() ? nullptr : std::move(root);
  }

  /// Cases that their root bounds leave open, one after the other, with all threads.
  void settle_hard() {
    while (!hard_.empty() && !stopped()) {
      Case c = std::move(hard_.back());
      hard_.pop_back();
      const auto root = root_of(c, threads_);
      if (root == nullptr) continue;
      const LayeredSystem& system = root->problem().network->system();
      const bool hopeless = std::any_of(c.clauses.begin(), c.clauses.end(), [&](const Clause* clause) { return is_settled_by_numbers(system, *clause); });
      if (hopeless) {
        stuck_.push_back(std::move(c));
        continue;
      }
      const SearchOutcome part = root->settle(options_, context_, judge_, nullptr, statistics_).search;
      if (!part.exhausted) (part.stuck > 0 ? stuck_ : hard_).push_back(std::move(c));
    }
  }

  const CaseProblem& problem_;
  const int threads_;
  const Options& options_;
  const SolveContext& context_;
  const Deadline& deadline_;
  CandidateJudge& judge_;
  Statistics& statistics_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Case> queue_, hard_, stuck_;
  int busy_ = 0;
  std::atomic<bool> lost_{false};
};

}  // namespace

SearchOutcome search_cases(const CaseProblem& problem, int threads, const Options& options, const SolveContext& context, const Deadline& deadline,
                           CandidateJudge& judge, Statistics& statistics) {
  return CaseSearch(problem, threads, options, context, deadline, judge, statistics).run();
}

}  // namespace clipbound
