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
  copy.cuts = nullptr;
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

/// The parts of a case's box that are not the whole's.
std::vector<InputRange> ranges_of(const CaseProblem& problem, const CasePart& part) {
  std::vector<InputRange> ranges;
  for (std::size_t i = 0; i < part.lower.size(); ++i) {
    const InputRange range{static_cast<std::uint32_t>(i), part.lower[i], part.upper[i],
                           part.open.lower[i] != 0, part.open.upper[i] != 0};
    if (range == InputRange{range.input, problem.box.lower[i], problem.box.upper[i], false, false})
      continue;
    ranges.push_back(range);
  }
  return ranges;
}

void copy_open(const CaseProblem& problem, const std::vector<Case>& cases,
               std::vector<ClauseState>& states) {
  for (const Case& c : cases) {
    const std::vector<InputRange> box = ranges_of(problem, c.part);
    for (const OpenClause& open : c.clauses) {
      Subproblem value;
      value.share = Share::restored(open.share.depth());
      value.bound = -kInfinity;
      value.box = box;
      states[open.number].open.push_back(std::move(value));
    }
  }
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
    TreeSearch<CaseWorker> search(context_, counters_, slice, strategy::kActivationSplitAttack,
                                  number_, make);
    search.at_cut([this](const TreeSearch<CaseWorker>::Stopped& stopped) {
      std::vector<ClauseState> states = this->states();
      for (const auto& worker : stopped.paused) copy_open(problem_, worker->open_cases(), states);
      for (const std::vector<Case>& cases : stopped.waiting) copy_open(problem_, cases, states);
      keep(std::move(states));
    });
    search.run(frontier_);
    if (context_.cuts != nullptr) keep();
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
    std::vector<ClauseState> states = this->states();
    for (const std::vector<Case>& cases : frontier_) copy_open(problem_, cases, states);
    keep(std::move(states));
  }

 private:
  /// The clauses' states, with what is open of them but for the frontier.
  std::vector<ClauseState> states() const {
    std::vector<ClauseState> states;
    for (std::size_t k = 0; k < problem_.box.clauses.size(); ++k)
      states.push_back(counters_.state_of(k));
    copy_open(problem_, cases_.hard, states);
    return states;
  }
  void keep(std::vector<ClauseState> states) const {
    for (std::size_t k = 0; k < states.size(); ++k)
      context_.keeper->keep(*problem_.box.clauses[k], std::move(states[k]));
  }
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
      if (context_.cuts != nullptr && context_.cuts->is_due()) cut_between(worker, left);
    }
    for (Case& c : left) cases_.hard.push_back(std::move(c));
    worker.hand_over();
    context_.statistics += worker.statistics;
  }

  /// `left`: cases that were tried, of which something is open.
  void cut_between(CaseWorker& worker, const std::vector<Case>& left) {
    worker.hand_over();
    std::vector<ClauseState> states = this->states();
    copy_open(problem_, left, states);
    keep(std::move(states));
    context_.cuts->write_if_due(worker.statistics);
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
