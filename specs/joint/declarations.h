#pragma once
// Idea: a model held against what a query declares of it: tensors in number and order, element
// types, shapes.
// Source: the VNN-LIB standard 2.0, chapters on models and the query language.
// Guarantees: a difference that changes what the query means is an error that names both sides.
#include <string>
#include <vector>

#include "specs/network/network.h"
#include "specs/onnx/declared_inputs.h"
#include "specs/vnnlib/joint_query.h"

namespace clipbound::specs {

/// What a network declares of its model's inputs, for the reader.
std::vector<DeclaredInput> declared_inputs(const DeclaredNetwork& network);

/// The model's value of each declared tensor, in the order of the declarations. `model` has the
/// declared inputs already. Where shapes differ by dimensions of size 1 alone, that is a warning.
/// Throws InputError, naming the declaration's place, or Unsupported.
std::vector<ValueId> values_of(const DeclaredNetwork& declared, const Network& model,
                               std::vector<std::string>& warnings);

/// The value's element type as its file had it: integers of all types are held as int64.
std::string text_of_type(const Value& value);

/// Whether numbers of the model's value may be declared so: `real` is any type.
bool fits(DeclaredType type, const Value& value);

/// Why g is not f with other weights: the same operators with the same attributes on values of the
/// same shapes, joined in the same way. Empty where it is.
std::string why_not_isomorphic(const Network& f, const Network& g);

}  // namespace clipbound::specs
