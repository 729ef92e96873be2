#pragma once
// Idea: what `verify`, `split` and `merge` agree on: names of files, and the options of a search.
// Source: own.
// Guarantees: none of its own.
#include <CLI/CLI.hpp>

#include "clipbound/options.h"

namespace clipbound::cli {

/// A part's result lies beside it: part-00001.search.result.
inline constexpr const char* kResultEnding = ".result";

/// One flag per row of the option table; values out of range are refused while parsing. The options
/// outlive the command.
void add_option_table(CLI::App& command, Options& options);

}  // namespace clipbound::cli
