#pragma once
// Idea: what a backward pass of some rows will need, before it begins: the window of every earlier
//   source outside of which all coefficients are 0, the numbers that are kept at once, and the
//   multiplications. Plans take no coefficients but shapes, so they are cheap to compare.
// Source: own.
// Guarantees: no row has coefficients outside of its windows.
// Legend: source s is number s + 1 in lists (kInputSource is -1).
#include <cstdint>
#include <optional>
#include <vector>

#include "bounds/layered/layered_system.h"
#include "bounds/layered/structured_map.h"
#include "bounds/windows/window.h"

namespace clipbound::bounds {

/// A layered system and the shapes of its sources.
struct WindowNetwork {
  explicit WindowNetwork(const LayeredSystem& of) : system(of), shapes(shapes_of_sources(of)) {}
  const SourceShape& shape(int source) const {
    return shapes[static_cast<std::size_t>(source + 1)];
  }
  const AffineForm& form(int layer) const { return system.layers[static_cast<std::size_t>(layer)]; }

  const LayeredSystem& system;
  std::vector<SourceShape> shapes;
};

/// From one layer to one of its sources.
struct WindowStep {
  int source = kInputSource;
  /// The convolution from the layer's window; empty: rows, selections, parts of convolutions.
  std::optional<ConvolutionMap::Restriction> part;
};

struct WindowPlan {
  int layer = 0;                               ///< rows over the input and the layers before
  std::vector<Window> of;                      ///< [layer + 1]
  std::vector<std::vector<WindowStep>> steps;  ///< [layer]; none where the window is empty
  int last = 0;                                ///< the pass ends with this layer's neurons
  std::vector<double> work;                    ///< [layer] multiplications of a row, per step
  std::int64_t numbers = 0;                    ///< of a row, most that are kept at once
  double whole_work() const;
};

/// What the rows of a layer in a window read, by source.
std::vector<Window> windows_read(const WindowNetwork& network, int layer, const Window& window);
/// What rows of a form over the layers before `layer` read.
std::vector<Window> windows_read(const WindowNetwork& network, int layer, const AffineForm& form,
                                 const std::vector<std::int64_t>& which);
/// The way down from there to layer `last`, whose sources' terms are what is left. `start` [layer +
/// 1].
WindowPlan plan_windows(const WindowNetwork& network, int layer, std::vector<Window> start,
                        int last = 0);

/// How many rows of a plan fit into so many bytes; at least a lane's worth, at most `most`.
std::int64_t rows_at_once(const WindowPlan& plan, std::int64_t bytes, std::int64_t most);

}  // namespace clipbound::bounds
