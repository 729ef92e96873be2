// Idea: what a subproblem costs besides its bounds: its way into the stack and back into the lanes,
// and folding.
// Source: own.
// Guarantees: measures only.
#include <benchmark/benchmark.h>

#include "benchmarks/micro/networks.h"
#include "solver/input_split/subproblems.h"
#include "tests/support/floors.h"

namespace clipbound::micro {
namespace {

constexpr int kHalfspaces = 8;

/// The arrays of a record in their order.
template <typename Visit>
void for_each_array(ReducedBounder& b, Visit&& visit) {
  for (auto* array : {&b.lower_x, &b.upper_x, &b.lower_z, &b.upper_z, &b.constraint}) visit(*array);
}

/// kLanes subproblems from the lanes to the stack and back, as InputSplitWorker does it.
void round_trip(benchmark::State& state) {
  const Reduced& reduced = reduced_network(static_cast<int>(state.range(0)));
  ReducedBounder bounder;
  bounder.attach(*reduced.network, kHalfspaces);
  load_lanes(reduced, bounder);
  bounder.constraint = cutting_halfspaces(bounder.lower_x, bounder.upper_x, kHalfspaces);
  SubproblemStack stack(reduced.network->inputs, reduced.network->neurons, kHalfspaces);
  for (auto _ : state) {
    for (int lane = 0; lane < kLanes; ++lane) {
      double* record = stack.push();
      for_each_array(bounder, [&](const std::vector<Vec>& array) {
        for (const Vec& numbers : array) *record++ = numbers[lane];
      });
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      const double* record = stack.from_top(static_cast<std::size_t>(lane));
      for_each_array(bounder, [&](std::vector<Vec>& array) {
        for (Vec& numbers : array) numbers[lane] = *record++;
      });
    }
    stack.pop(kLanes);
    benchmark::ClobberMemory();
  }
  state.counters["subproblems"] =
      benchmark::Counter(kLanes, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["bytes"] = benchmark::Counter(
      2.0 * kLanes * 8.0 * static_cast<double>(stack.record_size()),
      benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1024);
}
BENCHMARK(round_trip)->ArgName("U")->Arg(10)->Arg(25)->Arg(50)->Arg(100)->Arg(200);

/// Folding a fifth of the neurons, half of them active: as often as the search does it.
void fold_a_fifth(benchmark::State& state) {
  const Reduced& reduced = reduced_network(static_cast<int>(state.range(0)));
  const ReducedNetwork& net = *reduced.network;
  std::vector<Phase> phase(static_cast<std::size_t>(net.neurons), Phase::unstable);
  for (std::size_t v = 0; v < phase.size(); v += 5)
    phase[v] = v % 2 == 0 ? Phase::active : Phase::inactive;
  std::vector<double> input_max;
  for (std::size_t i = 0; i < reduced.lower_x.size(); ++i) {
    input_max.push_back(std::max(-reduced.lower_x[i], reduced.upper_x[i]));
  }
  for (auto _ : state) benchmark::DoNotOptimize(fold(net, phase, reduced.upper_z, input_max));
}
BENCHMARK(fold_a_fifth)
    ->ArgName("U")
    ->Arg(10)
    ->Arg(25)
    ->Arg(50)
    ->Arg(100)
    ->Arg(200)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace clipbound::micro
