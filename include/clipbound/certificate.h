#pragma once
// Idea: certificates: files from which another program, clipbound-check, sees that a query is unsat.
// Source: docs/certificate.md.
// Guarantees: none: the checker computes every bound itself.
#include <functional>
#include <string_view>

#include "clipbound/errors.h"
#include "clipbound/network.h"
#include "clipbound/options.h"
#include "clipbound/query.h"

namespace clipbound {

/// Throws Unsupported, which names the operator or what it is, where certificates do not cover the
/// network or the query yet.
CLIPBOUND_API void check_certifiable(const Network& network, const Query& query);

/// Proves a query that solve() has found to be unsat once more and gives the certificate's bytes to
/// `sink`, piece by piece. False, and no bytes, where no proof was found within `time_limit_s`
/// seconds. Both were read from files, and these are still there. Records lie in temporary files
/// meanwhile. Throws as check_certifiable() does, InputError where a file cannot be read again,
/// std::runtime_error where a temporary file cannot be written, and what `sink` throws.
CLIPBOUND_API bool write_certificate(const Network& network, const Query& query,
                                     const Options& options, double time_limit_s,
                                     const std::function<void(std::string_view)>& sink);

}  // namespace clipbound
