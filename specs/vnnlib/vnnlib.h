#pragma once
// Idea: reads a VNN-LIB 1.0 property: text, tokens, formula, disjunctive normal form, checks.
// Source: VNN-LIB 1.0 (Demarchi et al., vnnlib.org); numbers are decimals exactly, `=` is two rows.
// Guarantees: the query has the same counterexamples as the file (S11); anything else throws.
#include <cstdint>
#include <string>
#include <string_view>

#include "specs/query/query.h"
#include "specs/vnnlib/limits.h"

namespace clipbound::specs {

/// Reads a VNN-LIB 1.0 property (.vnnlib or .vnnlib.gz, whichever of both there is). Throws
/// InputError with file:line:column,
/// Unsupported for VNN-LIB 2.0 files (recognised by their header) and for constructs outside linear
/// arithmetic.
Query read_vnnlib(const std::string& path, const VnnlibLimits& limits = {});
/// The same from text.
Query parse_vnnlib(std::string_view text, const std::string& source,
                   const VnnlibLimits& limits = {});

/// Compares the declared variables with the network's sizes: throws InputError where X or Y counts
/// differ.
void check_against(const Query& query, std::int64_t network_inputs, std::int64_t network_outputs);

}  // namespace clipbound::specs
