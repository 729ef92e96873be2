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

/// kLanes subproblems from the lanes to the stack and back, as InputSplitWorker does it.
void round_trip(benchmark::State& state) {
  const Reduced& reduced = reduced_network(static_cast<int>(state.range(0)));
  Batch batch;
  batch.attach(*reduced.network, kHalfspaces);
  load_lanes(reduced, batch);
  batch.halfspaces = cutting_halfspaces(batch.lower_x, batch.upper_x, kHalfspaces);
  SubproblemStack stack({reduced.network->inputs, reduced.network->neurons, kHalfspaces});
  for (auto _ : state) {
    for (int lane = 0; lane < kLanes; ++lane) {
      const Record record = stack.push({});
      store_lane(batch.lower_x, lane, record.lower_x());
      store_lane(batch.upper_x, lane, record.upper_x());
      store_lane(batch.lower_z, lane, record.lower_z());
      store_lane(batch.upper_z, lane, record.upper_z());
      store_lane(batch.halfspaces, lane, record.halfspaces());
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      const ConstRecord record = stack.from_top(static_cast<std::size_t>(lane));
      load_lane(record.lower_x(), lane, batch.lower_x);
      load_lane(record.upper_x(), lane, batch.upper_x);
      load_lane(record.lower_z(), lane, batch.lower_z);
      load_lane(record.upper_z(), lane, batch.upper_z);
      load_lane(record.halfspaces(), lane, batch.halfspaces);
    }
    for (int lane = 0; lane < kLanes; ++lane) stack.pop();
    benchmark::ClobberMemory();
  }
  state.counters["subproblems"] =
      benchmark::Counter(kLanes, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["bytes"] = benchmark::Counter(
      2.0 * kLanes * 8.0 * static_cast<double>(stack.shape().size()),
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
  for (auto _ : state)
    benchmark::DoNotOptimize(fold_neurons(net, phase, reduced.upper_z, input_max));
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
