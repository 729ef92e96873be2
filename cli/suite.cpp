// Idea: clipbound suite: whole suites of instances, and what one does with their results.
// docs/suites.md shows it in use.
// Source: own.
// Guarantees: exit codes say what was found.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "benchmarks/report/report.h"
#include "benchmarks/suite/certificates.h"
#include "benchmarks/suite/check.h"
#include "benchmarks/suite/compare.h"
#include "benchmarks/suite/job_script.h"
#include "benchmarks/suite/merge.h"
#include "benchmarks/suite/runner.h"
#include "cli/command.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {

namespace {

/// "flag=value", or a flag alone for true; checked against the options of `verify`.
std::pair<std::string, std::string> parse_setting(const std::string& text) {
  const std::size_t equals = text.find('=');
  std::pair<std::string, std::string> setting{
      text.substr(0, equals), equals == std::string::npos ? "true" : text.substr(equals + 1)};
  for (const char* ours : {"timeout", "threads", "memory"}) {
    if (setting.first == ours)
      throw InputError("--set " + text + ": `suite run` has an option for that");
  }
  Options().set(setting.first, setting.second);
  return setting;
}

void add_selection(CLI::App& command, suite::PlanSettings& plan) {
  command
      .add_option_function<std::string>(
          "--filter",
          [&plan](const std::string& filter) {
            suite::check_filter(filter);
            plan.selection.filter = filter;
          },
          "only lines of instances.csv in which this regular expression is found")
      ->type_name("REGEX");
  command
      .add_option("--stride", plan.selection.stride,
                  "of these every K-th of a suite, from the first on")
      ->check(CLI::Range(1, 1'000'000'000))
      ->type_name("K");
  command.add_option("--limit", plan.selection.limit, "of these the first N of each suite")
      ->check(CLI::Range(1, 1'000'000'000))
      ->type_name("N");
  auto* timeout =
      command
          .add_option("--timeout", plan.timeout_s, "seconds per instance, instead of the suite's")
          ->check(CLI::Range(1e-3, 1e9))
          ->type_name("S");
  command.add_option("--timeout-scale", plan.timeout_scale, "the suite's limits times F [1]")
      ->check(CLI::Range(1e-6, 1e6))
      ->excludes(timeout)
      ->type_name("F");
}

void add_kept_files(CLI::App& command, suite::RunSettings& settings) {
  command.add_flag("--trace", settings.traces,
                   "record every search; `suite report` makes a page of each");
  command.add_flag(
      "--certificates", settings.certificates,
      "write a certificate of every unsat, where one covers it; `suite check` checks them");
}

/// What is run and how, but for jobs, threads and memory: `run` and `submit` have their own words
/// about these.
void add_settings(CLI::App& command, suite::RunSettings& settings) {
  add_selection(command, settings.plan);
  command
      .add_option("--versions", settings.version,
                  "which version folders of a benchmark: 1.0, 2.0, ... or all [1.0]")
      ->type_name("V");
  command
      .add_option_function<std::vector<std::string>>(
          "--set",
          [&settings](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) settings.options.push_back(parse_setting(text));
          },
          "another option of `clipbound verify`, for instance --set clipping=none")
      ->allow_extra_args(false)
      ->type_name("FLAG=VALUE");
  add_kept_files(command, settings);
  command
      .add_option("--program", settings.program,
                  "another verifier, called as `FILE verify ...` [this one]")
      ->check(CLI::ExistingFile)
      ->type_name("FILE");
}

int run_suite(const suite::RunRequest& request) {
  const suite::RunReport report = suite::run_suites(request);
  std::fputs(suite::summary_table(report.run).c_str(), stdout);
  if (report.signal == 0) return kDone;
  std::fprintf(stderr, "clipbound: interrupted; clipbound suite run --resume --out %s continues\n",
               request.folder.c_str());
  return report.signal == SIGUSR1 ? kResumable : 128 + report.signal;
}

Run add_run(CLI::App& command) {
  const auto request = std::make_shared<suite::RunRequest>();
  suite::RunSettings& settings = request->settings;
  command
      .add_option("suites", settings.folders,
                  "suites (folders with instances.csv), or folders above them")
      ->type_name("DIR...");
  command
      .add_option("--out", request->folder, "the run's folder: settings, records, counterexamples")
      ->required()
      ->type_name("RUN");
  command.add_flag(
      "--resume", request->resume,
      "continue the run in that folder, if there is one: what has a record is not run again");
  command.add_option("--jobs", request->jobs, "instances at a time [1]")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  command
      .add_option("--threads", settings.threads,
                  "threads per instance [the cores divided by --jobs]")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  command
      .add_option("--memory", settings.memory_limit_gb,
                  "GB per instance [16, or what the machine has for each job]")
      ->check(CLI::Range(0.05, 1e6))
      ->type_name("GB");
  add_settings(command, settings);
  command
      .add_option_function<std::string>(
          "--shard",
          [&settings](const std::string& text) { settings.plan.shard = suite::parse_shard(text); },
          "the i-th of n parts of all instances; slurm: as SLURM_ARRAY_TASK_ID and _COUNT say")
      ->type_name("I/N");
  command.footer(
      "Every instance runs in a process of its own, which is killed one second after its time "
      "limit or past its "
      "memory\n"
      "limit; its record is on the disk before the next one begins. Exit codes: 0 where every "
      "instance has a record,\n"
      "75 where SIGUSR1 ended it early, by which a batch system says that a job's time is up, 128 "
      "+ "
      "the signal's number\n"
      "where another signal did, 2 for bad suites or folders.");
  return [request] { return run_suite(*request); };
}

void add_job(CLI::App& command, suite::JobSettings& job) {
  const auto count = [&command](const char* flag, int& value, const char* help, int most) {
    command.add_option(flag, value, help)->check(CLI::Range(1, most))->type_name("N");
  };
  command.add_option("--partition", job.partition, "Slurm's partition")->required()->type_name("P");
  count("--tasks", job.tasks, "tasks of the array: shards [16, or one per instance]", 100'000);
  count("--jobs", job.jobs, "instances at a time in each task [1]", 1024);
  count("--threads", job.threads, "threads per instance, or per rank of one [4]", 1024);
  count("--ranks", job.ranks,
        "MPI ranks per instance: each runs on clipbound-mpi, one at a time in a task [1]", 16'384);
  command.add_option("--memory", job.memory_gb, "GB per instance, or per rank of one [16]")
      ->check(CLI::Range(0.05, 1e6))
      ->type_name("GB");
  command.add_option("--hours", job.hours, "wall-clock limit of a task [4]")
      ->check(CLI::Range(0.05, 1e5))
      ->type_name("H");
  command.add_option("--module", job.modules, "`module load M` before anything runs")
      ->allow_extra_args(false)
      ->type_name("M");
  command
      .add_option("--sbatch", job.directives,
                  "another option of sbatch, for instance --sbatch=--account=x")
      ->allow_extra_args(false)
      ->type_name("OPTION");
}

Run add_submit(CLI::App& command) {
  struct Arguments {
    suite::RunSettings run;
    suite::JobSettings job;
    std::string folder;
    bool now = false;
  };
  const auto arguments = std::make_shared<Arguments>();
  command
      .add_option("suites", arguments->run.folders,
                  "suites (folders with instances.csv), or folders above them")
      ->required()
      ->type_name("DIR...");
  command
      .add_option("--out", arguments->folder,
                  "folder of scripts, shards and the merged run `all`; on a file system that all "
                  "nodes have")
      ->required()
      ->type_name("RUN");
  add_job(command, arguments->job);
  add_settings(command, arguments->run);
  command.add_flag("--now", arguments->now, "submit them too, as `RUN/submit.sh` does");
  command.footer(
      "Writes RUN/job.sh, an array of shards that go on where they were when they are requeued, "
      "and RUN/merge.sh, which\n"
      "makes the run RUN/all of them; the path of submit.sh, which hands both to sbatch, is "
      "printed. docs/cluster.md.");
  return [arguments]() -> int {
    const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
    const std::string beside = self.substr(0, self.rfind('/')) + "/clipbound-mpi";
    arguments->job.clipbound = self;
    arguments->job.clipbound_mpi = std::filesystem::exists(beside) ? beside : "clipbound-mpi";
    const std::string submit = suite::write_jobs(arguments->run, arguments->folder, arguments->job);
    std::puts(submit.c_str());
    if (!arguments->now) return kDone;
    std::fflush(stdout);
    ::execl(submit.c_str(), submit.c_str(), static_cast<char*>(nullptr));
    throw InputError("cannot run " + submit + ": " + std::generic_category().message(errno));
  };
}

Run add_merge(CLI::App& command) {
  struct Arguments {
    std::vector<std::string> runs;
    std::string out;
  };
  const auto arguments = std::make_shared<Arguments>();
  command.add_option("runs", arguments->runs, "runs, for instance the shards of one")
      ->required()
      ->type_name("RUN...");
  command.add_option("--out", arguments->out, "the folder of the run that they make")
      ->required()
      ->type_name("RUN");
  return [arguments] {
    const suite::Run run = suite::merge_runs(arguments->runs, arguments->out);
    std::fputs(suite::summary_table(run).c_str(), stdout);
    if (run.records.size() < run.planned.size()) {
      std::fprintf(
          stderr,
          "clipbound: %zu instances have no record; suite run --resume --out %s runs them\n",
          run.planned.size() - run.records.size(), arguments->out.c_str());
    }
    return static_cast<int>(kDone);
  };
}

Run add_compare(CLI::App& command) {
  struct Arguments {
    std::string first, second;
    bool all = false;
  };
  const auto arguments = std::make_shared<Arguments>();
  const std::string what =
      "a run, a results.csv of the competition, or a csv with a header (onnx, vnnlib, verdict)";
  command.add_option("first", arguments->first, what)->required()->type_name("A");
  command
      .add_option("second", arguments->second,
                  what + "; FILE:NAME takes the columns or rows of one tool")
      ->required()
      ->type_name("B");
  command.add_flag("--all", arguments->all, "whole lists, however long");
  command.footer(
      "Exit codes: 0, 5 where one says sat and the other unsat of one instance, 2 where something "
      "cannot be read.");
  return [arguments] {
    constexpr std::size_t kLongest = 20;
    const suite::ResultTable first = suite::read_results(arguments->first),
                             second = suite::read_results(arguments->second);
    const suite::Comparison comparison = suite::compare(first, second);
    std::fputs(suite::to_text(comparison, first, second, arguments->all ? 0 : kLongest).c_str(),
               stdout);
    return comparison.disagreements.empty() ? kDone : kDisagreement;
  };
}

struct CheckArguments {
  std::string run, checker;
  int jobs = 0;
};

/// The number of counterexamples that do not hold.
std::size_t wrong_counterexamples(const suite::Run& run) {
  std::size_t wrong = 0;
  const auto tell = [&](const suite::CheckedCounterexample& checked) {
    if (checked.holds) return;
    ++wrong;
    std::printf("WRONG: %s: %s\n", checked.key.c_str(), checked.why_not.c_str());
  };
  const std::size_t all = suite::check_run(run, tell).size();
  std::printf("%zu of %zu counterexamples hold\n", all - wrong, all);
  return wrong;
}

/// The number of certificates that are not verified.
std::size_t unverified_certificates(const suite::Run& run, const CheckArguments& arguments) {
  if (!run.settings.certificates) return 0;
  std::string checker = arguments.checker;
  if (checker.empty())
    checker = std::filesystem::read_symlink("/proc/self/exe").replace_filename("clipbound-check");
  if (!std::filesystem::exists(checker))
    throw InputError("there is no " + checker + ": --checker says where clipbound-check is");
  std::size_t unverified = 0;
  const auto tell = [&](const suite::CheckedCertificate& checked) {
    if (!checked.exists || checked.verified) return;
    ++unverified;
    std::printf("NOT VERIFIED: %s: %s\n", checked.key.c_str(), checked.why_not.c_str());
  };
  const int jobs =
      arguments.jobs > 0 ? arguments.jobs : static_cast<int>(std::thread::hardware_concurrency());
  const auto checked = suite::check_certificates(run, checker, std::max(1, jobs), tell);
  std::fputs(suite::certificates_table(checked).c_str(), stdout);
  return unverified;
}

Run add_check(CLI::App& command) {
  const auto arguments = std::make_shared<CheckArguments>();
  command.add_option("run", arguments->run, "a run")->required()->type_name("RUN");
  command
      .add_option("--checker", arguments->checker,
                  "the program that checks certificates [clipbound-check beside this one]")
      ->check(CLI::ExistingFile)
      ->type_name("FILE");
  command.add_option("--jobs", arguments->jobs, "certificates at a time [the cores]")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  command.footer(
      "Exit codes: 0 where every counterexample holds and every certificate is verified, 4 where "
      "one "
      "does not or is not.");
  return [arguments] {
    const suite::Run run = suite::read_run(arguments->run);
    const std::size_t wrong = wrong_counterexamples(run),
                      unverified = unverified_certificates(run, *arguments);
    return wrong + unverified == 0 ? static_cast<int>(kDone) : static_cast<int>(kInternal);
  };
}

Run add_report(CLI::App& command) {
  const auto request = std::make_shared<suite::ReportRequest>();
  command.add_option("runs", request->runs, "runs; NAME=RUN gives one a name")
      ->required()
      ->type_name("RUN...");
  command
      .add_option("--reference", request->references,
                  "results to stand beside them: a results.csv of the competition, FILE:TOOL of a "
                  "csv with a header, or a "
                  "csv of known verdicts (without times); NAME=... gives it a name")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command
      .add_option("--out", request->folder, "where the files go [the first run's folder/report]")
      ->type_name("DIR");
  command.footer(
      "Writes results.csv (the competition's format), summary.json and report.html, a page that "
      "needs nothing else.");
  return [request] {
    suite::ReportRequest complete = *request;
    if (complete.folder.empty())
      complete.folder = suite::split_label(complete.runs.front()).second + "/report";
    const suite::WrittenReport report = suite::write_report(complete);
    for (const std::string& file : report.files) std::puts(file.c_str());
    if (report.disagreements > 0) {
      std::fprintf(stderr,
                   "clipbound: DISAGREEMENTS on %zu instances: the report begins with them\n",
                   report.disagreements);
    }
    return static_cast<int>(kDone);
  };
}

struct CommandRow {
  const char* name;
  const char* help;
  Run (*add)(CLI::App&);
};
constexpr CommandRow kCommands[] = {
    {"run", "run suites, every instance in a process of its own", add_run},
    {"submit", "write a suite as jobs of Slurm, and submit them", add_submit},
    {"merge", "make one run of several", add_merge},
    {"compare", "say where two sets of results differ", add_compare},
    {"report", "write results.csv, a summary and a page to look at", add_report},
    {"check", "replay every counterexample and check every certificate of a run", add_check},
};

}  // namespace

Run add_suite(CLI::App& command) {
  command.require_subcommand(1);
  auto commands = std::make_shared<std::vector<std::pair<CLI::App*, Run>>>();
  for (const CommandRow& row : kCommands) {
    CLI::App* inner = command.add_subcommand(row.name, row.help);
    commands->emplace_back(inner, row.add(*inner));
  }
  return [commands] {
    for (const auto& [inner, run] : *commands) {
      if (inner->parsed()) return run();
    }
    return static_cast<int>(kUsage);
  };
}

}  // namespace clipbound::cli
