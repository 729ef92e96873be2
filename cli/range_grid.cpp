#include "cli/range_grid.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <functional>
#include <limits>
#include <mutex>
#include <thread>

#include "cli/radius_text.h"
#include "cli/svg.h"

namespace clipbound::cli {

namespace {

constexpr std::size_t kCells = 32, kMostCells = 1000000;

/// Ends of cell k of n: neighbours share theirs, and the outermost are the box's.
double end_of(double lower, double upper, std::size_t k, std::size_t n) {
  if (k == 0) return lower;
  if (k == n) return upper;
  const double share = static_cast<double>(k) / static_cast<double>(n);
  return std::clamp(lower + share * (upper - lower), lower, upper);
}

void check(const GridRequest& request, std::size_t inputs) {
  for (const std::size_t input : request.inputs) {
    if (input >= inputs) {
      throw InputError("--grid " + std::to_string(input) + ": the network has " +
                       std::to_string(inputs) + " inputs");
    }
  }
  if (request.inputs.size() == 2 && request.inputs[0] == request.inputs[1])
    throw InputError("--grid: the two inputs are one");
  double all = 1.0;
  for (const std::size_t n : request.cells) {
    all *= static_cast<double>(n);
    if (n == 0) throw InputError("--cells 0: a grid has at least one cell");
  }
  if (all > static_cast<double>(kMostCells))
    throw InputError("--cells: a grid has at most " + std::to_string(kMostCells) + " cells");
}

/// body(k) for k < count in so many threads (0: all of the machine); the first exception is thrown
/// on.
void for_each_cell(int threads, std::size_t count, const std::function<void(std::size_t)>& body) {
  const unsigned wanted = threads > 0 ? static_cast<unsigned>(threads)
                                      : std::max(1U, std::thread::hardware_concurrency());
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failed;
  const auto work = [&] {
    try {
      for (std::size_t k = next++; k < count; k = next++) body(k);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failed) failed = std::current_exception();
      next = count;
    }
  };
  std::vector<std::jthread> workers;
  for (unsigned t = 1; t < wanted && t < count; ++t) workers.emplace_back(work);
  work();
  workers.clear();
  if (failed) std::rethrow_exception(failed);
}

/// Ranges of the whole box, quickly.
Ranges whole_ranges(const Network& network, std::span<const double> lower,
                    std::span<const double> upper, std::span<const double> objectives,
                    const Callbacks& callbacks) {
  RangeSettings quick;
  quick.lower = quick.upper = false;
  return range_of(network, lower, upper, objectives, quick, {}, callbacks);
}

constexpr double kNone = std::numeric_limits<double>::infinity();

/// The widest interval that an objective attains.
double attained_width(const Ranges& found) {
  double width = 0.0;
  for (const Range& range : found.ranges) {
    const double w = range.upper.attained - range.lower.attained;
    if (std::isfinite(w)) width = std::max(width, w);
  }
  return width;
}

/// What is known of a part of the box: the bounds, but no point.
std::vector<Range> bounds_alone(std::vector<Range> ranges) {
  for (Range& range : ranges) {
    range.lower = {.bound = range.lower.bound, .attained = kNone, .point = {}};
    range.upper = {.bound = range.upper.bound, .attained = -kNone, .point = {}};
  }
  return ranges;
}

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

}  // namespace

Grid range_grid(const Network& network, std::span<const double> lower,
                std::span<const double> upper, std::span<const double> objectives,
                const GridRequest& request, const Callbacks& callbacks) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  check(request, network.input_size());
  Grid grid;
  grid.inputs = request.inputs;
  for (std::size_t k = 0; k < grid.inputs.size(); ++k)
    grid.sizes.push_back(
        request.cells.empty() ? kCells : request.cells[std::min(k, request.cells.size() - 1)]);
  RangeSettings settings = request.settings;
  const Ranges whole = whole_ranges(network, lower, upper, objectives, callbacks);
  settings.gap_absolute = std::max(settings.gap_absolute, settings.gap * attained_width(whole));
  settings.gap = 0.0;
  std::size_t count = 1;
  for (const std::size_t n : grid.sizes) count *= n;
  grid.cells.resize(count);
  std::atomic<std::size_t> open{count}, not_done{0};
  for_each_cell(request.threads, count, [&](std::size_t at) {
    std::vector<double> low(lower.begin(), lower.end()), high(upper.begin(), upper.end());
    GridCell& cell = grid.cells[at];
    std::size_t rest = at;
    for (std::size_t d = grid.inputs.size(); d-- > 0; rest /= grid.sizes[d]) {
      const std::size_t i = grid.inputs[d], k = rest % grid.sizes[d];
      low[i] = end_of(lower[i], upper[i], k, grid.sizes[d]);
      high[i] = end_of(lower[i], upper[i], k + 1, grid.sizes[d]);
    }
    for (const std::size_t i : grid.inputs) {
      cell.lower.push_back(low[i]);
      cell.upper.push_back(high[i]);
    }
    RangeSettings own = settings;
    const double left_s =
        request.settings.time_limit_s - std::chrono::duration<double>(Clock::now() - begin).count();
    if (left_s <= 0.0 || (callbacks.stopper && callbacks.stopper->stopped())) {
      cell.ranges = bounds_alone(whole.ranges);
      ++not_done;
      return;
    }
    const int workers = request.threads > 0 ? request.threads : 1;
    own.time_limit_s = std::max(1e-3, left_s * workers / static_cast<double>(open--));
    const Ranges found =
        range_of(network, low, high, objectives, own, OptionFields{.threads = 1}, callbacks);
    if (!found.done()) ++not_done;
    cell.ranges = found.ranges;
  });
  grid.reason = not_done == 0 ? "all cells are known to the gap"
                              : std::to_string(not_done) + " cells did not reach the gap";
  return grid;
}

std::string grid_csv(const Grid& grid, std::size_t outputs, std::span<const double> objectives) {
  std::string csv;
  for (const std::size_t i : grid.inputs)
    csv += "X_" + std::to_string(i) + "_lower,X_" + std::to_string(i) + "_upper,";
  csv += "objective,lower,attained_lower,attained_upper,upper\n";
  const std::size_t forms = objectives.size() / outputs;
  for (const GridCell& cell : grid.cells) {
    for (std::size_t r = 0; r < forms; ++r) {
      for (std::size_t d = 0; d < cell.lower.size(); ++d)
        csv += number(cell.lower[d]) + "," + number(cell.upper[d]) + ",";
      const Range& range = cell.ranges[r];
      csv += std::to_string(r) + "," + number(range.lower.bound) + "," +
             number(range.lower.attained) + "," + number(range.upper.attained) + "," +
             number(range.upper.bound) + "\n";
    }
  }
  return csv;
}

namespace {

/// Bands over one input: proved ends around what is attained.
std::string bands(const Grid& grid, const std::string& objective) {
  double least = INFINITY, most = -INFINITY;
  for (const GridCell& cell : grid.cells) {
    if (std::isfinite(cell.ranges[0].lower.bound))
      least = std::min(least, cell.ranges[0].lower.bound);
    if (std::isfinite(cell.ranges[0].upper.bound))
      most = std::max(most, cell.ranges[0].upper.bound);
  }
  if (!(least <= most)) least = most = 0.0;
  Svg svg(720, 440);
  const Axes axes(svg, {60, 20, 640, 370},
                  {grid.cells.front().lower[0], grid.cells.back().upper[0]}, {least, most},
                  "X_" + std::to_string(grid.inputs[0]), objective);
  const auto bar = [&](const GridCell& cell, double low, double high, const char* style) {
    low = std::clamp(low, least, most);
    high = std::clamp(high, least, most);
    svg.rectangle(axes.x(cell.lower[0]), axes.y(high),
                  axes.x(cell.upper[0]) - axes.x(cell.lower[0]), axes.y(low) - axes.y(high), style);
  };
  for (const GridCell& cell : grid.cells) {
    bar(cell, cell.ranges[0].lower.bound, cell.ranges[0].upper.bound, "class='proved'");
    bar(cell, cell.ranges[0].lower.attained, cell.ranges[0].upper.attained, "class='attained'");
  }
  return svg.text();
}

/// From blue over white to red.
std::string colour(double share) {
  const double s = std::clamp(share, 0.0, 1.0);
  const auto mix = [](double a, double b, double t) { return static_cast<int>(a + (b - a) * t); };
  const bool high = s > 0.5;
  const double t = high ? 2.0 * s - 1.0 : 2.0 * s;
  char text[16];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", high ? mix(247, 178, t) : mix(33, 247, t),
                high ? mix(247, 24, t) : mix(102, 247, t),
                high ? mix(247, 43, t) : mix(172, 247, t));
  return text;
}

/// Two maps over two inputs: proved upper and lower ends, in one scale of colours.
std::string maps(const Grid& grid, const std::string& objective) {
  double least = INFINITY, most = -INFINITY;
  for (const GridCell& cell : grid.cells) {
    if (std::isfinite(cell.ranges[0].lower.bound))
      least = std::min(least, cell.ranges[0].lower.bound);
    if (std::isfinite(cell.ranges[0].upper.bound))
      most = std::max(most, cell.ranges[0].upper.bound);
  }
  Svg svg(940, 460);
  for (const bool upper : {true, false}) {
    const Axes axes(svg, {upper ? 60.0 : 520.0, 40, 380, 360},
                    {grid.cells.front().lower[0], grid.cells.back().upper[0]},
                    {grid.cells.front().lower[1], grid.cells.back().upper[1]},
                    "X_" + std::to_string(grid.inputs[0]), "X_" + std::to_string(grid.inputs[1]));
    for (const GridCell& cell : grid.cells) {
      const double end = upper ? cell.ranges[0].upper.bound : cell.ranges[0].lower.bound;
      svg.rectangle(axes.x(cell.lower[0]), axes.y(cell.upper[1]),
                    axes.x(cell.upper[0]) - axes.x(cell.lower[0]),
                    axes.y(cell.lower[1]) - axes.y(cell.upper[1]),
                    "fill='" + colour((end - least) / (most - least)) + "'");
    }
    svg.text_at(upper ? 250 : 710, 24, "middle",
                objective + (upper ? ": proved upper ends" : ": proved lower ends"));
  }
  svg.text_at(470, 452, "middle", "blue " + decimal_below(least) + ", red " + decimal_above(most));
  return svg.text();
}

}  // namespace

std::string grid_picture(const Grid& grid, const std::string& objective) {
  return grid.inputs.size() == 1 ? bands(grid, objective) : maps(grid, objective);
}

}  // namespace clipbound::cli
