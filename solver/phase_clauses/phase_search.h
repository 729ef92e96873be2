#pragma once
// Idea: PhaseClauses of all open clauses of a box, in turns beside another search: short ones until
//   what they learn shows whether phases decide these clauses.
// Source: own.
// Guarantees: a clause is refuted where its PhaseClauses say so (S15).
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "solver/phase_clauses/phase_clauses.h"

namespace clipbound::solver {

class PhaseSearch {
 public:
  /// A clause and its rows.
  struct Open {
    const Clause* clause = nullptr;
    ClauseRows rows;
  };

  explicit PhaseSearch(const SearchContext& context) : context_(context) {}

  /// Whether the network is one of ReLUs, and small enough.
  static bool suits(const SparseNetwork& network);
  /// Whether another turn may end something, as far as is known.
  bool is_worth_a_turn(const std::vector<Open>& open) const;
  /// Whether it is known that phases decide these clauses: turns go on beside whatever else there
  /// is.
  bool promises(const std::vector<Open>& open) const {
    return knows(open) && is_worth_a_turn(open);
  }
  /// How long the next turn is, beside a search that has taken so long; below 0: not yet.
  double turn_s(const std::vector<Open>& open, double beside_s) const;
  /// All of them get a part of the time. The refuted ones.
  std::set<const Clause*> run(const std::shared_ptr<const SparseNetwork>& network,
                              const std::vector<Open>& open, double seconds);

 private:
  struct One {
    std::unique_ptr<PhaseClauses> clauses;
    PhaseClauses::Answer last = PhaseClauses::Answer::open;
  };
  bool knows(const std::vector<Open>& open) const;

  const SearchContext& context_;
  std::map<const Clause*, One> all_;
  double spent_s_ = 0.0;
};

}  // namespace clipbound::solver
