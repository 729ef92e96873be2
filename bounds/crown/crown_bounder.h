#pragma once
// Idea: bounds of a whole layered system on one box: interval bounds, forward linear bounds where
//   inputs are few, then CROWN backward for the neurons that these leave unstable, as far as that
//   pays.
// Source: CROWN: Zhang et al., "Efficient Neural Network Robustness Certification with General
//   Activation Functions", NeurIPS 2018. Ours differs: all roundings are charged, rows that are
//   sparse are substituted one at a time, work limits decide what is substituted at all.
// Guarantees: all bounds hold on the box, no rows enter them (S5).
// Legend: N inputs.
#include <memory>
#include <span>
#include <vector>

#include "base/deadline.h"
#include "bounds/crown/dense_rows.h"
#include "bounds/crown/forward_pass.h"
#include "bounds/crown/sparse_row.h"
#include "bounds/layered/layered_system.h"

namespace clipbound::bounds {

/// What does not depend on the box inside the system's: matrices ready for multiplication.
class CrownBounder {
 public:
  explicit CrownBounder(std::shared_ptr<const LayeredSystem> system);

  /// Neuron bounds of every layer on [lower, upper] (inside the system's box). Stops refining at
  /// the deadline: what is there is sound.
  struct Bounds {
    std::vector<double> lower, upper;                ///< [N] the box
    std::vector<IntervalVector> layers;              ///< pre-activations
    std::vector<std::vector<LinePair>> relaxations;  ///< of layers that are not ReLU (those: empty)
    std::map<int, IntervalVector> sources;           ///< input and activations
    std::vector<std::vector<double>> slack;          ///< of every neuron's form
    /// Of neurons that have a twin in the layer before; empty where that says nothing new.
    std::vector<std::vector<DifferenceLines>> differences;
    /// No point of the box is a counterexample: nothing is left of some neuron (cut_to_limits()).
    bool empty = false;
    double largest_source = 1.0;  ///< of all sources' magnitudes: scales what underflow may lose
    /// Neurons that a reduced network has to keep: unstable ReLUs, and all nonlinear neurons.
    std::int64_t unstable = 0;
  };
  Bounds bound_neurons(std::vector<double> lower, std::vector<double> upper,
                       const Deadline& deadline) const;

  /// Lower bounds of the elements `which` of `form` (over the input and all layers before `layer`),
  /// each times sign. `errors`, where given, receives what roundings and radii took from each.
  std::vector<double> lower_bounds(const AffineForm& form, const std::vector<std::int64_t>& which,
                                   double sign, int layer, const Bounds& bounds,
                                   std::vector<double>* errors = nullptr) const;

  const LayeredSystem& system() const { return *system_; }
  const std::shared_ptr<const LayeredSystem>& shared_system() const { return system_; }
  /// Relative error of a sum of as many terms as the longest row of backward substitution has.
  double gamma() const { return gamma_; }

 private:
  /// The forward linear bounds of the layers so far.
  struct ForwardBounds {
    ForwardBox box;
    bool enabled = false;
    std::map<int, LinearBounds> sources;
  };
  ForwardBounds begin_forward(const Bounds& bounds) const;
  void bound_layer(int layer, ForwardBounds& forward, Bounds& bounds,
                   const Deadline& deadline) const;
  /// Pre-activation slack of a layer from the magnitudes of its rows' terms.
  std::vector<double> layer_slack(int layer, std::vector<double> magnitudes, Bounds& bounds) const;
  /// The layer's relaxations (none for ReLUs).
  std::vector<LinePair> relax_neurons(int layer, const IntervalVector& z, const Bounds& bounds,
                                      const Deadline& deadline) const;
  void relate_factors(int layer, const Bounds& bounds, const IntervalVector& z,
                      std::vector<LinePair>& relaxations, const Deadline& deadline) const;
  /// Of neurons `second` of a layer whose twins stand in the layer before: z - that one's.
  struct TwinBounds {
    std::vector<std::size_t> second;
    IntervalVector difference;  ///< [second]
  };
  /// Pairs of which one is unstable; z, slack: of the layer's neurons.
  TwinBounds bound_twins(int layer, const IntervalVector& z, const std::vector<double>& slack,
                         const Bounds& bounds, const Deadline& deadline) const;
  /// What one of the two is known to be, the other one is but for their difference.
  void narrow_by_twins(int layer, const TwinBounds& twins, IntervalVector& z, Bounds& bounds) const;
  std::vector<DifferenceLines> relax_twins(int layer, const TwinBounds& twins,
                                           const Bounds& bounds) const;
  /// Tightens the unstable neurons of one layer by backward substitution.
  void substitute_unstable(int layer, const Bounds& bounds, IntervalVector& z,
                           const Deadline& deadline) const;
  /// Tightens the elements `which` of a form over the layers before `layer`.
  void substitute_form(const AffineForm& form, int layer, const std::vector<std::int64_t>& which,
                       const Bounds& bounds, IntervalVector& z, const Deadline& deadline) const;
  void substitute_sparse(const AffineForm& form, int layer, const std::vector<std::int64_t>& which,
                         const Bounds& bounds, IntervalVector& z, const Deadline& deadline) const;
  void substitute_dense(const AffineForm& form, int layer, const std::vector<std::int64_t>& which,
                        const Bounds& bounds, IntervalVector& z, const Deadline& deadline) const;
  /// The same as lower_bounds() for as many rows as dense matrices are made of at once.
  void lower_bounds_dense(const AffineForm& form, std::span<const std::int64_t> which, double sign,
                          int layer, const Bounds& bounds, std::vector<double>& result,
                          std::vector<double>* errors) const;
  /// How many dense rows of elements of the layers before `layer` are substituted at once.
  std::size_t rows_at_once(int layer) const;
  double lower_bound_sparse(const AffineForm& form, std::int64_t row, double sign, int layer,
                            const Bounds& bounds, SparseBackwardRow& scratch) const;
  /// Layer k as the bounds relax it.
  RelaxedLayer relaxed(int k, const Bounds& bounds) const;
  double row_slack(const AffineForm& form, std::int64_t row, const Bounds& bounds) const;
  double slack_for(double radius, double magnitude, const Bounds& bounds) const;

  std::shared_ptr<const LayeredSystem> system_;
  std::vector<std::vector<LayerMatrix>> matrices_;  // per layer
  /// [layers + 1] multiplications to substitute one row of layer k down to the input.
  std::vector<double> work_;
  /// Most coefficients are in sparse matrices: rows one at a time beat dense ones.
  bool sparse_ = false;
  bool affordable_ = true;   // substituting every neuron of every layer stays within the work limit
  bool structured_ = false;  // some matrix is a structured map
  std::vector<int> last_reader_;  // [layers + 1] last layer that reads the input, layer 0, ...
  double gamma_ = 0.0;
};

}  // namespace clipbound::bounds
