#include "specs/network/half.h"

#include <bit>
#include <cmath>
#include <limits>

namespace clipbound::specs {

namespace {

/// Rounds the significand to what is left without its lowest bits; a carry goes into the exponent,
/// as it should.
float without_bits(float x, unsigned bits) {
  const auto all = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t last = (all >> bits) & 1U, below_half = (1U << (bits - 1)) - 1U;
  return std::bit_cast<float>(((all + below_half + last) >> bits) << bits);
}

float nearest_float16(float x) {
  constexpr float kHalfway = 65520.0F;  // between the largest float16 and where the next would be
  const float size = std::fabs(x);
  if (size >= kHalfway) return std::copysign(std::numeric_limits<float>::infinity(), x);
  // Below the normal numbers all are multiples of 2^-24; both products are exact.
  if (size < 0x1p-14F) return std::nearbyint(x * 0x1p24F) * 0x1p-24F;
  return without_bits(x, 13);
}

}  // namespace

float nearest_half(Half format, float x) {
  if (format == Half::none || !std::isfinite(x)) return x;
  return format == Half::float16 ? nearest_float16(x) : without_bits(x, 16);
}

void round_to(Half format, Tensor& tensor) {
  tensor.half = format;
  auto* values = std::get_if<std::vector<float>>(&tensor.values);
  if (format == Half::none || values == nullptr) return;
  for (float& x : *values) x = nearest_half(format, x);
}

float from_bfloat16_bits(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

float from_float16_bits(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fu, fraction = bits & 0x3ffu;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24, exact in float32
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide = exponent == 0x1f ? 0xffu : exponent + 112;
  return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

}  // namespace clipbound::specs
