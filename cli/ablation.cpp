// clipbound ablation: what each part of clipping is worth, on a whole suite. The table has the
// shape of Table 1 of the Clip-and-Verify paper (Zhou et al., NeurIPS 2025); docs/ablation.md says
// how to read it.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/suite/instances.h"
#include "cli/ablation_records.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/output_file.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {

Run add_ablation(CLI::App& command);

namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;
using namespace ablation;
using suite::Selection;

constexpr int kDisagreement = 5;  // as for `suite compare`
constexpr const char* kBaseline = "none";
constexpr const char* kAllConfigurations =
    "none,relaxed,relaxed-no-reorder,complete-1,complete-2,complete-8";

struct Arguments {
  std::string suite, json;
  Selection selection;
  double timeout_s = 0.0;  ///< 0: the suite's, times timeout_scale
  double timeout_scale = 1.0;
  std::string threads = "0";
  std::string configuration_list = kAllConfigurations;
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

/// A whole ablation: runs, then reports.
class Ablation {
 public:
  explicit Ablation(const Arguments& arguments)
      : arguments_(arguments), configurations_(parse_configurations(arguments.configuration_list)) {
    for (std::size_t c = 0; c < configurations_.size(); ++c) {
      if (configurations_[c].name == kBaseline) baseline_ = static_cast<int>(c);
    }
  }
  int run();

 private:
  void run_instance(std::size_t number);
  Outcome run_configuration(const Record& record, const Configuration& configuration,
                            const Network& network, const Query& query);
  Options options_of(const Record& record, const Configuration& configuration) const;
  void tell(std::size_t number, std::size_t configuration);
  Summary summarise(std::size_t configuration) const;
  void print_table() const;
  void print_single_sided() const;
  void print_leftovers() const;
  Json to_json() const;
  int exit_code() const;
  std::size_t complete_count() const {
    return static_cast<std::size_t>(std::count_if(records_.begin(), records_.end(),
                                                  [](const Record& r) { return r.complete(); }));
  }

  const Arguments arguments_;
  const std::vector<Configuration> configurations_;
  int baseline_ = -1;
  std::vector<Record> records_;
  Console console_;
  const Stopper& stopper_ = install_stopper();
};

Options Ablation::options_of(const Record& record, const Configuration& configuration) const {
  Options options;
  char limit[40];
  std::snprintf(limit, sizeof limit, "%.17g", record.timeout_s);
  // No file is written per instance, so nothing of the limit has to be kept back.
  options.set("timeout", limit).set("timeout-reserve", "0").set("threads", arguments_.threads);
  for (const auto& [option, value] : configuration.settings) options.set(option, value);
  return options;
}

Outcome Ablation::run_configuration(const Record& record, const Configuration& configuration,
                                    const Network& network, const Query& query) {
  Outcome outcome;
  const Options options = options_of(record, configuration);
  // No progress callback: its thread would end up to 20 ms after a search that took one.
  Callbacks callbacks;
  callbacks.stopper = stopper_;
  const auto begin = Clock::now();
  try {
    const Result result = solve(network, query, options, callbacks);
    outcome.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    outcome.verdict = result.verdict;
    outcome.reason = result.reason;
    outcome.subproblems = result.progress.subproblems;
  } catch (const std::bad_alloc&) {
    outcome.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    outcome.reason = "out of memory";
  }
  return outcome;
}

void Ablation::tell(std::size_t number, std::size_t configuration) {
  const Record& record = records_[number];
  const Outcome& outcome = *record.outcomes[configuration];
  char figures[120];
  std::snprintf(figures, sizeof figures, "%-19s %-8s %9.3f s %11llu subproblems  ",
                configurations_[configuration].name.c_str(), name_of(outcome.verdict),
                outcome.seconds, static_cast<unsigned long long>(outcome.subproblems));
  console_.message("[" + std::to_string(number + 1) + "/" + std::to_string(records_.size()) + "] " +
                   figures + record.instance.name());
}

void Ablation::run_instance(std::size_t number) {
  Record& record = records_[number];
  const auto fail = [&](const std::string& message, int code) {
    record.error = message;
    record.exit_code = code;
    console_.message("[" + std::to_string(number + 1) + "/" + std::to_string(records_.size()) +
                     "] error: " + message);
  };
  try {
    if (record.instance.networks.size() > 1) throw Unsupported("queries about several networks");
    const Network network = Network::load(record.instance.networks.front().path);
    const Query query = Query::load(record.instance.vnnlib_path);
    for (std::size_t k = 0; k < configurations_.size() && !stopper_.stopped(); ++k) {
      // Another one begins each time: whoever comes first pays for cold caches and fresh memory.
      const std::size_t c = (k + number) % configurations_.size();
      const Outcome outcome = run_configuration(record, configurations_[c], network, query);
      if (stopper_.stopped() && !outcome.decided()) return;
      record.outcomes[c] = outcome;
      tell(number, c);
    }
  } catch (const InputError& error) {
    fail(error.what(), kBadInput);
  } catch (const Unsupported& error) {
    fail("unsupported: " + std::string(error.what()), kUnsupported);
  } catch (const std::bad_alloc&) {
    fail("out of memory while reading " + record.instance.name(), kUnsupported);
  } catch (const ContractError& error) {
    fail(error.what(), kInternal);
  }
  if (record.contradictory()) {
    console_.message("DISAGREEMENT: sat and unsat on " + record.instance.name() +
                     "; one of them is wrong");
  }
}

Summary Ablation::summarise(std::size_t configuration) const {
  Summary sum;
  for (const Record& record : records_) {
    if (!record.complete()) continue;
    const Outcome& here = *record.outcomes[configuration];
    sum.seconds += here.seconds;
    sum.falsified += here.verdict == Verdict::sat ? 1 : 0;
    sum.open += here.decided() ? 0 : 1;
    if (here.verdict != Verdict::unsat) continue;
    ++sum.verified;
    sum.subproblems += here.subproblems;
    if (baseline_ < 0) continue;
    const Outcome& base = *record.outcomes[static_cast<std::size_t>(baseline_)];
    if (base.verdict != Verdict::unsat) continue;
    ++sum.common;
    sum.seconds_here += here.seconds;
    sum.seconds_baseline += base.seconds;
    sum.subproblems_here += here.subproblems;
    sum.subproblems_baseline += base.subproblems;
  }
  return sum;
}

/// "-78.6 %", or "-" where there is nothing to compare with.
std::string change(double here, double base) {
  if (!(base > 0.0)) return "-";
  char text[40];
  std::snprintf(text, sizeof text, "%+.1f %%", 100.0 * (here / base - 1.0));
  return text;
}

void Ablation::print_table() const {
  const std::size_t done = complete_count();
  std::printf("%s: %zu of %zu instances done, %s threads%s\n\n", arguments_.suite.c_str(), done,
              records_.size(), arguments_.threads == "0" ? "all" : arguments_.threads.c_str(),
              stopper_.stopped() ? ", interrupted" : "");
  std::printf("%-19s %10s %13s %9s %9s %6s | %12s %10s %6s\n", "configuration", "time s",
              "subproblems", "verified", "falsified", "open", "subproblems", "time", "over");
  for (std::size_t c = 0; c < configurations_.size(); ++c) {
    const Summary sum = summarise(c);
    const bool compared = baseline_ >= 0 && static_cast<int>(c) != baseline_;
    const std::string fewer = compared ? change(static_cast<double>(sum.subproblems_here),
                                                static_cast<double>(sum.subproblems_baseline))
                                       : "-";
    const std::string faster = compared ? change(sum.seconds_here, sum.seconds_baseline) : "-";
    std::printf("%-19s %10.2f %13llu %9d %9d %6d | %12s %10s %6s\n",
                configurations_[c].name.c_str(), sum.seconds,
                static_cast<unsigned long long>(sum.subproblems), sum.verified, sum.falsified,
                sum.open, fewer.c_str(), faster.c_str(),
                compared ? std::to_string(sum.common).c_str() : "-");
  }
  std::printf(
      "\nTime: all instances. Subproblems: the verified (unsat) ones alone. Right of the bar: "
      "change against no\n"
      "clipping (%s), over that many instances which both verified.\n",
      kBaseline);
}

/// Instances that either the baseline or another configuration decides, but not both.
void Ablation::print_single_sided() const {
  if (baseline_ < 0) return;
  std::string lines;
  for (const Record& record : records_) {
    if (!record.complete()) continue;
    const Outcome& base = *record.outcomes[static_cast<std::size_t>(baseline_)];
    for (std::size_t c = 0; c < configurations_.size(); ++c) {
      const Outcome& here = *record.outcomes[c];
      if (here.decided() == base.decided()) continue;
      char line[160];
      std::snprintf(line, sizeof line, "  %s %-19s %-8s %9.2f s,  %s: %-8s %9.2f s  ",
                    here.decided() ? "+" : "-", configurations_[c].name.c_str(),
                    name_of(here.verdict), here.seconds, kBaseline, name_of(base.verdict),
                    base.seconds);
      lines += line + record.instance.name() + "\n";
    }
  }
  std::printf("\nDecided by one of the two alone (+ by the configuration, - by no clipping):%s\n%s",
              lines.empty() ? " none" : "", lines.c_str());
}

void Ablation::print_leftovers() const {
  for (const Record& record : records_) {
    if (!record.error.empty())
      std::printf("\nerror, not counted: %s: %s\n", record.instance.name().c_str(),
                  record.error.c_str());
  }
  for (const Record& record : records_) {
    if (!record.contradictory()) continue;
    std::printf("\n*** DISAGREEMENT on %s: one of these is WRONG\n",
                record.instance.name().c_str());
    for (std::size_t c = 0; c < configurations_.size(); ++c) {
      if (!record.outcomes[c]) continue;
      std::printf("***   %-19s %s\n", configurations_[c].name.c_str(),
                  name_of(record.outcomes[c]->verdict));
    }
  }
}

Json change_json(double here, double base) {
  return base > 0.0 ? Json(here / base - 1.0) : Json(nullptr);
}

Json Ablation::to_json() const {
  Json json;
  json["suite"] = arguments_.suite;
  json["version"] = version();
  json["threads"] = arguments_.threads;
  json["interrupted"] = stopper_.stopped();
  json["instances_done"] = complete_count();
  json["configurations"] = Json::array();
  for (std::size_t c = 0; c < configurations_.size(); ++c) {
    const Summary sum = summarise(c);
    Json row = {{"name", configurations_[c].name},
                {"options", Json::object()},
                {"time_s", sum.seconds},
                {"subproblems", sum.subproblems},
                {"verified", sum.verified},
                {"falsified", sum.falsified},
                {"open", sum.open},
                {"compared", sum.common}};
    for (const auto& [option, value] : configurations_[c].settings) row["options"][option] = value;
    row["subproblems_change"] = change_json(static_cast<double>(sum.subproblems_here),
                                            static_cast<double>(sum.subproblems_baseline));
    row["time_change"] = change_json(sum.seconds_here, sum.seconds_baseline);
    json["configurations"].push_back(std::move(row));
  }
  json["instances"] = Json::array();
  for (const Record& record : records_) {
    Json row = {{"onnx", record.instance.onnx},
                {"vnnlib", record.instance.vnnlib},
                {"timeout_s", record.timeout_s},
                {"complete", record.complete()},
                {"disagreement", record.contradictory()},
                {"error", nullptr},
                {"runs", Json::object()}};
    if (!record.error.empty()) row["error"] = record.error;
    for (std::size_t c = 0; c < configurations_.size(); ++c) {
      if (!record.outcomes[c]) continue;
      const Outcome& outcome = *record.outcomes[c];
      row["runs"][configurations_[c].name] = {{"verdict", name_of(outcome.verdict)},
                                              {"reason", outcome.reason},
                                              {"time_s", outcome.seconds},
                                              {"subproblems", outcome.subproblems}};
    }
    json["instances"].push_back(std::move(row));
  }
  return json;
}

/// A contradiction weighs most, then a bug of ours, then what could not be read or is not
/// supported.
int Ablation::exit_code() const {
  int code = kDone;
  for (const Record& record : records_) {
    if (record.contradictory()) return kDisagreement;
    const bool graver = record.exit_code == kInternal || code == kDone;
    if (graver) code = record.exit_code;
  }
  return code;
}

int Ablation::run() {
  for (Instance& instance : suite::read_suite(arguments_.suite, arguments_.selection)) {
    Record& record = records_.emplace_back();
    record.timeout_s = arguments_.timeout_s > 0.0 ? arguments_.timeout_s
                                                  : instance.timeout_s * arguments_.timeout_scale;
    record.outcomes.resize(configurations_.size());
    record.instance = std::move(instance);
  }
  prepare_output(arguments_.json);
  for (std::size_t number = 0; number < records_.size() && !stopper_.stopped(); ++number)
    run_instance(number);
  print_table();
  print_single_sided();
  print_leftovers();
  std::fflush(stdout);
  const std::string text =
      arguments_.json.empty()
          ? ""
          : to_json().dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  if (!write_whole(arguments_.json, text)) {
    console_.message("cannot write " + arguments_.json);
    return std::max<int>(exit_code(), kBadInput);
  }
  return exit_code();
}

/// Which instances are run.
void add_selection(CLI::App& command, const std::shared_ptr<Arguments>& arguments) {
  command
      .add_option("suite", arguments->suite, "a folder with instances.csv (onnx,vnnlib,timeout)")
      ->required()
      ->type_name("SUITE");
  command
      .add_option_function<std::string>(
          "--filter",
          [arguments](const std::string& filter) {
            suite::check_filter(filter);
            arguments->selection.filter = filter;
          },
          "only lines of instances.csv in which this regular expression is found")
      ->type_name("REGEX");
  command
      .add_option("--stride", arguments->selection.stride, "of these every K-th, from the first on")
      ->check(CLI::Range(1, 1'000'000'000))
      ->type_name("K");
  command.add_option("--limit", arguments->selection.limit, "of these the first N")
      ->check(CLI::Range(1, 1'000'000'000))
      ->type_name("N");
}

/// How they are run.
void add_limits(CLI::App& command, const std::shared_ptr<Arguments>& arguments) {
  auto* timeout =
      command
          .add_option("--timeout", arguments->timeout_s, "seconds per run, instead of the suite's")
          ->check(CLI::Range(1e-3, 1e9))
          ->type_name("S");
  command.add_option("--timeout-scale", arguments->timeout_scale, "the suite's limits times F [1]")
      ->check(CLI::Range(1e-6, 1e6))
      ->excludes(timeout)
      ->type_name("F");
  command
      .add_option_function<std::string>(
          "--threads",
          [arguments](const std::string& threads) {
            Options().set("threads", threads);  // checks the range
            arguments->threads = threads;
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
            parse_configurations(list);  // refused while parsing, not after
            arguments->configuration_list = list;
          },
          std::string(
              "which configurations: none, relaxed, relaxed-no-reorder, complete-N (N passes) [") +
              kAllConfigurations + "]")
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
  return [arguments] { return Ablation(*arguments).run(); };
}

}  // namespace clipbound::cli
