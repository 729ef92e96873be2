#pragma once
// Idea: Solver: many questions about one network and one box, each a little different from the last.
// Source: incremental solving as SAT solvers have it (Een and Sorensson, Temporal induction by
// incremental SAT solving, 2003): a stack of constraints, and assumptions for one call.
// Guarantees: those of solve(); what is kept from an earlier call only ever serves a query that asks
// for more than the earlier one, for which it is as true (docs/soundness/s10-branch-and-bound.md).
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "clipbound/errors.h"
#include "clipbound/network.h"
#include "clipbound/options.h"
#include "clipbound/query.h"
#include "clipbound/solve.h"

namespace clipbound {

/// Rows that must all hold.
using Rows = std::vector<Row>;

/// A network, a box of its inputs, and a stack of constraints, all of which a counterexample has to
/// satisfy. What a call of solve() found is used by later ones that have all of its constraints:
/// where it was `unsat`, they are; where it was stopped, they go on with its tree's splits and with
/// what was refuted; counterexamples are tried before anything is searched. pop() forgets what
/// depended on the constraints that it takes away.
///
/// A tree is taken over where every row that was added since speaks of an output; rows over inputs
/// alone change the boxes, and the search begins anew. Not copied, used by one thread at a time.
class CLIPBOUND_API Solver {
 public:
  /// Points lower <= x <= upper ([N] each). Throws InputError as Query::add_clause() does.
  Solver(Network network, std::vector<double> lower, std::vector<double> upper,
         Options options = {});
  ~Solver();
  Solver(Solver&&) noexcept;             ///< Moves everything.
  Solver& operator=(Solver&&) noexcept;  ///< Moves everything.

  /// Adds: all rows must hold. Throws InputError as Query::add_clause() does; nothing is added
  /// then.
  void add(const Rows& rows);
  /// Adds: all rows of one of the alternatives must hold. Throws InputError where there are none,
  /// or more than 100,000 clauses would come of all constraints.
  void add_any(std::span<const Rows> alternatives);
  /// Opens a level; pop() takes away what is added from here on.
  void push();
  /// Closes so many levels. Throws InputError where there are fewer.
  void pop(std::size_t levels = 1);
  /// Levels that are open.
  std::size_t levels() const;
  /// Constraints that hold now.
  std::size_t constraint_count() const;

  /// Options of the calls from here on.
  void set_options(Options options);

  /// Is there a counterexample that satisfies all constraints, and for this call the assumptions
  /// too? As solve().
  Result solve(const Rows& assumptions = {}, const Callbacks& callbacks = {});
  /// How the last solve() began: "" anew; else which earlier call it used, in words.
  const char* used() const;

  struct Implementation;  ///< the library's own

 private:
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace clipbound
