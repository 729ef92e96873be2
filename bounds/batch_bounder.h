#pragma once
// Idea: The interface of the engines that bound boxes for input splits. The search speaks to a
// BatchProblem (a clause's rows in the form that one engine bounds) and to its BatchBounder, which
// bounds kLanes boxes in one virtual call; it does not know which engine is behind them.
// Source: own.
// Guarantees: what bound() writes holds at every point of a lane's box that satisfies the lane's
// half-spaces (S7, S8, S9).
// Legend: N inputs (of the box), U neurons whose bounds a subproblem keeps, S rows, K half-spaces
// g x + h <= 0 stored as [K, N + 1]: g, h. Arrays are [item] of Vec, one number per lane.
//
// Engines: bounds/reduced (CROWN on a network reduced to the unstable neurons) and bounds/forward
// (forward bounds and Taylor models through the whole network, U = 0).
#include <cstdint>
#include <memory>
#include <vector>

#include "base/simd.h"
#include "bounds/clip/clipping.h"

namespace clipbound::bounds {

/// What is known of a neuron on a set: z takes both signs, z >= 0, z <= 0.
enum class Phase : std::uint8_t { unstable, active, inactive };

/// kLanes boxes, what is known of their neurons, and half-spaces that hold at every counterexample
/// of each (h includes its error). A lane without the half-space has g = 0, h <= 0.
struct BoxBatch {
  std::vector<Vec> lower_x, upper_x;  ///< [N]
  std::vector<Vec> lower_z, upper_z;  ///< [U] pre-activations; bound() tightens them
  int halfspace_count = 0;            ///< K
  std::vector<Vec> halfspaces;        ///< [K, N + 1]

  void resize(int inputs, int neurons, int most_halfspaces) {
    for (auto* array : {&lower_x, &upper_x}) array->resize(static_cast<std::size_t>(inputs));
    for (auto* array : {&lower_z, &upper_z}) array->resize(static_cast<std::size_t>(neurons));
    halfspaces.resize(static_cast<std::size_t>(most_halfspaces) *
                      (static_cast<std::size_t>(inputs) + 1));
  }
};

/// What bound() found of the rows. Unsafe means y_s <= 0 for all rows s.
struct RowBounds {
  std::vector<Vec> lower;            ///< [S] lower bound of y_s over box and half-spaces
  std::vector<Vec> linear_bound;     ///< [S, N + 1] y_s >= A x + b on the box, errors in b
  std::vector<Vec> branching_score;  ///< [N] of splitting each input; any scale, a free choice
  /// Lanes in which one row is excluded, or nothing satisfies box and half-spaces.
  Mask refuted = {};
  /// Where rows are of several clauses, each refuted by its own: [S] the lanes that ask for a row,
  /// set before bound(), and those in which it is excluded; `refuted` then says that nothing
  /// satisfies the box. Else empty.
  std::vector<Mask> asked, excluded;

  void resize(int inputs, int rows) {
    const auto N = static_cast<std::size_t>(inputs), S = static_cast<std::size_t>(rows);
    lower.resize(S);
    linear_bound.resize(S * (N + 1));
    branching_score.resize(N);
    asked.clear();
    excluded.clear();
  }
};

/// base + least value of linear [N] x over the boxes, rounded to nearest.
inline Vec concretize_lower(const BoxBatch& boxes, const Vec* linear, Vec base) {
  const Vec zero = {};
  const Vec* lower = boxes.lower_x.data();
  const Vec* upper = boxes.upper_x.data();
  const std::size_t N = boxes.lower_x.size();
  for (std::size_t i = 0; i < N; ++i)
    base += linear[i] * select(linear[i] < zero, upper[i], lower[i]);
  return base;
}

class BatchBounder {
 public:
  BatchBounder() = default;
  BatchBounder(const BatchBounder&) = delete;
  BatchBounder& operator=(const BatchBounder&) = delete;
  virtual ~BatchBounder() = default;
  /// Bounds the neurons and the rows on every lane's box. `boxes` and `rows` have the problem's
  /// sizes.
  virtual void bound(BoxBatch& boxes, const Clipping& clipping, RowBounds& rows) = 0;
  /// Values of the rows [S] at one point [N] per lane (float64, not rigorous: for finding
  /// candidates).
  virtual void evaluate(const Vec* point, Vec* values) = 0;
};

/// The rows of a clause in the form that one engine bounds; constant while boxes are searched.
struct BatchProblem {
  int inputs = 0;   ///< N
  int neurons = 0;  ///< U
  int rows = 0;     ///< S

  virtual ~BatchProblem() = default;

  /// A bounder of this problem, which must outlive it. `previous` (may be null) lends its memory
  /// where it is of the same engine.
  virtual std::unique_ptr<BatchBounder> make_bounder(
      int most_halfspaces, std::unique_ptr<BatchBounder> previous) const = 0;
  /// How far evaluate() may be from row s by this problem's own rounding.
  virtual double row_slack(int) const { return 0.0; }
  /// Sets phase [U] to what holds in all `lanes`; returns how many neurons stay unstable.
  virtual int find_phases(const BoxBatch&, Mask /*lanes*/, std::vector<Phase>& phase) const {
    phase.clear();
    return 0;
  }
  /// The problem on a smaller set where neurons have phases [U]; upper [U] bounds z_v, input_max
  /// [N] bounds |x_i| there. Null where the engine keeps its neurons.
  virtual std::shared_ptr<const BatchProblem> fold(const std::vector<Phase>& /*phase*/,
                                                   const std::vector<double>& /*upper*/,
                                                   const std::vector<double>& /*input_max*/) const {
    return nullptr;
  }
  /// Whether the rows at x [N] differ from `values` [S] of `folded`, a fold of this problem, by
  /// more than rounding: then x lies outside the set that the phases hold on.
  virtual bool contradicts(const BatchProblem& /*folded*/, const double* /*x*/,
                           const double* /*values*/) const {
    return false;
  }

 protected:
  BatchProblem() = default;
  BatchProblem(const BatchProblem&) = default;
  BatchProblem(BatchProblem&&) = default;
  BatchProblem& operator=(const BatchProblem&) = default;
  BatchProblem& operator=(BatchProblem&&) = default;
};

}  // namespace clipbound::bounds
