// Idea: the executable: finds the subcommand, runs it, turns exceptions into exit codes.
// Source: own.
// Guarantees: no exception leaves main().
#include <CLI/CLI.hpp>
#include <cstdio>
#include <new>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "clipbound/clipbound.h"

namespace {

using namespace clipbound::cli;

struct CommandRow {
  const char* name;
  const char* help;
  Run (*add)(CLI::App&);
};
constexpr CommandRow kCommands[] = {
    {"verify", "decide a property of a network", add_verify},
    {"bounds", "say what outputs or inner layers may be on a property's boxes", add_bounds},
    {"robustness", "say how far an input may be changed before its label changes", add_robustness},
    {"inspect", "say what a network is and what can be done with it", add_inspect},
    {"suite", "run suites of instances, compare and report their results", add_suite},
    {"attack", "only look for a counterexample", add_attack},
    {"ablation", "run a suite with and without clipping and compare", add_ablation},
    {"supports", "say which operators and formats are understood", add_supports},
};

int complain(const char* what, int code) {
  std::fprintf(stderr, "clipbound: %s\n", what);
  return code;
}

int parse_and_run(int argc, char** argv) {
  CLI::App app(
      "Clipbound, a neural network verifier. First line of stdout: sat, unsat, unknown or "
      "timed-out.",
      "clipbound");
  bool name = false, show_version = false;
  app.add_flag("--name", name, "print the program's name");
  app.add_flag("--version", show_version, "print the version");
  app.require_subcommand(0, 1);
  app.footer(
      "Exit codes: 0 a verdict (unknown and timed-out too), 1 usage, 2 bad input, 3 unsupported, 4 "
      "internal error,\n"
      "5 ablation or suite compare found sat and unsat on one instance.");
  std::vector<std::pair<CLI::App*, Run>> commands;
  for (const CommandRow& row : kCommands) {
    CLI::App* command = app.add_subcommand(row.name, row.help);
    commands.emplace_back(command, row.add(*command));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  } catch (const clipbound::InputError& error) {
    return complain(error.what(), kUsage);  // an option's value out of its range
  }
  if (name) std::puts("clipbound");
  if (show_version) std::puts(clipbound::version());
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
  if (argc == 2 && argv[1] == std::string_view("--version"))
    return std::puts(clipbound::version()) < 0;
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
