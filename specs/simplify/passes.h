#pragma once
// Idea: exact rewrites of a network, one per file. Each returns what it did ("" where nothing).
// Source: own.
// Guarantees: every pass keeps inputs, outputs and the function of real numbers (S1).
#include <string>

#include "specs/network/network.h"

namespace clipbound::specs {

/// True where some node has constant inputs only.
bool has_constant_nodes(const Network& network);
/// Computes every node whose inputs are all constants, in the types and the rounding of the file,
/// and removes it. Value ids stay.
std::string fold_constants(Network& network);
/// Removes nodes that return their input (Identity, Dropout, a Pad by nothing, ...): their readers
/// read the input instead. One that gives a network output stays.
std::string drop_identity(Network& network);
/// Lets ArgMax and ArgMin read what a Softmax before them reads, where it moves no number past
/// another one of their lists.
std::string skip_monotone(Network& network);
/// Applies numbers that scale a whole tensor behind the products and linear operators that follow
/// where that leaves fewer products of variables: the same function of real numbers. Evaluations
/// round elsewhere. Nothing may be folded after it.
std::string delay_factors(Network& network);
/// Removes nodes and values that no output depends on, and numbers the values anew. Inputs stay.
std::string drop_dead(Network& network);

}  // namespace clipbound::specs
