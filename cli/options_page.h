#pragma once
// Idea: docs/options.md, the page of all commands and options, written from the declared commands and
// from the table of options.
// Source: own.
// Guarantees: it names exactly what the parser takes.
#include <CLI/CLI.hpp>
#include <string>

namespace clipbound::cli {

/// The table of options (base/options.def) in Markdown.
std::string options_table();
/// The page: that table, then one section for each command.
std::string options_page(const CLI::App& app);

}  // namespace clipbound::cli
