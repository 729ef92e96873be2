// Idea: clipbound robustness: how far an input may be changed before its label changes.
// Source: own.
// Guarantees: what is called robust was proved by solve().
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/input_file.h"
#include "cli/json_output.h"
#include "cli/output_file.h"
#include "cli/radius_text.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {

namespace {

struct Arguments {
  std::string network, input;
  std::size_t label = 0;
  RobustnessSettings settings;
  double lowest = 0.0, highest = 0.0;
  int threads = 0, verbose = 0;
  std::string json;
};

std::string read_text(const std::string& path) {
  if (path == kStandardStream) return standard_input();
  std::error_code unknown;
  if (!std::filesystem::exists(path, unknown) && !unknown)
    throw InputError(path + ": no such file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path + ": cannot be opened");
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

/// All numbers of a text, separated by commas, semicolons or blanks; `path` is where it is from.
std::vector<double> numbers_of(const std::string& text, const std::string& path) {
  std::vector<double> numbers;
  int line = 1;
  for (std::size_t at = 0; at < text.size();) {
    constexpr std::string_view kSeparators = ",; \t\r\n";
    if (kSeparators.find(text[at]) != std::string_view::npos) {
      line += text[at++] == '\n' ? 1 : 0;
      continue;
    }
    const std::size_t end = std::min(text.find_first_of(kSeparators, at), text.size());
    const std::string item = text.substr(at, end - at);
    char* stop = nullptr;
    numbers.push_back(std::strtod(item.c_str(), &stop));
    if (*stop != '\0' || !std::isfinite(numbers.back())) {
      throw InputError(path + ":" + std::to_string(line) + ": '" + item +
                       "' is not a finite number");
    }
    at = end;
  }
  return numbers;
}

const Stopper* stopper_of_handler = nullptr;  // a signal handler has no other way to its data
volatile std::sig_atomic_t received_signal = 0;
extern "C" void stop_on_signal(int signal) {
  received_signal = signal;
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  stopper_of_handler->stop();
}

void print_text(const Robustness& found, std::size_t label) {
  if (found.robust_radius < 0.0) {
    std::printf("label %zu, not %zu: no radius\n", found.counterexample_label, label);
    return;
  }
  std::printf("robust %s\n", radius_below(found.robust_radius).c_str());
  if (found.counterexample_radius) {
    std::printf("counterexample %s label %zu\n", radius_above(*found.counterexample_radius).c_str(),
                found.counterexample_label);
  } else {
    std::puts("counterexample none known");
  }
  std::fprintf(stderr, "clipbound: %s after %d queries\n", found.reason.c_str(), found.queries);
}

std::string radius_json(const Robustness& found, std::size_t label, const Sources& sources,
                        const FileInfo& input) {
  Json json = header_of(sources);
  json["input"] = json_of(input);
  json["label"] = label;
  json["robust_radius"] = found.robust_radius;
  json["counterexample_radius"] = nullptr;
  if (found.counterexample_radius) {
    json["counterexample_radius"] = *found.counterexample_radius;
    json["counterexample_label"] = found.counterexample_label;
    json["counterexample"] = found.counterexample;
  }
  json["queries"] = found.queries;
  json["reason"] = found.reason;
  return text_of(json);
}

/// Prints, unless JSON goes to stdout; returns the JSON.
std::string find_radius(const Arguments& arguments, Sources& sources) {
  if (arguments.network == kStandardStream && arguments.input == kStandardStream)
    throw InputError("only one of network and input can come from stdin");
  const Network network = load_network(arguments.network, say_on_stderr);
  sources.networks = {network.file()};
  const std::string text = read_text(arguments.input);
  const FileInfo input = file_info(named(arguments.input).path, text);
  const std::vector<double> x = numbers_of(text, input.path);
  const Stopper stopper;
  stopper_of_handler = &stopper;
  ::signal(SIGINT, stop_on_signal);
  ::signal(SIGTERM, stop_on_signal);
  Callbacks callbacks;
  callbacks.stopper = stopper;
  callbacks.log = [](int, const std::string& message) { say_on_stderr(message); };
  const Options options = OptionFields{.threads = arguments.threads, .verbose = arguments.verbose};
  const ThreadAllowance allowance(arguments.threads);
  const Robustness found =
      robustness(network, x, arguments.label, arguments.settings, options, callbacks);
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  if (arguments.json != kStandardStream) print_text(found, arguments.label);
  return radius_json(found, arguments.label, sources, input);
}

int run_robustness(const Arguments& arguments) {
  Sources sources{{named(arguments.network)}, {}};
  write_result(arguments.json, sources, [&] { return find_radius(arguments, sources); });
  std::fflush(stdout);
  // As if it had not been caught, so that a shell's loop ends too.
  if (received_signal != 0) ::raise(received_signal);
  return kDone;
}

}  // namespace

Run add_robustness(CLI::App& command) {
  const auto arguments = std::make_shared<Arguments>();
  Arguments& a = *arguments;
  command
      .add_option("network", a.network, "the network (.onnx or .onnx.gz; -: stdin), a classifier")
      ->required()
      ->type_name("NET");
  command
      .add_option("--input", a.input, "its input: numbers separated by commas or blanks (-: stdin)")
      ->required()
      ->type_name("FILE");
  command.add_option("--label", a.label, "number of the output that is the largest")
      ->required()
      ->type_name("K");
  command.add_option("--radius-max", a.settings.radius_max, "largest radius that is tried")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command
      .add_option("--tolerance", a.settings.tolerance,
                  "relative distance of both radii that is near enough")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command.add_option("--timeout", a.settings.time_limit_s, "seconds for everything")
      ->check(CLI::PositiveNumber);
  command.add_option("--step-timeout", a.settings.step_limit_s, "seconds for one radius")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  auto* lowest = command.add_option("--lowest", a.lowest, "inputs never fall below this");
  auto* highest = command.add_option("--highest", a.highest, "inputs never rise above this");
  command.add_option("--threads", a.threads, "worker threads; 0 means all")
      ->check(CLI::Range(0, 1024));
  command.add_option("--verbose", a.verbose, "messages on stderr, 0 to 3")->check(CLI::Range(0, 3));
  command.add_option("--json", a.json, "write what was found as JSON (-: stdout)")
      ->type_name("FILE");
  return [arguments, lowest, highest] {
    if (lowest->count() > 0) arguments->settings.lowest = arguments->lowest;
    if (highest->count() > 0) arguments->settings.highest = arguments->highest;
    return run_robustness(*arguments);
  };
}

}  // namespace clipbound::cli
