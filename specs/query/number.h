#pragma once
// Idea: decimal text and rationals as exact numbers, and where they lie between the floating-point
// numbers.
// Source: own; roundings are IEEE 754's (nearest, ties to even) of the exact decimal.
// Guarantees: lower <= exact <= upper, adjacent or equal (S11).
//
// Nothing here goes through an intermediate format: float32 is the rounding of the decimal itself,
// never of its float64.
#include <gmpxx.h>

#include <string_view>

#include "base/floors.h"
#include "specs/query/query.h"

namespace clipbound::specs {

/// The floating-point neighbours of a real number: lower <= value <= upper are adjacent float64
/// numbers (equal where the value is one; infinite beyond the range), nearest64 and nearest32 its
/// roundings to the types that inputs have (nearest, ties to even; may be infinite).
struct FloatNeighbours {
  double lower = 0.0, upper = 0.0, nearest64 = 0.0;
  float nearest32 = 0.0F;
};

/// True where `text` begins as a number does (a digit, or a sign or a point before one), well
/// formed or not.
bool begins_number(std::string_view text);
/// nullptr where `text` is a decimal ([+-] digits with at most one point [e exponent]) of bearable
/// size, otherwise what is wrong with it. The functions below expect texts that passed this test.
const char* decimal_problem(std::string_view text);
/// The neighbours of a decimal. Common decimals cost no rational arithmetic.
FloatNeighbours decimal_neighbours(std::string_view text);
/// The exact value of a decimal.
mpq_class decimal_value(std::string_view text);

/// The neighbours of a float64 number: itself.
FloatNeighbours float64_neighbours(double value);
/// The neighbours of a (canonical) rational.
FloatNeighbours rational_neighbours(const mpq_class& value);
/// A rational with its tightest float64 enclosure.
Number make_number(mpq_class value);
/// True where numerator and denominator are small enough to calculate on (2^19 bits each).
bool bearable(const mpq_class& value);

/// The interval (query.h) of `x >= value` / `x <= value`, from the value's neighbours; its other
/// side is left infinite.
InputInterval lower_edges(const FloatNeighbours& value);
InputInterval upper_edges(const FloatNeighbours& value);

}  // namespace clipbound::specs
