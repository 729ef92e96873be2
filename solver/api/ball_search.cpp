#include "solver/api/ball_search.h"

#include <algorithm>

#include "base/rounding.h"
#include "solver/api/implementation.h"
#include "solver/inspect/network_cost.h"
#include "specs/evaluate/evaluate.h"

namespace clipbound {

BallSearch::BallSearch(const Network& network, std::span<const double> x, std::size_t label,
                       const RobustnessSettings& settings, const Options& options,
                       const Callbacks& callbacks)
    : network_(network),
      label_(label),
      settings_(settings),
      options_(options),
      callbacks_(callbacks),
      start_(callbacks.start.value_or(Clock::now())),
      ball_(network, x, label, settings) {}

double BallSearch::remaining_s() const {
  return settings_.time_limit_s - std::chrono::duration<double>(Clock::now() - start_).count();
}

std::size_t BallSearch::best_other(const std::vector<double>& y) const {
  std::size_t best = label_ == 0 && y.size() > 1 ? 1 : 0;
  for (std::size_t j = 0; j < y.size(); ++j) {
    if (j != label_ && y[j] > y[best]) best = j;
  }
  return best;
}

std::optional<bool> BallSearch::is_right_at_centre(std::size_t& other) const {
  std::vector<double> lower, upper;
  ball_.enclose_centre(lower, upper);
  const specs::Network& network = *network_.implementation().network;
  const specs::EnclosedOutputs y = lower == upper ? specs::evaluate_enclosed(network, lower)
                                                  : specs::evaluate_enclosed(network, lower, upper);
  const double least = base::add_down(y.value[label_], -y.error[label_]),
               most = base::add_up(y.value[label_], y.error[label_]);
  bool right = true;
  for (std::size_t j = 0; j < y.value.size(); ++j) {
    if (j == label_) continue;
    if (base::add_down(y.value[j], -y.error[j]) >= most) {
      other = j;
      return false;
    }
    right = right && base::add_up(y.value[j], y.error[j]) < least;
  }
  if (right) return true;
  return std::nullopt;
}

Result BallSearch::solve_within(const Query& query, Means means, double seconds) const {
  constexpr double kShortest_s = 1e-3;
  Options options = options_;
  const double limit = std::max(kShortest_s, std::min(seconds, remaining_s()));
  options.set("time_limit_s", std::to_string(limit)).set("time_reserve_s", "0");
  if (means == Means::bounds) options.set("attack", "false");
  Callbacks callbacks = callbacks_;
  callbacks.start = Clock::now();
  return means == Means::search ? solve(network_, query, options, callbacks)
                                : solve_at_root(network_, query, options, callbacks);
}

Result BallSearch::try_inside(const std::vector<double>& outside, double radius) const {
  std::vector<double> point = ball_.towards(outside, radius);
  if (!network_.is_float64()) {
    for (double& z : point) z = static_cast<double>(static_cast<float>(z));
  }
  Result none;
  const std::vector<double> y = network_.evaluate(point);
  const std::size_t other = best_other(y);
  if (ball_.distance(point) > radius || !ball_.is_within_limits(point) || !(y[other] >= y[label_]))
    return none;
  Query query(network_.input_size(), network_.output_size());
  const Row row = Row::outputs_in_order(label_, other);
  query.add_clause(point, point, std::span<const Row>(&row, 1));
  constexpr double kReplay_s = 1.0;
  Result found = solve_within(query, Means::attack_and_bounds, kReplay_s);
  if (found.verdict == Verdict::sat && ball_.distance(found.input) <= radius) return found;
  return none;
}

/// Frank and Wolfe 1956: every step goes towards the ball's furthest point along the gradient, so
/// no step leaves the ball.
Result BallSearch::ascend(double radius) const {
  constexpr double kWork = 2e8;  // multiplications of it all; not measured
  constexpr double kMostSteps = 40.0;
  const auto& network = network_.implementation().network;
  specs::Evaluator<double> evaluator(network);
  const std::size_t outputs = network_.output_size();
  const double one = std::max(1.0, solver::estimate_cost(*network).multiplications);
  const int steps = static_cast<int>(
      std::min(kMostSteps, 1.0 + kWork / (3.0 * one * static_cast<double>(outputs))));
  std::vector<double> y(outputs), cotangent(outputs), gradient(ball_.centre().size());
  for (std::size_t j = 0; j < outputs && !is_over(); ++j) {
    if (j == label_) continue;
    std::fill(cotangent.begin(), cotangent.end(), 0.0);
    cotangent[j] = 1.0;
    cotangent[label_] = -1.0;
    std::vector<double> point = ball_.centre();
    for (int k = 0; k < steps; ++k) {
      evaluator.forward(point, y);
      if (y[j] >= y[label_]) {
        if (Result found = try_inside(point, radius); found.verdict == Verdict::sat) return found;
      }
      evaluator.backward(cotangent, gradient);
      const std::vector<double> goal = ball_.furthest(gradient, radius);
      // The first step goes all the way, then 2 / (k + 2) of it.
      const double share = 2.0 / (k + 2.0);
      for (std::size_t i = 0; i < point.size(); ++i) point[i] += share * (goal[i] - point[i]);
    }
  }
  return {};
}

namespace {

Result unknown_for(Result found, const char* reason) {
  found.verdict = Verdict::unknown;
  found.reason = reason;
  found.input.clear();
  found.output.clear();
  found.violated.reset();
  return found;
}

}  // namespace

Result BallSearch::ask(double radius, Means means, double seconds) {
  const Clock::time_point begin = Clock::now();
  if (!ball_.is_box() && means != Means::bounds) {
    if (Result found = ascend(radius); found.verdict == Verdict::sat) return found;
  }
  const double left_s = seconds - std::chrono::duration<double>(Clock::now() - begin).count();
  Result found = solve_within(ball_.query(radius), means, std::max(0.0, left_s));
  if (found.verdict != Verdict::sat || ball_.distance(found.input) <= radius) return found;
  if (Result inside = try_inside(found.input, radius); inside.verdict == Verdict::sat)
    return inside;
  // Boxes have their ends rounded outward and to the network's type, balls their centre.
  return unknown_for(std::move(found),
                     "the counterexample that was found is a rounding outside the ball");
}

}  // namespace clipbound
