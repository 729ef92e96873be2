#pragma once
// Idea: CROWN on one box, in the steps and with the slopes that the records B and L mean.
// Source: docs/certificate.md; CROWN (Zhang et al., NeurIPS 2018).
// Guarantees: bounds up to float64's rounding; not rigorous.
// Legend: N inputs.
#include <vector>

#include "solver/certificate/records.h"
#include "solver/certificate/relu_network.h"

namespace clipbound::solver {

/// A box and what is known of pre-activations in it.
struct ProofScope {
  Eigen::VectorXd lower, upper;                   ///< [N]
  std::vector<Eigen::VectorXd> z_lower, z_upper;  ///< [layers]
  std::vector<DenseRows> z_gradient;              ///< [layers] of lower linear bounds, neurons x N
};

/// The row that is nearest to being excluded.
struct BestRow {
  std::size_t row = 0;
  double bound = 0.0;        ///< least value of row - threshold
  Eigen::VectorXd gradient;  ///< [N] of its linear bound
  /// [N] How much of the relaxations' gaps halving an input would remove, about.
  Eigen::VectorXd branching_score;
};

class BoxProver {
 public:
  /// `rows`: sum of terms - threshold as a form over sources, one per row.
  BoxProver(const ReluNetwork& network, const DenseForm& rows) : network_(network), rows_(rows) {}

  /// The scope before anything is known of neurons.
  ProofScope root(const Eigen::VectorXd& lower, const Eigen::VectorXd& upper) const;
  /// Bounds all neurons, writes the records and returns the best row.
  BestRow bound(ProofScope& scope, Records& records) const;

 private:
  struct Linear {
    DenseRows over_inputs;
    Eigen::VectorXd constant;
  };
  /// Lower bounds of these rows of the form, each times its sign.
  /// `kept`: where given, receives the coefficients of every layer's activations.
  Linear backward(const DenseForm& form, const std::vector<std::pair<Eigen::Index, double>>& rows,
                  const ProofScope& scope, std::vector<DenseRows>* kept = nullptr) const;
  Eigen::VectorXd branching_score(const std::vector<DenseRows>& kept, Eigen::Index row,
                                  const ProofScope& scope) const;
  static Eigen::VectorXd least(const Linear& linear, const ProofScope& scope);
  bool bound_layer(std::size_t k, ProofScope& scope) const;

  const ReluNetwork& network_;
  const DenseForm& rows_;
};

}  // namespace clipbound::solver
