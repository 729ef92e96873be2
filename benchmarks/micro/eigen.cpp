// Idea: what decision 44 rests on: the two products that bounds spend their time in, written by hand
// or handed to OpenBLAS as they are, and by Eigen's expressions.
// Source: own.
// Guarantees: measures only.
#include <benchmark/benchmark.h>

#include <Eigen/Core>
#include <random>
#include <vector>

#include "base/blas.h"
#include "base/eigen.h"
#include "base/simd.h"
#include "tests/support/floors.h"

namespace clipbound::micro {
namespace {

std::vector<double> random_numbers(std::int64_t count) {
  std::mt19937_64 engine(7);
  std::normal_distribution<double> normal;
  std::vector<double> numbers(static_cast<std::size_t>(count));
  for (double& number : numbers) number = normal(engine);
  return numbers;
}

void report_flops(benchmark::State& state, double per_iteration) {
  state.counters["FLOP"] =
      benchmark::Counter(per_iteration, benchmark::Counter::kIsIterationInvariantRate);
}

/// kLanes subproblems' coefficients [U] times a layer's weights [U, N], lanes side by side: the
/// backward substitution of reduced networks, columns in blocks that stay in registers.
void lanes_by_hand(benchmark::State& state) {
  const auto U = static_cast<std::int64_t>(state.range(0)), N = U;
  const std::vector<double> weights = random_numbers(U * N);
  std::vector<Vec> p(static_cast<std::size_t>(U), broadcast(0.5)), out(static_cast<std::size_t>(N));
  constexpr int kColumns = 8;
  for (auto _ : state) {
    for (std::int64_t column = 0; column + kColumns <= N; column += kColumns) {
      Vec sum[kColumns] = {};
      for (std::int64_t u = 0; u < U; ++u) {
        const double* row = weights.data() + u * N + column;
        const Vec factor = p[static_cast<std::size_t>(u)];
#pragma GCC unroll 8
        for (int c = 0; c < kColumns; ++c) sum[c] += factor * broadcast(row[c]);
      }
      for (int c = 0; c < kColumns; ++c) out[static_cast<std::size_t>(column + c)] = sum[c];
    }
    benchmark::ClobberMemory();
  }
  report_flops(state, 2.0 * kLanes * static_cast<double>(U * N));
}

/// The same as a product of Eigen's maps: [kLanes, U] times [U, N].
void lanes_by_eigen(benchmark::State& state) {
  const auto U = static_cast<Eigen::Index>(state.range(0)), N = U;
  const std::vector<double> weights = random_numbers(U * N);
  using Lanes = Eigen::Matrix<double, kLanes, Eigen::Dynamic>;
  const Lanes p = Lanes::Constant(kLanes, U, 0.5);
  Lanes out(kLanes, N);
  const auto w = matrix_view(weights, U, N);
  for (auto _ : state) {
    out.noalias() = p * w;
    benchmark::ClobberMemory();
  }
  report_flops(state, 2.0 * kLanes * static_cast<double>(U * N));
}
BENCHMARK(lanes_by_hand)->Arg(16)->Arg(32)->Arg(64)->Arg(128)->Arg(256);
BENCHMARK(lanes_by_eigen)->Arg(16)->Arg(32)->Arg(64)->Arg(128)->Arg(256);

/// 64 rows of a backward substitution through a dense layer of n by n.
constexpr std::int64_t kRowsAtOnce = 64;

void dense_by_blas(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const std::vector<double> rows = random_numbers(kRowsAtOnce * n), weights = random_numbers(n * n);
  std::vector<double> out(static_cast<std::size_t>(kRowsAtOnce * n));
  for (auto _ : state) {
    gemm(Transpose::no, Transpose::no, kRowsAtOnce, n, n, 1.0, rows.data(), n, weights.data(), n,
         0.0, out.data(), n);
    benchmark::ClobberMemory();
  }
  report_flops(state, 2.0 * static_cast<double>(kRowsAtOnce * n * n));
}

void dense_by_eigen(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const std::vector<double> rows = random_numbers(kRowsAtOnce * n), weights = random_numbers(n * n);
  std::vector<double> out(static_cast<std::size_t>(kRowsAtOnce * n));
  auto product = matrix_view(out.data(), kRowsAtOnce, n, n);
  for (auto _ : state) {
    product.noalias() = matrix_view(rows, kRowsAtOnce, n) * matrix_view(weights, n, n);
    benchmark::ClobberMemory();
  }
  report_flops(state, 2.0 * static_cast<double>(kRowsAtOnce * n * n));
}
BENCHMARK(dense_by_blas)->Arg(64)->Arg(256)->Arg(1024)->Unit(benchmark::kMicrosecond);
BENCHMARK(dense_by_eigen)->Arg(64)->Arg(256)->Arg(1024)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace clipbound::micro
