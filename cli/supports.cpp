// Idea: clipbound supports: what this build understands, one item per line, or all in one.
// Source: the VNN-LIB standard 2.0, its chapter on the solver's interface.
// Guarantees: the list is made of the tables that the readers use.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iterator>
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

using Lines = std::vector<std::string>;

Lines opsets() {
  Lines numbers;
  for (const int opset : supported_onnx_opsets()) numbers.push_back(std::to_string(opset));
  return numbers;
}

/// The standard wants the lowest and the highest.
Lines ends_of(const Lines& all) {
  return {all.front(), all.back()};
}
Lines opset_ends() {
  return ends_of(opsets());
}
Lines vnnlib_ends() {
  return ends_of(supported_vnnlib_versions());
}

/// Bounds are proved in real arithmetic; what is said of a floating-point type is a note.
Lines element_types() {
  Lines types = {"real"};
  for (const char* type : {"float16", "float32", "float64"})
    types.push_back(std::string(type) +
                    " * unsat is proved in real arithmetic, sat is replayed in " + type);
  for (const char* type :
       {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"})
    types.push_back(std::string(type) +
                    " * as an input: where at most some thousand combinations of such inputs' "
                    "values are left, each of which is a case");
  return types;
}

/// A question of the standard, and what is answered. Theories contain those before them.
struct Question {
  const char* flag;
  const char* help;
  Lines (*answer)();
};
const Question kQuestions[] = {
    {"--onnx-opset-versions", "lowest and highest opset of the default domain", opset_ends},
    {"--onnx-element-types", "element types", element_types},
    {"--onnx-operators", "ONNX operators", supported_onnx_operators},
    {"--vnnlib-versions", "lowest and highest VNN-LIB version", vnnlib_ends},
    {"--hidden-node-theories", "hidden tensors: not (NH), or as declared (H)",
     [] {
       return Lines{"NH", "H"};
     }},
    {"--multiple-input-output-theories", "inputs and outputs: one each (SIO), several (MIO)",
     [] {
       return Lines{"SIO", "MIO"};
     }},
    {"--multiple-network-theories",
     "networks: one (SNET), equal (MENET), isomorphic (MINET) or any others (MNET)",
     [] {
       return Lines{"SNET", "MENET", "MINET", "MNET"};
     }},
    {"--multiple-node-comparison-theories",
     "comparisons of a network's tensors: one (SNC), or several (MNC)",
     [] {
       return Lines{"SNC", "MNC"};
     }},
    {"--arithmetic-complexity-theories",
     "bounds (BND), comparing outputs (OUTC), linear (LIN), polynomial (POLY)",
     [] {
       return Lines{"BND", "OUTC", "LIN", "POLY"};
     }},
    {"--optimised-disjunctive-reasoning",
     "whether the cases of a disjunction share work, so that it should be given whole",
     [] { return Lines{"true"}; }},
    {"--serialise-assignments", "whether verify takes this option", [] { return Lines{"true"}; }},
};

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
    bool answers[std::size(kQuestions)] = {};
    bool options = false;
  };
  const auto asked = std::make_shared<Asked>();
  auto* what = command.add_option_group("what", "at most one of");
  what->require_option(0, 1);
  for (std::size_t q = 0; q < std::size(kQuestions); ++q)
    what->add_flag(kQuestions[q].flag, asked->answers[q], kQuestions[q].help);
  what->add_flag("--options", asked->options, "all options, as a Markdown table");
  return [asked] {
    bool any = asked->options;
    if (asked->options) std::fputs(options_table().c_str(), stdout);
    for (std::size_t q = 0; q < std::size(kQuestions); ++q) {
      if (asked->answers[q]) print_lines(kQuestions[q].answer());
      any = any || asked->answers[q];
    }
    if (!any) print_all();
    return static_cast<int>(kDone);
  };
}

}  // namespace clipbound::cli
