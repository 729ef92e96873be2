// The outward-rounded operations against std::nextafter and against exact arithmetic in long
// double.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "base/rounding.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<double> samples() {
  std::vector<double> values = {0.0,
                                -0.0,
                                1.0,
                                -1.0,
                                0x1p-1074,
                                -0x1p-1074,
                                kSmallestNormal,
                                -kSmallestNormal,
                                0x1p-1023,
                                std::numeric_limits<double>::max(),
                                std::numeric_limits<double>::lowest(),
                                kInfinity,
                                -kInfinity};
  std::mt19937_64 random(7);
  while (values.size() < 20'000) {
    const double value = std::bit_cast<double>(random());
    if (!std::isnan(value)) values.push_back(value);
  }
  return values;
}

TEST(Rounding, NeighboursAreThoseOfNextafter) {
  for (const double x : samples()) {
    // The header's promise: infinity in the direction of the step stays; the other one may only
    // move inwards.
    EXPECT_EQ(next_up(x), std::nextafter(x, kInfinity)) << x;
    EXPECT_EQ(next_down(x), std::nextafter(x, -kInfinity)) << x;
  }
}

TEST(Rounding, NanStaysNan) {
  const double nan = std::nan("");
  EXPECT_TRUE(std::isnan(next_up(nan)));
  EXPECT_TRUE(std::isnan(next_down(nan)));
  EXPECT_TRUE(std::isnan(add_up(nan, 1.0)));
  EXPECT_TRUE(std::isnan(div_down(nan, 1.0)));
}

/// Values of a few bits at moderate exponents, where long double (64 bits) holds sums exactly and
/// products of 32 bits too.
double moderate(std::mt19937_64& random) {
  const auto mantissa = static_cast<double>(static_cast<std::int64_t>(random()) >> 32);
  return std::ldexp(mantissa, static_cast<int>(random() % 40) - 20);
}

TEST(Rounding, SumsAndProductsEncloseTheExactValue) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 20'000; ++i) {
    const double a = moderate(random) * (1.0 + 0x1p-40), b = moderate(random);
    const long double product =
        static_cast<long double>(b) * static_cast<long double>(static_cast<float>(a));
    EXPECT_LE(static_cast<long double>(mul_down(b, static_cast<float>(a))), product);
    EXPECT_GE(static_cast<long double>(mul_up(b, static_cast<float>(a))), product);
    // 0.1 has all 53 bits; a sum of it and b spans too many bits only where b is large, where long
    // double rounds: skip.
    const long double sum = static_cast<long double>(b) + static_cast<long double>(0.1);
    if (sum - static_cast<long double>(b) == static_cast<long double>(0.1)) {
      EXPECT_LE(static_cast<long double>(add_down(b, 0.1)), sum);
      EXPECT_GE(static_cast<long double>(add_up(b, 0.1)), sum);
    }
  }
}

TEST(Rounding, QuotientsEncloseTheExactValue) {
  std::mt19937_64 random(13);
  for (int i = 0; i < 20'000; ++i) {
    const double a = moderate(random), b = moderate(random);
    if (b == 0.0) continue;
    // q <= a / b  iff  q * b <= a (b > 0); long double divides with 11 more bits, enough to tell
    // neighbours apart.
    const long double exact = static_cast<long double>(a) / static_cast<long double>(b);
    EXPECT_LE(static_cast<long double>(div_down(a, b)), exact);
    EXPECT_GE(static_cast<long double>(div_up(a, b)), exact);
  }
}

TEST(Rounding, ProductsThatUnderflowAreStillEnclosed) {
  EXPECT_GT(mul_up(0x1p-600, 0x1p-600), 0.0);
  EXPECT_LT(mul_down(0x1p-600, -0x1p-600), 0.0);
  EXPECT_EQ(mul_up(0.0, kInfinity),
            0.0);  // a zero coefficient of an unbounded input counts nothing
}

TEST(Rounding, GammaIsAtLeastItsDefinition) {
  for (const double k : {1.0, 2.0, 10.0, 1000.0, 1e6, 1e12}) {
    const long double ku = static_cast<long double>(k) * 0x1p-53L;
    EXPECT_GE(static_cast<long double>(gamma_bound(k)), ku / (1 - ku)) << k;
    EXPECT_LE(static_cast<long double>(gamma_bound(k)), ku / (1 - ku) * (1 + 0x1p-49L)) << k;
  }
}

}  // namespace
}  // namespace clipbound::test
