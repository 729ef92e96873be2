// Radii in nine digits never claim more than what is known: compared with the number as a rational.
#include <gtest/gtest.h>

#include <cmath>

#include "cli/radius_text.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// A decimal as "%.9g" writes it, exactly.
Rational value_of(const std::string& text) {
  const std::size_t e = text.find('e'), point = text.find('.');
  std::string digits = text.substr(0, e);
  long exponent = e == std::string::npos ? 0 : std::atol(text.c_str() + e + 1);
  if (point != std::string::npos) {
    digits.erase(point, 1);
    exponent -= static_cast<long>(digits.size() - point);
  }
  Rational value(mpz_class(digits, 10));
  for (; exponent > 0; --exponent) value *= 10;
  for (; exponent < 0; ++exponent) value /= 10;
  return value;
}

TEST(RadiusText, NineDigitsAreEnoughForSome) {
  for (const double radius : {0.0, 0.125, 0.25, 1.0, 3.0, 1024.0, 123456789.0, 0x1p-12}) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", radius);
    EXPECT_EQ(cli::radius_below(radius), text);
    EXPECT_EQ(cli::radius_above(radius), text);
  }
}

TEST(RadiusText, RoundsTowardsWhatIsKnown) {
  // The float64 number next to 0.3 is below it, that next to 0.1 above.
  EXPECT_EQ(cli::radius_below(0.3), "0.299999999");
  EXPECT_EQ(cli::radius_above(0.3), "0.3");
  EXPECT_EQ(cli::radius_below(0.1), "0.1");
  EXPECT_EQ(cli::radius_above(0.1), "0.100000001");
  EXPECT_EQ(cli::radius_below(2.0 / 3.0), "0.666666666");
  EXPECT_EQ(cli::radius_above(2.0 / 3.0), "0.666666667");
  EXPECT_EQ(cli::radius_below(std::nextafter(1.0, 0.0)), "0.999999999");
  EXPECT_EQ(cli::radius_above(std::nextafter(1.0, 0.0)), "1");
  EXPECT_EQ(cli::radius_below(5e-324), "0");
}

TEST(RadiusText, BracketsEveryNumberByOneStepOfTheLastDigit) {
  Dice dice(97);
  for (int trial = 0; trial < 2000; ++trial) {
    const double radius = dice.uniform(0.1, 1.0) * std::pow(10.0, dice.uniform(-40.0, 10.0));
    const Rational exact(radius), below = value_of(cli::radius_below(radius)),
                                  above = value_of(cli::radius_above(radius));
    EXPECT_LE(below, exact) << radius;
    EXPECT_GE(above, exact) << radius;
    EXPECT_LE((above - below) * 100000000, above) << radius;
  }
}

}  // namespace
}  // namespace clipbound::test
