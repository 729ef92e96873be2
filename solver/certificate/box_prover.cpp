// Idea: all rows at once, as dense matrices, from the last layer to the inputs.
// Source: CROWN.
// Guarantees: see the header.
#include "solver/certificate/box_prover.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace clipbound::solver {

ProofScope BoxProver::root(const Eigen::VectorXd& lower, const Eigen::VectorXd& upper) const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  ProofScope scope{lower, upper, {}, {}, {}};
  for (const ReluLayer& layer : network_.layers) {
    scope.z_lower.emplace_back(Eigen::VectorXd::Constant(layer.z.constant.size(), -kInfinity));
    scope.z_upper.emplace_back(Eigen::VectorXd::Constant(layer.z.constant.size(), kInfinity));
    scope.z_gradient.emplace_back(DenseRows::Zero(layer.z.constant.size(), lower.size()));
  }
  return scope;
}

BoxProver::Linear BoxProver::backward(const DenseForm& form,
                                      const std::vector<std::pair<Eigen::Index, double>>& rows,
                                      const ProofScope& scope, std::vector<DenseRows>* kept) const {
  const auto count = static_cast<Eigen::Index>(rows.size());
  // coefficients[k + 1]: of source k; without columns where nothing reads it.
  std::vector<DenseRows> coefficients(network_.layers.size() + 1);
  Linear result{DenseRows::Zero(count, scope.lower.size()), Eigen::VectorXd::Zero(count)};
  for (Eigen::Index r = 0; r < count; ++r)
    result.constant[r] = rows[static_cast<std::size_t>(r)].second *
                         form.constant[rows[static_cast<std::size_t>(r)].first];
  for (const DenseForm::Term& term : form.terms) {
    DenseRows& into = coefficients[static_cast<std::size_t>(term.source + 1)];
    into.resize(count, term.rows.cols());
    for (Eigen::Index r = 0; r < count; ++r)
      into.row(r) = rows[static_cast<std::size_t>(r)].second *
                    term.rows.row(rows[static_cast<std::size_t>(r)].first);
  }
  for (std::size_t k = network_.layers.size(); k-- > 0;) {
    DenseRows& a = coefficients[k + 1];
    if (a.cols() == 0) continue;
    const ReluLayer& layer = network_.layers[k];
    if (kept != nullptr) (*kept)[k] = a;
    for (Eigen::Index j = 0; j < a.cols(); ++j) {
      const double l = scope.z_lower[k][j], u = scope.z_upper[k][j];
      if (l >= 0.0) continue;
      const double below = u > -l ? 1.0 : 0.0, chord = u / (u - l);
      for (Eigen::Index r = 0; r < count; ++r) {
        double& c = a(r, j);
        if (u <= 0.0) {
          c = 0.0;
        } else if (c < 0.0) {
          result.constant[r] -= c * chord * l;
          c *= chord;
        } else {
          c *= below;
        }
      }
    }
    result.constant.noalias() += a * layer.z.constant;
    for (const DenseForm::Term& term : layer.z.terms) {
      DenseRows& into = coefficients[static_cast<std::size_t>(term.source + 1)];
      if (into.cols() == 0)
        into.noalias() = a * term.rows;
      else
        into.noalias() += a * term.rows;
    }
  }
  if (coefficients[0].cols() > 0) result.over_inputs = std::move(coefficients[0]);
  return result;
}

Eigen::VectorXd BoxProver::least(const Linear& linear, const ProofScope& scope) {
  return linear.constant + linear.over_inputs.cwiseMax(0.0) * scope.lower +
         linear.over_inputs.cwiseMin(0.0) * scope.upper;
}

/// False where every neuron's phase was known.
bool BoxProver::bound_layer(std::size_t k, ProofScope& scope) const {
  std::vector<std::pair<Eigen::Index, double>> rows;
  Eigen::VectorXd &lower = scope.z_lower[k], &upper = scope.z_upper[k];
  for (Eigen::Index j = 0; j < lower.size(); ++j) {
    if (!(lower[j] < 0.0 && upper[j] > 0.0)) continue;
    rows.emplace_back(j, 1.0);
    rows.emplace_back(j, -1.0);
  }
  if (rows.empty()) return false;
  const Linear linear = backward(network_.layers[k].z, rows, scope);
  const Eigen::VectorXd bounds = least(linear, scope);
  for (std::size_t r = 0; r < rows.size(); r += 2) {
    const Eigen::Index j = rows[r].first;
    scope.z_gradient[k].row(j) = linear.over_inputs.row(static_cast<Eigen::Index>(r));
    lower[j] = std::max(lower[j], bounds[static_cast<Eigen::Index>(r)]);
    upper[j] = std::min(upper[j], -bounds[static_cast<Eigen::Index>(r + 1)]);
  }
  return true;
}

Eigen::VectorXd BoxProver::branching_score(const std::vector<DenseRows>& kept, Eigen::Index row,
                                           const ProofScope& scope) const {
  const Eigen::VectorXd widths = scope.upper - scope.lower;
  Eigen::VectorXd gain = Eigen::VectorXd::Zero(widths.size());
  for (std::size_t k = 0; k < kept.size(); ++k) {
    for (Eigen::Index j = 0; j < kept[k].cols(); ++j) {
      const double l = scope.z_lower[k][j], u = scope.z_upper[k][j];
      if (!(l < 0.0 && u > 0.0)) continue;
      // Of the relaxation's gap at 0 the part that this input's share of z's range stands for.
      const double gap = std::abs(kept[k](row, j)) * -l * u / (u - l) / (u - l);
      gain += gap * scope.z_gradient[k].row(j).transpose().cwiseAbs().cwiseProduct(widths);
    }
  }
  return gain;
}

BestRow BoxProver::bound(ProofScope& scope, Records& records) const {
  for (std::size_t k = 0; k < network_.layers.size(); ++k)
    if (bound_layer(k, scope)) records.tag('B').varint(network_.layers[k].number);
  std::vector<std::pair<Eigen::Index, double>> rows;
  for (Eigen::Index r = 0; r < rows_.constant.size(); ++r) rows.emplace_back(r, 1.0);
  std::vector<DenseRows> kept(network_.layers.size());
  const Linear linear = backward(rows_, rows, scope, &kept);
  const Eigen::VectorXd bounds = least(linear, scope);
  Eigen::Index best = 0;
  const double bound = bounds.maxCoeff(&best);
  return {static_cast<std::size_t>(best), bound, linear.over_inputs.row(best).transpose(),
          branching_score(kept, best, scope)};
}

}  // namespace clipbound::solver
