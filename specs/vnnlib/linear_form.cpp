#include "specs/vnnlib/linear_form.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "specs/query/number.h"
#include "specs/vnnlib/fold_term.h"

namespace clipbound::specs {
namespace {

class Evaluator {
 public:
  Evaluator(const Ast& ast, const SourceText& source) : ast_(ast), source_(source) {}
  LinearForm term(std::uint32_t root) const;
  LinearForm atom(Atom::Kind kind, std::uint32_t value) const {
    return form_of_atom(source_, kind, value);
  }

 private:
  void combine(std::uint32_t node, LinearForm& value, LinearForm&& argument) const;
  void check_size(const LinearForm& form, std::uint32_t node) const;

  const Ast& ast_;
  const SourceText& source_;
};

void Evaluator::check_size(const LinearForm& form, std::uint32_t node) const {
  bool fine = bearable(form.constant);
  for (const LinearTerm& term : form.terms) fine = fine && bearable(term.coefficient);
  if (!fine) source_.fail(ast_.nodes[node].offset, "the numbers in this term grow too large");
}

void Evaluator::combine(std::uint32_t node, LinearForm& value, LinearForm&& argument) const {
  const NodeKind kind = ast_.nodes[node].kind;
  switch (kind) {
    case NodeKind::plus: add(value, std::move(argument), false); break;
    case NodeKind::minus: add(value, std::move(argument), true); break;
    case NodeKind::times:
      // The parser has made sure that one of the two is constant.
      if (!argument.terms.empty()) std::swap(value, argument);
      CLIPBOUND_CHECK(argument.terms.empty());
      scale(value, argument.constant);
      check_size(value, node);
      break;
    default:
      CLIPBOUND_CHECK(kind == NodeKind::divide && argument.terms.empty());
      if (sgn(argument.constant) == 0) source_.fail(ast_.nodes[node].offset, "division by zero");
      scale(value, 1 / argument.constant);
      check_size(value, node);
      break;
  }
  if (!bearable(value.constant)) check_size(value, node);
}

LinearForm Evaluator::term(std::uint32_t root) const {
  return fold_term<LinearForm>(
      ast_, root, [&](Atom::Kind kind, std::uint32_t value) { return atom(kind, value); },
      [&](std::uint32_t node, LinearForm& value, LinearForm&& argument) {
        combine(node, value, std::move(argument));
      },
      [](LinearForm& value) { scale(value, mpq_class(-1)); });
}

enum class Sign : std::uint8_t { kept, flipped };

/// The row  form <= 0, or  -form <= 0 where its sign is flipped; < where the relation is strict.
Row row_of(const LinearForm& form, Sign sign, Relation relation) {
  CLIPBOUND_CHECK(!form.terms.empty());
  const bool flipped = sign == Sign::flipped;
  Row row;
  row.strict = relation == Relation::less || relation == Relation::greater;
  row.from_equality = relation == Relation::equal;
  row.terms.reserve(form.terms.size());
  for (const LinearTerm& term : form.terms) {
    row.terms.push_back({term.of, term.index,
                         make_number(flipped ? mpq_class(-term.coefficient) : term.coefficient)});
  }
  row.threshold = make_number(flipped ? form.constant : mpq_class(-form.constant));
  return row;
}

}  // namespace

LinearForm form_of_atom(const SourceText& source, Atom::Kind kind, std::uint32_t value) {
  LinearForm form;
  if (kind == Atom::Kind::number) {
    form.constant = decimal_value(source.number(value));
  } else {
    const auto of = kind == Atom::Kind::input ? Term::Of::input : Term::Of::output;
    form.terms.push_back({of, static_cast<std::int32_t>(value), mpq_class(1)});
  }
  return form;
}

void add(LinearForm& sum, LinearForm&& value, bool negative) {
  if (negative) {
    for (LinearTerm& term : value.terms) term.coefficient = -term.coefficient;
    value.constant = -value.constant;
  }
  if (value.terms.size() > sum.terms.size()) std::swap(sum.terms, value.terms);
  for (LinearTerm& term : value.terms) sum.terms.push_back(std::move(term));
  sum.constant += value.constant;
}

void scale(LinearForm& form, const mpq_class& factor) {
  for (LinearTerm& term : form.terms) term.coefficient *= factor;
  form.constant *= factor;
}

void normalise(LinearForm& form) {
  auto& terms = form.terms;
  const auto key = [](const LinearTerm& term) { return std::tuple(term.of, term.index); };
  std::stable_sort(terms.begin(), terms.end(),
                   [&](const auto& a, const auto& b) { return key(a) < key(b); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < terms.size();) {
    LinearTerm merged = std::move(terms[i]);
    for (++i; i < terms.size() && key(terms[i]) == key(merged); ++i)
      merged.coefficient += terms[i].coefficient;
    if (sgn(merged.coefficient) != 0) terms[kept++] = std::move(merged);
  }
  terms.resize(kept);
}

LinearForm difference(const Ast& ast, const SourceText& source, std::uint32_t node) {
  const AstNode& comparison = ast.nodes[node];
  Evaluator evaluator(ast, source);
  LinearForm left, right;
  if (comparison.kind == NodeKind::compare_atoms) {
    left = evaluator.atom(comparison.left_kind, comparison.left);
    right = evaluator.atom(comparison.right_kind, comparison.right);
  } else {
    CLIPBOUND_CHECK(comparison.kind == NodeKind::compare);
    left = evaluator.term(node + 1);
    right = evaluator.term(ast.nodes[node + 1].end);
  }
  add(left, std::move(right), true);
  normalise(left);
  return left;
}

void append_rows(const LinearForm& form, Relation relation, std::vector<Row>& rows) {
  CLIPBOUND_CHECK(relation != Relation::not_equal);
  const bool equality = relation == Relation::equal;
  if (relation == Relation::less_equal || relation == Relation::less || equality)
    rows.push_back(row_of(form, Sign::kept, relation));
  if (relation == Relation::greater_equal || relation == Relation::greater || equality)
    rows.push_back(row_of(form, Sign::flipped, relation));
}

std::int32_t lone_input(const Ast& ast, std::uint32_t node) {
  if (ast.nodes[node].kind != NodeKind::compare) return -1;
  for (const std::uint32_t side : {node + 1, ast.nodes[node + 1].end}) {
    const AstNode& term = ast.nodes[side];
    if (term.kind != NodeKind::atom || term.left_kind != Atom::Kind::input) continue;
    // X_0 = 2 X_0 + X_1 does not say what X_0 is.
    std::uint32_t uses = 0;
    for (std::uint32_t n = node + 1; n < ast.nodes[node].end; ++n) {
      const AstNode& other = ast.nodes[n];
      uses += other.left_kind == Atom::Kind::input && other.left == term.left ? 1U : 0U;
      uses += other.right_kind == Atom::Kind::input && other.right == term.left ? 1U : 0U;
    }
    if (uses == 1) return static_cast<std::int32_t>(term.left);
  }
  return -1;
}

namespace {

using Steps = std::vector<WrittenTerm::Step>;

Steps steps_of(const Ast& ast, const SourceText& source, std::uint32_t root) {
  using Kind = WrittenTerm::Kind;
  return fold_term<Steps>(
      ast, root,
      [&](Atom::Kind kind, std::uint32_t value) {
        if (kind == Atom::Kind::number)
          return Steps{{Kind::number, decimal_value(source.number(value))}};
        return Steps{{Kind::input, {}}};
      },
      [&](std::uint32_t node, Steps& steps, Steps&& argument) {
        const NodeKind kind = ast.nodes[node].kind;
        std::move(argument.begin(), argument.end(), std::back_inserter(steps));
        steps.push_back({kind == NodeKind::plus    ? Kind::plus
                         : kind == NodeKind::minus ? Kind::minus
                                                   : Kind::times,
                         {}});
      },
      [](Steps& steps) {
        steps.push_back({Kind::negate, {}});
      });
}

/// Whether it is a number times the input, plus a number, or less: signs are exact. Numbers that
/// are calculated are rounded on their own.
bool is_plain(const Steps& steps) {
  using Kind = WrittenTerm::Kind;
  struct Part {
    bool has_input, is_sum;
  };
  std::vector<Part> parts;
  int inputs = 0, sums = 0, products = 0;
  for (const WrittenTerm::Step& step : steps) {
    if (step.kind == Kind::input || step.kind == Kind::number) {
      inputs += step.kind == Kind::input ? 1 : 0;
      parts.push_back({step.kind == Kind::input, false});
      continue;
    }
    if (step.kind == Kind::negate) continue;
    const Part argument = parts.back();
    parts.pop_back();
    Part& part = parts.back();
    const bool is_sum = step.kind != Kind::times;
    if (!part.has_input && !argument.has_input) return false;
    if (!is_sum && (part.is_sum || argument.is_sum)) return false;
    part = {true, part.is_sum || argument.is_sum || is_sum};
    ++(is_sum ? sums : products);
  }
  return inputs == 1 && sums <= 1 && products <= 1;
}

}  // namespace

bool names_two_inputs(const Ast& ast, std::uint32_t node) {
  std::set<std::uint32_t> inputs;
  for (std::uint32_t n = node; n < ast.nodes[node].end; ++n) {
    const AstNode& part = ast.nodes[n];
    for (const auto& [kind, value] :
         {std::pair(part.left_kind, part.left), std::pair(part.right_kind, part.right)}) {
      if (kind == Atom::Kind::output) return false;
      if (kind == Atom::Kind::input) inputs.insert(value);
    }
    if (inputs.size() > 2) return false;
  }
  return inputs.size() == 2;
}

std::shared_ptr<const WrittenTerm> written_side(const Ast& ast, const SourceText& source,
                                                std::uint32_t node, std::int32_t lone) {
  for (std::uint32_t n = node + 1; n < ast.nodes[node].end; ++n)
    if (ast.nodes[n].kind == NodeKind::divide) return nullptr;
  const std::uint32_t first = node + 1, second = ast.nodes[first].end;
  const AstNode& left = ast.nodes[first];
  const bool lone_is_left = left.kind == NodeKind::atom && left.left_kind == Atom::Kind::input &&
                            static_cast<std::int32_t>(left.left) == lone;
  Steps steps = steps_of(ast, source, lone_is_left ? second : first);
  if (is_plain(steps)) return nullptr;
  return std::make_shared<const WrittenTerm>(WrittenTerm{std::move(steps)});
}

}  // namespace clipbound::specs
