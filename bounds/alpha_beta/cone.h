#pragma once
// Idea: a bound of some rows depends only on their receptive field. A cone lists the elements and
//   the parts of the matrices that are in it, so that backward substitution skips all others.
// Source: own; auto_LiRPA skips channels of convolutions by patches (Xu et al., NeurIPS 2020).
//   Ours differs: the field is found from the sparse rows, for any network.
// Guarantees: an element outside the cone has coefficient 0 in every bound of its rows. Segments
//   may depend on elements beside the cone: these hold 0 (S6).
#include <cstdint>
#include <vector>

#include "bounds/alpha_beta/sparse_network.h"

namespace clipbound::bounds {

/// The receptive field of rows that are bounded together.
struct Cone {
  struct Part {
    const GroupedMatrix* matrix;
    std::vector<GroupedMatrix::Segment> segments;
  };
  struct Layer {
    std::vector<Live> unstable, active, nonlinear;  ///< ReLUs, ReLUs and identities, all others
    std::vector<std::int32_t> simplex_rows;         ///< of the nonlinear neurons among them
    std::vector<Live> products;                     ///< McCormick products
    std::vector<std::int32_t> twins;                ///< both in the cone, the second ones here
    std::vector<Part> into;                         ///< backward: give this layer's coefficients
    std::vector<Part> from;                         ///< forward: give this layer's values
  };
  std::vector<Layer> layers;  ///< those before the rows'
  std::vector<std::int32_t> inputs;
  std::vector<Part> into_inputs;
  std::int64_t work = 0;  ///< multiplications of one backward substitution
  /// Another one for every find(): whoever keeps state of a cone can tell whether it is the same.
  std::uint64_t serial = 0;

  /// An empty cone of rows over the first `count` layers, with a serial number of its own.
  void begin(int count);
};

/// The free parameters of a cone's bounds: one per unstable element, one per McCormick product.
std::vector<std::int32_t> parameters_of(const Cone& cone, const SparseNetwork& network);

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
  void number_layers();
  /// Adds an element, and what is bounded together with it.
  void add(Live element, Cone& cone);
  void add_twins(int k, Cone::Layer& layer) const;
  /// Puts a layer's elements into order.
  void sort(int k, Cone::Layer& layer) const;
  /// From the cone's elements in layer k, through one of its blocks, to those they depend on.
  void follow(int k, const SparseNetworkBlock& block, BlockMarks& marks, Cone& cone);
  /// Marks a forward group, its tile, and the backward groups of the elements it depends on.
  void mark_group(const SparseNetworkBlock& block, std::int32_t group, BlockMarks& marks);
  void add_segments(const GroupedMatrix& matrix, std::int32_t group, const BlockMarks& marks,
                    std::vector<GroupedMatrix::Segment>& segments) const;

  const SparseNetwork& network_;
  /// Of the block at hand; the last has one group per tile.
  std::vector<std::int32_t> forward_groups_, backward_groups_, tile_groups_;
  std::vector<std::uint32_t> mark_;                   // [L]
  std::vector<std::vector<BlockMarks>> block_marks_;  // [layers][blocks]
  std::uint32_t stamp_ = 0;
  std::vector<int> layer_of_;  // [L]
};

}  // namespace clipbound::bounds
