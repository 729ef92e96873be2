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

WindowPlan WindowBounder::plan_of_tile(int layer, std::int64_t side) const {
  const SourceShape& shape = network_.shape(layer);
  Shape middle;
  for (const std::int64_t length : shape.area) middle.push_back((length - 1) / side / 2);
  const Window window = window_of_tile(shape, middle, side);
  return plan_windows(network_, layer, windows_read(network_, layer, window));
}

/// The tile whose passes are the least work, and as long passes as fit. A row's windows do not
/// depend on where the pass ends, so that one plan tells the work of all ends.
WindowBounder::Choice WindowBounder::choose(int layer, std::size_t neurons,
                                            double most_work) const {
  constexpr double kLittle = 0.1;
  const SourceShape& shape = network_.shape(layer);
  const std::int64_t longest = *std::max_element(shape.area.begin(), shape.area.end());
  Choice best;
  for (std::int64_t side = 1; side < 2 * longest; side *= 2) {
    double tiles = 1.0;
    for (const std::int64_t length : shape.area)
      tiles *= static_cast<double>((length + side - 1) / side);
    const auto count = static_cast<double>(neurons);
    const double rows = std::min(count / tiles, static_cast<double>(kMostRows));
    // Few rows take as long as some more.
    const double of_row = count * (1.0 + static_cast<double>(kLeastRows) / std::max(rows, 1.0));
    const WindowPlan plan = plan_of_tile(layer, side);
    Choice here{side, layer, 0.0};
    for (int k = layer - 1; k >= 0; --k) {
      const double step = of_row * plan.work[static_cast<std::size_t>(k)];
      // The first convolution behind the neurons' own is worth it in any case, and so is what is
      // little beside it.
      if (here.work > 0.0 && here.work + step > most_work && step > kLittle * here.work) break;
      here.work += step;
      here.last = k;
    }
    if (side == 1 || here.last < best.last || (here.last == best.last && here.work < best.work))
      best = here;
  }
  return best;
}

std::vector<WindowBounder::Batch> WindowBounder::batches_of(
    int layer, const std::vector<std::int64_t>& neurons, std::int64_t side) const {
  const SourceShape& shape = network_.shape(layer);
  std::map<Shape, std::vector<std::int64_t>> tiles;
  for (const std::int64_t v : neurons)
    tiles[tile_of(shape, v % shape.positions(), side)].push_back(v);
  std::vector<Batch> batches;
  for (auto& [tile, list] : tiles)
    batches.push_back({window_of_tile(shape, tile, side), std::move(list)});
  return batches;
}

void WindowBounder::bound_batch(int layer, const Batch& batch, int last_layer, double end,
                                WindowMemory& memory, IntervalVector& z) {
  const WindowPlan plan =
      plan_windows(network_, layer, windows_read(network_, layer, batch.window), last_layer);
  const auto at_once = static_cast<std::size_t>(rows_at_once(plan, budget_.bytes, kMostRows));
  for (std::size_t first = 0; first < batch.neurons.size(); first += at_once) {
    if (deadline_.expired() || deadline_.spent_s() > end) return;
    const std::size_t last = std::min(first + at_once, batch.neurons.size());
    const std::vector<std::int64_t> part(batch.neurons.begin() + static_cast<std::ptrdiff_t>(first),
                                         batch.neurons.begin() + static_cast<std::ptrdiff_t>(last));
    WindowRows rows(network_, layers_, plan, network_.form(layer), part, RowSides::both, memory);
    const bool is_complete =
        rows.run([&] { return deadline_.expired() || deadline_.spent_s() > end; });
    deadline_.work(rows.work());
    if (is_complete) bounded_ += static_cast<std::int64_t>(part.size());
    for (std::size_t i = 0; i < part.size(); ++i) {
      const auto v = static_cast<std::size_t>(part[i]);
      z.lower[v] = std::max(z.lower[v], rows.lower()[i]);
      z.upper[v] = std::min(z.upper[v], rows.upper()[i]);
    }
  }
}

void WindowBounder::tell(int layer, const std::vector<std::int64_t>& open, const Choice& choice,
                         double seconds, const IntervalVector& z) const {
  if (!budget_.say) return;
  std::int64_t left = 0;
  for (const std::int64_t v : open) left += is_open(z, static_cast<std::size_t>(v)) ? 1 : 0;
  budget_.say("layer " + std::to_string(layer) + ": " + std::to_string(open.size()) + " of " +
              std::to_string(z.lower.size()) + " neurons unstable by intervals, " +
              std::to_string(bounded_) + " bounded down to layer " + std::to_string(choice.last) +
              ", tiles of " + std::to_string(choice.side) + ", " + std::to_string(left) +
              " stay unstable, " + std::to_string(seconds) + " s");
}

void WindowBounder::tighten(int layer, IntervalVector& z, double seconds) {
  constexpr double kWorkPerSecond = 4e9;  // of a thread, until something was measured
  std::vector<std::int64_t> open;
  for (std::size_t v = 0; v < z.lower.size(); ++v) {
    if (is_open(z, v)) open.push_back(static_cast<std::int64_t>(v));
  }
  if (open.empty()) return;
  const double begin = deadline_.spent_s(), end = begin + seconds,
               rate = worked_s_ > 0.1 ? work_ / worked_s_ : kWorkPerSecond * budget_.threads;
  const Choice choice = choose(layer, open.size(), rate * seconds);
  const std::vector<Batch> batches = batches_of(layer, open, choice.side);
  bounded_ = 0;
  std::atomic<std::size_t> next{0};
  run_workers(static_cast<int>(
                  std::min<std::size_t>(static_cast<std::size_t>(budget_.threads), batches.size())),
              [&](int) {
                WindowMemory memory;
                for (std::size_t b = next.fetch_add(1); b < batches.size(); b = next.fetch_add(1)) {
                  if (deadline_.expired() || deadline_.spent_s() > end) return;
                  bound_batch(layer, batches[b], choice.last, end, memory, z);
                }
              });
  const double took = deadline_.spent_s() - begin;
  work_ += choice.work * static_cast<double>(bounded_) / static_cast<double>(open.size());
  worked_s_ += took;
  tell(layer, open, choice, took, z);
  if (choice.last == 0 && bounded_ == static_cast<std::int64_t>(open.size())) return;
  // What is bounded in part brings later layers next to nothing, unless it decides some neurons.
  constexpr double kWorthMore = 0.05;
  const auto decided = std::count_if(open.begin(), open.end(), [&](std::int64_t v) {
    return !is_open(z, static_cast<std::size_t>(v));
  });
  is_complete_ = false;
  goes_on_ = static_cast<double>(decided) > kWorthMore * static_cast<double>(open.size());
}

bool WindowBounder::is_bounded_by_rows(std::size_t layer) const {
  return layers_.is_relu(static_cast<int>(layer)) && !reads_input_alone(system_.layers[layer]);
}

/// A layer may take all the time that is left: what it lacks, later ones lack far more.
void WindowBounder::bound_layers() {
  const double last = deadline_.spent_s() + budget_.seconds;
  for (std::size_t k = 0; k < system_.layers.size(); ++k) {
    std::vector<double> magnitudes;
    IntervalVector z = layers_.enclose_next(magnitudes);
    if (is_bounded_by_rows(k)) {
      const double left = last - deadline_.spent_s();
      const bool has_time = left > 0.0 && !deadline_.expired();
      if (goes_on_ && has_time && !layers_.is_empty()) tighten(static_cast<int>(k), z, left);
      is_complete_ = is_complete_ && has_time;
    }
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
  std::vector<double> lower(all.size(), -kInfinity);
  parallel_for(budget_.threads, static_cast<std::int64_t>(batches), [&](std::int64_t i) {
    if (deadline_.expired()) return;
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
