// Idea: roundings by comparison with the exact number.
// Source: own.
// Guarantees: see the header.
#include "checker/kernel/arithmetic.h"

#include <cfenv>
#include <limits>
#include <stdexcept>

namespace clipcheck {

namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();
const mpq_class kLargest(std::numeric_limits<double>::max());
}  // namespace

void round_upward() {
  std::fesetround(FE_UPWARD);
  volatile double third = 3.0, tiny = 1e-300, one = 1.0;
  const double above = one / third, sum = one + tiny, negative = (-one) / third;
  if (!(mpq_class(above) * 3 > 1 && sum > 1.0 && mpq_class(negative) * 3 > -1))
    throw std::runtime_error("this machine does not round upward");
}

double down(const mpq_class& x) {
  if (x > kLargest) return std::numeric_limits<double>::max();
  if (x < -kLargest) return -kInfinity;
  double d = x.get_d();  // rounded toward 0, so at most one step off
  while (mpq_class(d) > x) d = std::nextafter(d, -kInfinity);
  return d;
}

double up(const mpq_class& x) {
  return -down(mpq_class(-x));
}

Enclosed enclose(const mpq_class& x) {
  const double middle = down(x);
  if (!std::isfinite(middle)) return {0.0, kInfinity};
  const mpq_class rest = x - mpq_class(middle);
  return {middle, up(rest)};
}

}  // namespace clipcheck
