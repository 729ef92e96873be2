// Idea: clipbound verify and clipbound attack: one query on one network.
// Source: VNN-COMP's command line and result file.
// Guarantees: the first line of stdout is the verdict.
#include <CLI/CLI.hpp>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "cli/announcer.h"
#include "cli/command.h"
#include "cli/input_file.h"
#include "cli/output_file.h"
#include "cli/progress_line.h"
#include "cli/watchdog.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Arguments {
  decltype(&clipbound::solve) run;
  std::string query;
  std::vector<std::string> networks;
  OutputPaths outputs;
  Options options;
  int progress_descriptor = -1;
};

/// NAME=FILE names a network of the query; a query of VNN-LIB 1.0 knows only one, so the name says
/// nothing new.
std::string without_name(const std::string& argument) {
  const std::size_t equals = argument.find('=');
  if (equals == 0 || equals == std::string::npos || std::filesystem::exists(argument))
    return argument;
  for (std::size_t i = 0; i < equals; ++i) {
    const auto character = static_cast<unsigned char>(argument[i]);
    if (std::isalnum(character) == 0 && character != '_') return argument;
  }
  return argument.substr(equals + 1);
}

/// The moment at which the watchdog steps in: later than the search's own end, early enough to
/// write a file.
Clock::time_point hard_limit(const Options& options, Clock::time_point start) {
  const double limit_s = std::stod(options.get("timeout")),
               reserve_s = std::stod(options.get("timeout-reserve"));
  constexpr double kForever = 3.0e8;  // ten years: past it the clock's range overflows
  if (limit_s > kForever) return Clock::time_point::max();
  return start + std::chrono::duration_cast<Clock::duration>(
                     std::chrono::duration<double>(limit_s - 0.4 * reserve_s));
}

/// What is to be read, by its names.
Sources sources_of(const Arguments& arguments) {
  Sources sources;
  for (const std::string& argument : arguments.networks)
    sources.networks.push_back(named(without_name(argument)));
  sources.property = named(arguments.query);
  return sources;
}

/// Reads, warns and solves. Memory that runs out while reading is an `unknown` too.
Result decide(const Arguments& arguments, const Callbacks& callbacks, Announcer& announcer,
              Console& console) {
  Sources sources = announcer.sources();
  const Say say = [&](const std::string& message) { console.message(message); };
  try {
    if (arguments.networks.size() > 1)
      throw Unsupported("more than one --network: VNN-LIB 1.0 queries are about one");
    const std::string file = without_name(arguments.networks.front());
    if (file == kStandardStream && arguments.query == kStandardStream)
      throw InputError("only one of query and network can come from stdin");
    const Network network = load_network(file, say);
    sources.networks = {network.file()};
    announcer.reads(sources);
    const Query query = load_query(arguments.query, say);
    sources.property = query.file();
    announcer.reads(sources);
    for (const std::string& note : network.notes()) console.message("note: " + note);
    for (const std::string& warning : query.warnings()) console.message("warning: " + warning);
    const ThreadAllowance allowance(arguments.options.fields().threads);
    return arguments.run(network, query, arguments.options, callbacks);
  } catch (const std::bad_alloc&) {
    Result result;
    result.reason = "out of memory while reading";
    result.progress.elapsed_s =
        std::chrono::duration<double>(Clock::now() - *callbacks.start).count();
    result.statistics = all_statistics();
    result.networks = sources.networks;
    result.property = sources.property;
    return result;
  }
}

int verify(const Arguments& arguments) {
  const Clock::time_point start = process_start();
  // These live until the process ends: the watchdog's thread and the signal handler hold on to
  // them.
  auto& console = *new Console;
  auto& announcer = *new Announcer(arguments.outputs, arguments.options, console, start);
  announcer.reads(sources_of(arguments));
  const auto& stopper = *new Stopper;
  Callbacks callbacks;
  callbacks.start = start;
  callbacks.stopper = stopper;
  callbacks.progress = [&](const Progress& progress) { announcer.saw(progress); };
  callbacks.log = [&](int, const std::string& message) { console.message(message); };
  try {
    start_watchdog(announcer, stopper, start, hard_limit(arguments.options, start));
    show_progress(announcer, console, arguments.progress_descriptor);
    announcer.announce(decide(arguments, callbacks, announcer, console));
  } catch (const InputError& error) {
    announcer.fail(error.what(), kBadInput);
  } catch (const Unsupported& error) {
    announcer.fail("unsupported: " + std::string(error.what()), kUnsupported);
  } catch (const std::exception& error) {
    announcer.fail(error.what(), kInternal);
  }
}

std::string help_of(const OptionDescription& option) {
  const std::string preset = option.flag == "timeout" ? "none" : option.value;
  return option.help + " [" + option.range + "; " + preset + "]";
}

/// One flag per row of the option table; values out of range are refused while parsing.
void add_options(CLI::App& command, const std::shared_ptr<Arguments>& arguments) {
  for (const OptionDescription& option : Options::list()) {
    const std::string flag = option.flag;
    if (option.boolean) {
      command.add_flag_function(
          "--" + flag + ",--no-" + flag + "{false}",
          [arguments, flag](std::int64_t count) {
            arguments->options.set(flag, count > 0 ? "true" : "false");
          },
          help_of(option));
    } else {
      command
          .add_option_function<std::string>(
              "--" + flag,
              [arguments, flag](const std::string& value) { arguments->options.set(flag, value); },
              help_of(option))
          ->type_name("VALUE");
    }
  }
}

}  // namespace

namespace {

Run add_question(CLI::App& command, decltype(&clipbound::solve) run) {
  const auto arguments = std::make_shared<Arguments>();
  arguments->run = run;
  command
      .add_option("query", arguments->query,
                  "the property, VNN-LIB 1.0 (.vnnlib or .vnnlib.gz; -: stdin)")
      ->required()
      ->type_name("QUERY");
  command.add_option("--network", arguments->networks, "the network (.onnx or .onnx.gz; -: stdin)")
      ->required()
      ->allow_extra_args(false)
      ->type_name("[NAME=]FILE");
  command
      .add_option("--result", arguments->outputs.result,
                  "write the competition's result file (-: stdout)")
      ->type_name("FILE");
  command
      .add_option("--json", arguments->outputs.json,
                  "write verdict, counterexample, statistics and options (-: stdout)")
      ->type_name("FILE");
  command
      .add_option("--progress-to", arguments->progress_descriptor,
                  "write progress to this file descriptor: lines of seconds, worst bound (nan: not "
                  "known yet), settled share, subproblems, open ones")
      ->check(CLI::Range(0, 1 << 20))
      ->type_name("FD");
  add_options(command, arguments);
  return [arguments] { return verify(*arguments); };
}

}  // namespace

Run add_verify(CLI::App& command) {
  return add_question(command, clipbound::solve);
}
Run add_attack(CLI::App& command) {
  return add_question(command, clipbound::attack);
}

}  // namespace clipbound::cli
