#pragma once
// A layered network on one box as the lane sweeps read it: the neurons that can be active there, in
// layers, by sparse rows.
//
// Nothing is folded: in networks of convolutions folding would turn sparse rows into dense ones
// (cifar_cnn_a: 180 thousand numbers against 1.2 million). Inactive neurons are dropped, active
// ones pass through.
//
// Neurons that are not ReLUs are curved: bounds/alpha_beta/curve_envelope.h. Identities pass
// through like active ReLUs.
//
// Places: one numbering for everything a row may read: inputs 0 .. N - 1, one spare place N that
// nobody reads, then the live neurons, layer by layer. A slot numbers the unstable ReLUs and the
// curved neurons among them.
#include <cstdint>
#include <memory>
#include <vector>

#include "bounds/alpha_beta/curve_envelope.h"
#include "bounds/alpha_beta/grouped_matrix.h"
#include "bounds/alpha_beta/mccormick_product.h"
#include "bounds/alpha_beta/square_pair.h"
#include "bounds/layered/layered_system.h"

namespace clipbound::bounds {

/// Rows over places: what is to be bounded. value = constant + sum of terms + e, and using it costs
/// at most `slack`.
struct SparseNetworkRows {
  std::vector<std::int64_t> start{0};
  std::vector<std::int32_t> index;
  std::vector<double> value;
  std::vector<double> constant, slack;
  int layer = 0;  ///< reads inputs and layers before this one
  std::int64_t count() const { return static_cast<std::int64_t>(constant.size()); }
};

/// The rows of one layer that read one source.
struct SparseNetworkBlock {
  int source;              ///< layer, or kInputSource
  GroupedMatrix forward;   ///< makes the layer's neurons from the source
  GroupedMatrix backward;  ///< transposed
};

struct SparseNetworkLayer {
  int first = 0, count = 0;          ///< places
  std::vector<std::int32_t> origin;  ///< [count] number in the layer of the system
  std::vector<SparseNetworkBlock> blocks;
};

class SparseNetwork;

/// 1 for the neurons that some rows depend on, per layer and neuron; empty: all.
using NeededNeurons = std::vector<std::vector<char>>;
/// With `known` bounds (may be nullptr): what a neuron reads is not needed for it where its
/// activation is one and the same number.
NeededNeurons needed_neurons(const LayeredSystem& system,
                             const std::vector<const AffineForm*>& rows,
                             const SparseNetwork* known = nullptr);

/// Whether the activation is one and the same number for all z in [l, u]: an inactive ReLU, a step
/// function between two jumps.
bool is_constant(const Activation& activation, double l, double u);

/// Neurons whose activations add up to exactly 1: any multiple of that sum may be taken away from
/// their coefficients. The weights say which: sum of weight * coefficient.
struct SparseSimplexRow {
  std::vector<std::int32_t> places;
  std::vector<double> weights;
};

/// Built layer by layer, as bounds become known. Legend: N inputs, P places, U slots (unstable and
/// curved neurons), C curved neurons.
class SparseNetwork {
 public:
  /// Neurons that are not needed get no place: compiling rows that read them is an internal error.
  SparseNetwork(std::shared_ptr<const LayeredSystem> system, std::vector<double> lower,
                std::vector<double> upper, NeededNeurons needed = {});

  /// Adds the next layer with its neurons' bounds z (sound on the box). With `join`, squares of
  /// this layer that make products with the next one's become products
  /// (bounds/alpha_beta/mccormick_product.h); the squares themselves can no longer be read, bounded
  /// or split then.
  void add_layer(const IntervalVector& z, bool join = false);
  /// Interval bounds of the next layer from what is known of the earlier ones; of neurons that are
  /// not needed, those of the system's box.
  IntervalVector enclose_next();
  /// Interval bounds of a form over the inputs and the layers so far.
  IntervalVector enclose_form(const AffineForm& form) const { return enclose(form, sources_); }
  /// Elements `which` of a form over the inputs and the layers so far.
  SparseNetworkRows compile_rows(const AffineForm& form,
                                 const std::vector<std::int64_t>& which) const;
  /// The first place that an element reads, -1 where there is none.
  std::int32_t first_place(const AffineForm& form, std::int64_t element) const;

  const LayeredSystem& system() const { return *system_; }
  int inputs() const { return inputs_; }
  int spare() const { return inputs_; }
  int places() const { return static_cast<int>(constant.size()); }
  int slots() const { return static_cast<int>(place_of.size()); }
  /// Free parameters of a bound: those of the slots, then one per joined product.
  int parameters() const { return slots() + static_cast<int>(products.size()); }
  std::int32_t parameter_of_product(std::int32_t place) const {
    return slots() + joined_of[static_cast<std::size_t>(place)];
  }
  int layers() const { return static_cast<int>(layers_.size()); }
  const SparseNetworkLayer& layer(int k) const { return layers_[static_cast<std::size_t>(k)]; }
  const IntervalVector& bounds_of(int k) const { return bounds_[static_cast<std::size_t>(k)]; }
  double gamma() const { return gamma_; }
  bool needs(int layer, std::size_t neuron) const {
    return needed_.empty() || needed_[static_cast<std::size_t>(layer)][neuron] != 0;
  }

  std::vector<double> lower_x, upper_x;    ///< [N] the box
  std::vector<double> constant, slack;     ///< [P] of each neuron's row
  std::vector<std::int32_t> slot_of;       ///< [P] -1: neither unstable nor curved
  std::vector<std::int32_t> place_of;      ///< [U]
  std::vector<std::int32_t> layer_of;      ///< [U]
  std::vector<double> lower, upper;        ///< [U] bounds
  std::vector<std::int32_t> curve_of;      ///< [P] -1: not curved
  std::vector<std::int32_t> curved_slots;  ///< [C]
  std::vector<Activation> curves;          ///< [C] of the curved neurons
  std::vector<SparseSimplexRow> unit_sums;
  std::vector<std::int32_t> unit_sum_of;  ///< [C] -1: none
  std::vector<SquarePair> pairs;          ///< of squares that are products
  std::vector<std::int32_t> pair_of;      ///< [C] -1: none
  std::vector<PiecewiseLinearEnvelope<double>>
      hulls;  ///< [C] on their bounds; empty chains for squares, which need none
  std::vector<McCormickProduct> products;
  std::vector<std::int32_t> joined_of;  ///< [P] -1: no joined product

 private:
  double slack_for(double radius, double size) const;
  /// Whether nobody reads layer k and the next one but by their products.
  bool only_products(int k) const;
  /// Makes element `v` of a layer of squares a product, if it is one on a trusted box, and its
  /// place.
  bool join_product(int k, std::int64_t v, std::vector<std::int32_t>& place);
  /// What the products that a row reads add to the sizes of its terms.
  double size_of_products(const AffineForm& form, std::int64_t element) const;
  /// Finds the products that the squares of the newest layer and of the one before it make.
  void pair_squares();
  void add_unit_sums();
  /// Whether an element's activation is known to be the number 0.
  bool is_nothing(int source, std::int32_t element) const;
  /// What the neurons whose activations are numbers add to one row's constant.
  double constant_part(const SparseRows& rows, std::int64_t element, int source) const;
  /// Appends the entries of one row (neurons whose activations are numbers left out).
  void append(const SparseRows& rows, std::int64_t element, int source,
              SparseNetworkRows& to) const;
  /// A layer's neurons in the order of their places: those that read the same elements are
  /// neighbours (all channels of one pixel), so that what a group reads and writes stands together
  /// in memory.
  static std::vector<std::size_t> order_of_places(const AffineForm& form);
  SparseNetworkBlock make_block(const SparseNetworkLayer& layer, int source,
                                const SparseRows& matrix) const;

  std::shared_ptr<const LayeredSystem> system_;
  int inputs_ = 0;
  std::vector<SparseNetworkLayer> layers_;
  std::vector<IntervalVector> bounds_;
  std::map<int, IntervalVector> sources_;
  NeededNeurons needed_;
  std::vector<std::vector<std::int32_t>>
      place_of_neuron_;  // [layers][neurons], kNumber, kNotNeeded
  std::vector<std::vector<double>>
      number_of_neuron_;  // [layers][neurons] activations that are numbers; empty: these are all 0
  std::vector<char> joined_;  // [neurons of the next layer] whose products stand in the newest one
  std::vector<int> product_layers_;  // layers with joined products
  std::vector<double> next_sizes_;  // of the next layer's rows, where enclose_next() has found them
  double gamma_ = 0.0, largest_source_ = 1.0;
};

/// What a bound of some rows has to look at: their structural cone of influence. Kept per group of
/// rows that are bounded together.
struct Cone {
  struct Part {
    const GroupedMatrix* matrix;
    std::vector<GroupedMatrix::Segment> segments;
  };
  struct Layer {
    std::vector<std::int32_t> unstable, active, curved;  ///< places that are touched
    std::vector<std::int32_t> unit_sums;                 ///< numbers of those among the curved ones
    std::vector<std::int32_t> products;                  ///< places of joined products
    std::vector<Part> into;  ///< backward: what makes this layer's coefficients
    std::vector<Part> from;  ///< forward: what makes this layer's values
  };
  std::vector<Layer> layers;  ///< of the layers before the rows'
  std::vector<std::int32_t> inputs;
  std::vector<Part> into_inputs;
  std::int64_t work = 0;     ///< multiplications of one backward substitution
  std::uint64_t serial = 0;  ///< another one for every find(): who keeps state of a cone can tell
                             ///< whether it is still the same

  /// An empty cone of rows that read the first `count` layers, with a serial number of its own.
  void begin(int count);
};

/// Finds cones; keeps its marks between calls.
class ConeFinder {
 public:
  explicit ConeFinder(const SparseNetwork& network) : network_(network) {}
  void find(const SparseNetworkRows& rows, const std::vector<std::int64_t>& which, Cone& cone);

 private:
  /// The groups and tiles of a block that are in the cone already: those marked with the present
  /// stamp.
  struct BlockMarks {
    std::vector<std::uint32_t> forward, backward, tile;
  };
  void number_places();
  void touch(std::int32_t place, Cone& cone);
  /// Puts what was touched into the order of places.
  void sort(int k, Cone::Layer& layer) const;
  /// From the cone's places in layer k, through one of its blocks, to the elements that these read.
  void follow(int k, const SparseNetworkBlock& block, BlockMarks& marks, Cone& cone);

  void add_segments(const GroupedMatrix& matrix, std::int32_t group, const BlockMarks& marks,
                    std::vector<GroupedMatrix::Segment>& segments) const;

  const SparseNetwork& network_;
  std::vector<std::int32_t> forward_groups_, backward_groups_,
      tile_groups_;  // of the block at hand; the last: one per tile
  std::vector<std::uint32_t> place_mark_;
  std::vector<std::vector<BlockMarks>> block_marks_;  // [layers][blocks]
  std::uint32_t stamp_ = 0;
  std::vector<int> layer_of_place_;
};

}  // namespace clipbound::bounds
