// Idea: clipbound supports: what this build understands, one item per line, or all in one.
// Source: own.
// Guarantees: the list is made of the tables that the readers use.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/options_page.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {

namespace {

void print_lines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) std::puts(line.c_str());
}

std::vector<std::string> opsets() {
  std::vector<std::string> numbers;
  for (const int opset : supported_onnx_opsets()) numbers.push_back(std::to_string(opset));
  return numbers;
}

/// All in paragraphs, for people.
void print_all() {
  const auto paragraph = [](const std::string& title, const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    std::printf("%s:\n  %s\n", title.c_str(), wrapped(text, 78, 2).c_str());
  };
  const std::vector<std::string> operators = supported_onnx_operators();
  paragraph("VNN-LIB versions", supported_vnnlib_versions());
  paragraph("opsets of the default ONNX domain", opsets());
  paragraph(std::to_string(operators.size()) + " ONNX operators", operators);
  std::puts("options: clipbound verify --help");
}

}  // namespace

Run add_supports(CLI::App& command) {
  struct Asked {
    bool operators = false, opsets = false, vnnlib = false, options = false;
  };
  const auto asked = std::make_shared<Asked>();
  auto* what = command.add_option_group("what", "at most one of");
  what->require_option(0, 1);
  what->add_flag("--onnx-operators", asked->operators, "ONNX operators");
  what->add_flag("--onnx-opset-versions", asked->opsets, "opsets of the default ONNX domain");
  what->add_flag("--vnnlib-versions", asked->vnnlib, "VNN-LIB versions");
  what->add_flag("--options", asked->options, "all options, as a Markdown table");
  return [asked] {
    if (asked->operators) print_lines(supported_onnx_operators());
    if (asked->opsets) print_lines(opsets());
    if (asked->vnnlib) print_lines(supported_vnnlib_versions());
    if (asked->options) std::fputs(options_table().c_str(), stdout);
    if (!asked->operators && !asked->opsets && !asked->vnnlib && !asked->options) print_all();
    return static_cast<int>(kDone);
  };
}

}  // namespace clipbound::cli
