#pragma once
// Idea: a certificate of an `unsat` that is known: a branch-and-bound of its own over inputs, whose
// every step is a record that clipbound-check understands.
// Source: docs/certificate.md; CROWN (Zhang et al., NeurIPS 2018), split by the row's coefficients.
// Guarantees: nothing that a verdict depends on: clipbound-check computes every bound itself. A leaf
// is called closed with a margin that is far above roundings.
#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/floors.h"
#include "specs/network/network.h"
#include "specs/query/query.h"

namespace clipbound::solver {

/// The file's bytes, or nothing where the deadline came first or no split helps. `network` and
/// `query` are as read from these files. Throws Unsupported as check_certifiable() does.
std::optional<std::string> produce_certificate(const specs::Network& network,
                                               const specs::Query& query,
                                               const std::string& network_path,
                                               const std::string& query_path, int threads,
                                               const base::Deadline& deadline);

}  // namespace clipbound::solver
