#pragma once
// Idea: simplifies a network before it is bounded: passes of passes.h, one after the other.
// Source: own.
// Guarantees: inputs, outputs and the function of real numbers stay the same (S1).
#include <memory>
#include <string>
#include <vector>

#include "specs/network/network.h"

namespace clipbound::specs {

/// What a pass did to the network's inputs and outputs, and how a point of the simplified network
/// becomes one of the original. All passes so far keep inputs and outputs as they are, so the
/// record is a log of what was rewritten.
struct UndoRecord {
  std::string pass;
  std::string what;  ///< "folded 12 constant nodes", for --verbose
};

struct Simplified {
  std::shared_ptr<const Network> network;
  std::vector<UndoRecord> records;
};

/// Exact rewrites only: folds constant subgraphs (to the float32 value that ONNX Runtime computes
/// for them), drops Identity/Dropout, softmaxes that only an ArgMax reads, and dead nodes. Inputs,
/// outputs and the function stay the same.
Simplified simplify(std::shared_ptr<const Network> network);

}  // namespace clipbound::specs
