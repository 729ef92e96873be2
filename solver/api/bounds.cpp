// Idea: bounds() checks boxes, lowers a network once and bounds its outputs on each box.
// Source: own.
// Guarantees: every real value lies between the bounds (S5, S6).

#include <algorithm>
#include <cmath>

#include "base/blas.h"
#include "bounds/layered/linear_map.h"
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

/// The system with the rows in the place of its outputs: the sums' roundings are in their radius.
void take_rows(bounds::LayeredSystem& system, const OutputRows& rows) {
  const auto M = static_cast<std::size_t>(system.outputs.size());
  const std::size_t R = rows.C.size() / M;
  if (R == 0 || rows.C.size() % M != 0) {
    throw InputError("C has " + std::to_string(rows.C.size()) + " numbers, but rows over " +
                     std::to_string(M) + " outputs need a multiple of that, at least one row");
  }
  if (!rows.d.empty() && rows.d.size() != R) {
    throw InputError("d has " + std::to_string(rows.d.size()) + " numbers for " +
                     std::to_string(R) + " rows of C");
  }
  const auto finite = [](double x) { return std::isfinite(x); };
  if (!std::all_of(rows.C.begin(), rows.C.end(), finite) ||
      !std::all_of(rows.d.begin(), rows.d.end(), finite))
    throw InputError("C or d has a number that is not finite");
  std::vector<std::int64_t> begin{0};
  std::vector<bounds::WeightedTerm> terms;
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t m = 0; m < M; ++m) {
      if (rows.C[r * M + m] != 0.0)
        terms.push_back({0, static_cast<std::int64_t>(m), rows.C[r * M + m]});
    }
    begin.push_back(static_cast<std::int64_t>(terms.size()));
  }
  const std::vector<double> offset = rows.d.empty() ? std::vector<double>(R, 0.0) : rows.d;
  system.outputs = linear_map({&system.outputs}, begin, terms, offset, system.magnitudes);
}

bounds::LayeredSystem lowered(const Network& network, std::span<const double> lower,
                              std::span<const double> upper) {
  check_box(network.input_size(), lower, upper);
  base::initialise_blas();
  const auto simplified = simplify(network.implementation().network).network;
  return bounds::lower_network(*simplified, lower, upper);
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
  auto system = std::make_shared<const bounds::LayeredSystem>(lowered(network, lower, upper));
  implementation_ =
      std::make_shared<const Implementation>(Implementation{system, bounds::CrownBounder(system)});
}

Bounder::Bounder(const Network& network, std::span<const double> lower,
                 std::span<const double> upper, const OutputRows& rows) {
  bounds::LayeredSystem with_rows = lowered(network, lower, upper);
  take_rows(with_rows, rows);
  auto system = std::make_shared<const bounds::LayeredSystem>(std::move(with_rows));
  implementation_ =
      std::make_shared<const Implementation>(Implementation{system, bounds::CrownBounder(system)});
}

std::size_t Bounder::input_size() const {
  return implementation_->system->lower.size();
}

std::size_t Bounder::row_count() const {
  return static_cast<std::size_t>(implementation_->system->outputs.size());
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

Bounds bounds_of(const Network& network, std::span<const double> lower,
                 std::span<const double> upper, const OutputRows& rows,
                 const BoundSettings& settings) {
  return Bounder(network, lower, upper, rows).bounds(lower, upper, settings);
}

}  // namespace clipbound
