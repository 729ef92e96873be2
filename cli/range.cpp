// Idea: clipbound range: the least and largest outputs over boxes, to a gap; over a grid of cells;
// and the outline of two outputs.
// Source: own.
// Guarantees: decimals of proved ends are rounded outward, those of attained values inward; JSON
// has all digits.
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/input_file.h"
#include "cli/interruption.h"
#include "cli/json_output.h"
#include "cli/numbers.h"
#include "cli/output_file.h"
#include "cli/query_boxes.h"
#include "cli/radius_text.h"
#include "cli/range_grid.h"
#include "cli/range_outline.h"
#include "clipbound/range.h"

namespace clipbound::cli {

namespace {

struct Arguments {
  std::string network, query, csv, picture, json;
  std::vector<double> lower, upper;
  std::vector<std::string> objectives;
  std::vector<std::size_t> outputs, grid, cells, dims;
  std::size_t directions = 16;
  bool has_directions = false;  ///< --directions was given
  RangeSettings settings;
  int threads = 0, verbose = 0;
};

constexpr std::size_t kMostShownInputs = 16;  // points of more inputs are in the JSON alone

/// One number stands for every input.
std::vector<double> ends_of(const std::vector<double>& given, std::size_t inputs,
                            const char* option) {
  if (given.size() == 1) return std::vector<double>(inputs, given[0]);
  if (given.size() != inputs) {
    throw InputError(std::string(option) + ": the network has " + std::to_string(inputs) +
                     " inputs, got " + std::to_string(given.size()) + " numbers");
  }
  return given;
}

std::vector<QueryBox> asked_boxes(const Arguments& arguments, const Network& network,
                                  Sources& sources) {
  if (arguments.query.empty()) {
    if (arguments.lower.empty() || arguments.upper.empty())
      throw InputError("a box is needed: --lower and --upper, or --query");
    const std::size_t inputs = network.input_size();
    return {{ends_of(arguments.lower, inputs, "--lower"),
             ends_of(arguments.upper, inputs, "--upper"),
             {}}};
  }
  if (!arguments.lower.empty() || !arguments.upper.empty())
    throw InputError("the box is given twice: by --query, and by --lower or --upper");
  if (arguments.network == kStandardStream && arguments.query == kStandardStream)
    throw InputError("only one of network and query can come from stdin");
  const Query query = load_query(arguments.query, say_on_stderr);
  sources.property = query.file();
  return boxes_of(query, network);
}

/// Coefficients of the objectives, row by row: those given, else of the outputs given, else of all.
std::vector<double> objectives_of(const Arguments& arguments, std::size_t outputs) {
  std::vector<double> objectives;
  for (const std::string& text : arguments.objectives) {
    const std::vector<double> row = numbers_of(text, "--objective");
    if (row.size() != outputs) {
      throw InputError("--objective " + text + ": the network has " + std::to_string(outputs) +
                       " outputs, got " + std::to_string(row.size()) + " numbers");
    }
    objectives.insert(objectives.end(), row.begin(), row.end());
  }
  std::vector<std::size_t> chosen = arguments.outputs;
  for (std::size_t j = 0; chosen.empty() && objectives.empty() && j < outputs; ++j) {
    for (std::size_t k = 0; k < outputs; ++k) objectives.push_back(k == j ? 1.0 : 0.0);
    if (j + 1 == outputs) return objectives;
  }
  for (const std::size_t output : chosen) {
    if (output >= outputs) {
      throw InputError("--output " + std::to_string(output) + ": the network has " +
                       std::to_string(outputs) + " outputs");
    }
    for (std::size_t k = 0; k < outputs; ++k) objectives.push_back(k == output ? 1.0 : 0.0);
  }
  return objectives;
}

/// "Y_0", "2 Y_0 - Y_3".
std::string name_of(std::span<const double> objective) {
  std::string name;
  for (std::size_t j = 0; j < objective.size(); ++j) {
    const double c = objective[j];
    if (c == 0.0) continue;
    name += name.empty() ? (c < 0.0 ? "-" : "") : (c < 0.0 ? " - " : " + ");
    char factor[40];
    std::snprintf(factor, sizeof factor, "%.9g ", std::fabs(c));
    name += (std::fabs(c) == 1.0 ? "" : factor) + ("Y_" + std::to_string(j));
  }
  return name;
}

void print_end(const char* side, const RangeEnd& end, bool is_lower) {
  if (end.point.empty()) return;
  const std::string attained = is_lower ? decimal_above(end.attained) : decimal_below(end.attained);
  std::printf("  %s: %s %s is attained", side, is_lower ? "at most" : "at least", attained.c_str());
  if (end.point.size() <= kMostShownInputs) {
    std::printf(" at");
    for (const double x : end.point) std::printf(" %.17g", x);
  }
  std::puts(end.done ? "" : " (the gap was not reached)");
}

void print_text(const QueryBox& box, bool several, const Ranges& found,
                std::span<const double> objectives) {
  if (several) {
    std::printf("clause");
    for (const std::size_t k : box.clauses) std::printf(" %zu", k + 1);
    std::puts(":");
  }
  const std::size_t outputs = objectives.size() / found.ranges.size();
  for (std::size_t r = 0; r < found.ranges.size(); ++r) {
    const Range& range = found.ranges[r];
    std::printf("%s in [%s, %s]\n", name_of(objectives.subspan(r * outputs, outputs)).c_str(),
                decimal_below(range.lower.bound).c_str(), decimal_above(range.upper.bound).c_str());
    print_end("least", range.lower, true);
    print_end("largest", range.upper, false);
  }
  std::fprintf(stderr, "clipbound: %s after %d queries\n", found.reason.c_str(), found.queries);
}

Json json_of(const RangeEnd& end) {
  return {
      {"bound", end.bound}, {"attained", end.attained}, {"point", end.point}, {"done", end.done}};
}

Json json_of(const QueryBox& box, const Ranges& found, std::span<const double> objectives) {
  Json json;
  json["clauses"] = Json::array();
  for (const std::size_t k : box.clauses) json["clauses"].push_back(k + 1);
  json["box"] = {{"lower", box.lower}, {"upper", box.upper}};
  json["ranges"] = Json::array();
  const std::size_t outputs = objectives.size() / found.ranges.size();
  for (std::size_t r = 0; r < found.ranges.size(); ++r) {
    const auto objective = objectives.subspan(r * outputs, outputs);
    json["ranges"].push_back(
        {{"objective", std::vector<double>(objective.begin(), objective.end())},
         {"lower", json_of(found.ranges[r].lower)},
         {"upper", json_of(found.ranges[r].upper)}});
  }
  json["queries"] = found.queries;
  json["reason"] = found.reason;
  return json;
}

Json find_outline(const Arguments& arguments, const Network& network, const QueryBox& box,
                  const Options& options, const Callbacks& callbacks) {
  const Outline outline =
      outline_of(network, box.lower, box.upper, arguments.dims[0], arguments.dims[1],
                 arguments.directions, arguments.settings, options, callbacks);
  if (arguments.json != kStandardStream) print_outline(outline);
  if (!arguments.csv.empty()) write_output(arguments.csv, outline_csv(outline));
  if (!arguments.picture.empty()) {
    write_output(arguments.picture, outline_picture(outline, network, box.lower, box.upper,
                                                    arguments.dims[0], arguments.dims[1]));
  }
  Json directions = Json::array();
  for (const Outline::Direction& d : outline.directions)
    directions.push_back({{"coefficients", {d.cos, d.sin}}, {"end", json_of(d.end)}});
  return {{"outputs", arguments.dims},
          {"corners", outline.corners},
          {"directions", directions},
          {"queries", outline.queries},
          {"reason", outline.reason}};
}

Json find_grid(const Arguments& arguments, const Network& network, const QueryBox& box,
               std::span<const double> objectives, const Callbacks& callbacks) {
  const GridRequest request{.inputs = arguments.grid,
                            .cells = arguments.cells,
                            .settings = arguments.settings,
                            .threads = arguments.threads};
  const Grid grid = range_grid(network, box.lower, box.upper, objectives, request, callbacks);
  const std::string csv = grid_csv(grid, network.output_size(), objectives);
  if (!arguments.csv.empty()) write_output(arguments.csv, csv);
  if (arguments.csv.empty() && arguments.json != kStandardStream)
    std::fwrite(csv.data(), 1, csv.size(), stdout);
  const std::string first = name_of(objectives.first(network.output_size()));
  if (!arguments.picture.empty()) write_output(arguments.picture, grid_picture(grid, first));
  Json cells = Json::array();
  for (const GridCell& cell : grid.cells) {
    Json ranges = Json::array();
    for (const Range& range : cell.ranges)
      ranges.push_back({{"lower", json_of(range.lower)}, {"upper", json_of(range.upper)}});
    cells.push_back({{"lower", cell.lower}, {"upper", cell.upper}, {"ranges", ranges}});
  }
  return {{"inputs", arguments.grid}, {"cells", cells}, {"reason", grid.reason}};
}

/// Prints, unless JSON goes to stdout; returns the JSON.
std::string find_ranges(const Arguments& arguments, Sources& sources) {
  const Network network = load_network(arguments.network, say_on_stderr);
  sources.networks = {network.file()};
  const std::vector<QueryBox> boxes = asked_boxes(arguments, network, sources);
  const std::vector<double> objectives = objectives_of(arguments, network.output_size());
  const Interruption interruption;
  Callbacks callbacks;
  callbacks.stopper = interruption.stopper();
  callbacks.log = [](int, const std::string& message) { say_on_stderr(message); };
  const Options options = OptionFields{.threads = arguments.threads, .verbose = arguments.verbose};
  const ThreadAllowance allowance(arguments.threads);
  if ((!arguments.grid.empty() || !arguments.dims.empty()) && boxes.size() > 1)
    throw InputError("a grid or an outline is of one box, the query has " +
                     std::to_string(boxes.size()));
  Json json = header_of(sources);
  if (!arguments.dims.empty()) {
    json["outline"] = find_outline(arguments, network, boxes[0], options, callbacks);
  } else if (!arguments.grid.empty()) {
    json["grid"] = find_grid(arguments, network, boxes[0], objectives, callbacks);
  } else {
    json["boxes"] = Json::array();
    for (const QueryBox& box : boxes) {
      const Ranges found = range_of(network, box.lower, box.upper, objectives, arguments.settings,
                                    options, callbacks);
      if (arguments.json != kStandardStream) print_text(box, boxes.size() > 1, found, objectives);
      json["boxes"].push_back(json_of(box, found, objectives));
    }
  }
  return text_of(json);
}

/// Throws InputError where an option would have no effect beside the others.
void check_options(const Arguments& a) {
  const bool grid = !a.grid.empty(), outline = !a.dims.empty();
  if (!grid && !outline && !(a.csv.empty() && a.picture.empty()))
    throw InputError("--csv and --picture show a grid or an outline: --grid or --dims is needed");
  if (grid && outline) throw InputError("--dims is an outline, --grid a grid: one of both");
  if (!grid && !a.cells.empty()) throw InputError("--cells is of a grid: --grid is needed");
  if (a.cells.size() > a.grid.size()) {
    throw InputError("--cells has " + std::to_string(a.cells.size()) + " numbers, --grid " +
                     std::to_string(a.grid.size()) + " input");
  }
  if (!outline && a.has_directions)
    throw InputError("--directions is of an outline: --dims is needed");
  if (outline && !a.objectives.empty())
    throw InputError("--objective has no effect on an outline: it is of the outputs of --dims");
  if (outline && !a.outputs.empty())
    throw InputError("--output has no effect on an outline: it is of the outputs of --dims");
}

int run_range(const Arguments& arguments) {
  check_options(arguments);
  Sources sources{{named(arguments.network)}, {}};
  if (!arguments.query.empty()) sources.property = named(arguments.query);
  write_result(arguments.json, sources, [&] { return find_ranges(arguments, sources); });
  pass_on_signal();
  return kDone;
}

void add_box(CLI::App& command, Arguments& a) {
  command.add_option("network", a.network, "the network (.onnx or .onnx.gz; -: stdin)")
      ->required()
      ->type_name("NET");
  command
      .add_option("--lower", a.lower,
                  "lower ends of the inputs, separated by commas or blanks; one for all of them")
      ->delimiter(',')
      ->type_name("X ...");
  command.add_option("--upper", a.upper, "upper ends, likewise")
      ->delimiter(',')
      ->type_name("X ...");
  command
      .add_option("--query", a.query,
                  "instead: the boxes of this property (.vnnlib or .vnnlib.gz; -: stdin)")
      ->type_name("QUERY");
  command
      .add_option("--objective", a.objectives,
                  "coefficients of all outputs, separated by commas: the range of their sum; may "
                  "be given several times")
      ->allow_extra_args(false)
      ->type_name("C,C,...");
  command.add_option("--output", a.outputs, "ranges of these outputs alone")->type_name("J ...");
}

void add_pictures(CLI::App& command, Arguments& a) {
  command
      .add_option("--grid", a.grid,
                  "ranges on each cell of a grid over this input, or over these two")
      ->expected(1, 2)
      ->type_name("I [I]");
  command.add_option("--cells", a.cells, "cells along each of them (32)")
      ->expected(1, 2)
      ->type_name("N [N]");
  command.add_option("--dims", a.dims, "a proved outline of these two outputs, a convex polygon")
      ->expected(2)
      ->type_name("J J");
  command.add_option("--directions", a.directions, "of the outline")
      ->capture_default_str()
      ->each([&a](const std::string&) { a.has_directions = true; })
      ->check(CLI::Range(4, 360))
      ->type_name("N");
  command.add_option("--csv", a.csv, "write the grid or the outline as CSV (-: stdout)")
      ->type_name("FILE");
  command.add_option("--picture", a.picture, "draw the grid or the outline (SVG)")
      ->type_name("FILE");
}

}  // namespace

Run add_range(CLI::App& command) {
  const auto arguments = std::make_shared<Arguments>();
  Arguments& a = *arguments;
  add_box(command, a);
  command
      .add_option("--gap", a.settings.gap,
                  "an end is done when bound and attained value differ by this share of the "
                  "interval")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command.add_option("--gap-absolute", a.settings.gap_absolute, "or by this, where it is larger")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command.add_option("--timeout", a.settings.time_limit_s, "seconds for each box")
      ->check(CLI::PositiveNumber);
  add_pictures(command, a);
  command.add_option("--threads", a.threads, "worker threads; 0 means all")
      ->check(CLI::Range(0, 1024));
  command.add_option("--verbose", a.verbose, "messages on stderr, 0 to 3")->check(CLI::Range(0, 3));
  command.add_option("--json", a.json, "write what was found as JSON (-: stdout)")
      ->type_name("FILE");
  return [arguments] { return run_range(*arguments); };
}

}  // namespace clipbound::cli
