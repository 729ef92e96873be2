#include "bounds/alpha_beta/shared_cones.h"

#include <algorithm>
#include <numeric>

#include "bounds/alpha_beta/cone.h"
#include "bounds/alpha_beta/crown_rows.h"

namespace clipbound::bounds {

std::vector<std::int64_t> all_of(const SparseNetworkRows& rows) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(rows.count()));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

std::vector<std::int64_t> part_of(const std::vector<std::int64_t>& order, std::size_t first,
                                  std::size_t count) {
  const auto iterator = [&](std::size_t i) {
    return order.begin() + static_cast<std::ptrdiff_t>(std::min(i, order.size()));
  };
  return {iterator(first), iterator(first + count)};
}

std::vector<std::int64_t> by_dependency(const SparseNetwork& network, const AffineForm& form,
                                        const std::vector<std::int64_t>& neurons) {
  std::vector<std::pair<Live, std::int64_t>> order;
  for (const std::int64_t v : neurons) order.emplace_back(network.first_dependency(form, v), v);
  std::sort(order.begin(), order.end());
  std::vector<std::int64_t> sorted;
  for (const auto& [element, v] : order) sorted.push_back(v);
  return sorted;
}

Groups::Groups(const std::vector<std::int64_t>& order, std::size_t batch, std::size_t most,
               int threads)
    : order_(order) {
  const std::size_t parts = threads > 1 ? 2 * static_cast<std::size_t>(threads) : 1;
  while (begins_.back() < order.size()) {
    const std::size_t left = (order.size() - begins_.back() + batch - 1) / batch;
    const std::size_t here = std::min(most, std::max<std::size_t>(1, left / parts));
    begins_.push_back(std::min(order.size(), begins_.back() + here * batch));
  }
}

double work_of_rows(const SparseNetwork& network, const AffineForm& form,
                    const std::vector<std::int64_t>& order, std::size_t count) {
  const std::size_t middle = order.size() / 2 / kLanes * kLanes;
  const std::size_t before = count > kLanes ? count - kLanes : 0;
  const SparseNetworkRows rows =
      network.compile_rows(form, part_of(order, middle >= before ? middle - before : 0, count));
  Cone cone;
  ConeFinder(network).find(rows, all_of(rows), cone);
  return static_cast<double>(cone.work);
}

std::size_t batches_per_cone(const SparseNetwork& network, const AffineForm& form,
                             const std::vector<std::int64_t>& order, int iterations) {
  constexpr std::size_t kMost = 8, kEnough = 16;
  if (order.size() < kEnough * kLanes) return 1;
  const double passes = 2.0 * (1.0 + 2.0 * iterations);
  std::size_t best = 1;
  double least = work_of_rows(network, form, order, kLanes) * (passes + 1.0);
  for (std::size_t count = 2; count <= kMost; count *= 2) {
    const double total = work_of_rows(network, form, order, count * kLanes) *
                         (passes + 1.0 / static_cast<double>(count));
    if (total < least) best = count;
    least = std::min(least, total);
  }
  return best;
}

std::size_t crown_rows_per_cone(const SparseNetwork& network, const AffineForm& form,
                                const std::vector<std::int64_t>& order, int threads) {
  if (!CrownRows::suits(network)) return 0;
  // What a pass over CrownRows::kRows rows takes, where one over kLanes rows on the same cone takes
  // 1 (decision 64), and so does finding the cone.
  constexpr double kPass = 2.5;
  constexpr std::size_t kRows = CrownRows::kRows;
  const auto cost = [&](std::size_t rows, std::size_t at_once, double pass) {
    return work_of_rows(network, form, order, rows) *
           (2.0 * pass / static_cast<double>(at_once) + 1.0 / static_cast<double>(rows));
  };
  std::size_t best = 0;
  double least = order.size() > kLanes ? cost(kLanes, kLanes, 1.0) : kInfinity;
  for (std::size_t rows = kRows;
       rows == kRows || rows * static_cast<std::size_t>(std::max(threads, 1)) <= order.size();
       rows *= 2) {
    const double total = cost(rows, kRows, kPass);
    if (total < least) best = rows;
    if (rows > kRows && total >= least) break;
    least = std::min(least, total);
  }
  return best;
}

}  // namespace clipbound::bounds
