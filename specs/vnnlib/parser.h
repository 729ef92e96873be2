#pragma once
// Idea: from text to AST in one pass, without recursion: deep brackets meet a limit, not the end of
// the stack.
// Source: VNN-LIB 1.0.
// Guarantees: what is not well formed throws with file:line:column.
#include "specs/vnnlib/ast.h"
#include "specs/vnnlib/lexer.h"
#include "specs/vnnlib/limits.h"

namespace clipbound::specs {

/// Parses a VNN-LIB 1.0 file. Variables must be declared before use. Throws InputError where it is
/// malformed, Unsupported for VNN-LIB 2.0 and for what lies outside linear arithmetic, both with
/// file:line:column.
Ast parse_vnnlib_ast(const SourceText& source, const VnnlibLimits& limits);

}  // namespace clipbound::specs
