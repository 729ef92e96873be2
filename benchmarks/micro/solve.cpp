// Idea: end to end: an ACAS-shaped random network and a property that takes a few thousand
// subproblems to prove.
// Source: own.
// Guarantees: measures only.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>

#include "benchmarks/micro/networks.h"
#include "solver/solve.h"
#include "specs/evaluate/evaluate.h"
#include "tests/support/floors.h"

namespace clipbound::micro {
namespace {

constexpr double kRadius = 0.06;
constexpr double kPatienceSeconds = 8.0;
constexpr double kMargin = 0.03;  // of the sampled range: the smaller, the more subproblems

/// More than the lead of Y_0 over all others anywhere on the box: by kMargin of the sampled leads'
/// range.
double lead_out_of_reach(const std::shared_ptr<const Network>& network) {
  constexpr std::size_t kPoints = 1 << 16, kOutputs = kAcas.outputs;
  std::mt19937_64 engine(5);
  std::uniform_real_distribution<float> uniform(-kRadius, kRadius);
  std::vector<float> points(kPoints * static_cast<std::size_t>(kAcas.inputs)),
      outputs(kPoints * kOutputs);
  for (float& x : points) x = uniform(engine);
  Evaluator<float>(network).forward(points, outputs);
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (std::size_t k = 0; k < kPoints; ++k) {
    const float* y = outputs.data() + k * kOutputs;
    const double lead = y[0] - *std::max_element(y + 1, y + kOutputs);
    low = std::min(low, lead);
    high = std::max(high, lead);
  }
  return high + kMargin * (high - low);
}

/// Arguments: clipping (0 none, 1 relaxed, 2 complete), threads. Without the attack: the property
/// holds.
void solve_end_to_end(benchmark::State& state) {
  static const auto network = random_network(kAcas);
  static const Query query = first_output_leads(kAcas, kRadius, lead_out_of_reach(network));
  Options options;
  options.attack = false;
  constexpr const char* kClipping[] = {"none", "relaxed", "complete"};
  options.clipping = kClipping[state.range(0)];
  options.threads = static_cast<int>(state.range(1));
  double subproblems = 0.0;
  for (auto _ : state) {
    const Deadline deadline(Deadline::Clock::now(), kPatienceSeconds, 0.0);
    SolveContext context;
    context.deadline = &deadline;
    const SolveResult result = solve(network, query, options, context);
    if (result.verdict != Verdict::unsat) {
      state.SkipWithError(("not proved: " + result.reason).c_str());
      return;
    }
    subproblems += static_cast<double>(result.statistics.subproblems);
  }
  state.SetLabel(options.clipping);
  state.counters["subproblems"] = benchmark::Counter(subproblems, benchmark::Counter::kIsRate);
  state.counters["per_solve"] = benchmark::Counter(subproblems, benchmark::Counter::kAvgIterations);
}
BENCHMARK(solve_end_to_end)
    ->ArgNames({"clipping", "threads"})
    ->ArgsProduct({{0, 1, 2}, {1, 2}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace clipbound::micro
