#pragma once
// Idea: functions that end. An argument that is certainly inside the domain is cut to it. Where it
// may really leave, what lies outside is left out if its NaN certainly fails every clause
// (undefined_reach.h); else the value is noted as undefined, and nothing is said of it, nor of what
// could turn its NaN into a number.
// Source: own.
// Guarantees: S1, "Where functions end".
#include <vector>

#include "bounds/lowering/lower_context.h"

namespace clipbound::bounds {

/// What an operator applies a function with an edge to.
struct EdgeOperand {
  const AffineForm& form;
  ValueId value = kNoValue;  ///< the form's name for the user
  /// [size] what the elements cannot leave; empty: nothing is known.
  IntervalVector certain;
  /// [size] an element of the node's first output that is not finite where f of this one is not;
  /// empty: the same.
  std::vector<std::int64_t> output;
  /// What the output may be where f is infinite, for either sign of it.
  NonNumbers at_plus = kPlusInfinity, at_minus = kMinusInfinity;
};

/// f(form), f being Sqrt, Log, 1 / z or a power.
AffineForm add_layer_with_edge(LowerContext& context, const Node& node, const EdgeOperand& operand,
                               const Activation& f);

/// What the elements of a value before the node cannot leave, as far as it was asked for
/// (values_before_edges()); element i of the result is element from[i], or i where `from` is empty.
IntervalVector certain_ends(const LowerContext& context, ValueId id,
                            const std::vector<std::int64_t>& from = {});

/// [values] 1 for those of which certain ends are to be kept: what functions with an edge are
/// applied to, and what that is made of by sums, products, means and copies.
std::vector<char> values_before_edges(const Network& network);
/// The certain ends of output k of a node whose form was made, by those of its inputs.
IntervalVector ends_by_operator(const LowerContext& context, const Node& node, std::size_t k);

/// Whether every clause fails where element `element` of a value of `size` elements is one of
/// `what`, so that such points may be left out.
bool fails_all(const LowerContext& context, ValueId id, std::int64_t element, std::int64_t size,
               NonNumbers what);

/// Notes what is undefined of output k of a node, given what its inputs are.
void pass_undefined(LowerContext& context, const Node& node, std::size_t k);

/// Whether the node may be lowered as if all numbers were real though some input is undefined: it
/// passes NaN on, or turns it into what it makes of some real number too.
bool keeps_undefined(const LowerContext& context, const Node& node);
/// Nothing is known of the node's outputs.
std::vector<AffineForm> unknown_outputs(const Network& network, const Node& node);

}  // namespace clipbound::bounds
