#pragma once
// Idea: 16-bit floating formats (float16, bfloat16), whose numbers are held as float32.
// Source: IEEE 754 (binary16); bfloat16 is the upper half of a float32.
// Guarantees: rounding is to nearest, ties to even; infinite beyond the range; NaN stays NaN.
#include <cstdint>

#include "specs/network/tensor.h"

namespace clipbound::specs {

/// The number of the format nearest to x; x itself for Half::none.
float nearest_half(Half format, float x);
/// The same for every element of a tensor held as float32, which then says so.
void round_to(Half format, Tensor& tensor);
/// The number that the bits of a float16 or bfloat16 stand for.
float from_float16_bits(std::uint16_t bits);
float from_bfloat16_bits(std::uint16_t bits);

}  // namespace clipbound::specs
