// Idea: clipbound manual and clipbound completion: texts about the program, written by it.
// Source: own.
// Guarantees: those of cli/manual.h.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/manual.h"

namespace clipbound::cli {

Run add_manual(CLI::App& command) {
  return [&command] {
    std::fputs(manual_page(*command.get_parent()).c_str(), stdout);
    return static_cast<int>(kDone);
  };
}

Run add_completion(CLI::App& command) {
  const auto shell = std::make_shared<std::string>();
  command.add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  return [&command, shell] {
    std::fputs(completion_script(*command.get_parent(), *shell).c_str(), stdout);
    return static_cast<int>(kDone);
  };
}

}  // namespace clipbound::cli
