#include "specs/vnnlib/linear_form.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "specs/query/number.h"

namespace clipbound::specs {
namespace {

// Adds sign * value to `sum`. The longer list of terms is kept and the shorter appended, so that a
// nest of sums stays cheap.
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

// An open operator whose arguments are being gathered.
struct Frame {
  std::uint32_t node = 0;
  std::uint32_t next = 0;  // the argument to come
  std::uint32_t count = 0;
  LinearForm value;
};

class Evaluator {
 public:
  Evaluator(const Ast& ast, const SourceText& source) : ast_(ast), source_(source) {}
  LinearForm term(std::uint32_t root);
  LinearForm atom(Atom::Kind kind, std::uint32_t value) const;

 private:
  void combine(Frame& frame, LinearForm&& argument) const;
  void check_size(const LinearForm& form, std::uint32_t node) const;

  const Ast& ast_;
  const SourceText& source_;
};

LinearForm Evaluator::atom(Atom::Kind kind, std::uint32_t value) const {
  LinearForm form;
  if (kind == Atom::Kind::number) {
    form.constant = decimal_value(source_.word(value));
  } else {
    const auto of = kind == Atom::Kind::input ? Term::Of::input : Term::Of::output;
    form.terms.push_back({of, static_cast<std::int32_t>(value), mpq_class(1)});
  }
  return form;
}

void Evaluator::check_size(const LinearForm& form, std::uint32_t node) const {
  bool fine = bearable(form.constant);
  for (const LinearTerm& term : form.terms) fine = fine && bearable(term.coefficient);
  if (!fine) source_.fail(ast_.nodes[node].offset, "the numbers in this term grow too large");
}

void Evaluator::combine(Frame& frame, LinearForm&& argument) const {
  const NodeKind kind = ast_.nodes[frame.node].kind;
  if (frame.count++ == 0) {
    frame.value = std::move(argument);
    return;
  }
  switch (kind) {
    case NodeKind::plus: add(frame.value, std::move(argument), false); break;
    case NodeKind::minus: add(frame.value, std::move(argument), true); break;
    case NodeKind::times:
      // The parser has made sure that one of the two is constant.
      if (!argument.terms.empty()) std::swap(frame.value, argument);
      CLIPBOUND_CHECK(argument.terms.empty());
      scale(frame.value, argument.constant);
      check_size(frame.value, frame.node);
      break;
    default:
      CLIPBOUND_CHECK(kind == NodeKind::divide && argument.terms.empty());
      if (sgn(argument.constant) == 0)
        source_.fail(ast_.nodes[frame.node].offset, "division by zero");
      scale(frame.value, 1 / argument.constant);
      check_size(frame.value, frame.node);
      break;
  }
  if (!bearable(frame.value.constant)) check_size(frame.value, frame.node);
}

LinearForm Evaluator::term(std::uint32_t root) {
  const AstNode& first = ast_.nodes[root];
  if (first.kind == NodeKind::atom) return atom(first.left_kind, first.left);
  std::vector<Frame> frames;
  frames.push_back({root, root + 1, 0, {}});
  while (true) {
    Frame& frame = frames.back();
    if (frame.next == ast_.nodes[frame.node].end) {
      LinearForm value = std::move(frame.value);
      const bool lone_minus = frame.count == 1 && ast_.nodes[frame.node].kind == NodeKind::minus;
      if (lone_minus) scale(value, mpq_class(-1));
      frames.pop_back();
      if (frames.empty()) return value;
      combine(frames.back(), std::move(value));
      continue;
    }
    const std::uint32_t child = frame.next;
    const AstNode& node = ast_.nodes[child];
    frame.next = node.end;
    if (node.kind == NodeKind::atom) {
      combine(frame, atom(node.left_kind, node.left));
    } else {
      frames.push_back({child, child + 1, 0, {}});
    }
  }
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

}  // namespace clipbound::specs
