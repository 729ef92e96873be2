#include "bounds/windows/window_plan.h"

#include <algorithm>
#include <numeric>

#include "base/simd.h"

namespace clipbound::bounds {

namespace {

bool is_whole_convolution(const Coefficients& coefficients) {
  const StructuredMap* map = coefficients.structure();
  return map != nullptr && map->has_all_rows() && map->has_all_columns();
}

/// The convolution of a layer's window, where rows and columns are as the sources' shapes have
/// them.
std::optional<ConvolutionMap::Restriction> part_of(const WindowNetwork& network, int layer,
                                                   int source, const Coefficients& coefficients,
                                                   const Window& window) {
  if (!is_whole_convolution(coefficients)) return std::nullopt;
  const ConvolutionMap& map = coefficients.structure()->convolution();
  const bool is_conv = map.direction() == ConvolutionMap::Direction::conv;
  const Shape &rows = is_conv ? map.windows().output : map.windows().image,
              &columns = is_conv ? map.windows().image : map.windows().output;
  if (rows != network.shape(layer).area || columns != network.shape(source).area)
    return std::nullopt;
  return map.restricted_to({0, map.row_channels(), window.first, window.extent});
}

/// Calls visit(row) for the elements of a layer in a window.
template <typename Visit>
void for_each_row(const SourceShape& shape, const Window& window, const Visit& visit) {
  const WindowPlaces places = places_of(shape, window);
  for (std::int64_t c = 0; c < shape.channels; ++c) {
    for (const std::int64_t p : places.position) visit(c * shape.positions() + p);
  }
}

/// What a layer's window reads of a source through anything but a whole convolution. `work` grows
/// by the multiplications.
Window read_by_rows(const WindowNetwork& network, int layer, int source,
                    const Coefficients& coefficients, const Window& window, double& work) {
  const SourceShape& shape = network.shape(source);
  if (coefficients.structure() != nullptr) {
    work += static_cast<double>(coefficients.entries());
    return whole_of(shape);
  }
  WindowHull hull(shape);
  RowReader reader(coefficients);
  for_each_row(network.shape(layer), window, [&](std::int64_t row) {
    const auto [index, value] = reader.row(row);
    work += static_cast<double>(index.size());
    for (const std::int32_t c : index) hull.add_element(c);
  });
  return hull.window();
}

/// Steps from one layer's window; the windows of its sources grow.
std::vector<WindowStep> steps_from(const WindowNetwork& network, int layer, const Window& window,
                                   std::vector<Window>& of, double& work) {
  std::vector<WindowStep> steps;
  for (const auto& [source, coefficients] : network.form(layer).terms) {
    WindowStep& step = steps.emplace_back();
    step.source = source;
    step.part = part_of(network, layer, source, coefficients, window);
    Window read;
    if (step.part) {
      read = {step.part->read.first, step.part->read.extent};
      work += static_cast<double>(step.part->map.entries());
    } else {
      read = read_by_rows(network, layer, source, coefficients, window, work);
    }
    unite(of[static_cast<std::size_t>(source + 1)], read);
  }
  return steps;
}

}  // namespace

std::vector<Window> windows_read(const WindowNetwork& network, int layer, const Window& window) {
  std::vector<Window> of(static_cast<std::size_t>(layer) + 1);
  double work = 0.0;
  if (!window.is_empty()) steps_from(network, layer, window, of, work);
  return of;
}

std::vector<Window> windows_read(const WindowNetwork& network, int layer, const AffineForm& form,
                                 const std::vector<std::int64_t>& which) {
  std::vector<Window> of(static_cast<std::size_t>(layer) + 1);
  for (const auto& [source, coefficients] : form.terms) {
    WindowHull hull(network.shape(source));
    RowReader reader(coefficients);
    for (const std::int64_t row : which) {
      for (const std::int32_t c : reader.row(row).index) hull.add_element(c);
    }
    unite(of[static_cast<std::size_t>(source + 1)], hull.window());
  }
  return of;
}

double WindowPlan::whole_work() const {
  return std::accumulate(work.begin(), work.end(), 0.0);
}

WindowPlan plan_windows(const WindowNetwork& network, int layer, std::vector<Window> start,
                        int last) {
  WindowPlan plan;
  plan.layer = layer;
  plan.last = last;
  plan.work.assign(static_cast<std::size_t>(layer), 0.0);
  plan.of = std::move(start);
  plan.steps.resize(static_cast<std::size_t>(layer));
  const auto numbers_of = [&](int source) {
    return network.shape(source).channels *
           plan.of[static_cast<std::size_t>(source + 1)].positions();
  };
  std::vector<char> begun(plan.of.size(), 0);
  for (std::size_t s = 0; s < begun.size(); ++s) begun[s] = plan.of[s].is_empty() ? 0 : 1;
  // Windows grow until their layer's turn has come, so that sizes are known afterwards only.
  std::vector<std::vector<char>> at_once;
  for (int k = layer - 1; k >= last; --k) {
    const auto i = static_cast<std::size_t>(k);
    if (plan.of[i + 1].is_empty()) continue;
    plan.steps[i] = steps_from(network, k, plan.of[i + 1], plan.of, plan.work[i]);
    for (const WindowStep& step : plan.steps[i])
      begun[static_cast<std::size_t>(step.source + 1)] = 1;
    at_once.push_back(begun);
    begun[i + 1] = 0;
  }
  at_once.push_back(begun);
  for (const std::vector<char>& kept : at_once) {
    std::int64_t sum = 0, largest = 0;
    for (std::size_t s = 0; s < kept.size(); ++s) {
      if (kept[s] == 0) continue;
      const std::int64_t here = numbers_of(static_cast<int>(s) - 1);
      sum += here;
      largest = std::max(largest, here);
    }
    // A product beside them, before it is added.
    plan.numbers = std::max(plan.numbers, sum + largest);
  }
  return plan;
}

std::int64_t rows_at_once(const WindowPlan& plan, std::int64_t bytes, std::int64_t most) {
  const std::int64_t fit =
      bytes / (static_cast<std::int64_t>(sizeof(double)) * std::max<std::int64_t>(plan.numbers, 1));
  const std::int64_t lanes = fit / kLanes * kLanes;
  return std::clamp<std::int64_t>(lanes, kLanes, std::max<std::int64_t>(most, kLanes));
}

}  // namespace clipbound::bounds
