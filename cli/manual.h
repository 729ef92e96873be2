#pragma once
// Idea: the manual page and the completion of shells, written from the declared commands and options.
// Source: man(7); the completion interfaces of bash, zsh and fish.
// Guarantees: they name exactly what the parser takes.
#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace clipbound::cli {

/// clipbound(1) in roff.
std::string manual_page(const CLI::App& app);
/// A script for the shell: "bash", "zsh" or "fish". Throws InputError for another.
std::string completion_script(const CLI::App& app, std::string_view shell);

}  // namespace clipbound::cli
