#pragma once
// Idea: the network as the attack sees it.
// Source: own.
// Guarantees: steers only: what is found is replayed on the network as read (S11).
#include <memory>

#include "specs/network/network.h"
#include "specs/query/query.h"

namespace clipbound::solver {

struct AttackNetwork {
  std::shared_ptr<const Network> network;
  double work = 1.0;       ///< multiplications per point, roughly
  bool has_steps = false;  ///< Sign, Floor, ...: gradients need a surrogate
};

/// `network` itself, or, where it ends in a softmax and every row only compares two of its outputs,
/// the network without the softmax: the order is the same, and there are gradients where the
/// softmax is saturated. What is found is replayed on the network as read in any case.
AttackNetwork attack_network(std::shared_ptr<const Network> network, const Query& query);

}  // namespace clipbound::solver
