#pragma once
// Small edits of a network, and a network as the code that builds it.
#include <memory>
#include <string>
#include <vector>

#include "specs/network/network.h"
#include "tests/support/floors.h"

namespace clipbound::test {

struct Edit {
  enum Kind : std::uint8_t {
    cut,     ///< the node's first output becomes the network's only output
    bypass,  ///< whoever reads the node's output reads its input number `input`
    freeze,  ///< the node's output is the constant `values`
  } kind = cut;
  std::size_t node = 0, input = 0;
  std::vector<float> values = {};
};

/// The network after the edit, without what no output needs any more; inputs stay. Null where the
/// operators do not fit then, or where the edit changes nothing.
std::shared_ptr<const Network> rewritten(const Network& network, const Edit& edit);

/// The values of a float32 constant with more than none, else empty.
std::vector<float> floats_of(const Network& network, std::size_t value);

/// Code that builds the network with a NetworkBuilder `b`, exactly.
std::string code_of(const Network& network);

}  // namespace clipbound::test
