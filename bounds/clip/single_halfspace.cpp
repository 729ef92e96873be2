#include "bounds/clip/single_halfspace.h"

#include <algorithm>
#include <cmath>

#include "bounds/clip/one_multiplier.h"

namespace clipbound::bounds {

namespace {
constexpr int kEvaluations = 7;  // of the concave function, after the one at 0
}  // namespace

void SingleHalfspaceClipping::set(Halfspace halfspace, const std::vector<double>& lower,
                                  const std::vector<double>& upper) {
  normal_ = std::move(halfspace.normal);
  offset_ = halfspace.offset;
  lower_ = lower;
  upper_ = upper;
  inputs_.clear();
}

void SingleHalfspaceClipping::restrict_to(const std::vector<std::int32_t>& inputs) {
  inputs_ = inputs;
  rest_ = offset_;
  rest_magnitude_ = std::fabs(offset_);
  const auto least = [&](std::size_t i) {
    return normal_[i] * (normal_[i] < 0.0 ? upper_[i] : lower_[i]);
  };
  std::size_t next = 0;
  for (std::size_t i = 0; i < normal_.size(); ++i) {
    if (next < inputs.size() && static_cast<std::size_t>(inputs[next]) == i) {
      ++next;
      continue;
    }
    rest_ += least(i);
    rest_magnitude_ += std::fabs(least(i));
  }
  normal_here_.resize(inputs.size());
  centre_.resize(inputs.size());
  radius_.resize(inputs.size());
  slope_rest_ = rest_;
  normal_spread_ = 0.0;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const auto i = static_cast<std::size_t>(inputs[k]);
    normal_here_[k] = normal_[i];
    centre_[k] = 0.5 * lower_[i] + 0.5 * upper_[i];
    radius_[k] = 0.5 * upper_[i] - 0.5 * lower_[i];
    slope_rest_ += normal_[i] * centre_[k];
    normal_spread_ += std::fabs(normal_[i]) * radius_[k];
  }
}

/// Up to a constant: the least value for beta, and its derivative (from the right, where they
/// differ).
SingleHalfspaceClipping::Tangent SingleHalfspaceClipping::evaluate(const Vec* a, Vec beta) const {
  const Vec zero = {};
  Tangent t;
  t.beta = beta;
  Vec value = zero, slope = zero;
  for (std::size_t k = 0; k < inputs_.size(); ++k) {
    const Vec c = a[inputs_[k]] + beta * normal_here_[k];
    add_input(c, radius_[k], broadcast(normal_here_[k] * radius_[k]), value, slope);
  }
  t.value = value + beta * slope_rest_;
  t.slope = slope + slope_rest_;
  return t;
}

SingleHalfspaceClipping::Least SingleHalfspaceClipping::minimum(const Vec* a, Vec* point) const {
  const Vec zero = {};
  Tangent left = evaluate(a, zero), right, best = left;
  Mask open = left.slope > zero, bracketed = Mask{};
  if (any(open)) {
    Vec range = zero;
    for (std::size_t k = 0; k < inputs_.size(); ++k) range += vabs(a[inputs_[k]]) * radius_[k];
    Vec guess = select(open, range / (normal_spread_ + 1e-300), zero);
    for (int k = 0; k < kEvaluations; ++k) {
      const Tangent at = evaluate(a, guess);
      const Mask better = open & (at.value > best.value);
      best.beta = select(better, at.beta, best.beta);
      best.value = select(better, at.value, best.value);
      const Mask rises = at.slope > zero;
      const Mask to_left = open & rises, to_right = open & ~rises;
      left.beta = select(to_left, at.beta, left.beta);
      left.value = select(to_left, at.value, left.value);
      left.slope = select(to_left, at.slope, left.slope);
      right.beta = select(to_right, at.beta, right.beta);
      right.value = select(to_right, at.value, right.value);
      right.slope = select(to_right, at.slope, right.slope);
      bracketed = bracketed | to_right;
      // Where both tangents meet; further out while the function still rises.
      const Vec meet =
          (right.value - left.value + left.slope * left.beta - right.slope * right.beta) /
          (left.slope - right.slope);
      const Vec inside = select((meet > left.beta) & (meet < right.beta), meet,
                                0.5 * left.beta + 0.5 * right.beta);
      guess = select(open, select(bracketed, inside, 4.0 * guess), zero);
    }
  }
  const Vec beta = select((best.beta >= zero) & (best.beta < 1e100), best.beta, zero);
  // Between the corners on both sides of the edge, so that the point lies on it.
  const Vec weight = select(open & bracketed, -right.slope / (left.slope - right.slope),
                            select(open, zero, broadcast(1.0)));
  const Vec other = select(bracketed, right.beta, beta);
  Least least;
  least.value = beta * rest_;
  least.magnitude = beta * rest_magnitude_;
  for (std::size_t k = 0; k < inputs_.size(); ++k) {
    const auto i = static_cast<std::size_t>(inputs_[k]);
    const Vec c = a[i] + beta * normal_here_[k];
    least.value += c * select(c < zero, broadcast(upper_[i]), broadcast(lower_[i]));
    least.magnitude += (vabs(a[i]) + beta * std::fabs(normal_here_[k])) *
                       std::max(std::fabs(lower_[i]), std::fabs(upper_[i]));
    const Vec near = select(a[i] + left.beta * normal_here_[k] < zero, broadcast(upper_[i]),
                            broadcast(lower_[i]));
    const Vec far =
        select(a[i] + other * normal_here_[k] < zero, broadcast(upper_[i]), broadcast(lower_[i]));
    point[i] = weight * near + (1.0 - weight) * far;
  }
  return least;
}

}  // namespace clipbound::bounds
