#pragma once
// From a formula to clauses: the disjunctive normal form, case by case, capped.
#include "specs/query/query.h"
#include "specs/vnnlib/vnnlib.h"
#include "specs/vnnlib/vnnlib_ast.h"
#include "specs/vnnlib/vnnlib_lexer.h"

namespace clipbound::specs {

/// The query of a parsed file with checked declarations. Throws InputError for an unbounded input
/// and past the limits.
Query normal_form(Ast ast, const SourceText& source, const VnnlibLimits& limits);

}  // namespace clipbound::specs
