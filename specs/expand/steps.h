#pragma once
// Idea: what the files of composite operators share: short names for nodes that they build often.
// Source: own.
// Guarantees: each adds nodes of the meaning that its name says, and nothing else.
#include <cstdint>
#include <vector>

#include "base/error.h"
#include "specs/network/composite.h"
#include "specs/ops/op_support.h"

namespace clipbound::specs {

/// Sets of axes, in their order.
using Axes = std::vector<std::int64_t>;

/// Checks the number of inputs, and that the first ones are there.
void expect_inputs(const Expansion& e, std::size_t least, std::size_t most);
/// Throws where input i does not hold floating-point numbers.
void expect_floating(const Expansion& e, std::size_t i);
inline bool is_floating(DataType type) {
  return type == DataType::float32 || type == DataType::float64;
}
/// 0, 1, ..., count - 1, each plus `first`.
Axes counting(std::int64_t count, std::int64_t first = 0);
std::int64_t rank_of(const Expansion& e, ValueId id);

ValueId reshape(Expansion& e, ValueId x, const Shape& shape);
/// x as it is where the axes are in their order.
ValueId transpose(Expansion& e, ValueId x, const Axes& order);
/// Elements first to last - 1 along an axis.
ValueId slice(Expansion& e, ValueId x, std::int64_t axis, std::int64_t first, std::int64_t last);
/// Element `index` along an axis, which vanishes.
ValueId element(Expansion& e, ValueId x, std::int64_t axis, std::int64_t index);
ValueId join(Expansion& e, const std::vector<ValueId>& parts, std::int64_t axis);
/// An operator with the attributes axes and keepdims.
ValueId reduce(Expansion& e, const char* op, ValueId x, const Axes& axes, bool keep = true);
/// Numbers of the type of `like`.
ValueId numbers(Expansion& e, const Shape& shape, const std::vector<double>& values, ValueId like);
ValueId truths(Expansion& e, const Shape& shape, std::vector<std::uint8_t> values);
/// A list of one number per entry of an axis, in a shape that is broadcast along it in a tensor of
/// this rank; one number alone becomes a scalar.
ValueId along_axis(Expansion& e, ValueId list, std::int64_t axis, std::int64_t rank);

}  // namespace clipbound::specs
