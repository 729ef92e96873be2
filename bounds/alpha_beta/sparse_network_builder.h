#pragma once
// Idea: a SparseNetwork is made layer by layer: the bounds of a layer come from the network so far,
//   and decide which of its neurons are live, and how these are relaxed.
// Source: own.
// Guarantees: sound for any bounds z that hold on the box (S5, S6).
#include <memory>
#include <vector>

#include "bounds/alpha_beta/sparse_network.h"

namespace clipbound::bounds {

/// What becomes of the squares of a layer that make products with those of the next layer.
enum class ProductsAs : std::uint8_t {
  squares,   ///< each square is relaxed, split and bounded as a neuron
  mccormick  ///< products without squares (bounds/alpha_beta/mccormick_product.h)
};

class SparseNetworkBuilder {
 public:
  SparseNetworkBuilder(std::shared_ptr<const LayeredSystem> system, std::vector<double> lower,
                       std::vector<double> upper, NeededNeurons needed = {});

  /// The network so far.
  const SparseNetwork& network() const { return *network_; }
  /// Interval bounds of the next layer from what is known of the earlier ones; of neurons that are
  /// not needed, those of the system's box.
  IntervalVector enclose_next();
  /// Adds the next layer with its neurons' bounds z.
  void add_layer(const IntervalVector& z, ProductsAs products = ProductsAs::squares);
  /// Twins whose second ones are in the newest layer.
  void add_twins(const std::vector<SparseTwins>& twins);
  std::unique_ptr<const SparseNetwork> finish() { return std::move(network_); }

 private:
  /// The layer at work.
  struct Draft {
    int k = 0;
    const AffineForm* form = nullptr;
    Activation activation{};
    SparseNetworkLayer layer;
    std::vector<double> magnitudes;      ///< [neurons] of the terms of their rows
    std::vector<Live> live;              ///< [neurons]
    std::vector<double> constants;       ///< [neurons] or empty
    std::vector<char> is_second_square;  ///< [neurons] or empty: its product stands a layer before
    bool joins = false;                  ///< its squares become McCormick products where they can
  };
  Draft begin_layer(const IntervalVector& z, ProductsAs products);
  void add_neuron(Draft& draft, std::size_t v, const IntervalVector& z);
  void add_live_neuron(Draft& draft, std::size_t v, double lower, double upper);
  void finish_layer(Draft draft, const IntervalVector& z);

  /// Whether nothing depends on layer k and the next one but by their products.
  bool only_products(int k) const;
  /// Makes a square and its partner in the next layer a product, if they are one on a box of
  /// ordinary size. True where nothing of the square is left to add.
  bool add_product(Draft& draft, std::size_t v);
  /// Finds the products that the squares of the newest layer and of the one before it make.
  void pair_squares();
  void add_simplex_rows();
  /// Whether an element's activation is known to be the number 0.
  bool is_zero(int source, std::int32_t element) const;
  /// A layer's neurons in the order of their elements: those that depend on the same elements are
  /// neighbours (all channels of one pixel), so that a group's elements stand together in memory.
  static std::vector<std::size_t> order_of_elements(const AffineForm& form);
  SparseNetworkBlock make_block(const SparseNetworkLayer& layer, int source,
                                const SparseRows& matrix) const;

  std::unique_ptr<SparseNetwork> network_;
  /// [neurons of the next layer] whose products stand in the newest one.
  std::vector<char> is_second_square_;
  /// Of the next layer's rows, where enclose_next() has found them.
  std::vector<double> next_magnitudes_;
};

}  // namespace clipbound::bounds
