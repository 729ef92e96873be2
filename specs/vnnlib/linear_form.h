#pragma once
// Linear forms in the variables, exact.
#include <cstdint>
#include <vector>

#include "specs/query/query.h"
#include "specs/vnnlib/vnnlib_ast.h"
#include "specs/vnnlib/vnnlib_lexer.h"

namespace clipbound::specs {

struct LinearTerm {
  Term::Of of = Term::Of::output;
  std::int32_t index = 0;
  mpq_class coefficient;
};

/// sum of terms + constant.
struct LinearForm {
  std::vector<LinearTerm> terms;
  mpq_class constant;
};

/// Sorts the terms by (of, index), merges like ones and drops zeros.
void normalise(LinearForm& form);
/// left - right of a comparison node (`compare` or `compare_atoms`), normalised: the node says
/// `form <relation> 0`. Throws InputError for a division by zero and for numbers too large to
/// calculate with.
LinearForm difference(const Ast& ast, const SourceText& source, std::uint32_t node);
/// The row  form <= 0  (strict: < 0), or  -form <= 0  where `negate`. The form must have terms.
Row make_row(const LinearForm& form, bool negate, bool strict, bool from_equality);

}  // namespace clipbound::specs
