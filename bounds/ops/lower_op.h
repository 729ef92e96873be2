#pragma once
// The abstract meaning of operators: what each makes of affine forms. One function per operator, one row in the table.
#include <map>

#include "bounds/affine_form.h"
#include "specs/network.h"

namespace clipbound {

/// What an operator may look at while it is lowered.
struct LowerContext {
  const Network& network;
  const std::map<ValueId, AffineForm>& forms;  ///< of all values before the node that are not constant
  const SourceMagnitudes& magnitudes;
};

/// The form of a value; constants become constant forms in `scratch`.
const AffineForm& form_of(const LowerContext& context, ValueId id, AffineForm& scratch);
/// Constant values as float64; throws InputError where one is not finite.
std::vector<double> constant_of(const LowerContext& context, const Node& node, ValueId id);

using LowerFunction = std::vector<AffineForm> (*)(const LowerContext&, const Node&);
/// nullptr where the operator has no affine meaning.
LowerFunction lower_function(OpKind kind);

/// For every element of `to`, the element of `from` that numpy broadcasting reads.
std::vector<std::int64_t> broadcast_map(const Shape& from, const Shape& to);

std::vector<AffineForm> lower_movement(const LowerContext& context, const Node& node);
std::vector<AffineForm> lower_add_sub(const LowerContext& context, const Node& node);
std::vector<AffineForm> lower_mul_div(const LowerContext& context, const Node& node);
std::vector<AffineForm> lower_gemm(const LowerContext& context, const Node& node);
std::vector<AffineForm> lower_matmul(const LowerContext& context, const Node& node);

}  // namespace clipbound
