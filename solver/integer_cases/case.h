#pragma once
// Idea: parts of a box, with what is decided on each: which ends belong to it, and which values its
// steps take. Four ways to cut one.
// Source: own.
// Guarantees: the parts of a cut cover the case (S10); what clip() takes away holds no point at
// which the steps take their decided values (S9).
#include <vector>

#include "bounds/layered/layered_system.h"
#include "solver/search/share.h"
#include "specs/query/query.h"

namespace clipbound::solver {

/// A clause that is open on a case, and the case's share of its tree.
struct OpenClause {
  const Clause* clause;
  std::size_t number;  ///< in the search
  Share share;
};

struct CasePart {
  std::vector<double> lower, upper;
  OpenEnds open;
  StepDecisions decisions;
};

/// A part of the box, and the clauses that are open on it.
struct Case {
  CasePart part;
  std::vector<OpenClause> clauses;

  std::vector<const Clause*> open_clauses() const {
    std::vector<const Clause*> list;
    for (const OpenClause& c : clauses) list.push_back(c.clause);
    return list;
  }
};

/// Each as a list of its own.
std::vector<std::vector<Case>> singles_of(std::vector<Case> cases);

/// Where a staircase of an input changes.
std::vector<CasePart> cut(const CasePart& part, const InputStaircase& staircase);
/// By the values of a step.
std::vector<CasePart> cut(const CasePart& part, const OpenStep& step);
/// In the middle of an input.
std::vector<CasePart> halve(const CasePart& part, std::size_t input);

/// Shrinks the box by the conditions of `system` (lowered for the part) that read inputs alone.
enum class Clipped : std::uint8_t { nothing, some, all };
Clipped clip(CasePart& part, const LayeredSystem& system);

/// The middle of the box.
std::vector<double> middle_of(const CasePart& part);

}  // namespace clipbound::solver
