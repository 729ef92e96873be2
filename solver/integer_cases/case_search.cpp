#include "solver/integer_cases/case_search.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include "base/check.h"
#include "base/error.h"
#include "bounds/layered/clause_rows.h"
#include "bounds/layered/layered_system.h"
#include "bounds/lowering/lower_network.h"
#include "bounds/lowering/narrow_tail.h"
#include "solver/search/tree_search.h"
#include "solver/strategy.h"

namespace clipbound::solver {

namespace {

/// A clause that is open on a case, and the case's share of its tree.
struct OpenClause {
  const Clause* clause;
  std::size_t number;  ///< in the search
  Share share;
};

/// A part of the box, and the clauses that are open on it.
struct Case {
  std::vector<double> lower, upper;
  OpenEnds open;
  std::vector<OpenClause> clauses;

  std::vector<const Clause*> open_clauses() const {
    std::vector<const Clause*> list;
    for (const OpenClause& c : clauses) list.push_back(c.clause);
    return list;
  }
};

/// Cuts a case where a staircase changes: keeps the left part and returns the right one, without
/// clauses.
Case cut(Case& left, const InputStaircase& staircase) {
  const StaircaseCut edge = cut_staircase(staircase);
  const auto i = static_cast<std::size_t>(staircase.input);
  Case right{left.lower, left.upper, left.open, {}};
  left.upper[i] = edge.at;
  left.open.upper[i] = edge.right_has_it ? 1 : 0;
  right.lower[i] = edge.at;
  right.open.lower[i] = edge.right_has_it ? 0 : 1;
  return right;
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
  copy.keeper = nullptr;  // cases are what is kept, not their subproblems
  return copy;
}

/// nullptr where the deadline came meanwhile.
std::shared_ptr<const LayeredSystem> lower_case(const Network& network,
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

/// What the workers share: the problem, and the cases that their root bounds leave open.
struct CaseTeam {
  const CaseProblem& problem;
  SearchContext one_thread;  ///< of roots
  std::mutex mutex;
  std::vector<Case> hard;
};

/// The integer cases as a filling of TreeSearch: a batch is one case.
class CaseWorker : public SearchWorker {
 public:
  using Subtree = std::vector<Case>;

  CaseWorker(SearchTeam& team, CaseTeam& cases) : SearchWorker(team), cases_(cases) {}

  void begin(Subtree cases) { stack_ = std::move(cases); }
  bool has_open() const { return !stack_.empty(); }
  void between_batches() { report_figures(); }
  std::optional<Subtree> share(Giving /*giving*/) {
    if (stack_.size() < 2) return std::nullopt;
    Subtree oldest;
    oldest.push_back(std::move(stack_.front()));
    stack_.erase(stack_.begin());
    return oldest;
  }
  bool take_batch() {
    case_ = std::move(stack_.back());
    stack_.pop_back();
    return true;
  }
  void bound() {
    intervals_.clear();
    system_ = lower_case(*cases_.problem.network, case_.lower, case_.upper,
                         {case_.open, NarrowInputs::constants, &intervals_, &deadline_});
    if (system_ == nullptr) return;
    count_bounded(1);
    drop(case_, [&](const Clause* clause) { return refuted_by_intervals(*system_, *clause); });
  }
  bool prune() {
    if (system_ == nullptr) {  // the deadline came: the case stays open
      stack_.push_back(std::move(case_));
      return false;
    }
    if (case_.clauses.empty()) ++statistics.pruned_bound;
    return !case_.clauses.empty();
  }
  /// Replays the middle of a case that is a problem without staircases.
  void try_points() {
    if (is_cut()) return;
    std::vector<double> x(case_.lower.size());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = 0.5 * case_.lower[i] + 0.5 * case_.upper[i];
    for (const OpenClause& c : case_.clauses) {
      if (judge_.offer(*c.clause, x)) return;
    }
  }
  /// Root bounds of a case that is not cut any more.
  void branch() {
    if (is_cut()) return;
    bound_tail();
    if (case_.clauses.empty() || bound_root(case_, cases_.one_thread) == nullptr) {
      // Refuted; or the deadline came, and the case stays open.
      if (!case_.clauses.empty()) stack_.push_back(std::move(case_));
      case_ = {};
      return;
    }
    const std::lock_guard lock(cases_.mutex);
    cases_.hard.push_back(std::exchange(case_, {}));
  }
  void clip() {}
  void split() {
    if (case_.clauses.empty()) return;
    ++statistics.splits;
    const auto widest = std::max_element(system_->staircases.begin(), system_->staircases.end(),
                                         [](const InputStaircase& a, const InputStaircase& b) {
                                           return a.upper - a.lower < b.upper - b.lower;
                                         });
    Case right = cut(case_, *widest);
    for (OpenClause& c : case_.clauses)
      right.clauses.push_back({c.clause, c.number, SearchWorker::split(c.share)});
    stack_.push_back(std::move(right));
    stack_.push_back(std::move(case_));
  }
  std::vector<Subtree> rest() {
    std::vector<Subtree> all;
    if (!stack_.empty()) all.push_back(std::exchange(stack_, {}));
    return all;
  }

  /// Searches a case that its root bounds left open, with all threads of the context.
  void search_hard(Case& c, const SearchContext& all_threads);

 private:
  bool is_cut() const { return system_->has_interval_only() && !system_->staircases.empty(); }
  /// Drops the clauses that are refuted on the case.
  template <typename Refuted>
  void drop(Case& c, const Refuted& refuted) {
    std::erase_if(c.clauses, [&](OpenClause& open) {
      if (!refuted(open.clause)) return false;
      close(open.number, open.share);
      return true;
    });
  }
  void bound_tail();
  bool keep_open(Case& c, ActivationSplitSchedule& root);
  void leave_open(OpenClause& open, bool by_numbers, const SearchOutcome& part);
  std::unique_ptr<ActivationSplitSchedule> bound_root(Case& c, const SearchContext& context);

  CaseTeam& cases_;
  std::vector<Case> stack_;
  Case case_;  // at hand
  std::shared_ptr<const LayeredSystem> system_;
  std::map<ValueId, IntervalVector> intervals_;
};

/// Drops the clauses that root bounds of the network's tail refute.
void CaseWorker::bound_tail() {
  if (std::any_of(case_.clauses.begin(), case_.clauses.end(),
                  [](const OpenClause& c) { return reads_inputs(*c.clause); }))
    return;
  const std::optional<NarrowTail> tail = narrow_tail(*cases_.problem.network, intervals_);
  if (!tail) return;
  std::shared_ptr<const LayeredSystem> system;
  try {
    system = lower_case(*tail->network, tail->lower, tail->upper,
                        {{}, NarrowInputs::variables, nullptr, &deadline_});
  } catch (const Unsupported&) {
    return;  // a slice's start and end, made inputs apart, do not tell its length any more
  }
  if (system == nullptr) return;
  ActivationSplitSettings settings;
  settings.stable_too_width = strategy::kNarrowRefineWidth;
  ActivationSplitSchedule root(system, {tail->lower, tail->upper, case_.open_clauses()}, settings,
                               cases_.one_thread);
  keep_open(case_, root);
}

/// Lets a root bound its clauses, and drops those that it refutes. False where it was interrupted:
/// what it says of clauses counts for nothing then.
bool CaseWorker::keep_open(Case& c, ActivationSplitSchedule& root) {
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
std::unique_ptr<ActivationSplitSchedule> CaseWorker::bound_root(Case& c,
                                                                const SearchContext& context) {
  const std::shared_ptr<const LayeredSystem> system =
      lower_case(*cases_.problem.network, c.lower, c.upper,
                 {c.open, NarrowInputs::variables, nullptr, &deadline_});
  if (system == nullptr) return nullptr;
  auto root = std::make_unique<ActivationSplitSchedule>(
      system, BoxClauses{c.lower, c.upper, c.open_clauses()}, ActivationSplitSettings{}, context);
  const bool bounded = keep_open(c, *root);
  CLIPBOUND_CHECK(bounded || deadline_.expired());
  return !bounded || c.clauses.empty() ? nullptr : std::move(root);
}

void CaseWorker::search_hard(Case& c, const SearchContext& all_threads) {
  const auto root = bound_root(c, all_threads);
  if (root == nullptr) return report_figures();
  const LayeredSystem& system = root->problem().network->system();
  const bool hopeless = std::any_of(
      c.clauses.begin(), c.clauses.end(),
      [&](const OpenClause& open) { return is_settled_by_numbers(system, *open.clause); });
  const SearchOutcome part = hopeless ? SearchOutcome{} : root->run().search;
  if (part.exhausted) drop(c, [](const Clause*) { return true; });
  if (hopeless || part.unsplittable > 0) {
    for (OpenClause& open : c.clauses) leave_open(open, hopeless, part);
    c.clauses.clear();
  }
  report_figures();
}

/// No cut and no search says more of the clause. Of numbers within radii the arithmetic does not.
void CaseWorker::leave_open(OpenClause& open, bool by_numbers, const SearchOutcome& part) {
  if (by_numbers) return give_up({open.number, 0, 0.0}, open.share);
  if (!part.given_up) return give_up(open.number, open.share);
  give_up({open.number, part.given_up->row, part.given_up->bound}, open.share);
}

/// The part of the whole case that a value names, without clauses.
Case restricted(const Case& whole, const std::vector<InputRange>& box) {
  Case part{whole.lower, whole.upper, whole.open, {}};
  for (const InputRange& range : box) {
    part.lower[range.input] = range.lower;
    part.upper[range.input] = range.upper;
    part.open.lower[range.input] = range.lower_open ? 1 : 0;
    part.open.upper[range.input] = range.upper_open ? 1 : 0;
  }
  return part;
}

/// The box's whole case, or the cases that an earlier process left of it.
std::vector<std::vector<Case>> begin_cases(const CaseProblem& problem, StateKeeper* keeper,
                                           SearchCounters& counters) {
  std::vector<std::vector<Case>> frontier(1);
  Case whole{problem.box.lower, problem.box.upper, {}, {}};
  whole.open.lower.assign(whole.lower.size(), 0);
  whole.open.upper = whole.open.lower;
  // Clauses share the bounds of a case that several of them are open on.
  std::map<std::vector<InputRange>, std::size_t> numbers;
  for (std::size_t k = 0; k < problem.box.clauses.size(); ++k) {
    const Clause* clause = problem.box.clauses[k];
    const ClauseState* resumed = keeper == nullptr ? nullptr : keeper->resumed_boxes(*clause);
    if (resumed == nullptr) {
      whole.clauses.push_back({clause, k, Share::whole()});
      continue;
    }
    counters.resume(k, *resumed);
    for (const Subproblem& value : resumed->open) {
      const auto [number, is_new] = numbers.emplace(value.box, frontier[0].size());
      if (is_new) frontier[0].push_back(restricted(whole, value.box));
      frontier[0][number->second].clauses.push_back(
          {clause, k, Share::restored(value.share.depth())});
    }
  }
  if (!whole.clauses.empty()) frontier[0].push_back(std::move(whole));
  return frontier;
}

/// A case of one clause as a value.
Subproblem value_of(const CaseProblem& problem, const Case& c, OpenClause& open,
                    std::uint32_t clause) {
  Subproblem value;
  value.clause = clause;
  value.share = std::move(open.share);
  value.bound = -kInfinity;
  for (std::size_t i = 0; i < c.lower.size(); ++i) {
    const InputRange range{static_cast<std::uint32_t>(i), c.lower[i], c.upper[i],
                           c.open.lower[i] != 0, c.open.upper[i] != 0};
    if (range == InputRange{range.input, problem.box.lower[i], problem.box.upper[i], false, false})
      continue;
    value.box.push_back(range);
  }
  return value;
}

void keep_cases(const CaseProblem& problem, std::vector<std::vector<Case>> frontier,
                const SearchCounters& counters, StateKeeper& keeper) {
  const std::vector<const Clause*>& clauses = problem.box.clauses;
  std::vector<ClauseState> states;
  for (std::size_t k = 0; k < clauses.size(); ++k) states.push_back(counters.state_of(k));
  for (std::vector<Case>& cases : frontier) {
    for (Case& c : cases) {
      for (OpenClause& open : c.clauses) {
        states[open.number].open.push_back(
            value_of(problem, c, open, keeper.number_of(*open.clause)));
      }
    }
  }
  for (std::size_t k = 0; k < clauses.size(); ++k) keeper.keep(*clauses[k], std::move(states[k]));
}

/// Cases that their root bounds leave open, each once, with all threads. What is not finished stays
/// in the list.
void search_hard_cases(CaseTeam& cases, SearchTeam& team, const SearchContext& context) {
  CaseWorker worker(team, cases);
  const SearchContext all_threads = quiet(context, context.threads);
  std::vector<Case> left;
  for (std::vector<Case>& hard = cases.hard; !hard.empty() && !context.ended(); hard.pop_back()) {
    worker.search_hard(hard.back(), all_threads);
    if (!hard.back().clauses.empty()) left.push_back(std::move(hard.back()));
  }
  for (Case& c : left) cases.hard.push_back(std::move(c));
  worker.hand_over();
  context.statistics += worker.statistics;
}

}  // namespace

SearchOutcome search_cases(const CaseProblem& problem, const SearchContext& context) {
  SearchCounters counters(problem.box.clauses.size());
  CaseTeam cases{problem, quiet(context, 1), {}, {}};
  const auto make = [&](SearchTeam& team) { return std::make_unique<CaseWorker>(team, cases); };
  std::vector<std::vector<Case>> frontier = begin_cases(problem, context.keeper, counters);
  // Cases bring no attack of their own, and their searches are not run in slices.
  const WatchedSearch watched(context.progress, counters, problem.box.clauses, context.statistics);
  SearchContext no_attack = context;
  no_attack.attack = nullptr;
  TreeSearch<CaseWorker>(no_attack, counters, {}, strategy::kActivationSplitAttack, make)
      .run(frontier);
  SearchTeam team(no_attack, counters, {}, strategy::kActivationSplitAttack);
  search_hard_cases(cases, team, context);
  if (context.keeper != nullptr) {
    frontier.push_back(std::move(cases.hard));
    keep_cases(problem, std::move(frontier), counters, *context.keeper);
  }
  return counters.outcome();
}

}  // namespace clipbound::solver
