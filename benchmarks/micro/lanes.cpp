// Idea: the search's inner loop: bounds of kLanes subproblems at once, its concretization and both
// kinds of clipping.
// Source: own.
// Guarantees: measures only.
#include <benchmark/benchmark.h>

#include <random>

#include "benchmarks/micro/networks.h"
#include "bounds/clip/relaxed_clipping.h"
#include "tests/support/floors.h"

namespace clipbound::micro {
namespace {

constexpr int kHalfspaces = 8;  // four rows' planes and four of the ancestors', as in the search

void report_subproblems(benchmark::State& state, double per_iteration) {
  state.counters["subproblems"] =
      benchmark::Counter(per_iteration, benchmark::Counter::kIsIterationInvariantRate);
}

/// One batch in which every neuron stays undecided: the most that a batch of U neurons can cost.
void bound_lanes(benchmark::State& state, const Clipping& settings) {
  const Reduced& reduced = reduced_network(static_cast<int>(state.range(0)));
  Batch bounder;
  bounder.attach(*reduced.network, kHalfspaces);
  load_lanes(reduced, bounder);
  bounder.halfspaces = cutting_halfspaces(bounder.lower_x, bounder.upper_x, kHalfspaces);
  bounder.halfspace_count = settings.complete ? kHalfspaces : 0;
  for (auto _ : state) {
    load_lanes(reduced, bounder);
    bounder.bound(settings);
    benchmark::ClobberMemory();
  }
  report_subproblems(state, kLanes);
  state.counters["U"] = reduced.network->neurons;
  state.counters["FLOP"] = benchmark::Counter(substitution_flops(*reduced.network),
                                              benchmark::Counter::kIsIterationInvariantRate);
}
void bound_plain(benchmark::State& state) {
  bound_lanes(state, {.complete = false, .passes = 1});
}
void bound_complete_1(benchmark::State& state) {
  bound_lanes(state, {.complete = true, .passes = 1});
}
void bound_complete_2(benchmark::State& state) {
  bound_lanes(state, {.complete = true, .passes = 2});
}
BENCHMARK(bound_plain)
    ->Arg(10)
    ->Arg(25)
    ->Arg(50)
    ->Arg(100)
    ->Arg(200)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(bound_complete_1)
    ->Arg(10)
    ->Arg(25)
    ->Arg(50)
    ->Arg(100)
    ->Arg(200)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(bound_complete_2)
    ->Arg(10)
    ->Arg(25)
    ->Arg(50)
    ->Arg(100)
    ->Arg(200)
    ->Unit(benchmark::kMicrosecond);

constexpr int kRows = 64;

/// A network without neurons, whose rows are random planes below 0 near the centre of [-1, 1]^5:
/// what is left of bound() is concretization and clipping.
ReducedNetwork planes_only() {
  std::mt19937_64 engine(3);
  std::normal_distribution<double> normal;
  ReducedNetwork net;
  net.inputs = 5;
  net.rows = kRows;
  net.stride = ReducedNetwork::padded(net.inputs + 1);
  net.layer_begin = {0};
  net.coefficients.assign(static_cast<std::size_t>(kRows * net.stride), 0.0);
  net.radius.assign(kRows, 0.0);
  net.strict.assign(kRows, 0);
  net.largest_source.assign(5, 1.0);
  for (int s = 0; s < kRows; ++s) {
    for (int i = 0; i < net.inputs; ++i) net.row(s)[i] = normal(engine);
    net.row(s)[net.constant()] = -10.0;
  }
  net.finish();
  return net;
}

/// Time per row of `state.range(0)` half-spaces and `state.range(1)` passes; 0 half-spaces is
/// concretization alone.
void bound_planes(benchmark::State& state) {
  const ReducedNetwork net = planes_only();
  const auto K = static_cast<int>(state.range(0));
  Batch bounder;
  bounder.attach(net, K);
  for (std::size_t i = 0; i < 5; ++i) {
    bounder.lower_x[i] = broadcast(-1.0);
    bounder.upper_x[i] = broadcast(1.0);
  }
  bounder.halfspace_count = K;
  bounder.halfspaces = cutting_halfspaces(bounder.lower_x, bounder.upper_x, K);
  const Clipping settings{.complete = K > 0, .passes = static_cast<int>(state.range(1))};
  for (auto _ : state) {
    bounder.bound(settings);
    benchmark::ClobberMemory();
  }
  state.counters["forms"] =
      benchmark::Counter(kRows * kLanes, benchmark::Counter::kIsIterationInvariantRate);
}
void concretize(benchmark::State& state) {
  bound_planes(state);
}
void complete_clipping(benchmark::State& state) {
  bound_planes(state);
}
BENCHMARK(concretize)->ArgNames({"K", "passes"})->Args({0, 1})->Unit(benchmark::kMicrosecond);
BENCHMARK(complete_clipping)
    ->ArgNames({"K", "passes"})
    ->ArgsProduct({{1, 4, 8, 12}, {1, 2, 8}})
    ->Unit(benchmark::kMicrosecond);

/// Relaxed clipping of kLanes boxes of 5 inputs by K half-spaces, one pass.
void relaxed_clipping(benchmark::State& state) {
  const auto K = static_cast<int>(state.range(0));
  const std::vector<Vec> lower(5, broadcast(-1.0)), upper(5, broadcast(1.0));
  const std::vector<Vec> halfspaces = cutting_halfspaces(lower, upper, K);
  std::vector<Vec> low, high;
  for (auto _ : state) {
    low = lower;
    high = upper;
    Mask empty = clip_boxes(5, low.data(), high.data(), K, halfspaces.data(), 1);
    benchmark::DoNotOptimize(empty);
    benchmark::ClobberMemory();
  }
  report_subproblems(state, kLanes);
}
BENCHMARK(relaxed_clipping)->ArgName("K")->Arg(1)->Arg(4)->Arg(8)->Arg(12);

}  // namespace
}  // namespace clipbound::micro
