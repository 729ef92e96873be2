#include "bounds/windows/window_bounder.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <numeric>

#include "base/parallel.h"
#include "base/rounding.h"

namespace clipbound::bounds {

namespace {

/// Rows at once: as many as make products of matrices fast. Below the least they are slow.
constexpr std::int64_t kMostRows = 128, kLeastRows = 16;

bool is_open(const IntervalVector& z, std::size_t v) {
  return z.lower[v] < 0.0 && z.upper[v] > 0.0;
}

/// Bounds of forms over the input alone are exact already.
bool reads_input_alone(const AffineForm& form) {
  return std::all_of(form.terms.begin(), form.terms.end(),
                     [](const auto& term) { return term.first == kInputSource; });
}

/// The tile of a position, tiles of `side` positions along every axis.
Shape tile_of(const SourceShape& shape, std::int64_t position, std::int64_t side) {
  Shape tile(shape.area.size());
  for (std::size_t d = tile.size(); d-- > 0; position /= shape.area[d])
    tile[d] = position % shape.area[d] / side;
  return tile;
}

Window window_of_tile(const SourceShape& shape, const Shape& tile, std::int64_t side) {
  Window window;
  for (std::size_t d = 0; d < tile.size(); ++d) {
    window.first.push_back(tile[d] * side);
    window.extent.push_back(std::min(side, shape.area[d] - tile[d] * side));
  }
  return window;
}

}  // namespace

bool WindowBounder::suits(const LayeredSystem& system) {
  const bool has_maps =
      std::any_of(system.layers.begin(), system.layers.end(), [](const AffineForm& form) {
        return std::any_of(form.terms.begin(), form.terms.end(),
                           [](const auto& term) { return term.second.structure() != nullptr; });
      });
  return has_maps && RelaxedLayers::suits(system);
}

WindowBounder::WindowBounder(const LayeredSystem& system, std::vector<double> lower,
                             std::vector<double> upper, WindowBudget budget,
                             const Deadline& deadline)
    : system_(system),
      network_(system),
      budget_(std::move(budget)),
      deadline_(deadline),
      layers_(system, std::move(lower), std::move(upper)) {}

std::int64_t WindowBounder::unstable() const {
  std::int64_t count = 0;
  for (int k = 0; k < layers_.count(); ++k) {
    for (std::size_t v = 0; layers_.is_relu(k) && v < layers_.z(k).lower.size(); ++v)
      count += is_open(layers_.z(k), v) ? 1 : 0;
  }
  return count;
}

double WindowBounder::work_of_tile(int layer, std::int64_t side) const {
  const SourceShape& shape = network_.shape(layer);
  Shape middle;
  for (const std::int64_t length : shape.area) middle.push_back((length - 1) / side / 2);
  const Window window = window_of_tile(shape, middle, side);
  return plan_windows(network_, layer, windows_read(network_, layer, window)).work;
}

std::int64_t WindowBounder::best_tile(int layer, std::size_t neurons) const {
  const SourceShape& shape = network_.shape(layer);
  const std::int64_t longest = *std::max_element(shape.area.begin(), shape.area.end());
  std::int64_t best = 1;
  double least = kInfinity;
  for (std::int64_t side = 1; side < 2 * longest; side *= 2) {
    double tiles = 1.0;
    for (const std::int64_t length : shape.area)
      tiles *= static_cast<double>((length + side - 1) / side);
    const double rows =
        std::min(static_cast<double>(neurons) / tiles, static_cast<double>(kMostRows));
    // Few rows take as long as some more.
    const double cost =
        work_of_tile(layer, side) * (1.0 + static_cast<double>(kLeastRows) / std::max(rows, 1.0));
    if (cost < least) best = side;
    least = std::min(least, cost);
  }
  return best;
}

std::vector<WindowBounder::Batch> WindowBounder::batches_of(
    int layer, const std::vector<std::int64_t>& neurons) const {
  const SourceShape& shape = network_.shape(layer);
  const std::int64_t side = best_tile(layer, neurons.size());
  std::map<Shape, std::vector<std::int64_t>> tiles;
  for (const std::int64_t v : neurons)
    tiles[tile_of(shape, v % shape.positions(), side)].push_back(v);
  std::vector<Batch> batches;
  for (auto& [tile, list] : tiles)
    batches.push_back({window_of_tile(shape, tile, side), std::move(list)});
  return batches;
}

void WindowBounder::bound_batch(int layer, const Batch& batch, double end, WindowMemory& memory,
                                IntervalVector& z) {
  const WindowPlan plan =
      plan_windows(network_, layer, windows_read(network_, layer, batch.window));
  const auto at_once = static_cast<std::size_t>(rows_at_once(plan, budget_.bytes, kMostRows));
  for (std::size_t first = 0; first < batch.neurons.size(); first += at_once) {
    if (deadline_.expired() || deadline_.spent_s() > end) return;
    const std::size_t last = std::min(first + at_once, batch.neurons.size());
    const std::vector<std::int64_t> part(batch.neurons.begin() + static_cast<std::ptrdiff_t>(first),
                                         batch.neurons.begin() + static_cast<std::ptrdiff_t>(last));
    WindowRows rows(network_, layers_, plan, network_.form(layer), part, RowSides::both, memory);
    rows.run();
    deadline_.work(rows.work());
    bounded_ += static_cast<std::int64_t>(part.size());
    for (std::size_t i = 0; i < part.size(); ++i) {
      const auto v = static_cast<std::size_t>(part[i]);
      z.lower[v] = std::max(z.lower[v], rows.lower()[i]);
      z.upper[v] = std::min(z.upper[v], rows.upper()[i]);
    }
  }
}

void WindowBounder::tighten(int layer, IntervalVector& z, double end) {
  std::vector<std::int64_t> open;
  for (std::size_t v = 0; v < z.lower.size(); ++v) {
    if (is_open(z, v)) open.push_back(static_cast<std::int64_t>(v));
  }
  if (open.empty()) return;
  const double begin = deadline_.spent_s();
  const std::vector<Batch> batches = batches_of(layer, open);
  bounded_ = 0;
  std::atomic<std::size_t> next{0};
  const int workers = static_cast<int>(
      std::min<std::size_t>(static_cast<std::size_t>(budget_.threads), batches.size()));
  run_workers(workers, [&](int) {
    WindowMemory memory;
    for (std::size_t b = next.fetch_add(1); b < batches.size(); b = next.fetch_add(1)) {
      if (deadline_.expired() || deadline_.spent_s() > end) return;
      bound_batch(layer, batches[b], end, memory, z);
    }
  });
  if (!budget_.say) return;
  std::int64_t left = 0;
  for (const std::int64_t v : open) left += is_open(z, static_cast<std::size_t>(v)) ? 1 : 0;
  budget_.say("layer " + std::to_string(layer) + ": " + std::to_string(open.size()) + " of " +
              std::to_string(z.lower.size()) + " neurons unstable by intervals, " +
              std::to_string(bounded_) + " bounded in " + std::to_string(batches.size()) +
              " windows, " + std::to_string(left) + " stay unstable, " +
              std::to_string(deadline_.spent_s() - begin) + " s");
}

std::vector<double> WindowBounder::forecast() const {
  std::vector<double> work;
  for (std::size_t k = 0; k < system_.layers.size(); ++k) {
    const auto layer = static_cast<int>(k);
    const bool counts = layers_.is_relu(layer) && !reads_input_alone(system_.layers[k]);
    work.push_back(counts ? work_of_tile(layer, 1) * static_cast<double>(system_.layers[k].size())
                          : 0.0);
  }
  return work;
}

void WindowBounder::bound_layers() {
  // Layers take what their work is of that of all that are left, or as much again.
  constexpr double kMore = 2.0;
  const std::vector<double> work = forecast();
  const double last = deadline_.spent_s() + budget_.seconds;
  double left = std::accumulate(work.begin(), work.end(), 0.0);
  for (std::size_t k = 0; k < work.size(); ++k) {
    std::vector<double> magnitudes;
    IntervalVector z = layers_.enclose_next(magnitudes);
    if (work[k] > 0.0) {
      const double now = deadline_.spent_s(), share = std::min(1.0, kMore * work[k] / left);
      if (now < last && !layers_.is_empty())
        tighten(static_cast<int>(k), z, now + share * (last - now));
    }
    left -= work[k];
    layers_.add(std::move(z), std::move(magnitudes));
  }
}

std::vector<double> WindowBounder::lower_bounds(const AffineForm& rows,
                                                const AscentSchedule& schedule) const {
  std::vector<std::int64_t> all(static_cast<std::size_t>(rows.size()));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  const int layer = layers_.count();
  const WindowPlan plan = plan_windows(network_, layer, windows_read(network_, layer, rows, all));
  // All threads have a batch.
  const std::int64_t share = (rows.size() + budget_.threads - 1) / budget_.threads;
  const auto at_once =
      static_cast<std::size_t>(rows_at_once(plan, budget_.bytes, std::min(kMostRows, share)));
  const std::size_t batches = (all.size() + at_once - 1) / at_once;
  std::vector<double> lower(all.size());
  parallel_for(budget_.threads, static_cast<std::int64_t>(batches), [&](std::int64_t i) {
    const std::size_t first = static_cast<std::size_t>(i) * at_once,
                      last = std::min(first + at_once, all.size());
    WindowMemory memory;
    const std::vector<double> part = ascend(network_, layers_, plan, rows,
                                            {all.begin() + static_cast<std::ptrdiff_t>(first),
                                             all.begin() + static_cast<std::ptrdiff_t>(last)},
                                            schedule, deadline_, memory);
    std::copy(part.begin(), part.end(), lower.begin() + static_cast<std::ptrdiff_t>(first));
  });
  return lower;
}

}  // namespace clipbound::bounds
