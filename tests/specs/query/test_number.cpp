// Decimals against rationals: what lies between a decimal and its neighbours is decided by
// comparing exact values.
#include "specs/query/number.h"

#include <bit>
#include <cfenv>
#include <random>

#include "base/rounding.h"
#include "specs/network/float_grid.h"
#include "tests/specs/vnnlib/helpers.h"

namespace {

using namespace clipbound;
using namespace clipbound::specs;

using clipbound::base::kInfinity;

mpq_class two_to(unsigned long exponent) {
  return mpq_class(mpz_class(1) << exponent);
}

/// The float64 nearest to a rational (ties to even): one of its two neighbours.
double nearest_double(const mpq_class& value) {
  const Number number = make_number(value);
  const auto distance = [&](double x) {
    return std::isinf(x) ? two_to(1100) : mpq_class(abs(mpq_class(x) - value));
  };
  const int side = cmp(distance(number.lower), distance(number.upper));
  const bool lower_is_even = (std::bit_cast<std::uint64_t>(number.lower) & 1U) == 0;
  return side < 0 || (side == 0 && lower_is_even) ? number.lower : number.upper;
}

// Checks everything that a decimal's text is turned into against its exact value.
void check(const std::string& text) {
  SCOPED_TRACE(text);
  ASSERT_EQ(decimal_problem(text), nullptr);
  const mpq_class exact = slow::decimal(text);
  ASSERT_EQ(decimal_value(text), exact);
  const FloatNeighbours n = decimal_neighbours(text);
  const FloatNeighbours r = rational_neighbours(exact);
  ASSERT_EQ(n.lower, r.lower);
  ASSERT_EQ(n.upper, r.upper);
  ASSERT_EQ(n.nearest32, r.nearest32);
  if (n.lower != -kInfinity) {
    ASSERT_LE(mpq_class(n.lower), exact);
  }
  if (n.upper != kInfinity) {
    ASSERT_GE(mpq_class(n.upper), exact);
  }
  if (n.lower != n.upper) {
    ASSERT_EQ(std::nextafter(n.lower, kInfinity), n.upper);
    if (n.lower != -kInfinity) {
      ASSERT_NE(mpq_class(n.lower), exact);
    }
    if (n.upper != kInfinity) {
      ASSERT_NE(mpq_class(n.upper), exact);
    }
  }
  if (!std::isinf(n.nearest32)) {
    ASSERT_EQ(n.nearest32, slow::nearest_float(exact));
  }
  ASSERT_EQ(n.nearest64, r.nearest64);
  if (!std::isinf(n.nearest64)) {
    ASSERT_EQ(n.nearest64, nearest_double(exact));
  }
  ASSERT_EQ(std::isinf(n.nearest64), abs(exact) >= two_to(1024) - two_to(970));
  ASSERT_EQ(std::isinf(n.nearest32), abs(exact) >= mpq_class(0x1p128 - 0x1p103));
  const Number number = make_number(exact);
  ASSERT_EQ(number.lower, n.lower);
  ASSERT_EQ(number.upper, n.upper);
  ASSERT_EQ(number.exact, exact);
}

std::string random_digits(std::mt19937_64& random, int count) {
  std::string digits;
  for (int i = 0; i < count; ++i) digits += static_cast<char>('0' + random() % 10);
  return digits;
}

// The exact decimal of a finite float64.
std::string exact_text(const mpq_class& value) {
  mpz_class num = abs(value.get_num());
  mpz_class den = value.get_den();
  long places = 0;
  while (den != 1) {  // den is a power of two
    den /= 2;
    num *= 5;
    ++places;
  }
  return (sgn(value) < 0 ? "-" : "") + num.get_str() + "e-" + std::to_string(places);
}

TEST(Number, KnownValues) {
  const FloatNeighbours tenth = decimal_neighbours("0.1");
  EXPECT_EQ(tenth.upper, 0.1);  // 0.1 is rounded up
  EXPECT_EQ(tenth.lower, std::nextafter(0.1, 0.0));
  EXPECT_EQ(tenth.nearest32, 0.1F);
  const FloatNeighbours half = decimal_neighbours("-0.5");
  EXPECT_EQ(half.lower, -0.5);
  EXPECT_EQ(half.upper, -0.5);
  // Between two float32 numbers, and just above the middle by less than float64 sees: double
  // rounding would go to even.
  EXPECT_EQ(decimal_neighbours("1.000000178813934326171875").nearest32, 1.0000002384185791015625F);
  EXPECT_EQ(decimal_neighbours("1.00000017881393432617187500000000001").nearest32,
            1.0000002384185791015625F);
  EXPECT_EQ(decimal_neighbours("1.000000059604644775390625").nearest32, 1.0F);
  EXPECT_EQ(decimal_neighbours("1.00000005960464477539062500000000001").nearest32,
            std::nextafterf(1.0F, 2.0F));
  EXPECT_EQ(decimal_neighbours("1.00000005960464477539062499999999999").nearest32, 1.0F);
}

TEST(Number, ShapesOfDecimals) {
  for (const char* text : {"3.", ".5", "-.5", "+.5e1", "-3.e-2", "007", "0", "-0", "0.000", "1e5",
                           "1E5", "1e+05", "1e-05", "0e999999999", "12345678901234567890",
                           "9007199254740993", "0.000000000000000000000000000001"}) {
    EXPECT_TRUE(begins_number(text)) << text;
    if (std::string(text).size() < 32 && std::string(text) != "0e999999999") check(text);
  }
  EXPECT_EQ(sgn(decimal_value("0e999999999")), 0);
  EXPECT_FALSE(std::signbit(decimal_neighbours("-0").lower));
  for (const char* text : {"", "-", "+", ".", "-.", "e5", "X_0", "inf", "nan", "-inf"})
    EXPECT_FALSE(begins_number(text));
  for (const char* text : {"1..2", "1.2.3", "1e", "1e+", "1e5.0", "1e5e5", "0x10", "1f", "--1",
                           "1_000", "1,5", "1e-"}) {
    EXPECT_NE(decimal_problem(text), nullptr) << text;
  }
}

TEST(Number, AbsurdSizesAreRefusedCheaply) {
  for (const char* text :
       {"1e999999999", "1e-999999999", "-1e99999999999999999999999", "1e5001", "12345e4999"}) {
    EXPECT_NE(decimal_problem(text), nullptr) << text;
  }
  EXPECT_NE(decimal_problem(std::string(1'000'000, '1')), nullptr);
  EXPECT_EQ(decimal_problem("1e4000"), nullptr);
  EXPECT_EQ(decimal_neighbours("1e4000").upper, kInfinity);
  EXPECT_EQ(decimal_neighbours("1e4000").lower, std::numeric_limits<double>::max());
  EXPECT_EQ(decimal_neighbours("-1e-4000").lower, -0x1p-1074);
  EXPECT_EQ(decimal_neighbours("-1e-4000").upper, 0.0);
}

TEST(Number, RandomDecimals) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 60'000; ++i) {
    std::string text = random() % 2 ? "-" : "";
    text += random_digits(random, static_cast<int>(random() % 4));
    const int places = static_cast<int>(random() % 24);
    if (places > 0 || text.empty() || text == "-") text += "." + random_digits(random, places + 1);
    if (random() % 4 == 0) text += "e" + std::to_string(static_cast<int>(random() % 100) - 50);
    check(text);
    if (HasFatalFailure()) return;
  }
}

TEST(Number, PrintedFloatsAndDoubles) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> uniform(-3, 3);
  char text[64];
  for (int i = 0; i < 30'000; ++i) {
    const double x = uniform(random) * std::pow(10.0, static_cast<int>(random() % 20) - 10);
    const char* format[] = {"%.17g", "%.16g", "%.8f", "%.18f", "%.9g"};
    std::snprintf(text, sizeof text, format[random() % 5],
                  random() % 2 ? x : static_cast<double>(static_cast<float>(x)));
    check(text);
    if (HasFatalFailure()) return;
  }
}

// Ties of float32 and float64, and what lies a digit beside them, with subnormals and the ends of
// the range among them.
TEST(Number, TiesAndTheirNeighbours) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 4'000; ++i) {
    double x = 0.0, next = 0.0;
    if (random() % 2) {
      const auto bits =
          static_cast<std::uint32_t>(random() % 0x7F800000U) >> (random() % 3 == 0 ? 9 : 0);
      const float f = std::bit_cast<float>(bits);
      x = f;
      next = std::nextafterf(f, INFINITY);
      if (std::isinf(next)) next = 0x1p128;
    } else {
      x = std::bit_cast<double>((random() % 0x7FE0000000000000ULL) >> (random() % 3 == 0 ? 12 : 0));
      next = std::nextafter(x, kInfinity);
    }
    const mpq_class middle = (mpq_class(x) + mpq_class(next)) / 2;
    if (sgn(middle) == 0) continue;
    const std::string text = exact_text(middle);
    check(text);
    check("-" + text);
    const auto e = text.find('e');
    const long places = std::stol(text.substr(e + 2));
    check(text.substr(0, e) + "1e-" + std::to_string(places + 1));
    const mpz_class below = mpz_class(text.substr(0, e) + "0", 10) - 1;
    check(below.get_str() + "e-" + std::to_string(places + 1));
    if (HasFatalFailure()) return;
  }
}

TEST(Number, RandomRationals) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 20'000; ++i) {
    mpq_class value(static_cast<long>(random() >> (1 + random() % 60)),
                    static_cast<long>((random() >> (1 + random() % 60)) | 1));
    value.canonicalize();
    if (random() % 2) value = -value;
    const FloatNeighbours n = rational_neighbours(value);
    ASSERT_LE(mpq_class(n.lower), value);
    ASSERT_GE(mpq_class(n.upper), value);
    ASSERT_TRUE(n.lower == n.upper ||
                (std::nextafter(n.lower, kInfinity) == n.upper && mpq_class(n.lower) < value));
    ASSERT_EQ(n.nearest32, slow::nearest_float(value));
  }
}

/// The float16 nearest to a rational (ties to even), by comparing exact distances.
double nearest_half_to(const mpq_class& value) {
  const double guess = nearest_in(DataType::float16, value.get_d());
  double best = guess;
  mpq_class distance = abs(mpq_class(guess) - value);
  for (const double other :
       {next_down_in(DataType::float16, guess), next_up_in(DataType::float16, guess)}) {
    if (std::isinf(other)) continue;
    const mpq_class d = abs(mpq_class(other) - value);
    const bool even = std::fmod(other / (0.5 * std::fabs(other - guess)), 4.0) == 0.0;
    if (d < distance || (d == distance && even)) {
      distance = d;
      best = other;
    }
  }
  return best;
}

TEST(Number, EdgesInFloat16AreRoundedOnce) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    const double x = nearest_in(DataType::float16,
                                std::ldexp(std::uniform_real_distribution<double>(-1, 1)(random),
                                           static_cast<int>(random() % 40) - 24));
    mpq_class value(x);
    const double next = next_up_in(DataType::float16, x);
    if (std::isinf(next) || std::isinf(x)) continue;
    // On, and by a hair beside, what lies halfway; and anywhere.
    const mpq_class middle = (mpq_class(x) + mpq_class(next)) / 2,
                    hair(1, mpz_class(1) << (random() % 200));
    switch (random() % 4) {
      case 0: value = middle; break;
      case 1: value = middle + hair * (mpq_class(next) - mpq_class(x)) / 4; break;
      case 2: value = middle - hair * (mpq_class(next) - mpq_class(x)) / 4; break;
      default: value += hair * (mpq_class(next) - mpq_class(x));
    }
    const FloatNeighbours n = rational_neighbours(value);
    const double expected = nearest_half_to(value);
    if (std::isinf(expected)) continue;
    ASSERT_EQ(lower_edges(n).ends_in(DataType::float16).lower, expected) << value.get_d();
    ASSERT_EQ(upper_edges(n).ends_in(DataType::float16).upper, expected) << value.get_d();
    ASSERT_LE(lower_edges(n).proof_in(DataType::float16).lower, expected);
    ASSERT_LE(mpq_class(lower_edges(n).proof_in(DataType::float16).lower), value);
  }
  EXPECT_EQ(upper_edges(decimal_neighbours("65520")).ends_in(DataType::float16).upper, 65504.0);
  EXPECT_EQ(lower_edges(decimal_neighbours("65520")).ends_in(DataType::float16).lower, kInfinity);
  EXPECT_EQ(lower_edges(decimal_neighbours("65519.9")).ends_in(DataType::float16).lower, 65504.0);
}

// Edges as query.h defines them.
TEST(Number, Edges) {
  for (const std::string text :
       {"0.1", "-0.1", "0.3", "0.5", "1e-50", "16777217", "0.019999999552965164"}) {
    const mpq_class exact = slow::decimal(text);
    const auto f = static_cast<double>(slow::nearest_float(exact));
    const InputInterval low = lower_edges(decimal_neighbours(text)),
                        high = upper_edges(decimal_neighbours(text));
    EXPECT_LE(mpq_class(low.proof_in(DataType::float32).lower), exact);
    EXPECT_LE(low.proof_in(DataType::float32).lower, f);
    EXPECT_GE(mpq_class(high.proof_in(DataType::float32).upper), exact);
    EXPECT_GE(high.proof_in(DataType::float32).upper, f);
    EXPECT_EQ(low.ends_in(DataType::float32).lower, static_cast<float>(f));
    EXPECT_EQ(high.ends_in(DataType::float32).upper, static_cast<float>(f));
    EXPECT_EQ(low.ends_in(DataType::float64).lower, nearest_double(exact));
    EXPECT_EQ(high.ends_in(DataType::float64).upper, nearest_double(exact));
    // In float64 nothing is added to the decimals but their own rounding.
    EXPECT_EQ(low.proof_in(DataType::float64), (Ends{make_number(exact).lower, kInfinity}));
    EXPECT_EQ(high.proof_in(DataType::float64), (Ends{-kInfinity, make_number(exact).upper}));
    EXPECT_GE(mpq_class(low.exact.lower), exact);
    EXPECT_LT(mpq_class(std::nextafter(low.exact.lower, -kInfinity)), exact);
    EXPECT_LE(mpq_class(high.exact.upper), exact);
    EXPECT_GT(mpq_class(std::nextafter(high.exact.upper, kInfinity)), exact);
  }
  // Beyond float32: no finite number is excluded by the one, all by the other.
  EXPECT_EQ(upper_edges(decimal_neighbours("1e39")).ends_in(DataType::float32).upper,
            std::numeric_limits<float>::max());
  EXPECT_EQ(lower_edges(decimal_neighbours("1e39")).ends_in(DataType::float32).lower,
            std::numeric_limits<float>::infinity());
  EXPECT_EQ(lower_edges(decimal_neighbours("-1e39")).ends_in(DataType::float32).lower,
            std::numeric_limits<float>::lowest());
}

}  // namespace
