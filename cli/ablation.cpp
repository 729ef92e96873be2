// Idea: clipbound ablation: what each part of clipping is worth, on a whole suite. Only the
// arguments: benchmarks/suite/ablation runs it and docs/ablation.md says how to read the table.
// Source: own.
// Guarantees: arguments are refused while they are parsed, not after.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "benchmarks/suite/ablation.h"
#include "benchmarks/suite/ablation_report.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/json_output.h"
#include "cli/output_file.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {

namespace {

struct Arguments {
  suite::AblationRequest request;
  std::string json;
};

// A signal handler has no other way to its data.
const Stopper* stopper_of_handler = nullptr;

extern "C" void stop_ablation(int) {
  // The next signal of either kind kills.
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  stopper_of_handler->stop();
}

const Stopper& install_stopper() {
  static const Stopper stopper;
  stopper_of_handler = &stopper;
  struct sigaction action {};
  action.sa_handler = stop_ablation;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  return stopper;
}

int exit_code_of(suite::Failure failure) {
  switch (failure) {
    case suite::Failure::none: return kDone;
    case suite::Failure::bad_input: return kBadInput;
    case suite::Failure::unsupported: return kUnsupported;
    case suite::Failure::internal: return kInternal;
  }
  return kInternal;
}

/// A contradiction weighs most, then a bug of ours, then what could not be read or is not
/// supported.
int exit_code_of(const suite::AblationRun& run) {
  int code = kDone;
  for (const suite::AblatedInstance& ablated : run.instances) {
    if (ablated.contradictory()) return kDisagreement;
    const bool graver = ablated.failure == suite::Failure::internal || code == kDone;
    if (graver) code = exit_code_of(ablated.failure);
  }
  return code;
}

/// Prints, unless JSON goes to stdout; returns the JSON.
std::string ablate(const Arguments& arguments, Console& console, std::optional<int>& exit_code) {
  const Stopper& stopper = install_stopper();
  suite::AblationRun run = suite::plan_ablation(arguments.request);
  suite::run_ablation(run, stopper, [&](const std::string& line) { console.message(line); });
  if (arguments.json != kStandardStream) std::fputs(suite::ablation_text(run).c_str(), stdout);
  std::fflush(stdout);
  exit_code = exit_code_of(run);
  return suite::ablation_json(run);
}

int run_ablation(const Arguments& arguments) {
  Console console;
  std::optional<int> exit_code;
  try {
    write_result(arguments.json, {}, [&] { return ablate(arguments, console, exit_code); });
  } catch (const InputError& error) {
    if (!exit_code) throw;
    console.message(error.what());  // the file cannot be written: what was found weighs more
    return std::max<int>(*exit_code, kBadInput);
  }
  return *exit_code;
}

/// Which instances of which suite.
void add_selection(CLI::App& command, const std::shared_ptr<Arguments>& arguments) {
  suite::AblationRequest& request = arguments->request;
  command.add_option("suite", request.suite, "a folder with instances.csv (onnx,vnnlib,timeout)")
      ->required()
      ->type_name("SUITE");
  command
      .add_option_function<std::string>(
          "--filter",
          [arguments](const std::string& filter) {
            suite::check_filter(filter);
            arguments->request.selection.filter = filter;
          },
          "only lines of instances.csv in which this regular expression is found")
      ->type_name("REGEX");
  command
      .add_option("--stride", request.selection.stride, "of these every K-th, from the first on")
      ->check(CLI::Range(1, 1'000'000'000))
      ->type_name("K");
  command.add_option("--limit", request.selection.limit, "of these the first N")
      ->check(CLI::Range(1, 1'000'000'000))
      ->type_name("N");
}

/// How each is run.
void add_limits(CLI::App& command, const std::shared_ptr<Arguments>& arguments) {
  suite::AblationRequest& request = arguments->request;
  auto* timeout =
      command.add_option("--timeout", request.timeout_s, "seconds per run, instead of the suite's")
          ->check(CLI::Range(1e-3, 1e9))
          ->type_name("S");
  command.add_option("--timeout-scale", request.timeout_scale, "the suite's limits times F [1]")
      ->check(CLI::Range(1e-6, 1e6))
      ->excludes(timeout)
      ->type_name("F");
  command
      .add_option_function<std::string>(
          "--threads",
          [arguments](const std::string& threads) {
            Options().set("threads", threads);  // checks the range
            arguments->request.threads = threads;
          },
          "worker threads; 0 means all that the process may use [0]")
      ->type_name("N");
}

}  // namespace

Run add_ablation(CLI::App& command) {
  const auto arguments = std::make_shared<Arguments>();
  add_selection(command, arguments);
  add_limits(command, arguments);
  command.add_option("--json", arguments->json, "write the table and every run")->type_name("FILE");
  command
      .add_option_function<std::string>(
          "--configs",
          [arguments](const std::string& list) {
            // Refused while parsing, not after.
            arguments->request.configurations = suite::parse_configurations(list);
          },
          std::string(
              "which configurations: none, relaxed, relaxed-no-reorder, complete-N (N passes) [") +
              suite::kAllConfigurations + "]")
      ->type_name("LIST");
  command.footer(
      "Runs every instance with every configuration; branching, limits and seed are the same for "
      "all. Progress goes "
      "to\n"
      "stderr, the table to stdout. Ctrl-C ends with the table of what is done. Exit codes: 0, 5 "
      "where one "
      "configuration\n"
      "says sat and another unsat, 2 to 4 where an instance has no verdict (bad input, "
      "unsupported, internal error).");
  return [arguments] { return run_ablation(*arguments); };
}

}  // namespace clipbound::cli
