#pragma once
// Idea: an equation that gives one input from another, X_1 = 0.5 X_8 + 0.1. Few pairs of
// floating-point numbers satisfy one exactly; what a program makes of it is that X_1 is the value
// of the right side, computed in the inputs' type.
// Source: own.
// Guarantees: rounding_of() bounds what value_of() is off the exact right side (S11).
#include <cstdint>
#include <optional>
#include <span>

#include "specs/network/tensor.h"
#include "specs/query/query.h"

namespace clipbound::specs {

/// x_input = factor * x_from + offset, factor not 0.
struct InputDefinition {
  std::int32_t input = 0, from = 0;
  mpq_class factor = 1, offset = 0;
  /// True where the right side is never rounded.
  bool is_exact() const { return abs(factor) == 1 && offset == 0; }
};

/// What half of an equation says of the input that stands alone on one of its sides (Row::defines);
/// nothing where none does.
std::optional<InputDefinition> definition_of(const Row& row);
/// The number of the type that is nearest to a rational.
double nearest_in(DataType type, const mpq_class& value);
/// factor * x + offset as the type computes it: both numbers rounded to it, then the product, then
/// the sum. x is a number of the type.
double value_of(const InputDefinition& definition, DataType type, double x);
/// At least |value_of(x) - (factor * x + offset)| for all |x| <= largest.
mpq_class rounding_of(const InputDefinition& definition, DataType type, const mpq_class& largest);

/// Sets the inputs that others give, one definition after the other.
void complete_inputs(std::span<const InputDefinition> definitions, DataType type,
                     std::span<double> x);

}  // namespace clipbound::specs
