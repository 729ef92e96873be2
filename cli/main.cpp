// Idea: the executable: finds the subcommand, runs it, turns exceptions into exit codes.
// Source: own.
// Guarantees: no exception leaves main().
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/large_blocks.h"
#include "clipbound/clipbound.h"

namespace {

using namespace clipbound::cli;

struct CommandRow {
  const char* name;
  const char* help;
  Run (*add)(CLI::App&);
  const char* examples;
};
constexpr CommandRow kCommands[] = {
    {"verify", "decide a property of a network", add_verify,
     "  clipbound verify property.vnnlib --network net.onnx --timeout 60\n"
     "  clipbound verify property.vnnlib --network net.onnx --json - --verbose 1"},
    {"bounds", "say what outputs or inner layers may be on a property's boxes", add_bounds,
     "  clipbound bounds property.vnnlib --network net.onnx\n"
     "  clipbound bounds property.vnnlib --network net.onnx --layer Relu_3"},
    {"range", "find the least and largest outputs over a box, grids and outlines", add_range,
     "  clipbound range net.onnx --lower -1 --upper 1 --gap 0.001\n"
     "  clipbound range net.onnx --query property.vnnlib --output 0 --timeout 30\n"
     "  clipbound range net.onnx --lower -1 --upper 1 --grid 0 1 --picture grid.svg"},
    {"robustness", "say how far an input may be changed before its label changes", add_robustness,
     "  clipbound robustness net.onnx --input image.csv --label 7\n"
     "  clipbound robustness net.onnx --input image.png --label 7 --epsilon 0.03 --clip 0 1\n"
     "  clipbound robustness net.onnx --input images/ --epsilon 0.03 --table table.csv"},
    {"inspect", "say what a network is and what can be done with it", add_inspect,
     "  clipbound inspect net.onnx\n"
     "  clipbound inspect net.onnx --nodes"},
    {"suite", "run suites of instances, compare and report their results", add_suite,
     "  clipbound suite run benchmarks/ --out runs/first --resume\n"
     "  clipbound suite report runs/first"},
    {"view", "make a page of a search that verify --trace recorded", add_view,
     "  clipbound verify property.vnnlib --network net.onnx --trace search.gz\n"
     "  clipbound view search.gz --output search.html"},
    {"split", "divide one search into files, for jobs of their own", add_split,
     "  clipbound split property.vnnlib --network net.onnx --into 16 --out parts\n"
     "  clipbound verify --subproblem parts/part-00001.search"},
    {"merge", "say what the results of a divided search come to", add_merge,
     "  clipbound merge parts"},
    {"attack", "only look for a counterexample", add_attack,
     "  clipbound attack property.vnnlib --network net.onnx --timeout 10"},
    {"ablation", "run a suite with and without clipping and compare", add_ablation,
     "  clipbound ablation benchmarks/examples"},
    {"supports", "say which operators and formats are understood", add_supports,
     "  clipbound supports\n"
     "  clipbound supports --onnx-operators"},
    {"completion", "write the completion of a shell", add_completion,
     "  source <(clipbound completion bash)"},
    {"manual", "write the manual page", add_manual,
     "  clipbound manual | man -l -\n"
     "  clipbound manual --markdown > docs/options.md"},
};

constexpr char kExitCodes[] =
    "Exit codes:\n"
    "  0  a verdict, unknown and timed-out too\n"
    "  1  usage\n"
    "  2  bad input\n"
    "  3  unsupported\n"
    "  4  internal error\n"
    "  5  ablation or suite compare found sat and unsat on one instance\n"
    "  75 verify --checkpoint was stopped by SIGTERM or SIGUSR1, and can be resumed";

int complain(const char* what, int code) {
  std::fprintf(stderr, "clipbound: %s\n", what);
  return code;
}

void print_version() {
  std::printf("%s\ncommit %s, %s\nneeds %s\n", clipbound::version(), clipbound::commit(),
              clipbound::compiler(), clipbound::needed_cpu_features());
}

/// The parser's own message, and what was probably meant.
int complain_of_usage(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  if (app.exit(error) == 0) return kDone;  // --help
  const std::string near = suggestion(app, {argv + 1, argv + argc});
  if (!near.empty()) std::fprintf(stderr, "%s\n", near.c_str());
  return kUsage;
}

int parse_and_run(int argc, char** argv) {
  CLI::App app(
      "Clipbound, a neural network verifier. First line of stdout: sat, unsat, unknown or "
      "timed-out.",
      "clipbound");
  app.formatter(std::make_shared<HelpFormatter>());
  bool name = false, show_version = false;
  app.add_flag("--name", name, "print the program's name");
  app.add_flag("--version", show_version,
               "print version, commit, compiler and the processor's features that are needed");
  app.require_subcommand(0, 1);
  std::vector<std::pair<CLI::App*, Run>> commands;
  for (const CommandRow& row : kCommands) {
    CLI::App* command = app.add_subcommand(row.name, row.help);
    commands.emplace_back(command, row.add(*command));
    const std::string notes = command->get_footer();
    command->footer(notes + (notes.empty() ? "" : "\n\n") + "Examples:\n" + row.examples);
  }
  app.footer(kExitCodes);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return complain_of_usage(app, error, argc, argv);
  } catch (const clipbound::InputError& error) {
    return complain(error.what(), kUsage);  // an option's value out of its range
  }
  if (name) std::puts("clipbound");
  if (show_version) print_version();
  for (const auto& [command, run] : commands) {
    if (command->parsed()) return run();
  }
  if (name || show_version) return kDone;
  std::fputs(app.help().c_str(), stderr);
  return kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  // Asked for often, so answered before anything is set up.
  if (argc == 2 && argv[1] == std::string_view("--version")) {
    print_version();
    return kDone;
  }
  keep_large_blocks();
  try {
    return parse_and_run(argc, argv);
  } catch (const clipbound::InputError& error) {
    return complain(error.what(), kBadInput);
  } catch (const clipbound::Unsupported& error) {
    return complain(error.what(), kUnsupported);
  } catch (const std::bad_alloc&) {
    return complain("out of memory: too large for this machine", kUnsupported);
  } catch (const std::exception& error) {
    return complain(error.what(), kInternal);
  }
}
