#pragma once
// Bounds of a whole layered system on one box: interval bounds, forward linear bounds where inputs
// are few, then CROWN backward for the neurons that these leave unstable, as far as that pays.
#include <memory>
#include <vector>

#include "base/deadline.h"
#include "bounds/crown/dense_rows.h"
#include "bounds/crown/sparse_row.h"
#include "bounds/layered/layered_system.h"
#include "bounds/reduced/reduced_network.h"

namespace clipbound::bounds {

/// What does not depend on the box inside the system's: matrices ready for multiplication.
class CrownBounder {
 public:
  explicit CrownBounder(std::shared_ptr<const LayeredSystem> system);

  /// Neuron bounds of every layer on [lower, upper] (inside the system's box); no rows enter them.
  /// Stops refining at the deadline: what is there is sound.
  struct Bounds {
    std::vector<double> lower, upper;    ///< [N] the box
    std::vector<IntervalVector> layers;  ///< pre-activations
    std::vector<std::vector<Planes>>
        planes;  ///< relaxations of layers that are not ReLU (those: empty)
    std::map<int, IntervalVector> sources;  ///< input and activations
    std::vector<std::vector<double>> cost;  ///< slack of every neuron's form
    double largest_source = 1.0;  ///< of all sources' magnitudes: scales what underflow may cost
    /// Neurons that a reduced network has to keep: ReLUs that may be on either side of 0, and all
    /// smooth ones.
    std::int64_t undecided = 0;
  };
  Bounds bound_neurons(std::vector<double> lower, std::vector<double> upper,
                       const Deadline& deadline) const;

  /// Lower bounds of the elements `which` of `form` (over the input and all layers before `layer`),
  /// each times sign.
  std::vector<double> lower_bounds(const AffineForm& form, const std::vector<std::int64_t>& which,
                                   double sign, int layer, const Bounds& bounds) const;

  /// The reduced network of `bounds` with `rows` (a clause's) as its rows; the inputs `kept` become
  /// its columns, the others are fixed to their centre with their half-width in the radii.
  std::shared_ptr<const ReducedNetwork> reduce(const Bounds& bounds, const AffineForm& rows,
                                               const std::vector<std::uint8_t>& strict,
                                               const std::vector<int>& kept) const;
  const LayeredSystem& system() const { return *system_; }
  const std::shared_ptr<const LayeredSystem>& shared_system() const { return system_; }

 private:
  void relate_factors(int layer, const Bounds& bounds, const IntervalVector& z,
                      std::vector<Planes>& planes, const Deadline& deadline) const;
  void substitute_undecided(int layer, const Bounds& bounds, IntervalVector& z,
                            const Deadline& deadline) const;
  double lower_bound_thin(const AffineForm& form, std::int64_t row, double sign, int layer,
                          const Bounds& bounds, SparseBackwardRow& scratch) const;
  /// Layer k as the bounds relax it.
  RelaxedLayer relaxed(int k, const Bounds& bounds) const;
  double row_slack(const AffineForm& form, std::int64_t row, const Bounds& bounds) const;
  double slack(double radius, double size, const Bounds& bounds) const;

  std::shared_ptr<const LayeredSystem> system_;
  std::vector<std::vector<LayerMatrix>> matrices_;  // per layer
  std::vector<double>
      work_;  // [layers + 1] multiplications to substitute one row of layer k down to the input
  bool thin_ =
      false;  // most coefficients are in thin matrices: rows one at a time beat tall matrices
  bool affordable_ = true;  // substituting every neuron of every layer stays within the work limit
  double gamma_ = 0.0;
};

}  // namespace clipbound::bounds
