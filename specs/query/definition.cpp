#include "specs/query/definition.h"

#include <cmath>
#include <limits>

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

}  // namespace

std::optional<InputDefinition> definition_of(const Row& row) {
  if (row.defines < 0 || row.strict || row.terms.size() != 2) return std::nullopt;
  const bool first = row.terms[0].index == row.defines;
  const Term &own = row.terms[first ? 0 : 1], &other = row.terms[first ? 1 : 0];
  if (own.of != Term::Of::input || other.of != Term::Of::input || own.index != row.defines)
    return std::nullopt;
  return InputDefinition{own.index, other.index, -other.coefficient.exact / own.coefficient.exact,
                         row.threshold.exact / own.coefficient.exact};
}

double nearest_in(DataType type, const mpq_class& value) {
  const FloatNeighbours neighbours = rational_neighbours(value);
  return type == DataType::float64 ? neighbours.nearest64
                                   : nearest_in(type, static_cast<double>(neighbours.nearest32));
}

double value_of(const InputDefinition& definition, DataType type, double x) {
  // Sums and products of two numbers of a shorter type, rounded to float64 first, are rounded as if
  // at once: float64 has more than twice their digits. The calls keep products and sums apart.
  const double product = nearest_in(type, nearest_in(type, definition.factor) * x);
  return nearest_in(type, product + nearest_in(type, definition.offset));
}

mpq_class rounding_of(const InputDefinition& definition, DataType type, const mpq_class& largest) {
  if (definition.is_exact()) return 0;
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
