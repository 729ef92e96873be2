#pragma once
// The abstract meaning of operators: what each makes of affine forms. One function per operator,
// one row in the table.
#include <functional>
#include <map>

#include "bounds/layered/affine_form.h"
#include "bounds/layered/input_staircase.h"
#include "bounds/layered/layered_system.h"
#include "bounds/relax/activation.h"
#include "specs/network/network.h"

namespace clipbound::bounds {

/// What an operator may look at while it is lowered.
struct LowerContext {
  const Network& network;
  const std::map<ValueId, AffineForm>&
      forms;  ///< of all values before the node that are not constant
  const SourceMagnitudes& magnitudes;
  const std::map<int, IntervalVector>& sources;  ///< intervals of all sources so far
  const std::map<int, std::vector<double>>&
      samples;                            ///< values of all sources at some points of the box
  const std::vector<AffineForm>& layers;  ///< pre-activations of all layers so far
  const std::vector<Activation>& activations;
  ProductForm products;
  /// Makes a form a layer of neurons and returns their activations f(form). `value` names it for
  /// the user, kNoValue where it is a helper inside an operator.
  std::function<AffineForm(const AffineForm& form, const Activation& activation, ValueId value)>
      activate;
  /// Tells that some elements of a form add up to exactly 1 (a hint: it is used where they are all
  /// of one layer's activations).
  std::function<void(const AffineForm& form, const std::vector<std::int64_t>& elements)>
      adds_to_one;
  const OpenEnds& open;  ///< ends of the inputs' box that do not belong to it
  /// As `activate`, for activations that are known to lie in `known` as well (infinite ends: no
  /// more than f says).
  std::function<AffineForm(const AffineForm& form, const Activation& activation, ValueId value,
                           const IntervalVector& known)>
      activate_within;
  /// Tells of a staircase of an input that takes several values.
  std::function<void(const InputStaircase&)> note_staircase;
  AffineForm relu(const AffineForm& form, ValueId value) const {
    return activate(form, {Curve::relu}, value);
  }
};

/// sum over k of weight_k * forms_k, element by element, plus offset (empty: 0).
AffineForm combine(const LowerContext& context, const std::vector<const AffineForm*>& forms,
                   const std::vector<double>& weights, const std::vector<double>& offset = {});
/// Adds to the radii what weights cost that are wrong by a relative error of `relative` at most.
void charge_weights(const LowerContext& context, AffineForm& form, double relative);

/// The form of a value; constants become constant forms in `scratch`.
const AffineForm& form_of(const LowerContext& context, ValueId id, AffineForm& scratch);
/// The form of a value that each of `outputs` elements reads `reads` times: written out as a
/// variable of its own (an identity layer) where composing would make more coefficients than both
/// maps have. Convolution after convolution, say.
const AffineForm& form_to_compose(const LowerContext& context, ValueId id, std::int64_t outputs,
                                  std::int64_t reads, AffineForm& scratch);
/// Constant values as float64; throws InputError where one is not finite.
std::vector<double> constant_of(const LowerContext& context, const Node& node, ValueId id);

/// Throws InputError where an attribute of the node is not a finite number. Clip's limits may be
/// infinite: there is none, then.
void check_attributes(const Network& network, const Node& node);

using LowerFunction = std::vector<AffineForm> (*)(const LowerContext&, const Node&);
/// By the operator's row of specs/network/op_list.def. Throws Unsupported where it has no linear
/// bounds of this node: then there is lower_by_intervals().
LowerFunction lower_function(OpKind kind);
/// False where it has none of any node.
bool has_linear_bounds(OpKind kind);

// lower_<lowering>() of every row; those of one operator are in its file in bounds/lowering/ops.
#define CLIPBOUND_OP(id, onnx_name, op_class, lowering, ...) \
  std::vector<AffineForm> lower_##lowering(const LowerContext& context, const Node& node);
#define CLIPBOUND_OP_FORM CLIPBOUND_OP
#include "specs/network/op_list.def"
#undef CLIPBOUND_OP

/// The shape with which operand k of a binary operator is broadcast: as it is, but that before
/// opset 7 an `axis` says where the second operand begins.
Shape operand_shape(const LowerContext& context, const Node& node, std::size_t k);
/// For every element of `to`, the element of `from` that numpy broadcasting reads.
std::vector<std::int64_t> broadcast_map(const Shape& from, const Shape& to);

/// Operand k of a binary operator, as the operator broadcasts it.
AffineForm broadcast_operand(const LowerContext& context, const Node& node, std::size_t k);

std::vector<AffineForm> lower_product(const LowerContext& context, const Node& node);
std::vector<AffineForm> lower_quotient(const LowerContext& context, const Node& node);
std::vector<AffineForm> lower_variable_matmul(const LowerContext& context, const Node& node);
/// The largest (smallest) of forms of equal size, element by element, by halving: max(a, b) = a +
/// relu(b - a).
AffineForm extreme_of(const LowerContext& context, std::vector<AffineForm> candidates,
                      bool maximum);
/// Activations floor, ceil or trunc of a form.
AffineForm staircase_of(const LowerContext& context, const AffineForm& form, Curve curve,
                        ValueId value);
/// Any operator at all: its outputs as numbers within intervals, which no source enters. An element
/// of which nothing is known has radius infinity.
std::vector<AffineForm> lower_by_intervals(const LowerContext& context, const Node& node);

}  // namespace clipbound::bounds
