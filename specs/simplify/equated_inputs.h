#pragma once
// Idea: inputs that equations of the property give from others (X_1 = X_8, X_1 = 0.5 X_8 + 0.1) are
// substituted before anything else: two copies of a network that read the same inputs are a network
// of these inputs, and what the copies have in common cancels.
// Source: own.
// Guarantees: every counterexample of the query, as reals or as the inputs' type computes the
// equations, is one of the substituted query; a counterexample of that one, completed, satisfies
// the equations as computed (S11).
#include <memory>
#include <optional>
#include <vector>

#include "specs/network/network.h"
#include "specs/query/definition.h"
#include "specs/query/query.h"

namespace clipbound::specs {

/// The same question with fewer inputs that vary. Inputs keep their numbers: one that is given by
/// another is 0, or how far it may be from the equation's right side by rounding (around a number
/// so large that the search takes it for a constant).
struct EquatedInputs {
  std::shared_ptr<const Network> network;
  Query query;                               ///< has the same clauses, in their order
  std::vector<InputDefinition> definitions;  ///< in the order in which they can be computed
};

/// Nothing where no equation of two inputs stands in all clauses (in those that are not common to
/// all, rows remain), and none has to be widened by its rounding.
std::optional<EquatedInputs> equate_inputs(const std::shared_ptr<const Network>& network,
                                           const Query& query);

}  // namespace clipbound::specs
