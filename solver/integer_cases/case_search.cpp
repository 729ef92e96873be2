#include "solver/integer_cases/case_search.h"

#include <algorithm>
#include <map>

#include "solver/integer_cases/case_worker.h"
#include "solver/strategy.h"

namespace clipbound::solver {

namespace {

/// A context for roots of single cases: nobody listens, and points are offered here.
SearchContext quiet(const SearchContext& context, int threads) {
  SearchContext copy = context;
  copy.threads = threads;
  copy.attack = nullptr;
  copy.progress = nullptr;
  copy.trace = nullptr;
  copy.log = nullptr;
  copy.keeper = nullptr;  // cases are what is kept, not their subproblems
  return copy;
}

/// The context of the cases' own loop. What chooses among integer cases has no gradients: they
/// bring no attack of their own.
SearchContext loop_context(const CaseProblem& problem, const SearchContext& context) {
  SearchContext copy = context;
  if (!problem.decides_steps) copy.attack = nullptr;
  return copy;
}

/// The part of the whole case that a value names, without clauses.
Case restricted(const Case& whole, const std::vector<InputRange>& box) {
  Case part{whole.part, {}};
  for (const InputRange& range : box) {
    part.part.lower[range.input] = range.lower;
    part.part.upper[range.input] = range.upper;
    part.part.open.lower[range.input] = range.lower_open ? 1 : 0;
    part.part.open.upper[range.input] = range.upper_open ? 1 : 0;
  }
  return part;
}

/// The box's whole case, or the cases that an earlier process left of it.
std::vector<std::vector<Case>> begin_cases(const CaseProblem& problem, StateKeeper* keeper,
                                           SearchCounters& counters) {
  std::vector<std::vector<Case>> frontier(1);
  Case whole{{problem.box.lower, problem.box.upper, {}, {}}, {}};
  whole.part.open.lower.assign(problem.box.lower.size(), 0);
  whole.part.open.upper = whole.part.open.lower;
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
Subproblem value_of(const CaseProblem& problem, const CasePart& part, OpenClause& open,
                    std::uint32_t clause) {
  Subproblem value;
  value.clause = clause;
  value.share = std::move(open.share);
  value.bound = -kInfinity;
  for (std::size_t i = 0; i < part.lower.size(); ++i) {
    const InputRange range{static_cast<std::uint32_t>(i), part.lower[i], part.upper[i],
                           part.open.lower[i] != 0, part.open.upper[i] != 0};
    if (range == InputRange{range.input, problem.box.lower[i], problem.box.upper[i], false, false})
      continue;
    value.box.push_back(range);
  }
  return value;
}

}  // namespace

class CaseSearch::Implementation {
 public:
  Implementation(CaseProblem problem, const SearchContext& context)
      : problem_(std::move(problem)),
        context_(loop_context(problem_, context)),
        all_threads_(quiet(context, context.threads)),
        counters_(problem_.box.clauses.size()),
        cases_{problem_, quiet(context, 1), {}, {}},
        frontier_(begin_cases(problem_, context.keeper, counters_)) {}

  SearchOutcome run(TimeSlice slice) {
    slice.begin_s = context_.deadline.spent_s();
    const WatchedSearch watched(context_.progress, counters_, problem_.box.clauses,
                                context_.statistics);
    const auto make = [&](SearchTeam& team) { return std::make_unique<CaseWorker>(team, cases_); };
    // Clauses that are resumed with nothing left leave an empty task.
    std::erase_if(frontier_, [](const std::vector<Case>& cases) { return cases.empty(); });
    number_ = context_.begin_traced("cases", problem_.box.clauses);
    TreeSearch<CaseWorker>(context_, counters_, slice, strategy::kActivationSplitAttack, number_,
                           make)
        .run(frontier_);
    search_hard_cases(slice);
    return counters_.outcome();
  }

  bool is_refuted(const Clause& clause) const {
    const auto& clauses = problem_.box.clauses;
    const auto at = std::find(clauses.begin(), clauses.end(), &clause);
    return at != clauses.end() &&
           counters_.shares().is_refuted(static_cast<std::size_t>(at - clauses.begin()));
  }

  void keep() {
    if (context_.keeper == nullptr) return;
    StateKeeper& keeper = *context_.keeper;
    frontier_.push_back(std::move(cases_.hard));
    const std::vector<const Clause*>& clauses = problem_.box.clauses;
    std::vector<ClauseState> states;
    for (std::size_t k = 0; k < clauses.size(); ++k) states.push_back(counters_.state_of(k));
    for (std::vector<Case>& cases : frontier_) {
      for (Case& c : cases) {
        for (OpenClause& open : c.clauses) {
          states[open.number].open.push_back(
              value_of(problem_, c.part, open, keeper.number_of(*open.clause)));
        }
      }
    }
    for (std::size_t k = 0; k < clauses.size(); ++k) keeper.keep(*clauses[k], std::move(states[k]));
  }

 private:
  /// Cases that their root bounds leave open, one after the other, with all threads. What is not
  /// finished stays in the list.
  void search_hard_cases(const TimeSlice& slice) {
    if (cases_.hard.empty() || !frontier_.empty()) return;
    SearchTeam team(context_, counters_, {}, strategy::kActivationSplitAttack, number_);
    CaseWorker worker(team, cases_);
    const double until_s = slice.begin_s + slice.seconds;
    std::vector<Case> left;
    for (std::vector<Case>& hard = cases_.hard;
         !hard.empty() && !context_.ended() && context_.deadline.spent_s() < until_s;
         hard.pop_back()) {
      worker.search_hard(hard.back(), all_threads_, until_s);
      if (!hard.back().clauses.empty()) left.push_back(std::move(hard.back()));
    }
    for (Case& c : left) cases_.hard.push_back(std::move(c));
    worker.hand_over();
    context_.statistics += worker.statistics;
  }

  const CaseProblem problem_;
  const SearchContext context_, all_threads_;
  SearchCounters counters_;
  CaseTeam cases_;
  std::vector<std::vector<Case>> frontier_;
  std::uint16_t number_ = 0;  // in the trace, of the last run
};

CaseSearch::CaseSearch(CaseProblem problem, const SearchContext& context)
    : implementation_(std::make_unique<Implementation>(std::move(problem), context)) {}
CaseSearch::~CaseSearch() = default;
SearchOutcome CaseSearch::run(TimeSlice time_slice) {
  return implementation_->run(time_slice);
}
bool CaseSearch::is_refuted(const Clause& clause) const {
  return implementation_->is_refuted(clause);
}
void CaseSearch::keep() {
  implementation_->keep();
}

SearchOutcome search_cases(const CaseProblem& problem, const SearchContext& context) {
  CaseSearch search(problem, context);
  const SearchOutcome outcome = search.run({});
  search.keep();
  return outcome;
}

}  // namespace clipbound::solver
