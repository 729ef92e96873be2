#include "specs/query/definition.h"

#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"
#include "specs/network/float_grid.h"
#include "specs/query/number.h"

namespace clipbound::specs {
namespace {

/// An operation to nearest errs by u times its result, and by eta where that is subnormal.
struct Precision {
  double u, eta;
};
Precision precision_of(DataType type) {
  if (type == DataType::float64) return {0x1p-53, 0x1p-1074};
  if (type == DataType::float32) return {0x1p-24, 0x1p-149};
  return {0x1p-8, 0x1p-24};  // of the types of 16 bits, the larger of each
}

/// Takes the steps of a written term in order: leaf(step) is what a number or the input pushes,
/// combine(kind, a, b) what an operation makes of two.
template <class Value, class Leaf, class Negate, class Combine>
Value run(const WrittenTerm& term, const Leaf& leaf, const Negate& negate, const Combine& combine) {
  using Kind = WrittenTerm::Kind;
  std::vector<Value> stack;
  for (const WrittenTerm::Step& step : term.steps) {
    if (step.kind == Kind::number || step.kind == Kind::input) {
      stack.push_back(leaf(step));
      continue;
    }
    CLIPBOUND_CHECK(!stack.empty());
    Value last = std::move(stack.back());
    if (step.kind == Kind::negate) {
      stack.back() = negate(std::move(last));
    } else {
      stack.pop_back();
      CLIPBOUND_CHECK(!stack.empty());
      stack.back() = combine(step.kind, stack.back(), last);
    }
  }
  CLIPBOUND_CHECK(stack.size() == 1);
  return std::move(stack.back());
}

double written_value(const WrittenTerm& term, DataType type, double x) {
  using Kind = WrittenTerm::Kind;
  return run<double>(
      term,
      [&](const WrittenTerm::Step& step) {
        return step.kind == Kind::input ? x : nearest_in(type, step.number);
      },
      [](double a) { return -a; },
      [&](Kind kind, double a, double b) {
        const double exact = kind == Kind::times ? a * b : kind == Kind::plus ? a + b : a - b;
        return nearest_in(type, exact);
      });
}

/// A value's largest size and how far what is computed may be off.
struct Reach {
  mpq_class size, error;
};

std::optional<mpq_class> written_rounding(const WrittenTerm& term, DataType type,
                                          const mpq_class& largest) {
  using Kind = WrittenTerm::Kind;
  const Precision precision = precision_of(type);
  const mpq_class u(precision.u), eta(precision.eta);
  bool is_known = true;
  const Reach result = run<Reach>(
      term,
      [&](const WrittenTerm::Step& step) {
        if (step.kind == Kind::input) return Reach{largest, 0};
        const double nearest = nearest_in(type, step.number);
        is_known = is_known && std::isfinite(nearest);
        return Reach{abs(step.number),
                     is_known ? abs(mpq_class(nearest) - step.number) : mpq_class(0)};
      },
      [](Reach a) { return a; },
      [&](Kind kind, const Reach& a, const Reach& b) {
        const bool product = kind == Kind::times;
        Reach both;
        both.size = product ? mpq_class(a.size * b.size) : mpq_class(a.size + b.size);
        both.error = product ? mpq_class(a.error * b.size + a.size * b.error + a.error * b.error)
                             : mpq_class(a.error + b.error);
        both.error += u * (both.size + both.error) + eta;
        return both;
      });
  return is_known ? std::optional(result.error) : std::nullopt;
}

}  // namespace

bool same_text(const WrittenTerm* a, const WrittenTerm* b) {
  return a == b || (a != nullptr && b != nullptr && a->steps == b->steps);
}

std::optional<InputDefinition> definition_of(const Row& row) {
  if (row.defines < 0 || row.strict || row.terms.size() != 2) return std::nullopt;
  const bool first = row.terms[0].index == row.defines;
  const Term &own = row.terms[first ? 0 : 1], &other = row.terms[first ? 1 : 0];
  if (own.of != Term::Of::input || other.of != Term::Of::input || own.index != row.defines)
    return std::nullopt;
  return InputDefinition{own.index, other.index, -other.coefficient.exact / own.coefficient.exact,
                         row.threshold.exact / own.coefficient.exact, row.written};
}

double nearest_in(DataType type, const mpq_class& value) {
  const FloatNeighbours neighbours = rational_neighbours(value);
  return type == DataType::float64 ? neighbours.nearest64
                                   : nearest_in(type, static_cast<double>(neighbours.nearest32));
}

double value_of(const InputDefinition& definition, DataType type, double x) {
  if (definition.written != nullptr) return written_value(*definition.written, type, x);
  // Sums and products of two numbers of a shorter type, rounded to float64 first, are rounded as if
  // at once: float64 has more than twice their digits. The calls keep products and sums apart.
  const double product = nearest_in(type, nearest_in(type, definition.factor) * x);
  return nearest_in(type, product + nearest_in(type, definition.offset));
}

mpq_class rounding_of(const InputDefinition& definition, DataType type, const mpq_class& largest) {
  if (definition.is_exact()) return 0;
  if (definition.written != nullptr)
    return written_rounding(*definition.written, type, largest)
        .value_or(mpq_class(std::numeric_limits<double>::max()));
  const double factor = nearest_in(type, definition.factor),
               offset = nearest_in(type, definition.offset);
  if (!std::isfinite(factor) || !std::isfinite(offset)) return std::numeric_limits<double>::max();
  const Precision precision = precision_of(type);
  const mpq_class u(precision.u), eta(precision.eta), product = abs(mpq_class(factor)) * largest;
  // Of the numbers, of the product, and of the sum with the product's rounding in it.
  return abs(mpq_class(factor) - definition.factor) * largest +
         abs(mpq_class(offset) - definition.offset) + u * product +
         u * (product * (1 + u) + abs(mpq_class(offset)) + eta) + 2 * eta;
}

void complete_inputs(std::span<const InputDefinition> definitions, DataType type,
                     std::span<double> x) {
  for (const InputDefinition& d : definitions)
    x[static_cast<std::size_t>(d.input)] = value_of(d, type, x[static_cast<std::size_t>(d.from)]);
}

}  // namespace clipbound::specs
