#pragma once
// Idea: from the text of a VNN-LIB 2 file to its declarations and its formula, in one pass and
// without recursion.
// Source: the VNN-LIB standard 2.1.
// Guarantees: what is not well formed or not well typed throws with file:line:column.
#include <vector>

#include "specs/vnnlib/ast.h"
#include "specs/vnnlib/joint_query.h"
#include "specs/vnnlib/lexer.h"
#include "specs/vnnlib/limits.h"

namespace clipbound::specs {

/// What a VNN-LIB 2 file says. Inputs and outputs of the formula are numbered over all networks;
/// Ast::inputs and Ast::outputs stay empty.
struct JointFile {
  std::vector<DeclaredNetwork> networks;
  Ast ast;
  std::int64_t inputs = 0, outputs = 0;
  bool calculates = false;  ///< some assertion has an operation on numbers
};

/// True where the text begins with a `(vnnlib-version ...)` of 2 or later.
bool is_vnnlib_2(std::string_view text);
/// Throws InputError where the file is malformed, Unsupported for a later version.
JointFile parse_joint_file(const SourceText& source, const VnnlibLimits& limits);

}  // namespace clipbound::specs
