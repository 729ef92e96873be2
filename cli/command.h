#pragma once
// Idea: the subcommands: one file each, declared here, one row each in main.cpp's table.
// Source: own.
// Guarantees: no exception leaves main(); each kind has its exit code.
#include <functional>

namespace CLI {
class App;
}

namespace clipbound::cli {

/// Exit codes (docs: README.md).
enum ExitCode : int {
  kDone = 0,  ///< a verdict was reached, unknown and timed-out included
  kUsage = 1,
  kBadInput = 2,
  kUnsupported = 3,
  kInternal = 4,
  kResumable = 75,  ///< `verify --checkpoint`, or `suite run` by SIGUSR1, was stopped and can go on
  kDisagreement = 5  ///< `ablation` or `suite compare` found sat and unsat on one instance
};

/// Runs a subcommand after its arguments were parsed; returns the exit code. May throw InputError
/// and its kin.
using Run = std::function<int()>;

/// Each declares its arguments on `command` and returns what to run.
Run add_ablation(CLI::App& command);    // cli/ablation.cpp
Run add_attack(CLI::App& command);      // cli/verify.cpp
Run add_bounds(CLI::App& command);      // cli/bounds.cpp
Run add_completion(CLI::App& command);  // cli/texts.cpp
Run add_inspect(CLI::App& command);     // cli/inspect.cpp
Run add_manual(CLI::App& command);      // cli/texts.cpp
Run add_merge(CLI::App& command);       // cli/division.cpp
Run add_range(CLI::App& command);       // cli/range.cpp
Run add_robustness(CLI::App& command);  // cli/robustness.cpp
Run add_split(CLI::App& command);       // cli/division.cpp
Run add_suite(CLI::App& command);       // cli/suite.cpp
Run add_supports(CLI::App& command);    // cli/supports.cpp
Run add_verify(CLI::App& command);      // cli/verify.cpp
Run add_view(CLI::App& command);        // cli/view.cpp

}  // namespace clipbound::cli
