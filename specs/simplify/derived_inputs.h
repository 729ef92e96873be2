#pragma once
// Idea: a network some inputs of which are affine functions of others: copies, factors and offsets
// in front of its nodes.
// Source: own.
// Guarantees: exact in real arithmetic (S1).
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "specs/network/network.h"

namespace clipbound::specs {

/// What an input of the network is, of the inputs X that remain: scale * X_from + bias, plus its
/// own X where it has a deviation.
struct DerivedInput {
  std::int32_t from = 0;
  double scale = 1.0, bias = 0.0;
  bool has_deviation = false;
  bool is_copy() const { return scale == 1.0 && bias == 0.0 && !has_deviation; }
};

/// `derived` [inputs]; the numbers are of the inputs' type, which all inputs share.
std::shared_ptr<const Network> with_derived_inputs(
    const Network& network, const std::vector<std::optional<DerivedInput>>& derived);

}  // namespace clipbound::specs
