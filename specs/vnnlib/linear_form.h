#pragma once
// Idea: linear forms in the variables, exact.
// Source: own.
// Guarantees: rational arithmetic; nothing is rounded before the row's enclosures (S11).
#include <cstdint>
#include <memory>
#include <vector>

#include "specs/query/definition.h"
#include "specs/query/query.h"
#include "specs/vnnlib/ast.h"
#include "specs/vnnlib/lexer.h"

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

/// A variable or a number.
LinearForm form_of_atom(const SourceText& source, Atom::Kind kind, std::uint32_t value);
/// Adds `value`, or subtracts it. The longer list of terms is kept and the shorter appended, so
/// that a nest of sums stays cheap.
void add(LinearForm& sum, LinearForm&& value, bool negative);
void scale(LinearForm& form, const mpq_class& factor);
/// Sorts the terms by (of, index), merges like ones and drops zeros.
void normalise(LinearForm& form);
/// left - right of a comparison node (`compare` or `compare_atoms`), normalised: the node says
/// `form <relation> 0`. Throws InputError for a division by zero and for numbers too large to
/// calculate with.
LinearForm difference(const Ast& ast, const SourceText& source, std::uint32_t node);
/// Appends what  form <relation> 0  says as rows: one, or two for `equal`. The form must have
/// terms; not for `not_equal`, which is no conjunction.
void append_rows(const LinearForm& form, Relation relation, std::vector<Row>& rows);
/// The input that one side of a comparison node consists of, where the other is a term; or -1.
std::int32_t lone_input(const Ast& ast, std::uint32_t node);
/// Whether the sides of a comparison node name two inputs and no output.
bool names_two_inputs(const Ast& ast, std::uint32_t node);
/// The other side as it is written; null where it is computed as a product and a sum (definition.h)
/// are, or divides.
std::shared_ptr<const WrittenTerm> written_side(const Ast& ast, const SourceText& source,
                                                std::uint32_t node, std::int32_t lone);

}  // namespace clipbound::specs
