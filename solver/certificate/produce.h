#pragma once
// Idea: a certificate of an `unsat` that is known: its clauses are proved once more, so that every
// step is a record that clipbound-check understands: decisions on neurons (phase_tree.h), or halved
// inputs (box_tree.h).
// Source: docs/certificate.md.
// Guarantees: nothing that a verdict depends on: clipbound-check computes every bound itself.
#include <string>

#include "base/deadline.h"
#include "base/floors.h"
#include "solver/certificate/certificate_file.h"
#include "specs/network/network.h"
#include "specs/query/query.h"

namespace clipbound::solver {

/// Gives the file's bytes to `sink`, piece by piece, once all is proved; false, and nothing, where
/// the deadline came first or no split helps. Memory holds no records: these lie in temporary
/// files. `network` and `query` are as read from these files. Throws Unsupported as
/// check_certifiable() does, std::runtime_error where temporary files cannot be written.
bool produce_certificate(const specs::Network& network, const specs::Query& query,
                         const std::string& network_path, const std::string& query_path,
                         int threads, const base::Deadline& deadline, const CertificateSink& sink);

}  // namespace clipbound::solver
