// Idea: bounds() checks boxes, lowers a network once and bounds its outputs on each box.
// Source: own.
// Guarantees: every real value lies between the bounds (S5, S6).

#include <algorithm>
#include <cmath>

#include "base/blas.h"
#include "bounds/lowering/lower_network.h"
#include "bounds/output_bounds.h"
#include "solver/api/implementation.h"
#include "specs/simplify/simplify.h"

namespace clipbound {

/// What does not depend on the box inside the one that was prepared for.
struct Bounder::Implementation {
  std::shared_ptr<const bounds::LayeredSystem> system;
  bounds::CrownBounder bounder;
};

namespace {

void check_box(std::size_t inputs, std::span<const double> lower, std::span<const double> upper) {
  if (lower.size() != inputs || upper.size() != inputs) {
    throw InputError("a box of this network needs " + std::to_string(inputs) +
                     " lower and upper bounds, got " + std::to_string(lower.size()) + " and " +
                     std::to_string(upper.size()));
  }
  for (std::size_t i = 0; i < inputs; ++i) {
    if (!std::isfinite(lower[i]) || !std::isfinite(upper[i])) {
      throw InputError("the box of input " + std::to_string(i) + " has a bound that is not finite");
    }
    if (lower[i] > upper[i])
      throw InputError("the box of input " + std::to_string(i) + " is empty: lower > upper");
  }
}

Bounds outer(bounds::OutputBounds inner, BoundMethod method) {
  Bounds result;
  result.method = method;
  result.lower = std::move(inner.lower);
  result.upper = std::move(inner.upper);
  bounds::OutputLinearBounds& linear = inner.linear;
  result.linear = {std::move(linear.lower_A), std::move(linear.lower_b), std::move(linear.upper_A),
                   std::move(linear.upper_b)};
  return result;
}

/// The linear bounds that are constants.
void add_constant_linear(bounds::OutputBounds& bounds, std::size_t inputs) {
  bounds.linear.lower_A.assign(bounds.lower.size() * inputs, 0.0);
  bounds.linear.upper_A = bounds.linear.lower_A;
  bounds.linear.lower_b = bounds.lower;
  bounds.linear.upper_b = bounds.upper;
}

std::vector<double> copy(std::span<const double> values) {
  return {values.begin(), values.end()};
}

}  // namespace

const char* name_of(BoundMethod method) noexcept {
  constexpr const char* kNames[] = {"ibp", "crown", "alpha"};
  return kNames[static_cast<std::size_t>(method)];
}

BoundMethod bound_method(std::string_view name) {
  for (const BoundMethod method : {BoundMethod::ibp, BoundMethod::crown, BoundMethod::alpha}) {
    if (name == name_of(method)) return method;
  }
  throw InputError("there is no method '" + std::string(name) +
                   "' of bounds: it is ibp, crown or alpha");
}

Bounder::Bounder(const Network& network, std::span<const double> lower,
                 std::span<const double> upper) {
  check_box(network.input_size(), lower, upper);
  base::initialise_blas();
  const auto simplified = simplify(network.implementation().network).network;
  auto system = std::make_shared<const bounds::LayeredSystem>(
      bounds::lower_network(*simplified, lower, upper));
  implementation_ =
      std::make_shared<const Implementation>(Implementation{system, bounds::CrownBounder(system)});
}

Bounds Bounder::bounds(std::span<const double> lower, std::span<const double> upper,
                       const BoundSettings& settings) const {
  const bounds::LayeredSystem& system = implementation_->bounder.system();
  check_box(system.lower.size(), lower, upper);
  for (std::size_t i = 0; i < lower.size(); ++i) {
    if (lower[i] >= system.lower[i] && upper[i] <= system.upper[i]) continue;
    throw InputError("the box of input " + std::to_string(i) +
                     " leaves the one that was prepared for");
  }
  if (settings.method == BoundMethod::ibp) {
    bounds::OutputBounds result = bound_outputs_by_intervals(system, copy(lower), copy(upper));
    if (settings.linear) add_constant_linear(result, lower.size());
    return outer(std::move(result), settings.method);
  }
  const base::Deadline deadline(base::Deadline::Clock::now(), settings.time_limit_s, 0.0);
  const int iterations =
      settings.method == BoundMethod::alpha ? std::max(1, settings.slope_iterations) : 0;
  const bounds::SlopeSearch slopes{implementation_->system, iterations};
  return outer(bound_outputs(implementation_->bounder, slopes, copy(lower), copy(upper),
                             settings.linear, deadline),
               settings.method);
}

Bounds bounds_of(const Network& network, std::span<const double> lower,
                 std::span<const double> upper, const BoundSettings& settings) {
  return Bounder(network, lower, upper).bounds(lower, upper, settings);
}

}  // namespace clipbound
