#pragma once
// Idea: one row of backward substitution at a time, through compressed rows: faster than dense rows
//   where most coefficients are 0.
// Source: CROWN (Zhang et al., NeurIPS 2018).
// Guarantees: a lower bound of the row on the box (S5).
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "bounds/crown/relaxation_step.h"
#include "bounds/layered/layered_system.h"

namespace clipbound::bounds {

/// Memory for one row; begin() makes it ready for the next.
class SparseBackwardRow {
 public:
  /// Element `row` of `form`, times sign; its own error still has to be set.
  void begin(const LayeredSystem& system, const AffineForm& form, std::int64_t row, double sign);
  /// Replaces the activations of layer k by what they depend on.
  void substitute(int k, const RelaxedLayer& layer);
  /// After all layers: the row's lower bound on the box and, where there is one, in the ball.
  double lower_bound(const std::vector<double>& lower, const std::vector<double>& upper,
                     double gamma,
                     const std::shared_ptr<const specs::InputBall>& ball = nullptr) const;

  RowSums sums;
  double work = 0.0;  ///< multiplications by layers so far, of all rows

 private:
  /// Adds a multiple of a neuron's form.
  void add_form(const RelaxedLayer& layer, std::int32_t neuron, double multiplier);
  void charge(double multiplier, double slack) {
    if (multiplier != 0.0) sums.error += std::fabs(multiplier) * slack;
  }
  /// Takes the common parts out of the twins' coefficients, here and in the layer before.
  void take_differences(int k, const RelaxedLayer& layer);
  /// Coefficients of one source's elements, and the list of those that are not zero.
  struct Source {
    std::vector<double> value;
    std::vector<char> marked;
    std::vector<std::int32_t> nonzero;
  };
  void clear(const LayeredSystem& system);
  void add(int source, std::int32_t column, double x) {
    Source& to = sources_[static_cast<std::size_t>(source + 1)];
    const auto c = static_cast<std::size_t>(column);
    if (!to.marked[c]) {
      to.marked[c] = 1;
      to.nonzero.push_back(column);
    }
    to.value[c] += x;
  }

  std::vector<Source> sources_;  // 0 is the input, k + 1 layer k
  // What neurons of this layer, and of the next to come, get from twins.
  std::vector<std::pair<std::int32_t, double>> extra_, pending_;
};

}  // namespace clipbound::bounds
