// Idea: clipbound robustness: how far inputs may be changed before their label changes, or whether
// they may be changed so far; of one input, or of many as a table.
// Source: own.
// Guarantees: what is called robust was proved by solve(); counterexamples were replayed, or are the
// input itself, of which another label was proved.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/input_file.h"
#include "cli/interruption.h"
#include "cli/json_output.h"
#include "cli/numbers.h"
#include "cli/output_file.h"
#include "cli/points.h"
#include "cli/radius_text.h"
#include "cli/robustness_table.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {

namespace {

struct Arguments {
  std::string network, input, labels, norm = "inf", table, counterexample, json;
  std::optional<std::size_t> label;
  std::optional<double> epsilon;
  RobustnessSettings settings;
  std::vector<double> clip;
  std::size_t most = 0;
  int threads = 0, verbose = 0;
};

/// What a run works with.
struct Session {
  const Arguments& arguments;
  const Network& network;
  const Options& options;
  const Callbacks& callbacks;
  bool prints;
};

void print_radius(const Robustness& found, std::size_t label) {
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

void print_check(const RobustnessCheck& found) {
  if (found.answer == RobustnessAnswer::robust) std::puts("yes");
  if (found.answer == RobustnessAnswer::unknown) std::puts("unknown");
  if (found.answer == RobustnessAnswer::not_robust) {
    std::printf("no\ncounterexample %s label %zu\n", radius_above(found.distance).c_str(),
                found.counterexample_label);
  }
  std::fprintf(stderr, "clipbound: %s\n", found.reason.c_str());
}

/// To the file that was named: a picture where its ending says so, else numbers, all digits: what
/// the network reads.
void write_counterexample(const Session& run, const Point& point, const std::vector<double>& found,
                          const std::vector<double>& found_x) {
  const std::string& path = run.arguments.counterexample;
  if (path.empty() || found.empty()) return;
  if (!is_image_file(path)) {
    std::string text;
    char number[40];
    for (const double value : found) {
      std::snprintf(number, sizeof number, "%.17g\n", value);
      text += number;
    }
    write_output(path, text);
    return;
  }
  if (point.picture.empty()) {
    throw InputError(path +
                     ": the input has no height and width; a picture is drawn of an image or "
                     "an array of two dimensions");
  }
  write_output(path, encode_png(picture_of(found_x, point.picture, run.network)));
}

Json radius_json(const Robustness& found) {
  Json json;
  json["robust_radius"] = found.robust_radius;
  json["counterexample_radius"] = nullptr;
  if (found.counterexample_radius) {
    json["counterexample_radius"] = *found.counterexample_radius;
    json["counterexample_label"] = found.counterexample_label;
    json["counterexample"] = found.counterexample;
  }
  json["queries"] = found.queries;
  json["reason"] = found.reason;
  return json;
}

Json check_json(const RobustnessCheck& found, double epsilon) {
  Json json;
  json["epsilon"] = epsilon;
  json["answer"] = name_of(found.answer);
  json["predicted"] = found.predicted;
  if (found.answer == RobustnessAnswer::not_robust) {
    json["distance"] = found.distance;
    json["counterexample_label"] = found.counterexample_label;
    json["counterexample"] = found.counterexample;
  }
  json["reason"] = found.reason;
  return json;
}

/// The label that was given, else what the network says.
std::size_t label_of(const Session& run, const Point& point) {
  if (run.arguments.label) return *run.arguments.label;
  if (point.label) return *point.label;
  const RobustnessSettings& glimpse = run.arguments.settings;
  const RobustnessCheck at = check_robustness(run.network, point.values, 0, 0.0, glimpse,
                                              OptionFields{.time_limit_s = 1.0, .threads = 1});
  return at.predicted;
}

/// Answers of one point: printed, and as JSON.
Json ask_one(const Session& run, const Point& point) {
  const Arguments& a = run.arguments;
  const std::size_t label = label_of(run, point);
  Json json;
  json["label"] = label;
  if (a.epsilon) {
    const RobustnessCheck found = check_robustness(run.network, point.values, label, *a.epsilon,
                                                   a.settings, run.options, run.callbacks);
    if (run.prints) print_check(found);
    write_counterexample(run, point, found.counterexample, found.counterexample_x);
    json.update(check_json(found, *a.epsilon));
  } else {
    const Robustness found =
        robustness(run.network, point.values, label, a.settings, run.options, run.callbacks);
    if (run.prints) print_radius(found, label);
    write_counterexample(run, point, found.counterexample, found.counterexample_x);
    json.update(radius_json(found));
  }
  return json;
}

/// The first digits of a point's SHA-256.
std::string digits_of(const Point& point) {
  const std::string_view bytes(reinterpret_cast<const char*>(point.values.data()),
                               point.values.size() * sizeof(double));
  constexpr std::size_t kDigits = 16;
  return file_info(point.name, bytes).sha256.substr(0, kDigits);
}

/// What `ask` finds of the point; where it refuses the point that is said with its file.
template <typename Ask>
auto asked_of(const Point& point, const Ask& ask) {
  try {
    return ask();
  } catch (const InputError& error) {
    throw InputError(point.where + ": " + error.what());
  }
}

TableRow row_of(const Session& run, const Point& point, std::size_t label, double seconds) {
  const Arguments& a = run.arguments;
  RobustnessSettings settings = a.settings;
  settings.time_limit_s = std::min(seconds, a.settings.step_limit_s);
  const auto begin = std::chrono::steady_clock::now();
  TableRow row{.name = point.name, .point = digits_of(point), .label = label};
  if (a.epsilon) {
    const RobustnessCheck found = check_robustness(run.network, point.values, label, *a.epsilon,
                                                   settings, run.options, run.callbacks);
    row.predicted = found.predicted;
    row.answer = name_of(found.answer);
    if (found.answer == RobustnessAnswer::robust) row.robust = *a.epsilon;
    if (found.answer == RobustnessAnswer::not_robust) row.counterexample = found.distance;
  } else {
    const Robustness found =
        robustness(run.network, point.values, label, settings, run.options, run.callbacks);
    row.answer = "radius";
    row.predicted = found.robust_radius < 0.0 ? found.counterexample_label : label;
    row.robust = std::max(0.0, found.robust_radius);
    row.counterexample = found.counterexample_radius.value_or(-1.0);
  }
  row.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return row;
}

/// What all lines say together.
Json summary_of(const Session& run, const std::map<std::size_t, TableRow>& rows,
                std::size_t points) {
  std::size_t right = 0, robust = 0, refuted = 0, unknown = 0;
  double sum = 0.0;
  for (const auto& [k, row] : rows) {
    right += row.predicted == row.label ? 1 : 0;
    robust += row.answer == "robust" ? 1 : 0;
    refuted += row.answer == "not robust" ? 1 : 0;
    unknown += row.answer == "unknown" ? 1 : 0;
    sum += row.robust;
  }
  const std::size_t done = rows.size();
  const auto share = [&](std::size_t count) {
    return static_cast<double>(count) / static_cast<double>(std::max<std::size_t>(done, 1));
  };
  Json json = {{"points", points}, {"done", done}, {"accuracy", share(right)}};
  if (run.arguments.epsilon) {
    json["certified_accuracy"] = share(robust);
    json["unknown"] = unknown;
    if (run.prints) {
      std::printf("certified accuracy %.4g (%zu of %zu)\n", share(robust), robust, done);
      std::printf("accuracy %.4g, not robust %zu, unknown %zu\n", share(right), refuted, unknown);
    }
  } else {
    json["mean_robust_radius"] = sum / static_cast<double>(std::max<std::size_t>(done, 1));
    if (run.prints) {
      std::printf("mean robust radius %s of %zu, accuracy %.4g\n",
                  radius_below(json["mean_robust_radius"]).c_str(), done, share(right));
    }
  }
  if (run.prints && done < points) std::printf("%zu points are left\n", points - done);
  return json;
}

std::string about_of(const Session& run) {
  const Arguments& a = run.arguments;
  std::string about =
      "clipbound robustness sha256=" + run.network.file().sha256 + " norm=" + a.norm;
  const auto add = [&](const char* name, const std::vector<double>& values) {
    char text[40];
    for (const double value : values) {
      std::snprintf(text, sizeof text, " %s=%.17g", name, value);
      about += text;
    }
  };
  if (a.epsilon)
    add("epsilon", {*a.epsilon});
  else
    add("radius-max", {a.settings.radius_max});
  add("mean", a.settings.mean);
  add("std", a.settings.std);
  if (a.settings.lowest) add("lowest", {*a.settings.lowest});
  if (a.settings.highest) add("highest", {*a.settings.highest});
  return about;
}

/// One line for each point, those of the table's file left out.
Json ask_many(const Session& run, const std::vector<Point>& points) {
  const auto begin = std::chrono::steady_clock::now();
  RobustnessTable table(run.arguments.table, about_of(run));
  for (std::size_t k = 0; k < points.size(); ++k) {
    const std::size_t label = asked_of(points[k], [&] { return label_of(run, points[k]); });
    if (table.find(k, points[k].name, digits_of(points[k]), label) != nullptr) continue;
    const double left_s =
        run.arguments.settings.time_limit_s -
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (left_s <= 0.0 || run.callbacks.stopper->stopped()) break;
    const TableRow row = asked_of(points[k], [&] { return row_of(run, points[k], label, left_s); });
    if (run.callbacks.stopper->stopped()) break;  // what was cut short is asked again
    table.add(k, row);
    if (run.prints) {
      std::printf("%s label %zu: %s", row.name.c_str(), label, row.answer.c_str());
      if (!run.arguments.epsilon) std::printf(" %s", radius_below(row.robust).c_str());
      if (row.counterexample >= 0.0)
        std::printf(", counterexample %s", radius_above(row.counterexample).c_str());
      std::printf(" (%.2f s)\n", row.seconds);
      std::fflush(stdout);
    }
  }
  const std::map<std::size_t, TableRow> rows = table.rows_below(points.size());
  Json json = summary_of(run, rows, points.size());
  json["table"] = Json::array();
  for (const auto& [k, row] : rows) {
    json["table"].push_back({{"number", k},
                             {"name", row.name},
                             {"label", row.label},
                             {"predicted", row.predicted},
                             {"answer", row.answer},
                             {"robust", row.robust},
                             {"counterexample", row.counterexample},
                             {"seconds", row.seconds}});
  }
  return json;
}

/// Prints, unless JSON goes to stdout; returns the JSON.
std::string find_robustness(const Arguments& arguments, Sources& sources) {
  if (arguments.network == kStandardStream && arguments.input == kStandardStream)
    throw InputError("only one of network and input can come from stdin");
  const Network network = load_network(arguments.network, say_on_stderr);
  sources.networks = {network.file()};
  if (arguments.label && *arguments.label >= network.output_size()) {
    throw InputError("--label " + std::to_string(*arguments.label) + ": the network has " +
                     std::to_string(network.output_size()) + " outputs");
  }
  std::vector<Point> points = read_points(arguments.input, arguments.labels, network);
  if (arguments.most > 0 && points.size() > arguments.most) points.resize(arguments.most);
  const Interruption interruption;
  Callbacks callbacks;
  callbacks.stopper = interruption.stopper();
  callbacks.log = [](int, const std::string& message) { say_on_stderr(message); };
  const Options options = OptionFields{.threads = arguments.threads, .verbose = arguments.verbose};
  const ThreadAllowance allowance(arguments.threads);
  const Session run{arguments, network, options, callbacks, arguments.json != kStandardStream};
  Json json = header_of(sources);
  const bool is_file =
      arguments.input != kStandardStream && !std::filesystem::is_directory(arguments.input);
  json["input"] = json_of(is_file ? file_info(arguments.input, read_text(arguments.input))
                                  : named(arguments.input));
  json["norm"] = arguments.norm;
  const bool one = points.size() == 1 && arguments.table.empty();
  if (!one && !arguments.counterexample.empty())
    throw InputError("--counterexample is of one input, there are " +
                     std::to_string(points.size()));
  json.update(one ? ask_one(run, points[0]) : ask_many(run, points));
  return text_of(json);
}

int run_robustness(Arguments& arguments) {
  arguments.settings.norm = norm_of(arguments.norm);
  if (arguments.label && !arguments.labels.empty())
    throw InputError("labels are given twice: by --label and by --labels");
  Sources sources{{named(arguments.network)}, {}};
  write_result(arguments.json, sources, [&] { return find_robustness(arguments, sources); });
  pass_on_signal();
  return kDone;
}

void add_question(CLI::App& command, Arguments& a) {
  command
      .add_option("network", a.network, "the network (.onnx or .onnx.gz; -: stdin), a classifier")
      ->required()
      ->type_name("NET");
  command
      .add_option("--input", a.input,
                  "one or many inputs: .png, .jpg, .npy, or numbers separated by commas or blanks "
                  "(-: stdin); or a folder of such files. Bytes are divided by 255")
      ->required()
      ->type_name("FILE");
  command
      .add_option("--label", a.label,
                  "number of the output that is the largest; left out: as the network says")
      ->type_name("K");
  command
      .add_option("--labels", a.labels,
                  "the labels of many inputs, one number each; of a folder: lines NAME,LABEL, "
                  "labels.csv in it by default")
      ->type_name("FILE");
  command
      .add_option("--epsilon", a.epsilon,
                  "is the label the same up to this distance? (left out: up to which distance?)")
      ->check(CLI::NonNegativeNumber)
      ->type_name("E");
  command.add_option("--norm", a.norm, "of the distance: inf, l1 or l2")
      ->capture_default_str()
      ->type_name("NORM");
  command
      .add_option("--mean", a.settings.mean,
                  "the network reads (input - mean) / std: one number, one a channel or one an "
                  "input, separated by commas or blanks")
      ->delimiter(',')
      ->type_name("M ...");
  command.add_option("--std", a.settings.std, "see --mean")->delimiter(',')->type_name("S ...");
  command.add_option("--clip", a.clip, "inputs stay between these two: 0 1 for pixels")
      ->expected(2)
      ->type_name("LOW HIGH");
}

}  // namespace

Run add_robustness(CLI::App& command) {
  const auto arguments = std::make_shared<Arguments>();
  Arguments& a = *arguments;
  add_question(command, a);
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
  command
      .add_option("--step-timeout", a.settings.step_limit_s,
                  "seconds for one radius; of many inputs: for each")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command.add_option("--lowest", a.settings.lowest, "inputs never fall below this");
  command.add_option("--highest", a.settings.highest, "inputs never rise above this");
  command
      .add_option("--table", a.table,
                  "of many inputs: a CSV file that gets a line for each; what it has already is "
                  "not done again")
      ->type_name("FILE");
  command.add_option("--count", a.most, "only the first so many inputs")->type_name("N");
  command
      .add_option("--counterexample", a.counterexample,
                  "write the counterexample: as a picture (.png), else as numbers")
      ->type_name("FILE");
  command.add_option("--threads", a.threads, "worker threads; 0 means all")
      ->check(CLI::Range(0, 1024));
  command.add_option("--verbose", a.verbose, "messages on stderr, 0 to 3")->check(CLI::Range(0, 3));
  command.add_option("--json", a.json, "write what was found as JSON (-: stdout)")
      ->type_name("FILE");
  return [arguments] {
    if (!arguments->clip.empty()) {
      if (!(arguments->clip[0] <= arguments->clip[1]))
        throw InputError("--clip: the lower end lies above the upper one");
      arguments->settings.lowest = arguments->clip[0];
      arguments->settings.highest = arguments->clip[1];
    }
    return run_robustness(*arguments);
  };
}

}  // namespace clipbound::cli
