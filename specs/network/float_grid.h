#pragma once
// Idea: the numbers of a floating-point type, as float64: which one is nearest, which one is next.
// Source: IEEE 754.
// Guarantees: exact; every type's numbers are float64 numbers.
//
// A further type of inputs has its numbers described here and its rounding of decimals in
// specs/query (InputInterval and number.cpp); everything else goes through the two.
#include "specs/network/tensor.h"

namespace clipbound::specs {

/// The number of the type nearest to x (ties to even; infinite beyond the range; NaN stays).
double nearest_in(DataType type, double x);
/// The type's next number above or below x, which is one of its numbers.
double next_up_in(DataType type, double x);
double next_down_in(DataType type, double x);
/// True where x is a finite number of the type.
bool is_number_of(DataType type, double x);

}  // namespace clipbound::specs
