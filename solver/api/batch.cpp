// Idea: boxes are bounded one by one, many at the same time; points are evaluated together.
// Source: own.
// Guarantees: those of Bounder::bounds().
#include "include/clipbound/batch.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "base/parallel.h"
#include "base/rounding.h"
#include "solver/api/implementation.h"
#include "specs/evaluate/evaluate.h"

namespace clipbound {

namespace {

/// Number of boxes of n inputs in both ends.
std::size_t count_boxes(std::size_t n, std::span<const double> lower,
                        std::span<const double> upper) {
  if (lower.empty() || lower.size() != upper.size() || lower.size() % n != 0) {
    throw InputError("boxes of this network need " + std::to_string(n) +
                     " lower and upper bounds each, got " + std::to_string(lower.size()) + " and " +
                     std::to_string(upper.size()));
  }
  return lower.size() / n;
}

/// The bounds of nothing known, ready to be filled.
BatchBounds unknown_bounds(std::size_t boxes, const Bounder& bounder,
                           const BoundSettings& settings) {
  BatchBounds all;
  all.method = settings.method;
  all.boxes = boxes;
  all.rows = bounder.row_count();
  const std::size_t ends = boxes * all.rows;
  all.lower.assign(ends, -base::kInfinity);
  all.upper.assign(ends, base::kInfinity);
  if (settings.linear) {
    all.linear.lower_A.assign(ends * bounder.input_size(), 0.0);
    all.linear.upper_A = all.linear.lower_A;
    all.linear.lower_b = all.lower;
    all.linear.upper_b = all.upper;
  }
  return all;
}

/// Copies one box's numbers to their place among those of all boxes.
void place(const std::vector<double>& part, std::size_t box, std::vector<double>& all) {
  std::copy(part.begin(), part.end(), all.begin() + static_cast<std::ptrdiff_t>(box * part.size()));
}

}  // namespace

BatchBounds bounds_of_boxes(const Bounder& bounder, std::span<const double> lower,
                            std::span<const double> upper, const BatchSettings& settings) {
  using Clock = std::chrono::steady_clock;
  const std::size_t n = bounder.input_size(), boxes = count_boxes(n, lower, upper);
  const Clock::time_point start = Clock::now();
  BatchBounds all = unknown_bounds(boxes, bounder, settings.bounds);
  const auto bound_box = [&](std::int64_t box) {
    if (settings.stopper && settings.stopper->stopped()) return;
    const auto b = static_cast<std::size_t>(box);
    BoundSettings one = settings.bounds;
    const double spent_s = std::chrono::duration<double>(Clock::now() - start).count();
    one.time_limit_s = std::max(0.0, one.time_limit_s - spent_s);
    try {
      const Bounds found = bounder.bounds(lower.subspan(b * n, n), upper.subspan(b * n, n), one);
      place(found.lower, b, all.lower);
      place(found.upper, b, all.upper);
      if (!one.linear) return;
      place(found.linear.lower_A, b, all.linear.lower_A);
      place(found.linear.upper_A, b, all.linear.upper_A);
      place(found.linear.lower_b, b, all.linear.lower_b);
      place(found.linear.upper_b, b, all.linear.upper_b);
    } catch (const InputError& e) {
      throw InputError("box " + std::to_string(b) + ": " + e.what());
    }
  };
  const int threads = settings.threads > 0 ? settings.threads : base::available_threads();
  base::parallel_for(threads, static_cast<std::int64_t>(boxes), bound_box);
  return all;
}

BatchBounds bounds_of_boxes(const Network& network, std::span<const double> lower,
                            std::span<const double> upper, const std::optional<OutputRows>& rows,
                            const BatchSettings& settings) {
  const std::size_t n = network.input_size(), boxes = count_boxes(n, lower, upper);
  std::vector<double> least(lower.begin(), lower.begin() + static_cast<std::ptrdiff_t>(n)),
      most(upper.begin(), upper.begin() + static_cast<std::ptrdiff_t>(n));
  for (std::size_t b = 1; b < boxes; ++b) {
    for (std::size_t i = 0; i < n; ++i) {
      least[i] = std::min(least[i], lower[b * n + i]);
      most[i] = std::max(most[i], upper[b * n + i]);
    }
  }
  const Bounder bounder =
      rows ? Bounder(network, least, most, *rows) : Bounder(network, least, most);
  return bounds_of_boxes(bounder, lower, upper, settings);
}

std::vector<double> gradients_of(const Network& network, std::span<const double> x,
                                 std::span<const double> weights) {
  const std::size_t n = network.input_size(), m = network.output_size();
  if (x.empty() || x.size() % n != 0 || weights.size() != x.size() / n * m) {
    throw InputError("gradients need points of " + std::to_string(n) + " inputs and " +
                     std::to_string(m) + " weights for each, got " + std::to_string(x.size()) +
                     " and " + std::to_string(weights.size()) + " numbers");
  }
  std::vector<double> points(x.begin(), x.end());
  if (!network.is_float64())
    for (double& value : points) value = static_cast<float>(value);
  std::vector<double> outputs(weights.size()), gradients(x.size());
  specs::Evaluator<double> evaluator(network.implementation().network);
  evaluator.forward(points, outputs);
  evaluator.backward(weights, gradients);
  return gradients;
}

}  // namespace clipbound
