// Idea: the network at points, in float32 and for batches, as the attack uses it.
// Source: own.
// Guarantees: measures only.
#include <benchmark/benchmark.h>

#include "base/blas.h"
#include "benchmarks/micro/networks.h"
#include "specs/evaluate/evaluate.h"
#include "specs/network/network_builder.h"
#include "tests/support/floors.h"

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
  return static_cast<double>(shape.width) *
         (shape.inputs + (shape.layers - 1) * shape.width + shape.outputs);
}

/// Two convolutions and a dense layer on 3 x 32 x 32, as in the image suites.
std::shared_ptr<const Network> convolutional() {
  NetworkBuilder b;
  const auto convolve = [&](ValueId x, std::int64_t from, std::int64_t to, std::int64_t k,
                            std::int64_t stride) {
    const ValueId w =
        b.constant({to, from, k, k}, random_points(static_cast<std::size_t>(to * from * k * k)));
    return b.add("Relu",
                 {b.add("Conv", {x, w}, {{"strides", std::vector<std::int64_t>{stride, stride}}})});
  };
  ValueId x = convolve(convolve(b.input("x", {1, 3, 32, 32}), 3, 32, 5, 1), 32, 64, 4, 2);
  x = b.add("Flatten", {x});
  const std::int64_t width = b.network().value(x).shape[1];
  b.output(b.add(
      "MatMul", {x, b.constant({width, 10}, random_points(static_cast<std::size_t>(width * 10)))}));
  return std::make_shared<const Network>(b.build());
}
constexpr double kConvolutionalWork =
    28.0 * 28 * 32 * 75 + 13.0 * 13 * 64 * 512 + 13.0 * 13 * 64 * 10;

struct Batch {
  Batch(const benchmark::State& state, std::shared_ptr<const Network> network,
        double multiplications)
      : count(static_cast<std::size_t>(state.range(0))),
        work(multiplications),
        points(random_points(count * static_cast<std::size_t>(network->input_size()))),
        outputs(count * static_cast<std::size_t>(network->output_size())),
        evaluator(std::move(network)) {
    initialise_blas();
  }
  explicit Batch(const benchmark::State& state)
      : Batch(state, random_network(kAcas), weights_of(kAcas)) {}
  void report(benchmark::State& state) const {
    const auto rate = benchmark::Counter::kIsIterationInvariantRate;
    state.counters["points"] = benchmark::Counter(static_cast<double>(count), rate);
    state.counters["FLOP"] = benchmark::Counter(2.0 * work * static_cast<double>(count), rate);
  }
  std::size_t count;
  double work;
  std::vector<float> points, outputs;
  Evaluator<float> evaluator;
};

/// One step of the attack on images: forward and gradient together.
void evaluate_convolutional(benchmark::State& state) {
  Batch batch(state, convolutional(), kConvolutionalWork);
  const std::vector<float> cotangents(batch.outputs.size(), 1.0F);
  std::vector<float> gradients(batch.points.size());
  for (auto _ : state) {
    batch.evaluator.forward(batch.points, batch.outputs);
    batch.evaluator.backward(cotangents, gradients);
    benchmark::ClobberMemory();
  }
  batch.report(state);
}
BENCHMARK(evaluate_convolutional)
    ->ArgName("B")
    ->Arg(1)
    ->Arg(4)
    ->Arg(16)
    ->Unit(benchmark::kMillisecond);

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
BENCHMARK(evaluate_backward)
    ->ArgName("B")
    ->Arg(1)
    ->Arg(32)
    ->Arg(256)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace clipbound::micro
