#pragma once
// Idea: clipbound-check NET.onnx QUERY.vnnlib CERTIFICATE: is the query unsat, as the file says?
// Source: docs/certificate.md.
// Guarantees: `verified` and 0 only where every record holds; 2 where a file cannot be read to its
// end, undamaged; else 1. Neither threads nor chance have a part in it.
#include <ostream>
#include <string>
#include <vector>

namespace clipcheck {

/// The words after the program's name. Returns the exit code; leaves this thread rounding upward.
int run_command(const std::vector<std::string>& words, std::ostream& out, std::ostream& log);

}  // namespace clipcheck
