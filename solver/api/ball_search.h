#pragma once
// Idea: one question of robustness: is there another label within a radius? solve() is asked about
// the ball and what roundings may add to it.
// Source: own; Frank and Wolfe 1956 for a first attack in the balls of l1 and l2.
// Guarantees: unsat holds for all of the ball; the point of sat is in it and was replayed (S11).
#include <chrono>
#include <optional>
#include <vector>

#include "clipbound/solve.h"
#include "solver/api/ball.h"

namespace clipbound {

class BallSearch {
 public:
  /// Everything must outlive it. Throws as Ball does.
  BallSearch(const Network& network, std::span<const double> x, std::size_t label,
             const RobustnessSettings& settings, const Options& options,
             const Callbacks& callbacks);

  enum class Means : std::uint8_t { bounds, attack_and_bounds, search };
  /// Within so many seconds, and what is left of the time limit. The result's input is in the ball.
  Result ask(double radius, Means means, double seconds);

  const Ball& ball() const { return ball_; }
  /// The other label with the largest output, the first of several.
  std::size_t best_other(const std::vector<double>& y) const;
  /// Whether the label has the largest output at x itself, exactly: nothing where rounding
  /// hides it. `other`: who has no smaller one, where it has not.
  std::optional<bool> is_right_at_centre(std::size_t& other) const;
  /// Outputs at the centre.
  std::vector<double> outputs() const { return network_.evaluate(ball_.centre()); }
  double remaining_s() const;
  bool is_stopped() const { return callbacks_.stopper && callbacks_.stopper->stopped(); }
  bool is_over() const { return remaining_s() <= 0.0 || is_stopped(); }

 private:
  using Clock = std::chrono::steady_clock;
  Result solve_within(const Query& query, Means means, double seconds) const;
  /// The point on the way to a counterexample outside the ball, where that is one, too.
  Result try_inside(const std::vector<double>& outside, double radius) const;
  /// Points of the ball by Frank and Wolfe's ascent of each label's lead over ours.
  Result ascend(double radius) const;

  const Network& network_;
  const std::size_t label_;
  const RobustnessSettings& settings_;
  const Options& options_;
  const Callbacks& callbacks_;
  const Clock::time_point start_;
  Ball ball_;
};

}  // namespace clipbound
