// Idea: Pow: x^y with broadcasting; the exponent may have another type than the base.
// Source: ONNX operator specification, Pow.
// Guarantees: the value is the C library's; the running error covers the library and the argument
// (enclosed_functions.h, S1).
#include <limits>

#include "specs/ops/binary.h"
#include "specs/ops/enclosed_functions.h"

namespace clipbound::specs {
namespace {

constexpr double kNothingKnown = std::numeric_limits<double>::infinity();

std::int64_t integer_power(std::int64_t x, std::int64_t y) {
  if (y < 0) return x == 1 ? 1 : x == -1 ? (y % 2 == 0 ? 1 : -1) : 0;  // ONNX Runtime truncates
  std::uint64_t result = 1, square = static_cast<std::uint64_t>(x);
  for (; y > 0; y /= 2, square *= square)
    if (y % 2 != 0) result *= square;
  return static_cast<std::int64_t>(result);
}

/// x^y for an exponent that is known exactly.
Enclosed power(Enclosed x, double y) {
  if (y == 1.0) return x;
  if (y == 2.0) return x * x;
  if (y == 3.0) return x * x * x;
  const auto f = [y](double t) { return std::pow(t, y); };
  const double low = lower_end(x), high = upper_end(x), value = f(x.value);
  const bool whole = std::trunc(y) == y;
  const bool even = whole && std::fmod(y, 2.0) == 0.0;
  if (low > 0.0 || (high < 0.0 && whole)) return monotone(x, f);
  // 0 lies inside, or the function is not defined on all of x.
  if (y == 0.0) return {1.0, 0.0};
  if (y < 0.0 || (!whole && low < 0.0)) return with_error(value, kNothingKnown);
  if (!even) return monotone(x, f);
  const double farthest = std::max(std::fabs(low), std::fabs(high));
  // All of x^y lies between 0 and the larger of its values at the ends.
  const double most = inflate((1.0 + kLibraryError) * f(farthest) + kLibraryUnderflow, 8);
  return within(with_error(value, most), 0.0, most);
}

/// x^y for a positive x, or x >= 0 and a positive y: monotone in either, so that the ends decide.
Enclosed power_of_ends(Enclosed computed, Enclosed x, Enclosed y) {
  if (!(lower_end(x) > 0.0 || (lower_end(x) == 0.0 && lower_end(y) > 0.0))) return computed;
  double low = kNothingKnown, high = 0.0;
  for (const double base : {lower_end(x), upper_end(x)}) {
    for (const double exponent : {lower_end(y), upper_end(y)}) {
      const double end = std::pow(base, exponent);
      if (std::isnan(end)) return computed;
      low = std::min(low, end);
      high = std::max(high, end);
    }
  }
  const double least = low - inflate(2.0 * kLibraryError * low + kLibraryUnderflow, 8);
  return within(computed, std::max(0.0, next_down(least)),
                inflate((1.0 + 2.0 * kLibraryError) * high + kLibraryUnderflow, 8));
}

struct PowOf {
  template <typename S>
  static S value(S x, S y) {
    if constexpr (std::is_same_v<S, std::int64_t>) {
      return integer_power(x, y);
    } else {
      // As ONNX Runtime computes the two most frequent exponents.
      if (y == S(2)) return x * x;
      if (y == S(3)) return x * x * x;
      return std::pow(x, y);
    }
  }
  static Enclosed value(Enclosed x, Enclosed y) {
    if (y.error == 0.0) return power(x, y.value);
    const Enclosed by_logarithm = exp(y * log(x));  // knows nothing unless x is certainly positive
    const double value = std::pow(x.value, y.value);
    return power_of_ends(
        with_error(value, inflate(by_logarithm.error + std::fabs(by_logarithm.value - value), 4)),
        x, y);
  }
  template <typename T>
  static T by_x(T x, T y, T g) {
    return g * y * (y == T(2) ? x : std::pow(x, y - T(1)));
  }
  template <typename T>
  static T by_y(T x, T y, T g) {
    return g * std::pow(x, y) * std::log(x);
  }
};

/// Integers, evaluated as numbers of another type. ONNX Runtime cuts 1 / x^n towards 0.
struct IntegerPowOf : PowOf {
  template <typename T>
  static T value(T x, T y) {
    return std::trunc(PowOf::value(x, y));
  }
  static std::int64_t value(std::int64_t x, std::int64_t y) { return integer_power(x, y); }
  static Enclosed value(Enclosed x, Enclosed y) {
    if (y.error == 0.0 && y.value >= 0.0) return PowOf::value(x, y);
    return step_function(PowOf::value(x, y), [](double t) { return std::trunc(t); });
  }
};

std::unique_ptr<const Operation> prepare(const Network& network, const Node& node) {
  if (input_of(network, node, 0).type == DataType::int64)
    return prepare_as<BinaryOp<IntegerPowOf>>(network, node);
  return prepare_as<BinaryOp<PowOf>>(network, node);
}

void infer(Network& network, Node& node) {
  expect_arity(node, 2, 2);
  const Value& x = input_of(network, node, 0);
  const Value& y = input_of(network, node, 1);
  if (x.type == DataType::boolean || y.type == DataType::boolean)
    throw InputError("inputs are boolean");
  if (x.type == DataType::int64 && y.type != DataType::int64)
    throw Unsupported("an integer to the power of a floating-point number");
  set_output(network, node, 0, x.type, broadcast_shapes(x.shape, y.shape));
}

}  // namespace

OpVerbs verbs_of_pow() {
  return {infer, prepare};
}

}  // namespace clipbound::specs
