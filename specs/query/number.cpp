#include "specs/query/number.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "base/rounding.h"
#include "specs/network/float_grid.h"

namespace clipbound::specs {
namespace {

__extension__ typedef unsigned __int128 Wide;

// Beyond these a number is refused: its exact value would cost memory out of proportion to its
// text.
constexpr std::int64_t kMaxMagnitude = 5'000;  // of the decimal exponent
constexpr std::size_t kMaxLength = 20'000;     // characters
constexpr std::size_t kMaxLimbs = std::size_t{1} << 13;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// value = (-1)^negative * 0.digits... : all significant digits lie in [first, last) of the text (a
// point may be among them), the value is their integer times 10^exponent. `head` holds that integer
// where there are at most 19 digits.
struct Decimal {
  bool well_formed = false;
  bool negative = false;
  std::size_t first = 0, last = 0;
  std::int64_t digits = 0;    // without leading zeros
  std::int64_t exponent = 0;  // saturated
  std::uint64_t head = 0;
};

// The exponent's digits from `at` on; saturates, so that absurd ones do not overflow.
bool scan_exponent(std::string_view text, std::size_t at, std::int64_t& exponent) {
  bool negative = false;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) negative = text[at++] == '-';
  if (at == text.size()) return false;
  exponent = 0;
  for (; at < text.size(); ++at) {
    if (!is_digit(text[at])) return false;
    exponent = std::min<std::int64_t>(exponent * 10 + (text[at] - '0'), std::int64_t{1} << 40);
  }
  if (negative) exponent = -exponent;
  return true;
}

Decimal scan(std::string_view text) {
  Decimal d;
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) d.negative = text[at++] == '-';
  bool point = false, any = false;
  std::int64_t fraction = 0;
  d.first = at;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (is_digit(c)) {
      any = true;
      fraction += point;
      if (d.digits > 0 || c != '0') {
        if (d.digits < 19) d.head = d.head * 10 + static_cast<std::uint64_t>(c - '0');
        ++d.digits;
      }
    } else if (c == '.' && !point) {
      point = true;
    } else {
      break;
    }
  }
  d.last = at;
  if (!any) return d;
  std::int64_t exponent = 0;
  if (at < text.size() &&
      ((text[at] != 'e' && text[at] != 'E') || !scan_exponent(text, at + 1, exponent)))
    return d;
  d.exponent = exponent - fraction;
  d.well_formed = true;
  return d;
}

mpq_class value_of(std::string_view text, const Decimal& d) {
  mpq_class value;
  if (d.digits == 0) return value;
  mpz_class& integer = value.get_num();
  if (d.digits <= 19) {
    integer = static_cast<unsigned long>(d.head);
  } else {
    std::string digits(text.substr(d.first, d.last - d.first));
    std::erase(digits, '.');
    integer.set_str(digits, 10);
  }
  if (d.exponent != 0) {
    mpz_class power;
    mpz_ui_pow_ui(power.get_mpz_t(), 10, static_cast<unsigned long>(std::abs(d.exponent)));
    if (d.exponent > 0) {
      integer *= power;
    } else {
      value.get_den() = power;
      value.canonicalize();
    }
  }
  if (d.negative) value = -value;
  return value;
}

constexpr double kExactPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

Wide wide_power(int n) {
  static constexpr std::uint64_t kTenTo11 = 100'000'000'000ULL;
  Wide power = n >= 11 ? kTenTo11 : 1;
  for (int i = n >= 11 ? 11 : 0; i < n; ++i) power *= 10;
  return power;
}

// The sign of head / 10^n - nearest, for 0 <= n <= 22 and nearest > 0 the closest float64. With
// nearest = m * 2^-k both sides of head * 2^k <> m * 10^n stay below 2^127: m has 53 bits, 10^22
// has 74, and the left side is as large as the right.
int compare_exactly(std::uint64_t head, int n, double nearest) {
  const auto bits = std::bit_cast<std::uint64_t>(nearest);
  std::uint64_t m = (bits & ((std::uint64_t{1} << 52) - 1)) | (std::uint64_t{1} << 52);
  int k = 1075 - static_cast<int>(bits >> 52);
  const int zeros = std::min(std::countr_zero(m), std::max(k, 0));
  m >>= zeros;
  k -= zeros;
  const Wide left = k >= 0 ? static_cast<Wide>(head) << k : static_cast<Wide>(head);
  const Wide right = (k >= 0 ? static_cast<Wide>(m) : static_cast<Wide>(m) << -k) * wide_power(n);
  return left < right ? -1 : left > right ? 1 : 0;
}

// float32 rounding of a positive decimal from its float64 rounding, where that decides: rounding is
// monotone, so decimal and float64 lie on the same side of every midpoint of two float32 numbers,
// unless the float64 IS such a midpoint.
bool float32_decided(double nearest) {
  if (!(nearest >= 0x1p-126 && nearest < 0x1p+127)) return false;
  return (std::bit_cast<std::uint64_t>(nearest) & 0x1FFFFFFF) != 0x10000000;
}

// The number of its type nearest to a positive value in [low, high], two adjacent ones.
template <typename T, typename Bits>
T nearest_of(T low, T high, const mpq_class& magnitude) {
  // Infinity is as far from the largest number as that is from the one below it.
  const T step_end = std::isinf(high) ? std::nextafter(low, T(0)) : high;
  mpq_class step = mpq_class(step_end) - mpq_class(low);
  if (std::isinf(high)) step = -step;
  const int side = cmp(mpq_class(2 * (magnitude - mpq_class(low))), step);
  if (side != 0) return side < 0 ? low : high;
  return (std::bit_cast<Bits>(low) & 1U) == 0 ? low : high;
}

// The largest float64 that is <= the positive value.
double truncate(const mpq_class& magnitude) {
  double low = mpq_get_d(magnitude.get_mpq_t());
  if (!(low <= std::numeric_limits<double>::max())) low = std::numeric_limits<double>::max();
  // mpq_get_d truncates; these loops only insure against a library that does not.
  while (low > 0.0 && cmp(mpq_class(low), magnitude) > 0) low = next_down(low);
  while (low < std::numeric_limits<double>::max() && cmp(mpq_class(next_up(low)), magnitude) <= 0)
    low = next_up(low);
  return low;
}

constexpr double kLargest16 = 65504.0;

/// The float16 nearest to a number with these neighbours. What is halfway between two float16
/// numbers is a float64 number: either the number itself, or one of its neighbours, which then lies
/// to one side of it.
double nearest16(const FloatNeighbours& value) {
  const double below = nearest_in(DataType::float16, value.lower),
               above = nearest_in(DataType::float16, value.upper);
  if (below == above || value.lower == value.upper) return below;
  // The largest numbers are rounded as if 2^16 followed.
  const double low = std::max(below, -0x1p16), high = std::min(above, 0x1p16);
  return value.lower - low == high - value.lower ? above : below;
}

FloatNeighbours negated_if(bool negative, const FloatNeighbours& n) {
  if (!negative) return n;
  // 0.0 - x keeps zeros positive, so that equal boxes are equal bit by bit.
  return {0.0 - n.upper, 0.0 - n.lower, 0.0 - n.nearest64, 0.0F - n.nearest32};
}

}  // namespace

bool begins_number(std::string_view text) {
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  if (at < text.size() && text[at] == '.') ++at;
  return at < text.size() && is_digit(text[at]);
}

const char* decimal_problem(std::string_view text) {
  const Decimal d = scan(text);
  if (!d.well_formed) return "is not a decimal number";
  if (text.size() > kMaxLength) return "has more than 20000 characters";
  const std::int64_t magnitude = d.exponent + d.digits;
  if (d.digits > 0 && (magnitude > kMaxMagnitude || magnitude < -kMaxMagnitude)) {
    return "is out of range (1e-5000 to 1e5000)";
  }
  return nullptr;
}

mpq_class decimal_value(std::string_view text) {
  return value_of(text, scan(text));
}

FloatNeighbours decimal_neighbours(std::string_view text) {
  const Decimal d = scan(text);
  if (d.digits == 0) return {};
  if (d.digits > 19 || d.exponent > 0 || d.exponent < -22)
    return rational_neighbours(value_of(text, d));
  const int n = static_cast<int>(-d.exponent);
  double nearest = 0.0;
  if (d.head <= (std::uint64_t{1} << 53)) {
    nearest = static_cast<double>(d.head) / kExactPowers[n];  // both exact, so one rounding
  } else {
    const char* begin = text.data() + d.first;
    std::from_chars(begin, text.data() + text.size(), nearest);  // in range: between 1e-22 and 1e19
  }
  const int side = compare_exactly(d.head, n, nearest);
  FloatNeighbours result{side < 0 ? next_down(nearest) : nearest,
                         side > 0 ? next_up(nearest) : nearest, nearest,
                         static_cast<float>(nearest)};
  if (!float32_decided(nearest)) return rational_neighbours(value_of(text, d));
  return negated_if(d.negative, result);
}

FloatNeighbours float64_neighbours(double value) {
  return {value, value, value, static_cast<float>(value)};
}

FloatNeighbours rational_neighbours(const mpq_class& value) {
  const int sign = sgn(value);
  if (sign == 0) return {};
  const mpq_class magnitude = abs(value);
  FloatNeighbours result;
  result.lower = truncate(magnitude);
  result.upper =
      cmp(mpq_class(result.lower), magnitude) == 0 ? result.lower : next_up(result.lower);
  // Truncating again gives the float32 below, whatever the conversion's own rounding did.
  constexpr float kMax = std::numeric_limits<float>::max();
  float low = result.lower >= static_cast<double>(kMax) ? kMax : static_cast<float>(result.lower);
  if (static_cast<double>(low) > result.lower) low = std::nextafter(low, 0.0F);
  const float high = std::nextafter(low, std::numeric_limits<float>::infinity());
  if (static_cast<double>(low) == result.lower && result.lower == result.upper) {
    result.nearest32 = low;
  } else {
    result.nearest32 = nearest_of<float, std::uint32_t>(low, high, magnitude);
  }
  result.nearest64 = result.lower == result.upper
                         ? result.lower
                         : nearest_of<double, std::uint64_t>(result.lower, result.upper, magnitude);
  return negated_if(sign < 0, result);
}

Number make_number(mpq_class value) {
  Number number;
  if (value.get_den() == 1 && mpz_sizeinbase(value.get_num_mpz_t(), 2) <= 53) {
    number.lower = number.upper = value.get_num().get_d();
  } else {
    const bool negative = sgn(value) < 0;
    const mpq_class magnitude = abs(value);
    const double low = truncate(magnitude);
    const double high = cmp(mpq_class(low), magnitude) == 0 ? low : next_up(low);
    number.lower = negative ? -high : low;
    number.upper = negative ? -low : high;
  }
  number.exact = std::move(value);
  return number;
}

bool bearable(const mpq_class& value) {
  return mpz_size(value.get_num_mpz_t()) <= kMaxLimbs &&
         mpz_size(value.get_den_mpz_t()) <= kMaxLimbs;
}

InputInterval lower_edges(const FloatNeighbours& value) {
  // A bound below all finite numbers of a type excludes none of them: the lowest says the same and
  // stays finite.
  const double rounded32 = std::max(value.nearest32, std::numeric_limits<float>::lowest()),
               rounded64 = std::max(value.nearest64, std::numeric_limits<double>::lowest());
  return {{value.lower, kInfinity},
          {value.upper, kInfinity},
          {rounded32, kInfinity},
          {rounded64, kInfinity},
          {std::max(nearest16(value), -kLargest16), kInfinity}};
}

InputInterval upper_edges(const FloatNeighbours& value) {
  const double rounded32 = std::min(value.nearest32, std::numeric_limits<float>::max()),
               rounded64 = std::min(value.nearest64, std::numeric_limits<double>::max());
  return {{-kInfinity, value.upper},
          {-kInfinity, value.lower},
          {-kInfinity, rounded32},
          {-kInfinity, rounded64},
          {-kInfinity, std::min(nearest16(value), kLargest16)}};
}

}  // namespace clipbound::specs
