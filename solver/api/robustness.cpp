// Idea: robustness() bisects the radius over solve(): first by the bounds of whole boxes, which take
// no search, then in rounds of longer and longer searches, so that what is easy is known early.
// Source: own.
// Guarantees: a robust radius was proved, a counterexample replayed (S11), or it is x itself, of
// which another label was proved.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/rounding.h"
#include "solver/api/ball_search.h"
#include "solver/api/saved_run.h"

namespace clipbound {

namespace {

using Clock = std::chrono::steady_clock;
using Means = BallSearch::Means;

/// The search for one point's radius.
class RadiusSearch {
 public:
  RadiusSearch(const Network& network, std::span<const double> x, std::size_t label,
               const RobustnessSettings& settings, const Options& options,
               const Callbacks& callbacks)
      : network_(network),
        settings_(settings),
        options_(options),
        callbacks_(callbacks),
        search_(network, x, label, settings, options, callbacks) {}

  Robustness run() {
    if (is_misclassified()) return std::move(result_);
    if (network_.output_size() == 1) return finish("there is no other label");
    bisect_by_bounds();
    // Bounds of one whole box have taken so long; a search that is shorter gets nowhere.
    double step_s = std::max(kShortestStep_s, kStepsOfBounds * longest_bounds_s_);
    double first = ceiling(), coarse = kCoarsest;
    for (; !is_over() && !is_near(ceiling()); step_s *= kStepGrowth, coarse *= kFiner) {
      const bool last = step_s >= settings_.step_limit_s;
      first = bisect(first, std::min(step_s, settings_.step_limit_s),
                     last ? settings_.tolerance : std::max(coarse, settings_.tolerance));
      if (last) break;
    }
    if (result_.robust_radius >= settings_.radius_max)
      return finish("robust up to the largest radius");
    if (is_near(ceiling())) return finish("the radii have met");
    if (search_.is_stopped()) return finish("interrupted");
    if (search_.remaining_s() <= 0.0) return finish("out of time");
    return finish("queries between the radii were not decided in their time");
  }

 private:
  static constexpr double kShortestStep_s = 1.0, kStepsOfBounds = 4.0, kStepGrowth = 4.0;
  /// How near a round of short searches comes to what it leaves open: all of its last queries end
  /// by their time, and longer ones know more.
  static constexpr double kCoarsest = 0.1, kFiner = 0.3;
  /// Bounds alone need not come nearer: searches go on from there.
  static constexpr double kBoundsTolerance = 0.5;
  /// Of the largest radius: what is smaller is not looked for.
  static constexpr double kSmallestShare = 0x1p-40;

  /// The smallest radius of which it is known that no larger one is robust or asked for.
  double ceiling() const {
    return std::min(settings_.radius_max, result_.counterexample_radius.value_or(base::kInfinity));
  }
  bool is_near(double open) const { return is_near(open, settings_.tolerance); }
  bool is_near(double open, double tolerance) const {
    return open - result_.robust_radius <= tolerance * open ||
           open <= kSmallestShare * settings_.radius_max;
  }
  bool is_over() const { return search_.is_over(); }

  /// The largest radius by an attack and bounds, smaller ones by bounds alone: down in quarters to
  /// one that is proved, and up again between it and the last that is not.
  void bisect_by_bounds() {
    if (is_over()) return;
    double open = settings_.radius_max;
    if (try_radius(open, Means::attack_and_bounds, settings_.step_limit_s) == Verdict::unsat)
      return;
    open = ceiling();
    while (!is_over() && !is_near(open)) {
      const double proved = result_.robust_radius;
      if (proved > 0.0 && open <= (1.0 + kBoundsTolerance) * proved) return;
      const double radius = proved > 0.0 ? std::sqrt(proved) * std::sqrt(open) : 0.25 * open;
      if (try_radius(radius, Means::bounds, settings_.step_limit_s) != Verdict::unsat)
        open = std::min(radius, ceiling());
    }
  }

  /// Between the proved radius and the ceiling by searches of so many seconds, beginning with
  /// `radius`. Returns the smallest radius that they have left open, where the next round begins.
  double bisect(double radius, double step_s, double tolerance) {
    double open = ceiling();
    if (result_.counterexample_radius && radius >= *result_.counterexample_radius)
      radius = 0.5 * (result_.robust_radius + open);
    while (!is_over() && !is_near(open, tolerance)) {
      if (try_radius(radius, Means::search, step_s) != Verdict::unsat)
        open = std::min(radius, ceiling());
      radius = 0.5 * (result_.robust_radius + open);
    }
    return open;
  }

  Verdict try_radius(double radius, Means means, double step_s) {
    const Clock::time_point begin = Clock::now();
    const Result step = search_.ask(radius, means, step_s);
    ++result_.queries;
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    if (means == Means::bounds) longest_bounds_s_ = std::max(longest_bounds_s_, seconds);
    tell(radius, means, step.verdict, seconds);
    if (step.verdict == Verdict::unsat)
      result_.robust_radius = std::max(result_.robust_radius, radius);
    if (step.verdict == Verdict::sat) remember(step);
    return step.verdict;
  }

  void tell(double radius, Means means, Verdict verdict, double seconds) const {
    if (!callbacks_.log || options_.fields().verbose < 1) return;
    char line[120];
    std::snprintf(line, sizeof line, "radius %.6g by %s: %s after %.2f s", radius,
                  means == Means::search ? "a search" : "bounds", name_of(verdict), seconds);
    callbacks_.log(1, line);
  }

  /// True where x itself has another label, or shares the largest output with one.
  bool is_misclassified() {
    std::size_t other = 0;
    if (network_.output_size() == 1 || search_.is_right_at_centre(other).value_or(true))
      return false;
    result_.robust_radius = -1.0;
    result_.counterexample_radius = 0.0;
    result_.counterexample = search_.ball().centre();
    result_.counterexample_x = search_.ball().as_given(result_.counterexample);
    result_.counterexample_label = other;
    result_.reason = "the point itself has label " + std::to_string(other);
    return true;
  }

  void remember(const Result& step) {
    const double distance = search_.ball().distance(step.input);
    if (result_.counterexample_radius && *result_.counterexample_radius <= distance) return;
    result_.counterexample_radius = distance;
    result_.counterexample = step.input;
    result_.counterexample_x = search_.ball().as_given(step.input);
    result_.counterexample_label = search_.best_other(step.output);
  }

  Robustness finish(std::string reason) {
    result_.reason = std::move(reason);
    return std::move(result_);
  }

  const Network& network_;
  const RobustnessSettings& settings_;
  const Options& options_;
  const Callbacks& callbacks_;
  BallSearch search_;
  Robustness result_;
  double longest_bounds_s_ = 0.0;
};

}  // namespace

Robustness robustness(const Network& network, std::span<const double> x, std::size_t label,
                      const RobustnessSettings& settings, const Options& options,
                      const Callbacks& callbacks) {
  SavedRun::refuse(callbacks);
  return RadiusSearch(network, x, label, settings, options, callbacks).run();
}

const char* name_of(RobustnessAnswer answer) noexcept {
  constexpr const char* kNames[] = {"robust", "not robust", "unknown"};
  return kNames[static_cast<std::size_t>(answer)];
}

RobustnessCheck check_robustness(const Network& network, std::span<const double> x,
                                 std::size_t label, double epsilon,
                                 const RobustnessSettings& settings, const Options& options,
                                 const Callbacks& callbacks) {
  SavedRun::refuse(callbacks);
  if (!(epsilon >= 0.0) || !std::isfinite(epsilon))
    throw InputError("epsilon must be a finite number that is not negative");
  BallSearch search(network, x, label, settings, options, callbacks);
  RobustnessCheck found;
  const std::vector<double> y = search.outputs();
  found.predicted = static_cast<std::size_t>(std::max_element(y.begin(), y.end()) - y.begin());
  if (network.output_size() == 1) {
    found.answer = RobustnessAnswer::robust;
    found.reason = "there is no other label";
    return found;
  }
  if (std::size_t other = 0; !search.is_right_at_centre(other).value_or(true)) {
    found.answer = RobustnessAnswer::not_robust;
    found.counterexample = search.ball().centre();
    found.counterexample_x = search.ball().as_given(found.counterexample);
    found.counterexample_label = other;
    found.reason = "the point itself has label " + std::to_string(other);
    return found;
  }
  const Result step = search.ask(epsilon, Means::search, settings.time_limit_s);
  found.reason = step.reason;
  if (step.verdict == Verdict::unsat) found.answer = RobustnessAnswer::robust;
  if (step.verdict == Verdict::sat) {
    found.answer = RobustnessAnswer::not_robust;
    found.counterexample = step.input;
    found.counterexample_x = search.ball().as_given(step.input);
    found.counterexample_label = search.best_other(step.output);
    found.distance = search.ball().distance(step.input);
  }
  return found;
}

}  // namespace clipbound
