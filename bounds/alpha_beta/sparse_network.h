#pragma once
// Idea: a layered network on one box, as alpha-beta-CROWN bounds it: neurons that are constant on
//   the box are gone, active ReLUs and identities pass through, all others have relaxations. Rows
//   stay sparse: folding the stable neurons, as bounds/reduced does, would make those of
//   convolutions dense (decision 8).
// Source: own.
// Guarantees: on the box the rows have the values of the system's, up to their slack (S5).
// Legend: N inputs, L live elements (0 .. N - 1 the inputs, N a spare one that no row depends on,
//   then the live neurons layer by layer), U unstable elements (ReLUs and nonlinear neurons), C
//   nonlinear neurons.
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "bounds/alpha_beta/curve_envelope.h"
#include "bounds/alpha_beta/grouped_matrix.h"
#include "bounds/alpha_beta/mccormick_product.h"
#include "bounds/alpha_beta/square_pair.h"
#include "bounds/index.h"
#include "bounds/layered/layered_system.h"
#include "bounds/relax/difference.h"

namespace clipbound::bounds {

/// Rows over live elements: what is to be bounded. value = constant + sum of terms + e, and a bound
/// loses at most `slack` by e and by roundings.
struct SparseNetworkRows {
  std::vector<std::int64_t> start{0};
  std::vector<Live> index;
  std::vector<double> value;
  std::vector<double> constant, slack;
  int layer = 0;  ///< they depend on inputs and on layers before this one
  std::int64_t count() const { return static_cast<std::int64_t>(constant.size()); }
};

/// The rows of one layer over one source.
struct SparseNetworkBlock {
  int source;              ///< layer, or kInputSource
  GroupedMatrix forward;   ///< gives the layer's neurons from the source
  GroupedMatrix backward;  ///< transposed
};

struct SparseNetworkLayer {
  int first = 0, count = 0;     ///< its live elements
  std::vector<Neuron> neurons;  ///< [count] which neurons of the system's layer these are
  std::vector<SparseNetworkBlock> blocks;
};

class SparseNetwork;

/// 1 for the neurons that some rows depend on, per layer and neuron; empty: all.
using NeededNeurons = std::vector<std::vector<char>>;
/// With `known` bounds (may be nullptr): a neuron whose activation is constant there depends on
/// nothing.
NeededNeurons needed_neurons(const LayeredSystem& system,
                             const std::vector<const AffineForm*>& rows,
                             const SparseNetwork* known = nullptr);

/// Whether the activation is one and the same number for all z in [l, u]: an inactive ReLU, a step
/// function between two jumps.
bool is_constant(const Activation& activation, double l, double u);

/// Neurons whose activations add up to exactly 1: any multiple of that sum may be taken away from
/// their coefficients. The weights say which: sum of weight * coefficient.
struct SparseSimplexRow {
  std::vector<Live> elements;
  std::vector<double> weights;
};

/// A neuron that is neither a ReLU nor an identity.
struct NonlinearNeuron {
  Activation activation{};
  Unstable unstable{};                         ///< its number among the unstable elements
  std::int32_t simplex_row = -1;               ///< -1: none
  std::int32_t square_pair = -1;               ///< -1: none
  PiecewiseLinearEnvelope<double> envelope{};  ///< on its bounds; squares need none
  MiddleLines lines{};                         ///< on its bounds
};

/// Two unstable ReLUs of neighbouring layers that compute nearly the same (LayeredSystem::twins),
/// and the lines of their difference on the network's box.
struct SparseTwins {
  Live first{}, second{};  ///< of the earlier layer, of the later one
  DifferenceLines lines{};
  Range d{};  ///< of the second one's z less the first one's
  DifferenceFan fan{};
};

/// Made by a SparseNetworkBuilder (bounds/alpha_beta/sparse_network_builder.h), layer by layer, as
/// bounds become known: methods speak of the layers so far.
class SparseNetwork {
 public:
  /// Interval bounds of a form over the inputs and the layers so far.
  IntervalVector enclose_form(const AffineForm& form) const { return enclose(form, sources_); }
  /// Elements `which` of a form over the inputs and the layers so far. A neuron that is not needed
  /// has no element: rows that depend on one are an internal error.
  SparseNetworkRows compile_rows(const AffineForm& form,
                                 const std::vector<std::int64_t>& which) const;
  /// The first live element that an element of a form depends on; -1 where there is none.
  Live first_dependency(const AffineForm& form, std::int64_t element) const;

  const LayeredSystem& system() const { return *system_; }
  int inputs() const { return inputs_; }
  Live spare() const { return Live{inputs_}; }
  int live_count() const { return static_cast<int>(constant.size()); }
  int unstable_count() const { return static_cast<int>(live_of.size()); }
  /// Free parameters of a bound: one per unstable element, then one per McCormick product, then one
  /// per pair of twins.
  int parameters() const { return parameter_of_twins(0) + static_cast<int>(twins.size()); }
  std::int32_t parameter_of_product(Live v) const { return unstable_count() + at(product_of, v); }
  std::int32_t parameter_of_twins(std::int32_t i) const {
    return unstable_count() + static_cast<std::int32_t>(products.size()) + i;
  }
  int layers() const { return static_cast<int>(layers_.size()); }
  const SparseNetworkLayer& layer(int k) const { return at(layers_, k); }
  const IntervalVector& bounds_of(int k) const { return at(bounds_, k); }
  double gamma() const { return gamma_; }
  bool needs(int layer, std::size_t neuron) const {
    return needed_.empty() || at(needed_, layer)[neuron] != 0;
  }
  /// A needed neuron's element.
  Live live_neuron(int layer, std::int64_t neuron) const {
    return at(at(live_of_neuron_, layer), neuron);
  }
  std::int32_t pair_of(Unstable u) const {
    return static_cast<std::size_t>(u) < twin_of.size() ? at(twin_of, u) : -1;
  }
  /// The other one of the pair, or -1.
  Unstable twin(Unstable u) const {
    if (pair_of(u) < 0) return Unstable{-1};
    const SparseTwins& pair = at(twins, pair_of(u));
    return at(unstable_of, at(live_of, u) == pair.first ? pair.second : pair.first);
  }
  Nonlinear nonlinear_of_unstable(Unstable u) const { return at(nonlinear_of, at(live_of, u)); }
  Live live_of_nonlinear(Nonlinear c) const { return at(live_of, at(nonlinear, c).unstable); }

  std::vector<double> lower_x, upper_x;    ///< [N] the box
  std::vector<double> constant, slack;     ///< [L] of each neuron's row
  std::vector<Unstable> unstable_of;       ///< [L] -1: stable
  std::vector<Nonlinear> nonlinear_of;     ///< [L] -1: a ReLU, an identity, an input
  std::vector<std::int32_t> product_of;    ///< [L] -1: no McCormick product
  std::vector<Live> live_of;               ///< [U]
  std::vector<int> layer_of;               ///< [U]
  std::vector<double> lower, upper;        ///< [U] bounds of z
  std::vector<NonlinearNeuron> nonlinear;  ///< [C]
  std::vector<SparseSimplexRow> simplex_rows;
  std::vector<SquarePair> square_pairs;
  std::vector<McCormickProduct> products;
  std::vector<SparseTwins> twins;  ///< by the layers of the second ones
  /// The pair that an unstable neuron is one of, or -1; the newest neurons may be missing.
  std::vector<std::int32_t> twin_of;
  std::vector<int> first_twins{0};  ///< [layers + 1] of each layer's second ones

 private:
  friend class SparseNetworkBuilder;
  static constexpr Live kConstant{-1}, kNotNeeded{-2};  // instead of a live element

  SparseNetwork() = default;
  double slack_for(double radius, double magnitude) const;
  Live live_of_neuron(int source, std::int32_t element) const {
    return source == kInputSource ? Live{element} : at(at(live_of_neuron_, source), element);
  }
  /// Where a neuron has a McCormick product, its weight; 1 elsewhere.
  double weight_of(Live v) const {
    const std::int32_t product = exists(v) ? at(product_of, v) : -1;
    return product < 0 ? 1.0 : at(products, product).weight;
  }
  /// What constant activations add to one row's constant.
  double constant_part(const SparseRows& rows, std::int64_t element, int source) const;
  double constant_of(const AffineForm& form, std::int64_t element) const;
  /// What the products of a row add to the magnitudes of its terms.
  double magnitude_of_products(const AffineForm& form, std::int64_t element) const;
  /// Appends the entries of one row (constant activations left out).
  void append(const SparseRows& rows, std::int64_t element, int source,
              SparseNetworkRows& to) const;

  std::shared_ptr<const LayeredSystem> system_;
  int inputs_ = 0;
  std::vector<SparseNetworkLayer> layers_;
  std::vector<IntervalVector> bounds_;
  std::map<int, IntervalVector> sources_;  // of activations
  NeededNeurons needed_;
  std::vector<std::vector<Live>> live_of_neuron_;  // [layers][neurons]
  /// [layers][neurons] values of constant activations; empty: all of them are 0.
  std::vector<std::vector<double>> constant_of_neuron_;
  std::vector<int> product_layers_;  // with McCormick products
  double gamma_ = 0.0, largest_source_ = 1.0;
};

}  // namespace clipbound::bounds
