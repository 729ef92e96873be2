#pragma once
// Idea: the tree of a clause by halving inputs, with CROWN's bounds in every box. The first boxes are
// split one after the other until there is work for all threads; what is open then is proved apart,
// each as a subtree with its length (J).
// Source: CROWN (Zhang et al., NeurIPS 2018), split by the row's coefficients; docs/certificate.md.
// Guarantees: none that a verdict depends on: clipbound-check computes every bound itself. A leaf is
// called closed with a margin that is far above roundings.
#include <optional>
#include <span>
#include <string>

#include "base/deadline.h"
#include "solver/certificate/relu_network.h"
#include "specs/query/query.h"

namespace clipbound::solver {

/// The tree's records, or nothing where `seconds` or the deadline came first, or no split helps.
std::optional<std::string> box_tree(const ReluNetwork& network, const specs::Clause& clause,
                                    std::span<const double> lower, std::span<const double> upper,
                                    int threads, double seconds, const base::Deadline& deadline);

}  // namespace clipbound::solver
