#pragma once
// Idea: the softmax at the end of a classifier: where rows only compare outputs, their order is
// that of what the softmax reads.
// Source: own.
// Guarantees: exact in real numbers; compares_with_largest() says where float32 agrees but for
// roundings (S11).
#include <memory>

#include "specs/network/network.h"
#include "specs/query/query.h"

namespace clipbound::specs {

/// The network without the softmax that it ends in, where every row only compares two outputs;
/// nullptr where that is not so. Exact in real numbers: exp(x_i) / sum < exp(x_j) / sum where x_i <
/// x_j. Inputs and numbers of outputs stay the same.
std::shared_ptr<const Network> without_softmax(const Network& network, const Query& query);

/// Whether a proof for the network without its softmax holds for what float32 makes of the softmax
/// too, but for roundings. Small shares underflow to 0 together on whole neighbourhoods, where rows
/// that compare two of them with <= hold in every replay; the largest share does not. So a clause
/// must ask whether one output is the largest, or clauses with one row each whether it is not.
bool compares_with_largest(const Query& query);

}  // namespace clipbound::specs
