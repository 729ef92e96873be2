// Idea: lines around activations on ordinary intervals: widths around 1 near the inflection point,
// what a search sees most.
// Source: own.
// Guarantees: measures only.
#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "bounds/relax/activation.h"
#include "tests/support/floors.h"

namespace clipbound::micro {
namespace {

/// Intervals with centres within +-2 (or, for curves of positive numbers, within [1, 5]) and
/// half-widths up to 1.
std::vector<Range> ordinary_intervals(bool positive) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> centre(positive ? 1.0 : -2.0, positive ? 5.0 : 2.0),
      half(0.0, 1.0);
  std::vector<Range> intervals(1024);
  for (Range& i : intervals) {
    const double c = centre(random), h = positive ? 0.9 * half(random) : half(random);
    i = {c - h, c + h};
  }
  return intervals;
}

void relax(benchmark::State& state, Activation activation, bool positive) {
  const std::vector<Range> intervals = ordinary_intervals(positive);
  for (auto _ : state) {
    for (const Range& i : intervals)
      benchmark::DoNotOptimize(bounds::relax(activation, i.lower, i.upper));
  }
  // Seconds per pair of planes.
  state.counters["lines"] = benchmark::Counter(
      static_cast<double>(intervals.size()),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK_CAPTURE(relax, relu, {Curve::relu}, false);
BENCHMARK_CAPTURE(relax, square, {Curve::square}, false);
BENCHMARK_CAPTURE(relax, sigmoid, {Curve::sigmoid}, false);
BENCHMARK_CAPTURE(relax, tanh, {Curve::tanh}, false);
BENCHMARK_CAPTURE(relax, exp, {Curve::exp}, false);
BENCHMARK_CAPTURE(relax, reciprocal, {Curve::reciprocal}, true);
BENCHMARK_CAPTURE(relax, sin, {Curve::sin}, false);

}  // namespace
}  // namespace clipbound::micro
