#pragma once
// Idea: a sparse matrix for kLanes vectors at once: outputs that depend on the same elements stand
//   together, up to eight in a group, so that one load of an element serves them all. Convolutions
//   (all channels of one pixel) and dense layers become small dense blocks. Groups refer to their
//   weights, and blocks of weights are shared (bounds/alpha_beta/grouped_matrix_builder.h): a
//   convolution has one kernel for all pixels, which stays in the cache (decision 12).
// Source: own; register blocking of sparse matrices (BCSR, Im and Yelick, 2001).
// Guarantees: each output is the sum of its terms in some order (S5).
#include <cstdint>
#include <span>
#include <vector>

#include "base/simd.h"

namespace clipbound::bounds {

/// kVecs times kLanes numbers: of so many rows that are bounded at once.
struct Wide {
  static constexpr int kVecs = 4;
  Vec of[kVecs]{};
  double& number(std::size_t row) { return reinterpret_cast<double*>(of)[row]; }
};

class GroupedMatrix {
 public:
  /// An element that a group depends on, and which of the group's rows of weights it is multiplied
  /// with.
  struct Ref {
    std::int32_t column, weights;
  };
  /// A run of a group's elements that stand in one tile (GroupedMatrixBuilder).
  struct Part {
    std::int32_t tile, end;  ///< where it ends among the references
  };
  /// A group, or some of its elements.
  struct Segment {
    std::int32_t group, begin, end;
  };
  struct Group {
    std::int32_t width = 1;           ///< 1, 2, 4 or 8
    std::int32_t begin = 0, end = 0;  ///< references
    std::int32_t parts = 0, parts_end = 0;
    std::int32_t out[8] = {};
    std::int64_t weights = 0;  ///< where its first row of weights begins
  };

  std::int32_t groups() const { return static_cast<std::int32_t>(groups_.size()); }
  /// The group that makes output `row`, -1 where the row has no entries.
  std::int32_t group_of(std::int32_t row) const { return group_of_[static_cast<std::size_t>(row)]; }
  /// What a group depends on.
  std::span<const Ref> refs(std::int32_t group) const {
    const Group& g = groups_[static_cast<std::size_t>(group)];
    return {refs_.data() + g.begin, refs_.data() + g.end};
  }
  std::span<const Part> parts(std::int32_t group) const {
    const Group& g = groups_[static_cast<std::size_t>(group)];
    return {parts_.data() + g.parts, parts_.data() + g.parts_end};
  }
  Segment whole(std::int32_t group) const {
    const Group& g = groups_[static_cast<std::size_t>(group)];
    return {group, g.begin, g.end};
  }
  /// Multiplications that a segment takes.
  std::int64_t work(const Segment& segment) const {
    return static_cast<std::int64_t>(segment.end - segment.begin) *
           groups_[static_cast<std::size_t>(segment.group)].width;
  }
  /// Adds what one segment makes of its group's outputs to y.
  void accumulate(const Segment& segment, const Vec* x, Vec* y) const;
  void accumulate(const Segment& segment, const Wide* x, Wide* y) const;

  // ---- building; outputs are numbers below `outputs`, or the spare element ----
  void begin(std::int32_t outputs) { group_of_.assign(static_cast<std::size_t>(outputs), -1); }
  std::int32_t refs_end() const { return static_cast<std::int32_t>(refs_.size()); }
  void add_ref(std::int32_t column, std::int32_t weights) { refs_.push_back({column, weights}); }
  void end_part(std::int32_t tile) { parts_.push_back({tile, refs_end()}); }
  std::int32_t parts_end() const { return static_cast<std::int32_t>(parts_.size()); }
  /// Room for weights; begins at a multiple of eight, so at whole rows of any width.
  std::int64_t add_weights(std::size_t count);
  double* weights(std::int64_t at) { return weights_[static_cast<std::size_t>(at / 8)].of; }
  void add_group(const Group& group, std::int32_t spare);

 private:
  template <int kWidth>
  void accumulate_width(const Group& group, const Segment& segment, const Vec* x, Vec* y) const;
  template <int kWidth, int kOutputs, int kVecs>
  void accumulate_block(const Group& group, const Segment& segment, int first_out, int first_vec,
                        const Wide* x, Wide* y) const;
  template <int kWidth>
  void accumulate_width(const Group& group, const Segment& segment, const Wide* x, Wide* y) const;

  std::vector<Group> groups_;
  std::vector<Ref> refs_;
  std::vector<Part> parts_;
  std::vector<std::int32_t> group_of_;
  /// A whole line of the cache: eight outputs' weights of one element.
  struct alignas(64) Line {
    double of[8];
  };
  std::vector<Line> weights_;
};

}  // namespace clipbound::bounds
