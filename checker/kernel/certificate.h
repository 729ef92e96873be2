#pragma once
// Idea: a whole certificate: header, clauses, trees; what it says of network and property is
// compared with what they are.
// Source: docs/certificate.md.
// Guarantees: check_certificate() returns only where every clause has no counterexample (of a
// shard: where the others say so, too).
#include <array>
#include <cstdint>
#include <vector>

#include "checker/kernel/stream.h"
#include "checker/kernel/system.h"
#include "checker/kernel/tree.h"

namespace clipcheck {

/// What is to be shown.
struct Claim {
  const System& system;
  std::vector<Index> outputs;   ///< elements of Y_0, Y_1, ...
  std::vector<Clause> clauses;  ///< rows' elements: 2 k for Y_k, 2 k + 1 for X_k
  std::array<std::uint8_t, 32> network_sha256{}, property_sha256{};
};

struct Checking {
  bool exact = false;
  std::size_t threads = 1;
  std::size_t shard = 0, shards = 1;
};

/// Throws Refused or Unreadable. Rounds upward in this thread and those that it starts.
Counts check_certificate(const Claim& claim, Stream& stream, const Checking& how);

}  // namespace clipcheck
