#pragma once
// Idea: radii in nine digits that claim no more than what is known.
// Source: own.
// Guarantees: the decimal of radius_below() is at most the number, that of radius_above() at least;
// both are it where nine digits say it exactly.
#include <string>

namespace clipbound::cli {

/// A finite number >= 0 as "%.9g" writes it, rounded towards 0: for what was proved.
std::string radius_below(double radius);
/// The same, rounded up: for the distance of a counterexample.
std::string radius_above(double radius);
/// Any number, infinite ones too ("inf", "-inf"): at most the number, and at least it, in nine
/// digits. For the ends of an interval.
std::string decimal_below(double number);
std::string decimal_above(double number);

}  // namespace clipbound::cli
