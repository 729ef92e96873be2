#pragma once
// Idea: a batch of rows of backward substitution whose coefficients are dense windows: all channels
//   of a box of positions, the rows' numbers of one element side by side. So a convolution is the
//   transposed convolution of the windows by matrix products, and a ReLU is relaxed in all rows at
//   once. What is left on the way is concretized before each convolution: rows that are decided
//   leave the batch.
// Source: CROWN (Zhang et al., NeurIPS 2018); parallel lines as relaxed_layers.h says. Ours differs:
//   both sides of a row by one pass, bounds at every convolution on the way.
// Guarantees: bounds of the rows on the box of the layers (S5).
// Legend: B rows, S >= B their numbers side by side (whole lanes).
#include <cstdint>
#include <functional>
#include <vector>

#include "bounds/windows/relaxed_layers.h"
#include "bounds/windows/window_kernels.h"
#include "bounds/windows/window_plan.h"

namespace clipbound::bounds {

/// What a row is asked for, and with which lower lines of unstable ReLUs.
enum class RowSides : std::uint8_t {
  both,   ///< parallel lines; decided where a side is known not to be crossed by 0
  lower,  ///< from below, lines of slope 0 or 1 as the interval has it; decided where above 0
};

/// Slopes of the lower lines of unstable ReLUs, one per row. WindowRows makes them at the first
/// pass; whoever looks for better ones may set them to any number in [0, 1].
struct WindowSlopes {
  struct Layer {
    std::vector<float> alpha;        ///< [unstable neurons of the layer's window, S]
    std::vector<float> coefficient;  ///< of the activations, as the last pass had them
  };
  std::vector<Layer> layers;
  std::vector<double> at_input;  ///< [elements of the input's window, S] by the last pass

  Layer& of(int layer) {
    const auto k = static_cast<std::size_t>(layer);
    if (layers.size() <= k) layers.resize(k + 1);
    return layers[k];
  }
};

/// Memory of one thread, from batch to batch.
class WindowMemory {
 public:
  std::vector<double> take(std::size_t size);
  void give(std::vector<double> numbers);

 private:
  std::vector<std::vector<double>> spare_;
};

class WindowRows {
 public:
  /// Elements `which` of a form over the layers before plan.layer, inside the plan's windows.
  /// `slopes` (from below only): as they stand, where they have been made.
  WindowRows(const WindowNetwork& network, const RelaxedLayers& layers, const WindowPlan& plan,
             const AffineForm& form, const std::vector<std::int64_t>& which, RowSides sides,
             WindowMemory& memory, WindowSlopes* slopes = nullptr);

  /// Substitutes the layers down to plan.last, or until every row is decided. Where `ended` says so
  /// between two layers, it stops with the bounds that it has by then: false.
  bool run(const std::function<bool()>& ended = [] { return false; });
  /// [which] The best bounds on the way.
  const std::vector<double>& lower() const { return lower_; }
  const std::vector<double>& upper() const { return upper_; }
  /// Multiplications so far.
  double work() const { return work_; }

 private:
  void begin(const AffineForm& form, const std::vector<std::int64_t>& which);
  void relax(int layer, std::vector<double>& p);
  void relax_by_slopes(int layer, const WindowPlaces& places, std::vector<double>& p);
  void push(int layer, const WindowStep& step, const Coefficients& coefficients,
            const std::vector<double>& p);
  void push_rows(int layer, int source, const Coefficients& coefficients,
                 const std::vector<double>& p);
  void push_map(int layer, int source, const StructuredMap& map, const std::vector<double>& p);
  void concretize();
  void drop_decided();
  bool is_decided(std::size_t row) const {
    return lower_[row] > 0.0 || (sides_ == RowSides::both && upper_[row] < 0.0);
  }
  std::vector<double>& of(int source);
  const Window& window(int source) const { return plan_.of[static_cast<std::size_t>(source + 1)]; }

  const WindowNetwork& network_;
  const RelaxedLayers& layers_;
  const WindowPlan& plan_;
  const RowSides sides_;
  WindowMemory& memory_;
  WindowSlopes* const slopes_;
  std::vector<std::vector<double>> coefficients_;  // [layer + 1] by source; empty: all 0
  std::vector<std::size_t> rows_;                  // [B] which of `which` are still here
  std::size_t stride_ = 0;                         // S
  RowTotals sums_;
  std::vector<double> lower_, upper_;
  double work_ = 0.0;
};

}  // namespace clipbound::bounds
