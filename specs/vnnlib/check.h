#pragma once
// Idea: what a property's author would want to be told: errors in the declarations, sets that are
// empty or everything.
// Source: own.
// Guarantees: warnings change nothing; dropped clauses are those that no output satisfies.
#include <string>
#include <vector>

#include "specs/query/query.h"
#include "specs/vnnlib/ast.h"
#include "specs/vnnlib/lexer.h"

namespace clipbound::specs {

/// Appends "file:line:column: message"; past some dozens the rest is left out (and that is said
/// once).
void add_warning(std::vector<std::string>& warnings, const SourceText& source, std::uint32_t offset,
                 const std::string& message);
/// Throws InputError unless both X and Y are declared, without gaps from index 0.
void check_declarations(const Ast& ast, const SourceText& source);
/// Drops clauses with two opposite rows that contradict each other (c y <= a, -c y <= b, a + b <
/// 0), with a warning: no output satisfies them.
void drop_contradictions(Query& query);
/// Warns where a clause has no row on the outputs, where two clauses on one box cover all outputs,
/// and where no clause is left.
void warn_of_trivial_sets(Query& query);

}  // namespace clipbound::specs
