#pragma once
// The subcommands: one file each, one row each in main.cpp's table.
#include <functional>

namespace CLI {
class App;
}

namespace clipbound::cli {

/// Exit codes (docs: README.md).
enum ExitCode : int { kDone = 0, kUsage = 1, kBadInput = 2, kUnsupported = 3, kInternal = 4 };

/// Runs a subcommand after its arguments were parsed; returns the exit code. May throw InputError
/// and its kin.
using Run = std::function<int()>;

/// Each declares its arguments on `command` and returns what to run.
Run add_verify(CLI::App& command);
Run add_attack(CLI::App& command);
Run add_supports(CLI::App& command);

}  // namespace clipbound::cli
