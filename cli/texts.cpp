// Idea: clipbound manual and clipbound completion: texts about the program, written by it.
// Source: own.
// Guarantees: those of cli/manual.h and cli/options_page.h.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/manual.h"
#include "cli/options_page.h"

namespace clipbound::cli {

Run add_manual(CLI::App& command) {
  const auto markdown = std::make_shared<bool>(false);
  command.add_flag("--markdown", *markdown, "commands and options in Markdown: docs/options.md");
  return [&command, markdown] {
    const CLI::App& app = *command.get_parent();
    std::fputs((*markdown ? options_page(app) : manual_page(app)).c_str(), stdout);
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
