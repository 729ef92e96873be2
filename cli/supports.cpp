// Idea: clipbound supports: what this build understands, one item per line.
// Source: own.
// Guarantees: the list is made of the tables that the readers use.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {

namespace {

/// The option table as Markdown, for docs/guide.md.
void print_options() {
  std::puts("| option | field | default | values | what it does |\n|---|---|---|---|---|");
  for (const OptionDescription& option : Options::list()) {
    const std::string preset = option.flag == "timeout" ? "none" : option.value;
    std::printf("| `--%s` | `%s` | %s | %s | %s |\n", option.flag.c_str(), option.name.c_str(),
                preset.c_str(), option.range.c_str(), option.help.c_str());
  }
}

}  // namespace

Run add_supports(CLI::App& command) {
  struct Asked {
    bool operators = false, opsets = false, vnnlib = false, options = false;
  };
  const auto asked = std::make_shared<Asked>();
  auto* what = command.add_option_group("what", "exactly one of");
  what->add_flag("--onnx-operators", asked->operators, "ONNX operators");
  what->add_flag("--onnx-opset-versions", asked->opsets, "opsets of the default ONNX domain");
  what->add_flag("--vnnlib-versions", asked->vnnlib, "VNN-LIB versions");
  what->add_flag("--options", asked->options, "all options, as a Markdown table");
  what->require_option(1);
  return [asked] {
    if (asked->operators) {
      for (const std::string& name : supported_onnx_operators()) std::puts(name.c_str());
    }
    if (asked->opsets) {
      for (const int opset : supported_onnx_opsets()) std::printf("%d\n", opset);
    }
    if (asked->vnnlib) {
      for (const std::string& version : supported_vnnlib_versions()) std::puts(version.c_str());
    }
    if (asked->options) print_options();
    return static_cast<int>(kDone);
  };
}

}  // namespace clipbound::cli
