#pragma once
// Idea: the elements of a source as channels over an area, and boxes of positions in that area: all
// that a few neighbouring neurons of a later layer can depend on.
// Source: own; receptive fields of convolutional networks.
// Guarantees: none of its own; what a window leaves out is 0 where window_plan.h says so.
// Legend: element i of a source is position i % positions() of channel i / positions(), C order.
#include <cstdint>
#include <utility>
#include <vector>

#include "bounds/layered/layered_system.h"

namespace clipbound::bounds {

struct SourceShape {
  SourceShape() = default;
  SourceShape(std::int64_t count, Shape axes)
      : channels(count), area(std::move(axes)), positions_(element_count(area)) {}
  std::int64_t positions() const { return positions_; }
  std::int64_t size() const { return channels * positions_; }

  std::int64_t channels = 0;
  Shape area;  ///< one axis at least

 private:
  std::int64_t positions_ = 1;
};

/// A box of positions; empty where it has no axes, or one without extent.
struct Window {
  Shape first, extent;

  bool is_empty() const;
  std::int64_t positions() const { return is_empty() ? 0 : element_count(extent); }
  bool operator==(const Window&) const = default;
};
Window whole_of(const SourceShape& shape);
/// The smallest window that has both.
void unite(Window& window, const Window& with);

/// Where a window's positions stand in the area, and the other way round.
struct WindowPlaces {
  std::vector<std::int64_t> position;  ///< [window.positions()] in the area, ascending
  std::vector<std::int32_t> local;     ///< [area] in the window; -1: outside
};
WindowPlaces places_of(const SourceShape& shape, const Window& window);

/// Grows a window by positions of an area.
class WindowHull {
 public:
  explicit WindowHull(const SourceShape& shape)
      : shape_(shape), seen_(static_cast<std::size_t>(shape.positions()), 0) {}
  void add_element(std::int64_t element) {
    seen_[static_cast<std::size_t>(element % static_cast<std::int64_t>(seen_.size()))] = 1;
  }
  Window window() const;

 private:
  const SourceShape& shape_;
  std::vector<char> seen_;
};

/// [layers + 1] of the input and of every layer, as the structured maps see them; what none sees is
/// as what copies it, or else one channel for each element. Whatever they are, windows are right.
std::vector<SourceShape> shapes_of_sources(const LayeredSystem& system);

}  // namespace clipbound::bounds
