#pragma once
// Idea: sums and products of integers in assertions are taken for those of the whole numbers, which
// they are where nothing on the way leaves its declared type.
// Source: the VNN-LIB standard, which types expressions; interval arithmetic.
// Guarantees: where nothing is found, the assertions say the same in the declared types and in
// real arithmetic, at every point of these types (S11).
#include <string>
#include <vector>

#include "specs/vnnlib/ast.h"
#include "specs/vnnlib/joint_query.h"
#include "specs/vnnlib/lexer.h"

namespace clipbound::specs {

/// The first operation of integers that may leave their type, as "file:line:column: why", in the
/// order of the file's cases; empty where there is none. Variables are where their types and the
/// comparisons of them with numbers and each other have them.
std::string why_integers_leave(const Ast& ast, const SourceText& source,
                               const std::vector<DeclaredNetwork>& networks);

}  // namespace clipbound::specs
