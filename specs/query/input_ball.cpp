#include "specs/query/input_ball.h"

#include <cmath>

#include "base/rounding.h"

namespace clipbound::specs {

using base::add_up;
using base::div_up;
using base::mul_up;
using base::next_up;

double InputBall::distance_up(std::span<const double> x) const {
  double sum = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == centre[i]) continue;
    const double part = div_up(next_up(std::fabs(x[i] - centre[i])), scale[i]);
    sum = add_up(sum, norm == Norm::l1 ? part : mul_up(part, part));
  }
  const double distance = norm == Norm::l1 || sum == 0.0 ? sum : next_up(std::sqrt(sum));
  return distance < base::kInfinity ? distance : base::kInfinity;  // NaN is no distance
}

double InputBall::share_inside(std::span<const double> x) const {
  constexpr double kInside = 1.0 - 0x1p-20;
  const double distance = distance_up(x);
  return distance > radius ? kInside * (radius / distance) : 1.0;
}

void InputBall::pull_inside(std::span<double> x) const {
  const double share = share_inside(x);
  if (share >= 1.0) return;
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = centre[i] + share * (x[i] - centre[i]);
}

}  // namespace clipbound::specs
