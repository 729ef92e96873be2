#include "cli/radius_text.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace clipbound::cli {

namespace {

constexpr std::size_t kDigits = 9;
/// No float64 number has more digits than these and one before the point, so nothing is rounded.
constexpr int kExactDecimals = 766;
/// Below, float64 numbers are too far apart to write nine digits by them.
constexpr double kLeast = 1e-290;

std::string rounded(double radius, bool up) {
  if (radius == 0.0) return "0";
  if (radius < kLeast) return up ? "1e-290" : "0";
  char exact[kExactDecimals + 16];  // d.ddd...e-dd
  std::snprintf(exact, sizeof exact, "%.*e", kExactDecimals, radius);
  const std::string_view text = exact;
  const std::size_t e = text.find('e');
  std::string digits(1, text[0]);
  digits += text.substr(2, kDigits - 1);
  const bool inexact =
      text.substr(kDigits + 1, e - kDigits - 1).find_first_not_of('0') != std::string_view::npos;
  const long whole = std::atol(digits.c_str()) + (up && inexact ? 1 : 0);
  const long exponent = std::atol(exact + e + 1) - static_cast<long>(kDigits - 1);
  // Nine digits become a float64 number and come back as they were.
  const std::string decimal = std::to_string(whole) + "e" + std::to_string(exponent);
  char shown[32];
  std::snprintf(shown, sizeof shown, "%.*g", static_cast<int>(kDigits),
                std::strtod(decimal.c_str(), nullptr));
  return shown;
}

}  // namespace

std::string radius_below(double radius) {
  return rounded(radius, false);
}

std::string radius_above(double radius) {
  return rounded(radius, true);
}

std::string decimal_below(double number) {
  if (std::isinf(number)) return number > 0.0 ? "inf" : "-inf";
  if (!(number < 0.0)) return radius_below(number);
  const std::string opposite = radius_above(-number);
  return opposite == "0" ? opposite : "-" + opposite;
}

std::string decimal_above(double number) {
  if (std::isinf(number)) return number > 0.0 ? "inf" : "-inf";
  if (!(number < 0.0)) return radius_above(number);
  const std::string opposite = radius_below(-number);
  return opposite == "0" ? opposite : "-" + opposite;
}

}  // namespace clipbound::cli
