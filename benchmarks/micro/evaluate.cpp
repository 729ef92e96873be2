// The network at points, in float32 and for batches, as the attack uses it.
#include <benchmark/benchmark.h>

#include "base/blas.h"
#include "benchmarks/micro/networks.h"
#include "specs/evaluate.h"

namespace clipbound::micro {
namespace {

std::vector<float> random_points(std::size_t count) {
  std::mt19937_64 engine(11);
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  std::vector<float> numbers(count);
  for (float& x : numbers) x = uniform(engine);
  return numbers;
}

double weights_of(const Shape& shape) {
  return static_cast<double>(shape.width) * (shape.inputs + (shape.layers - 1) * shape.width + shape.outputs);
}

struct Batch {
  explicit Batch(const benchmark::State& state)
      : count(static_cast<std::size_t>(state.range(0))),
        evaluator(random_network(kAcas)),
        points(random_points(count * static_cast<std::size_t>(kAcas.inputs))),
        outputs(count * static_cast<std::size_t>(kAcas.outputs)) {
    initialise_blas();
  }
  void report(benchmark::State& state) const {
    const auto rate = benchmark::Counter::kIsIterationInvariantRate;
    state.counters["points"] = benchmark::Counter(static_cast<double>(count), rate);
    state.counters["FLOP"] = benchmark::Counter(2.0 * weights_of(kAcas) * static_cast<double>(count), rate);
  }
  std::size_t count;
  Evaluator<float> evaluator;
  std::vector<float> points, outputs;
};

void evaluate_forward(benchmark::State& state) {
  Batch batch(state);
  for (auto _ : state) {
    batch.evaluator.forward(batch.points, batch.outputs);
    benchmark::ClobberMemory();
  }
  batch.report(state);
}
BENCHMARK(evaluate_forward)->ArgName("B")->Arg(1)->Arg(32)->Arg(256)->Unit(benchmark::kMicrosecond);

/// The gradient alone; the forward pass before it is outside the clock's loop.
void evaluate_backward(benchmark::State& state) {
  Batch batch(state);
  batch.evaluator.forward(batch.points, batch.outputs);
  const std::vector<float> cotangents(batch.outputs.size(), 1.0F);
  std::vector<float> gradients(batch.points.size());
  for (auto _ : state) {
    batch.evaluator.backward(cotangents, gradients);
    benchmark::ClobberMemory();
  }
  batch.report(state);
}
BENCHMARK(evaluate_backward)->ArgName("B")->Arg(1)->Arg(32)->Arg(256)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace clipbound::micro
