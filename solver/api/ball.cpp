#include "solver/api/ball.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "solver/api/implementation.h"

namespace clipbound {

using base::add_down;
using base::add_up;
using base::div_down;
using base::div_up;
using base::mul_up;
using base::next_down;
using base::next_up;

const char* name_of(Norm norm) noexcept {
  constexpr const char* kNames[] = {"inf", "l1", "l2"};
  return kNames[static_cast<std::size_t>(norm)];
}

Norm norm_of(std::string_view name) {
  for (const Norm norm : {Norm::inf, Norm::l1, Norm::l2}) {
    if (name == name_of(norm)) return norm;
  }
  throw InputError("there is no norm '" + std::string(name) + "': it is inf, l1 or l2");
}

Ball::Ball(const Network& network, std::span<const double> x, std::size_t label,
           const RobustnessSettings& settings)
    : x_(x.begin(), x.end()), label_(label), outputs_(network.output_size()), settings_(settings) {
  check(network);
  mean_ = spread(network, settings.mean, 0.0, "mean");
  std_ = spread(network, settings.std, 1.0, "std");
  for (std::size_t i = 0; i < x_.size(); ++i) {
    if (!(std_[i] > 0.0)) throw InputError("every number of std must be positive");
    centre_.push_back((x_[i] - mean_[i]) / std_[i]);
    const double z = network.is_float64() ? centre_[i] : static_cast<float>(centre_[i]);
    if (!std::isfinite(z)) {
      throw InputError("number " + std::to_string(i) +
                       " of the point is too large for the network after mean and std");
    }
  }
}

void Ball::check(const Network& network) const {
  if (x_.size() != network.input_size()) {
    throw InputError("the point has " + std::to_string(x_.size()) + " numbers, the network " +
                     std::to_string(network.input_size()) + " inputs");
  }
  if (label_ >= network.output_size()) {
    throw InputError("there is no label " + std::to_string(label_) + ": the network has " +
                     std::to_string(network.output_size()) + " outputs");
  }
  for (const double value : x_) {
    if (!std::isfinite(value)) throw InputError("the point has a number that is not finite");
  }
  if (!(settings_.radius_max > 0.0) || !(settings_.tolerance > 0.0)) {
    throw InputError("the largest radius and the tolerance must be positive");
  }
  if (std::isnan(settings_.time_limit_s) || std::isnan(settings_.step_limit_s))
    throw InputError("a time limit is not a number");
  const double lowest = settings_.lowest.value_or(-base::kInfinity),
               highest = settings_.highest.value_or(base::kInfinity);
  if (!(lowest <= highest))
    throw InputError("the lowest number that x may have lies above the highest, or is no number");
}

/// One number for each input, by the channel that it is of.
std::vector<double> Ball::spread(const Network& network, const std::vector<double>& values,
                                 double otherwise, const char* what) const {
  const std::size_t inputs = x_.size(), count = values.size();
  for (const double value : values) {
    if (!std::isfinite(value))
      throw InputError(std::string(what) + " has a number that is not finite");
  }
  if (count <= 1) return std::vector<double>(inputs, count == 1 ? values[0] : otherwise);
  if (count == inputs) return values;
  const auto& inner = *network.implementation().network;
  std::vector<double> all(inputs);
  if (inner.inputs.size() == 1) {
    const auto& shape = inner.value(inner.inputs[0]).shape;
    const auto channels = static_cast<std::int64_t>(count);
    const bool first = shape.size() >= 2 && shape[1] == channels;
    const bool last = !shape.empty() && shape.back() == channels;
    for (std::size_t i = 0; (first || last) && i < inputs; ++i)
      all[i] = values[first ? i / (inputs / count) : i % count];
    if (first || last) return all;
  }
  throw InputError(std::string(what) + " has " + std::to_string(count) +
                   " numbers: it takes one, one for each channel of the network's input, or one "
                   "for each of its " +
                   std::to_string(inputs) + " inputs");
}

void Ball::enclose_centre(std::vector<double>& lower, std::vector<double>& upper) const {
  lower = upper = x_;
  for (std::size_t i = 0; i < x_.size(); ++i) {
    if (std_[i] == 1.0 && mean_[i] == 0.0) continue;
    lower[i] = div_down(add_down(x_[i], -mean_[i]), std_[i]);
    upper[i] = div_up(add_up(x_[i], -mean_[i]), std_[i]);
  }
}

double Ball::distance(std::span<const double> z) const {
  double sum = 0.0;
  for (std::size_t i = 0; i < x_.size(); ++i) {
    // x = z std + mean, from below and above.
    const double scaled = z[i] * std_[i];
    const bool plain = std_[i] == 1.0 && mean_[i] == 0.0;
    const double low = plain ? z[i] : add_down(next_down(scaled), mean_[i]),
                 high = plain ? z[i] : add_up(next_up(scaled), mean_[i]);
    const double apart = std::max({high == x_[i] ? 0.0 : add_up(high, -x_[i]),
                                   low == x_[i] ? 0.0 : add_up(x_[i], -low), 0.0});
    sum = settings_.norm == Norm::inf  ? std::max(sum, apart)
          : apart == 0.0               ? sum
          : settings_.norm == Norm::l1 ? add_up(sum, apart)
                                       : add_up(sum, mul_up(apart, apart));
  }
  return settings_.norm == Norm::l2 && sum > 0.0 ? next_up(std::sqrt(sum)) : sum;
}

bool Ball::is_within_limits(std::span<const double> z) const {
  for (std::size_t i = 0; i < x_.size(); ++i) {
    const bool plain = std_[i] == 1.0 && mean_[i] == 0.0;
    const double low = plain ? z[i] : add_down(next_down(z[i] * std_[i]), mean_[i]),
                 high = plain ? z[i] : add_up(next_up(z[i] * std_[i]), mean_[i]);
    if (settings_.lowest && low < std::min(*settings_.lowest, x_[i])) return false;
    if (settings_.highest && high > std::max(*settings_.highest, x_[i])) return false;
  }
  return true;
}

std::vector<double> Ball::as_given(std::span<const double> z) const {
  std::vector<double> x(z.begin(), z.end());
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = x[i] * std_[i] + mean_[i];
  return x;
}

/// Around centre_, which is the real (x - mean) / std but for a rounding: the radius is larger by
/// that much. A unit of the radius is one of x, so 1 / std of z.
specs::InputBall Ball::ball_around(double radius) const {
  using NormOfBall = specs::InputBall::Norm;
  specs::InputBall ball;
  ball.norm = settings_.norm == Norm::l1 ? NormOfBall::l1 : NormOfBall::l2;
  ball.centre = centre_;
  std::vector<double> lower, upper;
  enclose_centre(lower, upper);
  double moved = 0.0;
  for (std::size_t i = 0; i < x_.size(); ++i) {
    ball.scale.push_back(std_[i] == 1.0 ? 1.0 : div_up(1.0, std_[i]));
    const double off = std::max(upper[i] == centre_[i] ? 0.0 : add_up(upper[i], -centre_[i]),
                                lower[i] == centre_[i] ? 0.0 : add_up(centre_[i], -lower[i]));
    // The l1 distance is not below the l2 one.
    if (off > 0.0) moved = add_up(moved, mul_up(off, std_[i]));
  }
  ball.radius = moved == 0.0 ? radius : add_up(radius, moved);
  return ball;
}

Query Ball::query(double radius) const {
  std::vector<double> lower, upper;
  for (std::size_t i = 0; i < x_.size(); ++i) {
    double low = add_down(x_[i], -radius), high = add_up(x_[i], radius);
    low = std::max(low, settings_.lowest.value_or(low));
    high = std::min(high, settings_.highest.value_or(high));
    // A point outside the limits is its own box there.
    low = std::min(low, x_[i]);
    high = std::max(high, x_[i]);
    const bool plain = std_[i] == 1.0 && mean_[i] == 0.0;
    lower.push_back(plain ? low : next_down(add_down(low, -mean_[i]) / std_[i]));
    upper.push_back(plain ? high : next_up(add_up(high, -mean_[i]) / std_[i]));
  }
  Query query(x_.size(), outputs_);
  for (std::size_t j = 0; j < outputs_; ++j) {
    if (j == label_) continue;
    const Row row = Row::outputs_in_order(label_, j);
    query.add_clause(lower, upper, std::span<const Row>(&row, 1));
  }
  if (is_box()) return query;
  Query::Implementation within = query.implementation();
  within.query.ball = std::make_shared<const specs::InputBall>(ball_around(radius));
  return Query::Implementation::holding(std::move(within));
}

std::vector<double> Ball::towards(std::span<const double> z, double radius) const {
  const double far = distance(z);
  const double share = far > radius && far > 0.0 ? (1.0 - 0x1p-20) * radius / far : 1.0;
  std::vector<double> point(centre_);
  for (std::size_t i = 0; i < point.size(); ++i) point[i] += share * (z[i] - centre_[i]);
  return point;
}

std::vector<double> Ball::furthest(std::span<const double> form, double radius) const {
  // In x the form is form / std.
  std::vector<double> u(form.begin(), form.end());
  for (std::size_t i = 0; i < u.size(); ++i) u[i] = std::isfinite(u[i]) ? u[i] / std_[i] : 0.0;
  std::size_t first = 0;
  double squares = 0.0;
  for (std::size_t i = 0; i < u.size(); ++i) {
    squares += u[i] * u[i];
    if (std::fabs(u[i]) > std::fabs(u[first])) first = i;
  }
  std::vector<double> point(centre_);
  for (std::size_t i = 0; i < u.size() && squares > 0.0; ++i) {
    double step = radius * u[i] / std::sqrt(squares);
    if (settings_.norm == Norm::inf) step = u[i] == 0.0 ? 0.0 : std::copysign(radius, u[i]);
    if (settings_.norm == Norm::l1) step = i == first ? std::copysign(radius, u[i]) : 0.0;
    const double low = std::min(settings_.lowest.value_or(x_[i] + step), x_[i]),
                 high = std::max(settings_.highest.value_or(x_[i] + step), x_[i]);
    const double moved = std::clamp(x_[i] + step, std::min(low, high), std::max(low, high));
    point[i] += (moved - x_[i]) / std_[i];
  }
  return point;
}

}  // namespace clipbound
