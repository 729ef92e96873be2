#include "bounds/windows/window.h"

#include <algorithm>

#include "bounds/layered/structured_map.h"

namespace clipbound::bounds {

bool Window::is_empty() const {
  return extent.empty() ||
         std::any_of(extent.begin(), extent.end(), [](std::int64_t e) { return e <= 0; });
}

Window whole_of(const SourceShape& shape) {
  return {Shape(shape.area.size(), 0), shape.area};
}

void unite(Window& window, const Window& with) {
  if (with.is_empty()) return;
  if (window.is_empty()) {
    window = with;
    return;
  }
  for (std::size_t d = 0; d < window.first.size(); ++d) {
    const std::int64_t last =
        std::max(window.first[d] + window.extent[d], with.first[d] + with.extent[d]);
    window.first[d] = std::min(window.first[d], with.first[d]);
    window.extent[d] = last - window.first[d];
  }
}

WindowPlaces places_of(const SourceShape& shape, const Window& window) {
  WindowPlaces places;
  places.local.assign(static_cast<std::size_t>(shape.positions()), -1);
  if (window.is_empty()) return places;
  Shape at = window.first;
  for (std::int64_t i = 0; i < window.positions(); ++i) {
    std::int64_t position = 0;
    for (std::size_t d = 0; d < at.size(); ++d) position = position * shape.area[d] + at[d];
    places.local[static_cast<std::size_t>(position)] = static_cast<std::int32_t>(i);
    places.position.push_back(position);
    for (std::size_t d = at.size(); d-- > 0;) {
      if (++at[d] < window.first[d] + window.extent[d]) break;
      at[d] = window.first[d];
    }
  }
  return places;
}

Window WindowHull::window() const {
  Window hull;
  const Window one{{}, Shape(shape_.area.size(), 1)};
  for (std::size_t p = 0; p < seen_.size(); ++p) {
    if (seen_[p] == 0) continue;
    Window here = one;
    here.first.resize(shape_.area.size());
    auto rest = static_cast<std::int64_t>(p);
    for (std::size_t d = shape_.area.size(); d-- > 0; rest /= shape_.area[d])
      here.first[d] = rest % shape_.area[d];
    unite(hull, here);
  }
  return hull;
}

namespace {

/// Takes what a map says of its rows (columns), where it says more than is known.
void take(SourceShape& shape, std::int64_t channels, const Shape& area, std::int64_t size) {
  const SourceShape said(channels, area);
  if (said.size() != size || area.empty()) return;
  if (shape.area.empty() || said.positions() > shape.positions()) shape = said;
}

void take_from_maps(const LayeredSystem& system, std::vector<SourceShape>& shapes) {
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    for (const auto& [source, coefficients] : system.layers[k].terms) {
      const StructuredMap* map = coefficients.structure();
      if (map == nullptr) continue;
      const ConvolutionMap& convolution = map->convolution();
      const bool is_conv = convolution.direction() == ConvolutionMap::Direction::conv;
      const WindowShape& windows = convolution.windows();
      if (map->has_all_rows())
        take(shapes[k + 1], convolution.row_channels(), is_conv ? windows.output : windows.image,
             system.layers[k].size());
      if (map->has_all_columns())
        take(shapes[static_cast<std::size_t>(source + 1)], convolution.column_channels(),
             is_conv ? windows.image : windows.output, coefficients.cols());
    }
  }
}

/// Sources of equal size that a layer reads otherwise have its shape; true where one is new.
bool spread(const LayeredSystem& system, std::vector<SourceShape>& shapes) {
  bool is_new = false;
  const auto copy = [&](const SourceShape& from, SourceShape& to) {
    if (from.area.empty() || !to.area.empty()) return;
    to = from;
    is_new = true;
  };
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    for (const auto& [source, coefficients] : system.layers[k].terms) {
      if (coefficients.structure() != nullptr || coefficients.cols() != coefficients.rows())
        continue;
      SourceShape& of = shapes[static_cast<std::size_t>(source + 1)];
      copy(of, shapes[k + 1]);
      copy(shapes[k + 1], of);
    }
  }
  return is_new;
}

}  // namespace

std::vector<SourceShape> shapes_of_sources(const LayeredSystem& system) {
  std::vector<SourceShape> shapes(system.layers.size() + 1);
  take_from_maps(system, shapes);
  while (spread(system, shapes)) {
  }
  for (std::size_t s = 0; s < shapes.size(); ++s) {
    if (!shapes[s].area.empty()) continue;
    const std::int64_t size =
        s == 0 ? static_cast<std::int64_t>(system.lower.size()) : system.layers[s - 1].size();
    shapes[s] = SourceShape(size, {1});
  }
  return shapes;
}

}  // namespace clipbound::bounds
