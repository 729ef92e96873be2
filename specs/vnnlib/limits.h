#pragma once
// Idea: how much a VNN-LIB file may ask for before the reader refuses it.
// Source: own; the largest files of VNN-COMP 2025 stay far below.
// Guarantees: past a limit InputError is thrown rather than the machine exhausted.
#include <cstddef>

namespace clipbound::specs {

/// Limits of the reader; past them it throws InputError rather than exhausting the machine.
struct VnnlibLimits {
  std::size_t max_clauses = 1'000'000;                ///< of the normal form
  std::size_t max_depth = 10'000;                     ///< of nested brackets
  std::size_t max_file_bytes = std::size_t{2} << 30;  ///< of the text, unpacked
  std::size_t max_form_bytes = std::size_t{4} << 30;  ///< of the normal form in memory, roughly
};

}  // namespace clipbound::specs
