#pragma once
// Idea: boxes on which something is to be decided before bounds say much. They are cut, part by
// part lowered afresh, until each is a problem without it:
//   - where integers made of inputs change that an operator enclosed by intervals alone reads (an
//     index that says where something is put);
//   - by the values of steps (Sign, a comparison, a mask): halving boxes leaves both values around
//     the jump, a decided value leaves a constant and a half-space;
//   - in the middle of an input, where an operator is enclosed by intervals alone: on smaller boxes
//     these are better.
// Source: own; phases of neurons as in Bunel et al., JMLR 2020.
// Guarantees: the cases cover the box (S10).
#include <memory>

#include "solver/activation_split/schedule.h"
#include "solver/integer_cases/case.h"
#include "solver/search/search_context.h"
#include "solver/search/search_counters.h"

namespace clipbound::solver {

struct CaseProblem {
  std::shared_ptr<const Network> network;  ///< simplified
  BoxClauses box;
  /// Steps are decided, and an attack runs beside, even where no operator is enclosed by intervals
  /// alone.
  bool decides_steps = false;
  /// LoweringOptions::undefined_reach for these clauses.
  std::shared_ptr<const UndefinedReach> undefined_reach = nullptr;
};

/// Searches a box case by case: all by their root bounds, then those that are left by searches, one
/// after the other. Points of the cases are offered to the judge on the way. Each case counts as
/// one subproblem, and as open once per clause. Every case is taken once, and cut or left to those
/// searches.
class CaseSearch {
 public:
  /// Begins with what the context's keeper resumes. The context outlives it.
  CaseSearch(CaseProblem problem, const SearchContext& context);
  ~CaseSearch();
  CaseSearch(const CaseSearch&) = delete;
  CaseSearch& operator=(const CaseSearch&) = delete;

  /// Searches until exhausted, a counterexample is found (judge.found()), the deadline, or the time
  /// slice is over; then it can be called again.
  SearchOutcome run(TimeSlice time_slice);
  bool is_refuted(const Clause& clause) const;
  /// After the last run: leaves what is open with the context's keeper. Step decisions are left
  /// out, which enlarges the cases.
  void keep();

 private:
  class Implementation;
  const std::unique_ptr<Implementation> implementation_;
};

/// A whole search, and what is left of it with the keeper.
SearchOutcome search_cases(const CaseProblem& problem, const SearchContext& context);

}  // namespace clipbound::solver
