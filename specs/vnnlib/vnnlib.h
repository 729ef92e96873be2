#pragma once
#include <string>
#include <string_view>

#include "specs/query/query.h"

namespace clipbound::specs {

/// Limits of the reader; past them it throws InputError rather than exhausting the machine.
struct VnnlibLimits {
  std::size_t max_clauses = 1'000'000;                ///< of the normal form
  std::size_t max_depth = 10'000;                     ///< of nested brackets
  std::size_t max_file_bytes = std::size_t{2} << 30;  ///< of the text, unpacked
  std::size_t max_form_bytes = std::size_t{4} << 30;  ///< of the normal form in memory, roughly
};

/// Reads a VNN-LIB 1.0 property (.vnnlib or .vnnlib.gz). Throws InputError with file:line:column,
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
