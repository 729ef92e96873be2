#pragma once
// Idea: reads a VNN-LIB property: text, tokens, formula, disjunctive normal form, checks. Its header
// says whether it is of version 1.0 or 2.
// Source: VNN-LIB 1.0 (Demarchi et al., vnnlib.org), the VNN-LIB standard 2.1; numbers are decimals
// exactly, `=` is two rows.
// Guarantees: the query has the same counterexamples as the file (S11); anything else throws.
#include <cstdint>
#include <string>
#include <string_view>

#include "specs/query/query.h"
#include "specs/vnnlib/joint_query.h"
#include "specs/vnnlib/limits.h"

namespace clipbound::specs {

/// Reads a property of VNN-LIB 1.0, 2.0 or 2.1 (.vnnlib or .vnnlib.gz, whichever of both
/// there is). Throws InputError with file:line:column, Unsupported for later versions and for what
/// this reader does not know.
JointQuery read_joint_query(const std::string& path, const VnnlibLimits& limits = {});
/// The same from text.
JointQuery parse_joint_query(std::string_view text, const std::string& source,
                             const VnnlibLimits& limits = {});

/// The same for one network with one input and one output, whose elements X and Y number:
/// Unsupported for files that say more.
Query read_vnnlib(const std::string& path, const VnnlibLimits& limits = {});
/// The same from text.
Query parse_vnnlib(std::string_view text, const std::string& source,
                   const VnnlibLimits& limits = {});

/// Compares the declared variables with the network's sizes: throws InputError where X or Y counts
/// differ.
void check_against(const Query& query, std::int64_t network_inputs, std::int64_t network_outputs);

}  // namespace clipbound::specs
