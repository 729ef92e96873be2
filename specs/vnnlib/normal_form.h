#pragma once
// Idea: from a formula to clauses: the disjunctive normal form, case by case, capped.
// Source: own; the textbook's distribution of `and` over `or`, one case at a time.
// Guarantees: the clauses' union is the formula's solution set (S11); past the limits it throws.
#include "specs/query/query.h"
#include "specs/vnnlib/ast.h"
#include "specs/vnnlib/joint_query.h"
#include "specs/vnnlib/lexer.h"
#include "specs/vnnlib/limits.h"

namespace clipbound::specs {

/// The query of a parsed 1.0 file with checked declarations. Throws InputError for an unbounded
/// input and past the limits.
Query normal_form(Ast ast, const SourceText& source, const VnnlibLimits& limits);
/// The same of a VNN-LIB 2 file: `result` has the networks, the query's sizes and warnings already,
/// and is given its clauses and products. Inputs without a bound take it from rows over inputs.
void normal_form(const Ast& ast, const SourceText& source, const VnnlibLimits& limits,
                 JointQuery& result);

}  // namespace clipbound::specs
