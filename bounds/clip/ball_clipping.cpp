#include "bounds/clip/ball_clipping.h"

#include <cmath>
#include <numeric>

#include "base/rounding.h"

namespace clipbound::bounds {

namespace {

constexpr int kEvaluations = 10;     // of the dual, at most
constexpr double kNearly = 0x1p-12;  // a multiplier that moves by less is good enough

Vec square_root(Vec x) {
  Vec root = x;
  for (int lane = 0; lane < kLanes; ++lane) root[lane] = std::sqrt(x[lane]);
  return root;
}

Vec clamp(Vec x, Vec low, Vec high) {
  return vmax(vmin(x, high), low);
}

}  // namespace

void BallClipping::attach(std::shared_ptr<const specs::InputBall> ball) {
  ball_ = std::move(ball);
  inputs_.clear();
}

void BallClipping::restrict_to(std::span<const std::int32_t> inputs) {
  inputs_.assign(inputs.begin(), inputs.end());
  centre_.clear();
  scale_.clear();
  per_scale_.clear();
  for (const std::int32_t i : inputs_) {
    centre_.push_back(ball_->centre[static_cast<std::size_t>(i)]);
    scale_.push_back(ball_->scale[static_cast<std::size_t>(i)]);
    per_scale_.push_back(1.0 / scale_.back());
  }
  for (auto* array : {&a_, &lower_, &upper_, &g_, &from_, &to_, &w_})
    array->assign(inputs_.size(), Vec{});
  gamma_ = gamma_bound(4.0 * static_cast<double>(inputs_.size()) + 40.0);
}

/// The distance of the minimising point is radius at the best lambda; with the coordinates that are
/// at ends of the box there, lambda^2 = (sum of g^2 of the others) / (radius^2 - sum of ends^2).
/// From above each step leaves lambda above the best one, and puts no coordinate back.
Vec BallClipping::find_multiplier_l2() const {
  const Vec zero = {};
  const double most = ball_->radius * ball_->radius;
  Vec sum = zero;
  for (const Vec& g : g_) sum += g * g;
  Vec lambda = square_root(sum / most);
  for (int k = 0; k < kEvaluations; ++k) {
    const Vec inverse = 1.0 / lambda;
    Vec free = zero, room = broadcast(most);
    for (std::size_t i = 0; i < g_.size(); ++i) {
      const Vec y = -g_[i] * inverse;
      const Mask below = y<from_[i], above = y> to_[i];
      const Vec end = select(below, from_[i], to_[i]);
      free += select(below | above, zero, g_[i] * g_[i]);
      room -= select(below | above, end * end, zero);
    }
    const Vec next = square_root(free / room);
    const Mask lower = (next >= zero) & (next < lambda);
    const Mask far = lower & (next < (1.0 - kNearly) * lambda);
    lambda = select(lower, next, lambda);
    if (!any(far)) break;
  }
  return lambda;
}

Vec BallClipping::least_l1(std::size_t k, Vec lambda) const {
  return select(g_[k] > lambda, from_[k],
                select(g_[k] < -lambda, to_[k], clamp(Vec{}, from_[k], to_[k])));
}

/// The dual: the least of g y + lambda (|y| - radius) over the box.
BallClipping::Tangent BallClipping::tangent_l1(Vec lambda) const {
  Tangent at{lambda, {}, broadcast(-ball_->radius)};
  for (std::size_t i = 0; i < g_.size(); ++i) {
    const Vec y = least_l1(i, lambda);
    at.value += g_[i] * y;
    at.slope += vabs(y);
  }
  at.value += lambda * at.slope;
  return at;
}

Vec BallClipping::find_multiplier_l1() {
  const Vec zero = {};
  Vec largest = zero;
  for (const Vec& g : g_) largest = vmax(largest, vabs(g));
  Tangent left = tangent_l1(zero), right = tangent_l1(largest), best = left;
  const auto prefer = [&best](const Tangent& other) {
    const Mask better = other.value > best.value;
    best.lambda = select(better, other.lambda, best.lambda);
    best.value = select(better, other.value, best.value);
  };
  prefer(right);
  const Mask open = (left.slope > zero) & (right.slope < zero);
  for (int k = 0; k < kEvaluations && any(open); ++k) {
    // Where both tangents meet; there the dual is not larger than they say.
    const Vec meet =
        (right.value - left.value + left.slope * left.lambda - right.slope * right.lambda) /
        (left.slope - right.slope);
    const Mask inside = open & (meet > left.lambda) & (meet < right.lambda);
    if (!any(inside)) break;
    const Tangent at = tangent_l1(select(inside, meet, best.lambda));
    prefer(at);
    const Mask to_left = inside & (at.slope > zero), to_right = inside & ~(at.slope > zero);
    for (const auto& [mask, end] : {std::pair{to_left, &left}, std::pair{to_right, &right}}) {
      end->lambda = select(mask, at.lambda, end->lambda);
      end->value = select(mask, at.value, end->value);
      end->slope = select(mask, at.slope, end->slope);
    }
  }
  left_ = left.lambda;
  right_ = right.lambda;
  share_of_left_ = select(open, -right.slope / (left.slope - right.slope),
                          select(left.slope > zero, zero, broadcast(1.0)));
  return best.lambda;
}

/// w is what of a is answered by the ball: lambda times a subgradient of its constraint, cut to a.
void BallClipping::choose(Vec lambda) {
  const Vec zero = {};
  const bool l2 = ball_->norm == specs::InputBall::Norm::l2;
  for (std::size_t i = 0; i < g_.size(); ++i) {
    const Vec low = l2 ? -lambda * to_[i] : select(to_[i] < zero, lambda, -lambda),
              high = l2 ? -lambda * from_[i] : select(from_[i] > zero, -lambda, lambda);
    const Vec v = clamp(g_[i], low, high);
    w_[i] = select(v == g_[i], a_[i], v * per_scale_[i]);
  }
}

Vec BallClipping::dual_norm() const {
  Vec sum = {};
  const bool l2 = ball_->norm == specs::InputBall::Norm::l2;
  for (std::size_t i = 0; i < w_.size(); ++i) {
    const Vec t = vabs(w_[i]) * scale_[i];
    sum = l2 ? sum + t * t : vmax(sum, t);
  }
  // What underflows is less than that.
  return (l2 ? square_root(sum + 0x1p-1020) : sum + 0x1p-1020) * (1.0 + gamma_);
}

void BallClipping::rescale() {
  for (std::size_t i = 0; i < g_.size(); ++i) {
    g_[i] = a_[i] * scale_[i];
    from_[i] = (lower_[i] - centre_[i]) * per_scale_[i];
    to_[i] = (upper_[i] - centre_[i]) * per_scale_[i];
  }
}

Vec BallClipping::minimum(Vec offset) {
  rescale();
  const bool l2 = ball_->norm == specs::InputBall::Norm::l2;
  return evaluate(l2 ? find_multiplier_l2() : find_multiplier_l1(), offset);
}

Vec BallClipping::minimum_for(Vec lambda, Vec offset) {
  rescale();
  return evaluate(lambda, offset);
}

Vec BallClipping::evaluate(Vec lambda, Vec offset) {
  const Vec zero = {};
  // NaN is none; 0 leaves the box alone.
  lambda_ = select((lambda >= zero) & (lambda < kOverflow), lambda, zero);
  choose(lambda_);
  Vec on_box = offset, box_magnitude = vabs(offset), at_centre = zero, magnitude = zero;
  for (std::size_t i = 0; i < w_.size(); ++i) {
    const Vec h = a_[i] - w_[i], part = h * select(h < zero, upper_[i], lower_[i]),
              centre = w_[i] * centre_[i];
    on_box += part;
    box_magnitude += vabs(part);
    at_centre += centre;
    magnitude += vabs(centre);
  }
  const Vec longest = ball_->radius * dual_norm(), least = at_centre - longest;
  magnitude += longest;
  edge_ = least - (2.0 * gamma_ * magnitude + 0x1p-1000);
  return on_box + least - (2.0 * gamma_ * (box_magnitude + magnitude) + 0x1p-1000);
}

Vec BallClipping::point(std::size_t k) const {
  const Vec zero = {}, g = g_[k], nearest = clamp(zero, from_[k], to_[k]);
  Vec y = select(g == zero, nearest, clamp(-g / lambda_, from_[k], to_[k]));
  if (ball_->norm == specs::InputBall::Norm::l1)
    y = share_of_left_ * least_l1(k, left_) + (1.0 - share_of_left_) * least_l1(k, right_);
  return clamp(centre_[k] + y * scale_[k], lower_[k], upper_[k]);
}

double minimum_over(std::span<const double> form, double offset, std::span<const double> lower,
                    std::span<const double> upper,
                    const std::shared_ptr<const specs::InputBall>& ball) {
  BallClipping clipping;
  clipping.attach(ball);
  std::vector<std::int32_t> inputs(form.size());
  std::iota(inputs.begin(), inputs.end(), 0);
  clipping.restrict_to(inputs);
  for (std::size_t i = 0; i < form.size(); ++i)
    clipping.set(i, broadcast(form[i]), broadcast(lower[i]), broadcast(upper[i]));
  return clipping.minimum(broadcast(offset))[0];
}

Mask clip_boxes_to_ball(const specs::InputBall& ball, std::span<const int> inputs, Vec* lower,
                        Vec* upper) {
  const Vec zero = {};
  const bool l2 = ball.norm == specs::InputBall::Norm::l2;
  const double rounding = 2.0 * gamma_bound(4.0 * static_cast<double>(inputs.size()) + 40.0),
               most = (l2 ? ball.radius * ball.radius : ball.radius) * (1.0 + rounding) + 0x1p-1000;
  std::vector<Vec> near(inputs.size());
  Vec sum = zero;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const auto i = static_cast<std::size_t>(inputs[k]);
    const Vec away =
        vmax(zero, vmax(lower[k] - ball.centre[i], ball.centre[i] - upper[k])) / ball.scale[i];
    near[k] = l2 ? away * away : away;
    sum += near[k];
  }
  const Mask empty = sum * (1.0 - rounding) > most;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const auto i = static_cast<std::size_t>(inputs[k]);
    const Vec others = vmax(zero, sum - near[k] - rounding * (sum + near[k]));
    const Vec room = vmax(zero, most - others) * (1.0 + rounding) + 0x1p-1000;
    const Vec furthest = (l2 ? square_root(room) : room) * (1.0 + rounding) * ball.scale[i];
    const Vec low = ball.centre[i] - furthest, high = ball.centre[i] + furthest;
    const Vec below = low - (0x1p-50 * vabs(low) + 0x1p-1000),
              above = high + (0x1p-50 * vabs(high) + 0x1p-1000);
    lower[k] = select(below > lower[k], below, lower[k]);
    upper[k] = select(above < upper[k], above, upper[k]);
  }
  Mask nothing = empty;
  for (std::size_t k = 0; k < inputs.size(); ++k) nothing |= lower[k] > upper[k];
  return nothing;
}

}  // namespace clipbound::bounds
