// Idea: clipbound verify and clipbound attack: one query on the networks that it is about.
// Source: VNN-COMP's command line and result file.
// Guarantees: the first line of stdout is the verdict.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/suite/files.h"
#include "cli/announcer.h"
#include "cli/checkpoint_file.h"
#include "cli/command.h"
#include "cli/division.h"
#include "cli/input_file.h"
#include "cli/models.h"
#include "cli/output_file.h"
#include "cli/progress_line.h"
#include "cli/streamed_file.h"
#include "cli/watchdog.h"
#include "clipbound/certificate.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Arguments {
  decltype(&clipbound::solve) run;
  Question question;
  OutputPaths outputs;
  std::string certificate;            ///< a file; empty: none
  bool certificate_optional = false;  ///< what none covers is solved without one
  Options options;
  int progress_descriptor = -1;
  CheckpointPaths checkpoints;
  std::string command;  ///< as it was typed
};

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

void warn(const Problem& problem, Console& console) {
  for (const std::string& note : problem.network.notes()) console.message("note: " + note);
  for (const std::string& warning : problem.query.warnings())
    console.message("warning: " + warning);
  if (problem.query.declares_float_types())
    console.message(
        "note: the query declares floating-point types; it is decided in real arithmetic, and a "
        "counterexample is replayed in the networks' own");
}

/// Writes the certificate of an `unsat`, in the time that is left. The verdict stands without it,
/// whatever goes wrong.
void certify(const Arguments& arguments, const Problem& problem, Clock::time_point start,
             Console& console) {
  const Options& options = arguments.options;
  const double limit_s = std::stod(options.get("timeout")) -
                         std::stod(options.get("timeout-reserve")) -
                         std::chrono::duration<double>(Clock::now() - start).count();
  try {
    std::optional<StreamedFile> file;
    const bool written = write_certificate(problem.network, problem.query, options, limit_s,
                                           [&](std::string_view bytes) {
                                             if (!file) file.emplace(arguments.certificate);
                                             file->append(bytes);
                                           });
    if (written)
      file->finish();
    else
      console.message("warning: no certificate: no proof was found in time");
  } catch (const std::bad_alloc&) {
    console.message("warning: no certificate: out of memory");
  } catch (const std::exception& error) {
    console.message(std::string("warning: no certificate: ") + error.what());
  }
}

/// Reads, warns and solves. Memory that runs out while reading is an `unknown` too.
Found decide(const Arguments& arguments, const Callbacks& callbacks, Announcer& announcer,
             Console& console) {
  const Say say = [&](const std::string& message) { console.message(message); };
  try {
    const Problem problem =
        load_problem(arguments.question.query, arguments.question.networks, say);
    announcer.reads(sources_of(problem));
    warn(problem, console);
    if (!arguments.certificate.empty() && !arguments.certificate_optional)
      check_certifiable(problem.network, problem.query);
    const ThreadAllowance allowance(arguments.options.fields().threads);
    Result result = arguments.run(problem.network, problem.query, arguments.options, callbacks);
    if (!arguments.certificate.empty() && result.verdict == Verdict::unsat) {
      announcer.knows({result, problem.query, callbacks.trace});
      certify(arguments, problem, *callbacks.start, console);
    }
    return {std::move(result), problem.query, callbacks.trace};
  } catch (const std::bad_alloc&) {
    Result result;
    result.reason = "out of memory while reading";
    result.progress.elapsed_s =
        std::chrono::duration<double>(Clock::now() - *callbacks.start).count();
    result.statistics = all_statistics();
    const Sources sources = announcer.sources();
    result.networks = sources.networks;
    result.property = sources.property;
    return {std::move(result), std::nullopt, std::nullopt};
  }
}

int verify(Arguments& arguments) {
  const Clock::time_point start = process_start();
  // These live until the process ends: the watchdog's thread and the signal handler hold on to
  // them.
  auto& console = *new Console;
  auto& announcer =
      *new Announcer(arguments.outputs, arguments.options, console, start, arguments.command);
  announcer.reads(sources_of(arguments.question.query, arguments.question.networks));
  const auto& stopper = *new Stopper;
  Callbacks callbacks;
  callbacks.start = start;
  callbacks.stopper = stopper;
  if (!arguments.outputs.trace.empty()) callbacks.trace.emplace();
  callbacks.progress = [&](const Progress& progress) { announcer.saw(progress); };
  callbacks.log = [&](int, const std::string& message) { console.message(message); };
  try {
    prepare_output(arguments.certificate);
    start_watchdog(announcer, stopper, start, hard_limit(arguments.options, start),
                   !arguments.checkpoints.write.empty());
    add_checkpoints(arguments.checkpoints, arguments.question, console, announcer.has_checkpoint(),
                    callbacks);
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

/// Writing a trace, a checkpoint or a certificate takes up to a part of a second, and the limit
/// holds for that too.
void reserve_for_files(Arguments& arguments) {
  const double most_s = arguments.checkpoints.write.empty() ? 0.5 : 1.0;
  constexpr double kShare = 0.1;
  if (arguments.outputs.trace.empty() && arguments.checkpoints.write.empty() &&
      arguments.certificate.empty())
    return;
  const double reserve_s = std::min(most_s, kShare * std::stod(arguments.options.get("timeout")));
  if (std::stod(arguments.options.get("timeout-reserve")) < reserve_s)
    arguments.options.set("timeout-reserve", std::to_string(reserve_s));
}

/// How this process was called, as a shell would take it.
std::string command_line() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string word, line;
  while (std::getline(file, word, '\0'))
    line += (line.empty() ? "" : " ") + suite::shell_word(word);
  return line;
}

void add_checkpoint_options(CLI::App& command, CheckpointPaths& checkpoints) {
  command
      .add_option("--checkpoint", checkpoints.write,
                  "save the search now and then and when it ends; SIGTERM and SIGUSR1 end it with "
                  "exit code 75 then (docs/cluster.md)")
      ->type_name("FILE");
  command
      .add_option("--checkpoint-every", checkpoints.every_s,
                  "seconds between two, or more: they take at most 1 % of the time [60]")
      ->check(CLI::Range(0.01, 1e6))
      ->type_name("S");
  command
      .add_option("--resume", checkpoints.resume,
                  "go on with a search that --checkpoint saved, of the same query and networks")
      ->type_name("FILE");
  command
      .add_option(
          "--subproblem", checkpoints.subproblem,
          "search this part that `split` made, and write FILE.result for `merge`; query and "
          "networks may be left out")
      ->type_name("FILE");
}

/// Query and networks are required where no saved search knows them.
void add_question_arguments(CLI::App& command, Arguments& arguments) {
  Question& question = arguments.question;
  auto* query =
      command
          .add_option("query", question.query,
                      "the property, VNN-LIB 1.0, 2.0 or 2.1 (.vnnlib or .vnnlib.gz; -: stdin)")
          ->type_name("QUERY");
  auto* network =
      command
          .add_option("--network", question.networks,
                      "the network (.onnx or .onnx.gz; -: stdin); for a query about several, once "
                      "for each that it does not declare equal to another")
          ->allow_extra_args(false)
          ->needs(query)
          ->type_name("[NAME=]FILE");
  query->needs(network);
  command.final_callback([&arguments] {
    const CheckpointPaths& saved = arguments.checkpoints;
    if (saved.every_s != CheckpointPaths().every_s && saved.write.empty() &&
        saved.subproblem.empty())
      throw CLI::RequiresError("--checkpoint-every", "--checkpoint");
    if (!saved.resume.empty() || !saved.subproblem.empty()) return;
    if (arguments.question.query.empty()) throw CLI::RequiredError("query");
    if (arguments.question.networks.empty()) throw CLI::RequiredError("--network");
  });
}

/// A part's verdict is not the property's.
void refuse_result(const Arguments& arguments) {
  if (arguments.checkpoints.subproblem.empty()) return;
  if (!arguments.certificate.empty())
    throw InputError("--certificate proves the whole property, not a subproblem");
  if (!arguments.outputs.result.empty())
    throw InputError(
        "--result of a subproblem would say of it what is not known: `merge` writes it");
}

void add_certificate(CLI::App& command, Arguments& arguments) {
  auto* certificate =
      command
          .add_option(
              "--certificate", arguments.certificate,
              "after unsat, write a proof that clipbound-check can check (packed where the "
              "name ends in .gz); refused before the search where certificates do not cover "
              "the network or the property")
          ->type_name("FILE");
  command
      .add_flag("--certificate-optional", arguments.certificate_optional,
                "what certificates do not cover is solved without one")
      ->needs(certificate);
}

Run add_question(CLI::App& command, decltype(&clipbound::solve) run) {
  const auto arguments = std::make_shared<Arguments>();
  arguments->run = run;
  add_question_arguments(command, *arguments);
  if (run != &clipbound::solve) {  // nothing is saved that knows them
    command.get_option("query")->required();
    command.get_option("--network")->required();
  }
  command
      .add_option("--result", arguments->outputs.result,
                  "write the competition's result file (-: stdout)")
      ->type_name("FILE");
  command
      .add_option("--serialise-assignments", arguments->outputs.assignments,
                  "write each variable of a counterexample as DIR/VARIABLE.pb, an ONNX TensorProto")
      ->type_name("DIR");
  command
      .add_option_function<std::string>(
          "--witness",
          [arguments](const std::string& form) { arguments->outputs.witness = witness_of(form); },
          "how the result file has a counterexample, as VNN-LIB 1.0 or 2.0 (default: as the query)")
      ->check(CLI::IsMember({"v1", "v2"}))
      ->type_name("v1|v2");
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
  command
      .add_option(
          "--trace", arguments->outputs.trace,
          "record the search for `clipbound view`: what was split, bounded, clipped, refuted "
          "and when (JSON lines, packed where the name ends in .gz; -: stdout)")
      ->type_name("FILE");
  if (run == &clipbound::solve) {
    add_checkpoint_options(command, arguments->checkpoints);
    add_certificate(command, *arguments);
  }
  add_option_table(command, arguments->options);
  return [arguments] {
    refuse_result(*arguments);
    complete(arguments->checkpoints, arguments->question);
    const OutputPaths& outputs = arguments->outputs;
    check_different(arguments->checkpoints, arguments->question,
                    {outputs.result, outputs.json, outputs.trace, arguments->certificate});
    reserve_for_files(*arguments);
    arguments->command = command_line();
    return verify(*arguments);
  };
}

}  // namespace

Run add_verify(CLI::App& command) {
  return add_question(command, clipbound::solve);
}
Run add_attack(CLI::App& command) {
  return add_question(command, clipbound::attack);
}

}  // namespace clipbound::cli
