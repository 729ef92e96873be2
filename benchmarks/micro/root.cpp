// Idea: passes over the whole network, as at the root. Argument 0: ACAS Xu's shape (5 inputs, 6 x
// 50); 1: an MNIST network's (100 inputs, 4 x 256).
// Source: own.
// Guarantees: measures only.
#include <benchmark/benchmark.h>

#include "base/blas.h"
#include "benchmarks/micro/networks.h"
#include "bounds/crown/forward_pass.h"
#include "tests/support/floors.h"

namespace clipbound::micro {
namespace {

const Lowered& lowered(std::int64_t which) {
  initialise_blas();
  static const Lowered acas(kAcas, 0.05), wide(kWide, 0.01);
  return which == 0 ? acas : wide;
}

void report_flops(benchmark::State& state, double flops) {
  state.counters["FLOP"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
}

double weights_of(const AffineForm& form) {
  double sum = 0.0;
  for (const auto& [source, rows] : form.terms) sum += static_cast<double>(rows.entries());
  return sum;
}

/// Interval bounds of all layers.
void interval_pass(benchmark::State& state) {
  const Lowered& net = lowered(state.range(0));
  double flops = 0.0;
  for (const AffineForm& layer : net.system->layers) flops += 4.0 * weights_of(layer);
  for (auto _ : state) {
    for (const AffineForm& layer : net.system->layers)
      benchmark::DoNotOptimize(enclose(layer, net.bounds.sources));
  }
  report_flops(state, flops);
}
BENCHMARK(interval_pass)->Arg(0)->Arg(1);

/// Linear bounds in the input, layer by layer. The wide network's 100 inputs are past what the
/// engine uses it for.
void forward_pass(benchmark::State& state) {
  const Lowered& net = lowered(state.range(0));
  ForwardBox box;
  box.columns = varying_inputs(net.lower, net.upper);
  for (const int i : box.columns) {
    box.lower.push_back(net.lower[static_cast<std::size_t>(i)]);
    box.upper.push_back(net.upper[static_cast<std::size_t>(i)]);
  }
  double flops = 0.0;
  for (const AffineForm& layer : net.system->layers) {
    flops += 4.0 * weights_of(layer) * static_cast<double>(box.columns.size() + 1);
  }
  for (auto _ : state) {
    std::map<int, LinearBounds> planes;
    planes.emplace(kInputSource, forward_input(box, net.lower, net.upper));
    for (std::size_t k = 0; k < net.system->layers.size(); ++k) {
      const LinearBounds z = forward_affine(net.system->layers[k], box, planes);
      benchmark::DoNotOptimize(concretize(z, box));
      planes[static_cast<int>(k)] = forward_relu(z, net.bounds.layers[k], box);
    }
  }
  report_flops(state, flops);
}
BENCHMARK(forward_pass)->Arg(0)->Arg(1);

/// Multiplications and additions of one substitution from `layer` down to the input, dense.
double backward_flops(const Lowered& net, std::size_t layer) {
  double sum = 0.0;
  for (std::size_t k = 0; k < layer; ++k) sum += 2.0 * weights_of(net.system->layers[k]);
  return sum;
}

/// CROWN backward for all neurons of the last hidden layer.
void backward_pass(benchmark::State& state) {
  const Lowered& net = lowered(state.range(0));
  const std::size_t last = net.system->layers.size() - 1;
  const AffineForm& form = net.system->layers[last];
  std::vector<std::int64_t> all(static_cast<std::size_t>(form.size()));
  for (std::size_t v = 0; v < all.size(); ++v) all[v] = static_cast<std::int64_t>(v);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        net.bounder.lower_bounds(form, all, 1.0, static_cast<int>(last), net.bounds));
  }
  report_flops(state, static_cast<double>(all.size()) * backward_flops(net, last));
}
BENCHMARK(backward_pass)->Arg(0)->Arg(1);

/// CROWN backward for the rows of the clause (4 and 9 of them).
void backward_pass_rows(benchmark::State& state) {
  const Lowered& net = lowered(state.range(0));
  const std::size_t layers = net.system->layers.size();
  const std::vector<std::int64_t> all = net.all_rows();
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        net.bounder.lower_bounds(net.rows, all, 1.0, static_cast<int>(layers), net.bounds));
  }
  report_flops(state, static_cast<double>(all.size()) * backward_flops(net, layers));
}
BENCHMARK(backward_pass_rows)->Arg(0)->Arg(1);

/// All neurons of the network: interval, forward, backward where that pays.
void bound_neurons(benchmark::State& state) {
  const Lowered& net = lowered(state.range(0));
  for (auto _ : state)
    benchmark::DoNotOptimize(net.bounder.bound_neurons(net.lower, net.upper, Deadline()));
  state.counters["unstable"] = static_cast<double>(net.bounds.unstable);
}
BENCHMARK(bound_neurons)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

/// From bounds to the reduced network.
void reduce(benchmark::State& state) {
  const Lowered& net = lowered(state.range(0));
  const std::vector<int> kept = varying_inputs(net.lower, net.upper);
  const std::vector<std::uint8_t> strict(static_cast<std::size_t>(net.rows.size()), 0);
  for (auto _ : state)
    benchmark::DoNotOptimize(reduce(net.bounder, net.bounds, net.rows, strict, kept));
  state.counters["U"] = static_cast<double>(net.bounds.unstable);
}
BENCHMARK(reduce)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace clipbound::micro
