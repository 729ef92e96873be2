#pragma once
// Idea: the inputs of a node as affine forms or constants, as the operator broadcasts them.
// Source: own.
// Guarantees: exact; constants that are not finite are refused (S1).
#include <string>
#include <vector>

#include "bounds/lowering/lower_context.h"

namespace clipbound::bounds {

/// The form of a value; constants become constant forms in `scratch`.
const AffineForm& form_of(const LowerContext& context, ValueId id, AffineForm& scratch);
/// The form of a value on each of whose elements `outputs` outputs depend by `reads` terms each:
/// written out as a variable of its own (an identity layer) where composing would make more
/// coefficients than both maps have. Convolution after convolution, say.
const AffineForm& form_to_compose(LowerContext& context, ValueId id, std::int64_t outputs,
                                  std::int64_t reads, AffineForm& scratch);
/// Constant values as float64; throws InputError where one is not finite.
std::vector<double> constant_of(const LowerContext& context, const Node& node, ValueId id);

/// Throws InputError where an attribute of the node is not a finite number. Clip's limits may be
/// infinite: there is none, then.
void check_attributes(const Network& network, const Node& node);

/// The shape with which operand k of a binary operator is broadcast: as it is, but that before
/// opset 7 an `axis` says where the second operand begins.
Shape operand_shape(const Network& network, const Node& node, std::size_t k);
inline Shape operand_shape(const LowerContext& context, const Node& node, std::size_t k) {
  return operand_shape(context.network(), node, k);
}
/// For every element of `to`, the element of `from` that numpy broadcasting copies there.
std::vector<std::int64_t> broadcast_map(const Shape& from, const Shape& to);
/// Operand k of a binary operator, as the operator broadcasts it.
AffineForm broadcast_operand(const LowerContext& context, const Node& node, std::size_t k);

}  // namespace clipbound::bounds
