#include "specs/vnnlib/formula.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "base/check.h"
#include "specs/network/float_grid.h"
#include "specs/query/number.h"
#include "specs/vnnlib/fold_term.h"

namespace clipbound::specs {
namespace {

/// What is at least this rounds to infinity in float16.
constexpr double kBeyond16 = 65520.0;

/// Rational arithmetic. A value that is no number holds in no comparison.
class Exactly {
 public:
  using Value = std::optional<mpq_class>;
  Exactly(std::span<const double> x, std::span<const double> y) : x_(x), y_(y) {}

  Value variable(bool input, std::uint32_t index) const {
    const double value = (input ? x_ : y_)[index];
    if (!std::isfinite(value)) return std::nullopt;
    return mpq_class(value);
  }
  Value number(std::string_view text) const { return decimal_value(text); }
  void combine(NodeKind kind, Value& value, const Value& argument) const {
    if (!value || !argument) {
      value.reset();
    } else if (kind == NodeKind::plus) {
      *value += *argument;
    } else if (kind == NodeKind::minus) {
      *value -= *argument;
    } else {
      *value *= *argument;
    }
  }
  void negate(Value& value) const {
    if (value) *value = -*value;
  }
  std::optional<int> compare(const Value& a, const Value& b) const {
    if (!a || !b) return std::nullopt;
    return cmp(*a, *b);
  }

 private:
  std::span<const double> x_, y_;
};

/// A floating-point type's arithmetic: an operation of float64 and a rounding. float64 has more
/// than twice the digits of the shorter types, so that this rounds sums and products of two numbers
/// as if at once.
class Computed {
 public:
  using Value = double;
  Computed(DataType type, std::span<const double> x, std::span<const double> y)
      : type_(type), x_(x), y_(y) {}

  Value variable(bool input, std::uint32_t index) const {
    return nearest_in(type_, (input ? x_ : y_)[index]);
  }
  Value number(std::string_view text) const {
    const FloatNeighbours value = decimal_neighbours(text);
    if (type_ == DataType::float64) return value.nearest64;
    if (type_ == DataType::float32) return static_cast<double>(value.nearest32);
    // The interval's end stays finite where the number does not.
    const double end = upper_edges(value).rounded16.upper;
    return value.lower >= kBeyond16 ? std::numeric_limits<double>::infinity() : end;
  }
  void combine(NodeKind kind, Value& value, Value argument) const {
    value = nearest_in(type_, kind == NodeKind::plus    ? value + argument
                              : kind == NodeKind::minus ? value - argument
                                                        : value * argument);
  }
  void negate(Value& value) const { value = -value; }
  std::optional<int> compare(Value a, Value b) const {
    if (std::isnan(a) || std::isnan(b)) return std::nullopt;
    return a < b ? -1 : a > b ? 1 : 0;
  }

 private:
  DataType type_;
  std::span<const double> x_, y_;
};

/// The arithmetic of an integer type. A number beyond it is unknown.
class Whole {
 public:
  using Value = std::optional<mpq_class>;
  Whole(const IntegerSpan& type, std::span<const double> x, std::span<const double> y)
      : type_(type), exactly_(x, y) {}

  Value variable(bool input, std::uint32_t index) const { return exactly_.variable(input, index); }
  Value number(std::string_view text) const { return exactly_.number(text); }
  void combine(NodeKind kind, Value& value, const Value& argument) const {
    exactly_.combine(kind, value, argument);
    keep(value);
  }
  void negate(Value& value) const {
    exactly_.negate(value);
    keep(value);
  }
  std::optional<int> compare(const Value& a, const Value& b) const {
    return exactly_.compare(a, b);
  }

 private:
  void keep(Value& value) const {
    if (value && (*value < type_.least || *value > type_.greatest)) value.reset();
  }
  const IntegerSpan& type_;
  const Exactly exactly_;
};

bool satisfies(std::optional<int> side, Relation relation) {
  if (!side) return false;
  switch (relation) {
    case Relation::less_equal: return *side <= 0;
    case Relation::less: return *side < 0;
    case Relation::greater_equal: return *side >= 0;
    case Relation::greater: return *side > 0;
    case Relation::equal: return *side == 0;
    case Relation::not_equal: return *side != 0;
  }
  return false;
}

/// One comparison.
template <class Arithmetic>
class Comparison {
 public:
  Comparison(const Ast& ast, const SourceText& text, const Arithmetic& arithmetic)
      : ast_(ast), text_(text), arithmetic_(arithmetic) {}

  bool holds(std::uint32_t i) const {
    const AstNode& node = ast_.nodes[i];
    const bool atoms = node.kind == NodeKind::compare_atoms;
    const Value left = atoms ? atom(node.left_kind, node.left) : term(i + 1);
    const Value right = atoms ? atom(node.right_kind, node.right) : term(ast_.nodes[i + 1].end);
    return satisfies(arithmetic_.compare(left, right), node.relation);
  }

 private:
  using Value = typename Arithmetic::Value;

  Value atom(Atom::Kind kind, std::uint32_t value) const {
    if (kind == Atom::Kind::number) return arithmetic_.number(text_.number(value));
    return arithmetic_.variable(kind == Atom::Kind::input, value);
  }
  Value term(std::uint32_t root) const {
    return fold_term<Value>(
        ast_, root, [&](Atom::Kind kind, std::uint32_t value) { return atom(kind, value); },
        [&](std::uint32_t node, Value& value, const Value& argument) {
          arithmetic_.combine(ast_.nodes[node].kind, value, argument);
        },
        [&](Value& value) { arithmetic_.negate(value); });
  }

  const Ast& ast_;
  const SourceText& text_;
  const Arithmetic& arithmetic_;
};

/// The integers that a comparison is about, which is of one type, or nullptr.
const IntegerSpan* integers_of(const Formula& formula, std::uint32_t comparison) {
  const auto span_of = [&](Atom::Kind kind, std::uint32_t value) -> const IntegerSpan* {
    if (kind != Atom::Kind::input && kind != Atom::Kind::output) return nullptr;
    const std::vector<IntegerSpan>& spans =
        kind == Atom::Kind::input ? formula.integer_inputs : formula.integer_outputs;
    const auto after = std::upper_bound(
        spans.begin(), spans.end(), value,
        [](std::uint32_t element, const IntegerSpan& span) { return element < span.first; });
    if (after == spans.begin() || value >= std::prev(after)->end) return nullptr;
    return &*std::prev(after);
  };
  for (std::uint32_t i = comparison; i < formula.ast.nodes[comparison].end; ++i) {
    const AstNode& node = formula.ast.nodes[i];
    if (const IntegerSpan* span = span_of(node.left_kind, node.left)) return span;
    if (const IntegerSpan* span = span_of(node.right_kind, node.right)) return span;
  }
  return nullptr;
}

class Evaluation {
 public:
  using Compares = std::function<bool(std::uint32_t)>;
  Evaluation(const Ast& ast, Compares compares) : ast_(ast), compares_(std::move(compares)) {}

  bool all_hold() const {
    for (const std::uint32_t root : ast_.roots)
      if (!holds(root)) return false;
    return true;
  }

 private:
  bool holds(std::uint32_t root) const;

  const Ast& ast_;
  const Compares compares_;
};

// Goes through the formula from left to right. Once some part of a conjunction fails, or of a
// disjunction holds, the rest of it is passed over.
bool Evaluation::holds(std::uint32_t root) const {
  std::vector<std::uint32_t> open;
  std::uint32_t i = root;
  while (true) {
    const NodeKind kind = ast_.nodes[i].kind;
    if (kind == NodeKind::both || kind == NodeKind::either) {
      open.push_back(i++);
      continue;
    }
    bool value = kind == NodeKind::truth || (kind != NodeKind::falsehood && compares_(i));
    i = ast_.nodes[i].end;
    while (!open.empty()) {
      const AstNode& parent = ast_.nodes[open.back()];
      const bool decides = value == (parent.kind == NodeKind::either);
      if (!decides && i < parent.end) break;
      i = parent.end;
      open.pop_back();
    }
    if (open.empty()) return value;
  }
}

}  // namespace

std::shared_ptr<Formula> make_formula(Ast&& ast, const SourceText& source) {
  auto formula = std::make_shared<Formula>();
  formula->ast = std::move(ast);
  formula->ast.warnings.clear();
  const auto move = [&](Atom::Kind kind, std::uint32_t& place) {
    if (kind != Atom::Kind::number) return;
    const std::string_view number = source.number(place);
    place = static_cast<std::uint32_t>(formula->text.size());
    formula->text.append(number).append(1, ' ');
  };
  for (AstNode& node : formula->ast.nodes) {
    move(node.left_kind, node.left);
    move(node.right_kind, node.right);
  }
  return formula;
}

bool holds_exactly(const Formula& formula, std::span<const double> x, std::span<const double> y) {
  const SourceText text(formula.text, "");
  const Exactly exactly(x, y);
  return Evaluation(
             formula.ast,
             [&](std::uint32_t i) { return Comparison(formula.ast, text, exactly).holds(i); })
      .all_hold();
}

bool holds_in(const Formula& formula, DataType type, std::span<const double> x,
              std::span<const double> y) {
  if (formula.exactly && !holds_exactly(formula, x, y)) return false;
  const SourceText text(formula.text, "");
  const Computed computed(type, x, y);
  const bool has_integers = !formula.integer_inputs.empty() || !formula.integer_outputs.empty();
  return Evaluation(
             formula.ast,
             [&](std::uint32_t i) {
               if (const IntegerSpan* integers = has_integers ? integers_of(formula, i) : nullptr)
                 return Comparison(formula.ast, text, Whole(*integers, x, y)).holds(i);
               return Comparison(formula.ast, text, computed).holds(i);
             })
      .all_hold();
}

}  // namespace clipbound::specs
