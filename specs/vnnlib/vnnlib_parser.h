#pragma once
// From text to AST in one pass, without recursion: deep brackets meet a limit, not the end of the
// stack.
#include "specs/vnnlib/vnnlib.h"
#include "specs/vnnlib/vnnlib_ast.h"
#include "specs/vnnlib/vnnlib_lexer.h"

namespace clipbound::specs {

/// Parses a VNN-LIB 1.0 file. Variables must be declared before use. Throws InputError where it is
/// malformed, Unsupported for VNN-LIB 2.0 and for what lies outside linear arithmetic, both with
/// file:line:column.
Ast parse_vnnlib_ast(const SourceText& source, const VnnlibLimits& limits);

}  // namespace clipbound::specs
