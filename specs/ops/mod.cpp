// Idea: Mod: the remainder of a division. With the attribute fmod it has the sign of the dividend
// (the quotient is cut towards 0), without it, for integers alone, that of the divisor (the
// quotient is rounded down).
// Source: ONNX operator specification, Mod.
// Guarantees: a quotient whose running error reaches over a whole number gives all remainders (S1).
#include <cmath>
#include <type_traits>

#include "specs/ops/binary.h"
#include "specs/ops/enclosed_functions.h"

namespace clipbound::specs {
namespace {

/// The derivatives where there is one: x - q y with a constant q.
template <bool kDown>
struct Remainder {
  template <typename T>
  static T value(T x, T y) {
    const T r = std::fmod(x, y);
    return kDown && r != T(0) && (r < T(0)) != (y < T(0)) ? r + y : r;
  }
  static std::int64_t value(std::int64_t x, std::int64_t y) {
    if (y == 0) throw InputError("integer division by zero");
    const std::int64_t r = y == -1 ? 0 : x % y;  // INT64_MIN / -1 does not exist
    return kDown && r != 0 && (r < 0) != (y < 0) ? r + y : r;
  }
  static Enclosed value(Enclosed x, Enclosed y) {
    const double r = value<double>(x.value, y.value);
    if (x.error == 0.0 && y.error == 0.0) return with_error(r, 0.0);
    const Enclosed quotient = x / y;
    const double first = whole(lower_end(quotient)), last = whole(upper_end(quotient));
    if (first == last && std::isfinite(first)) {
      const Enclosed product = Enclosed(first) * y, exact = x - product;
      // The value is that of numbers, whose quotient may lie beyond.
      return with_error(r, inflate(std::fabs(exact.value - r) + exact.error, 2));
    }
    return anywhere(r, x, y);
  }
  template <typename T>
  static T by_x(T, T, T g) {
    return g;
  }
  template <typename T>
  static T by_y(T x, T y, T g) {
    return -g * whole(x / y);
  }

 private:
  template <typename T>
  static T whole(T quotient) {
    return kDown ? std::floor(quotient) : std::trunc(quotient);
  }
  /// Any remainder: smaller than the divisor, and on the dividend's side of 0 (on the divisor's).
  static Enclosed anywhere(double r, Enclosed x, Enclosed y) {
    const double infinity = std::numeric_limits<double>::infinity();
    if (!(lower_end(y) > 0.0 || upper_end(y) < 0.0)) return with_error(r, infinity);
    const double most = std::max(std::fabs(lower_end(y)), std::fabs(upper_end(y)));
    const Enclosed side = kDown ? y : x;
    const double low = lower_end(side) >= 0.0 ? 0.0 : -most,
                 high = upper_end(side) <= 0.0 ? 0.0 : most;
    return with_error(r, inflate(std::max(high - r, r - low), 2));
  }
};

using RemainderOfCut = Remainder<false>;
using RemainderOfFloor = Remainder<true>;

bool is_cut(const Node& node) {
  return node.int_attribute("fmod", 0) != 0;
}

void infer(Network& network, Node& node) {
  expect_arity(node, 2, 2);
  expect_same_type(network, node, 0, 1);
  const DataType type = input_of(network, node, 0).type;
  if (type == DataType::boolean) throw InputError("inputs are boolean");
  if (type != DataType::int64 && !is_cut(node))
    throw InputError(std::string("inputs are ") + name_of(type) + ", which needs fmod = 1");
  set_output(network, node, 0, type,
             broadcast_shapes(input_of(network, node, 0).shape, input_of(network, node, 1).shape));
}

}  // namespace

OpVerbs verbs_of_mod() {
  return {infer, [](const Network& network, const Node& node) {
            return is_cut(node) ? prepare_as<BinaryOp<RemainderOfCut>>(network, node)
                                : prepare_as<BinaryOp<RemainderOfFloor>>(network, node);
          }};
}

}  // namespace clipbound::specs
