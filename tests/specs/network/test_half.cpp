// 16-bit formats: every number, every rounding, against arithmetic that says it in another way.
#include "specs/network/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// By the definition: sign, exponent, significand.
double float16_by_definition(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const double size = exponent == 31  ? (fraction == 0 ? kInfinity : NAN)
                      : exponent == 0 ? std::ldexp(fraction, -24)
                                      : std::ldexp(1024 + fraction, exponent - 25);
  return (bits & 0x8000) != 0 ? -size : size;
}

TEST(Half, EveryFloat16IsReadAndStays) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float x = from_float16_bits(half);
    const double wanted = float16_by_definition(half);
    if (std::isnan(wanted)) {
      EXPECT_TRUE(std::isnan(x) && std::isnan(nearest_half(Half::float16, x))) << bits;
      continue;
    }
    ASSERT_EQ(static_cast<double>(x), wanted) << bits;
    ASSERT_EQ(std::signbit(x), bits >= 0x8000) << bits;
    ASSERT_EQ(nearest_half(Half::float16, x), x) << bits;
  }
}

/// Between every two neighbours: the middle goes to the even one, what is nearer to one goes there.
TEST(Half, RoundsToTheNearestFloat16) {
  for (std::uint16_t bits = 0; bits < 0x7bff; ++bits) {  // 0 to the largest but one
    const float low = from_float16_bits(bits),
                high = from_float16_bits(static_cast<std::uint16_t>(bits + 1));
    const float middle = 0.5f * (low + high);  // exact: 12 bits
    const float even = (bits & 1) == 0 ? low : high;
    for (const float sign : {1.0f, -1.0f}) {
      ASSERT_EQ(nearest_half(Half::float16, sign * middle), sign * even) << bits;
      ASSERT_EQ(nearest_half(Half::float16, sign * std::nextafter(middle, 0.0f)), sign * low);
      ASSERT_EQ(nearest_half(Half::float16, sign * std::nextafter(middle, kInfinity)), sign * high);
    }
  }
}

TEST(Half, IsInfiniteBeyondTheRangeOnly) {
  EXPECT_EQ(nearest_half(Half::float16, 65519.996f), 65504.0f);
  EXPECT_EQ(nearest_half(Half::float16, 65520.0f), kInfinity);
  EXPECT_EQ(nearest_half(Half::float16, -1e30f), -kInfinity);
  EXPECT_EQ(nearest_half(Half::float16, kInfinity), kInfinity);
  EXPECT_EQ(nearest_half(Half::float16, 0x1p-25f), 0.0f) << "half of the least one: even is 0";
  EXPECT_TRUE(std::signbit(nearest_half(Half::float16, -0x1p-30f)));
  EXPECT_EQ(nearest_half(Half::bfloat16, std::numeric_limits<float>::max()), kInfinity);
  EXPECT_TRUE(std::isnan(nearest_half(Half::bfloat16, std::bit_cast<float>(0x7f800001u))));
}

TEST(Half, RoundsToTheNearestBfloat16) {
  std::mt19937 generator(3);
  for (int round = 0; round < 100000; ++round) {
    const auto upper = static_cast<std::uint16_t>(generator() % 0x7f7f);
    const float low = from_bfloat16_bits(upper),
                high = from_bfloat16_bits(static_cast<std::uint16_t>(upper + 1));
    const float x = std::bit_cast<float>((static_cast<std::uint32_t>(upper) << 16) |
                                         static_cast<std::uint32_t>(generator() & 0xffff));
    const double below = static_cast<double>(x) - low, above = static_cast<double>(high) - x;
    const float nearest = below < above ? low : above < below ? high : upper % 2 == 0 ? low : high;
    ASSERT_EQ(nearest_half(Half::bfloat16, x), nearest) << x;
    ASSERT_EQ(nearest_half(Half::bfloat16, -x), -nearest) << x;
  }
}

TEST(Half, NoneLeavesNumbersAlone) {
  EXPECT_EQ(nearest_half(Half::none, 0.1f), 0.1f);
  Tensor tensor{{2}, std::vector<float>{0.1f, 1.0f}};
  round_to(Half::none, tensor);
  EXPECT_EQ(tensor.at(0), static_cast<double>(0.1f));
  round_to(Half::float16, tensor);
  EXPECT_EQ(tensor.at(0), 0.0999755859375);
  EXPECT_EQ(tensor.half, Half::float16);
}

}  // namespace
}  // namespace clipbound::test
