#pragma once
// Idea: sizes of slices whose borders depend on the input: end - start where both are one computed
// number plus constants.
// Source: own.
// Guarantees: two indices with one root differ by exactly the difference of their offsets, at every
// point.
#include "specs/ops/op_support.h"

namespace clipbound::specs {

/// A single integer as `root` + offset; root is kNoValue for a constant.
struct AffineIndex {
  ValueId root;
  std::int64_t offset;
};

/// Follows a value of one element back through changes of shape and additions of constants.
AffineIndex affine_index(const Network& network, ValueId id);

}  // namespace clipbound::specs
