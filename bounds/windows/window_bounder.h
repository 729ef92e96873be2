#pragma once
// Idea: CROWN on large networks of convolutions whose rows are never written: bounds of all unstable
//   neurons layer by layer, then of rows of clauses, by batches of windows (window_rows.h).
//   Unstable neurons of neighbouring positions share a batch; how many positions, and how many
//   rows, follows from the plans' work and memory.
// Source: CROWN (Zhang et al., NeurIPS 2018).
// Guarantees: bounds hold on the box, no rows enter those of neurons (S5).
// Legend: none.
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "bounds/windows/window_ascent.h"
#include "bounds/windows/window_rows.h"

namespace clipbound::bounds {

struct WindowBudget {
  double seconds = 1e30;  ///< of all layers together
  int threads = 1;
  std::int64_t bytes = std::int64_t{256} << 20;  ///< of one thread's windows
  std::function<void(const std::string&)> say;   ///< what each layer took; empty: nobody asks
};

class WindowBounder {
 public:
  /// Whether these bounds are to be had, and are worth it: structured maps and ReLUs.
  static bool suits(const LayeredSystem& system);

  /// The box lies inside the system's, which must outlive this; so must the deadline.
  WindowBounder(const LayeredSystem& system, std::vector<double> lower, std::vector<double> upper,
                WindowBudget budget, const Deadline& deadline);

  /// Bounds of all layers. What the time does not suffice for keeps interval bounds.
  void bound_layers();
  /// After that: lower bounds of all elements of a form over the layers, with slopes of their own
  /// where iterations are given.
  std::vector<double> lower_bounds(const AffineForm& rows,
                                   const AscentSchedule& schedule = {}) const;

  const RelaxedLayers& layers() const { return layers_; }
  std::int64_t unstable() const;
  /// The time sufficed for passes of all unstable neurons down to the input.
  bool is_complete() const { return is_complete_; }

 private:
  /// Neurons that share a plan.
  struct Batch {
    Window window;
    std::vector<std::int64_t> neurons;
  };
  /// How the neurons of a layer are bounded.
  struct Choice {
    std::int64_t side = 1;  ///< of a tile of positions
    int last = 0;           ///< layer that passes end with
    double work = 0.0;      ///< multiplications that this will take, about
  };
  void tighten(int layer, IntervalVector& z, double seconds);
  Choice choose(int layer, std::size_t neurons, double most_work) const;
  std::vector<Batch> batches_of(int layer, const std::vector<std::int64_t>& neurons,
                                std::int64_t side) const;
  WindowPlan plan_of_tile(int layer, std::int64_t side) const;
  void bound_batch(int layer, const Batch& batch, int last, double end, WindowMemory& memory,
                   IntervalVector& z);
  void tell(int layer, const std::vector<std::int64_t>& open, const Choice& choice, double seconds,
            const IntervalVector& z) const;
  bool is_bounded_by_rows(std::size_t layer) const;

  const LayeredSystem& system_;
  const WindowNetwork network_;
  const WindowBudget budget_;
  const Deadline& deadline_;
  RelaxedLayers layers_;
  std::atomic<std::int64_t> bounded_{0};
  bool is_complete_ = true, goes_on_ = true;
  double work_ = 0.0, worked_s_ = 0.0;  // of all layers so far, as they were chosen
};

}  // namespace clipbound::bounds
