#pragma once
// Idea: replaces the ReLUs of one layer in rows of coefficients, kLanes neurons at a time: what
//   backward substitution spends most of its time on once multiplying matrices is fast.
// Source: CROWN (Zhang et al., NeurIPS 2018), as replace_relu() (bounds/crown/relaxation_step.h).
// Guarantees: those of replace_relu(), whose mathematics this is (S5).
// Legend: V neurons of the layer.
#include <vector>

#include "bounds/crown/relaxation_step.h"
#include "bounds/layered/enclose.h"

namespace clipbound::bounds {

/// The lines between which a layer's ReLUs lie, ready for many rows.
class ReluRows {
 public:
  /// z [V] the neurons' intervals.
  explicit ReluRows(const IntervalVector& z);

  /// False where some interval or coefficient is not an ordinary number: then nothing was changed,
  /// and the caller has to look at neurons one by one. Otherwise row [V], coefficients of relu(z),
  /// becomes multipliers of z.
  bool replace(double* row, const std::vector<double>& constant, const std::vector<double>& slack,
               RowSums& sums) const;

 private:
  bool ordinary_ = true;
  // [V] multiplier per positive and per negative coefficient; interval ends of unstable neurons, 0
  // for stable ones: those have no intercept.
  std::vector<double> convex_, chord_, low_, high_;
};

}  // namespace clipbound::bounds
