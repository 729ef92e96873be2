#pragma once
// Idea: certificates: files from which another program, clipbound-check, sees that a query is unsat.
// Source: docs/certificate.md.
// Guarantees: none: the checker computes every bound itself.
#include <optional>
#include <string>

#include "clipbound/errors.h"
#include "clipbound/network.h"
#include "clipbound/options.h"
#include "clipbound/query.h"

namespace clipbound {

/// Throws Unsupported, which names the operator or what it is, where certificates do not cover the
/// network or the query yet.
CLIPBOUND_API void check_certifiable(const Network& network, const Query& query);

/// The bytes of a certificate of a query that solve() has found to be unsat, or nothing where none
/// was found within `time_limit_s` seconds. Both were read from files, and these are still there.
/// The search is its own: it splits inputs alone. Throws as check_certifiable() does, InputError
/// where a file cannot be read again.
CLIPBOUND_API std::optional<std::string> certificate_of(const Network& network, const Query& query,
                                                        const Options& options,
                                                        double time_limit_s);

}  // namespace clipbound
