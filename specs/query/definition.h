#pragma once
// Idea: an equation that gives one input from another, X_1 = 0.5 X_8 + 0.1. Few pairs of
// floating-point numbers satisfy one exactly; what a program makes of it is that X_1 is the value
// of the right side, computed in the inputs' type.
// Source: own.
// Guarantees: rounding_of() bounds what value_of() is off the exact right side (S11).
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "specs/network/tensor.h"
#include "specs/query/query.h"

namespace clipbound::specs {

/// A term over one input as a file writes it, in the order in which a program computes it: each
/// step pushes a number or the input, or takes what is pushed last, its arguments.
struct WrittenTerm {
  enum class Kind : std::uint8_t { number, input, plus, minus, times, negate };
  struct Step {
    Kind kind = Kind::input;
    mpq_class number;
    friend bool operator==(const Step& a, const Step& b) = default;
  };
  std::vector<Step> steps;
};
/// Whether two inputs' definitions are written alike; null is like null alone.
bool same_text(const WrittenTerm* a, const WrittenTerm* b);

/// x_input = factor * x_from + offset, factor not 0.
struct InputDefinition {
  std::int32_t input = 0, from = 0;
  mpq_class factor = 1, offset = 0;
  /// The right side as it is written; null: factor * x_from + offset.
  std::shared_ptr<const WrittenTerm> written = {};
  /// True where the right side is never rounded.
  bool is_exact() const { return abs(factor) == 1 && offset == 0 && written == nullptr; }
};

/// What half of an equation says of the input that stands alone on one of its sides (Row::defines);
/// nothing where none does.
std::optional<InputDefinition> definition_of(const Row& row);
/// The number of the type that is nearest to a rational.
double nearest_in(DataType type, const mpq_class& value);
/// The right side as the type computes it: numbers rounded to it, and the result of every
/// operation. x is a number of the type.
double value_of(const InputDefinition& definition, DataType type, double x);
/// At least |value_of(x) - (factor * x + offset)| for all |x| <= largest; no larger at any of them
/// than where it is linear between two.
mpq_class rounding_of(const InputDefinition& definition, DataType type, const mpq_class& largest);

/// Sets the inputs that others give, one definition after the other.
void complete_inputs(std::span<const InputDefinition> definitions, DataType type,
                     std::span<double> x);

}  // namespace clipbound::specs
