// Idea: clipbound bounds: what the outputs (or any layer) of a network may be on the boxes of a
// query.
// Source: own.
// Guarantees: numbers are printed with all their digits.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/input_file.h"
#include "cli/json_output.h"
#include "cli/models.h"
#include "cli/output_file.h"
#include "cli/query_boxes.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {

namespace {

struct Arguments {
  std::string query, layer, method = "crown";
  std::vector<std::string> networks;
  double timeout_s = 1e30;
  bool linear = false;
  std::string json;
};

/// The least box that holds them all: the network is prepared once.
Bounder prepare(const Network& network, const std::vector<QueryBox>& boxes) {
  std::vector<double> lower = boxes[0].lower, upper = boxes[0].upper;
  for (const QueryBox& box : boxes) {
    for (std::size_t i = 0; i < lower.size(); ++i) {
      lower[i] = std::min(lower[i], box.lower[i]);
      upper[i] = std::max(upper[i], box.upper[i]);
    }
  }
  return Bounder(network, lower, upper);
}

void print_plane(const char* relation, const double* a, std::size_t inputs, double b) {
  std::printf("  %s %.17g", relation, b);
  for (std::size_t i = 0; i < inputs; ++i) {
    if (a[i] != 0.0)
      std::printf(" %c %.17g X_%zu", a[i] < 0.0 ? '-' : '+', a[i] < 0.0 ? -a[i] : a[i], i);
  }
  std::puts("");
}

/// 17 digits name a float64 exactly, so what is printed is as true as what was computed.
void print_text(const QueryBox& box, bool several, const Bounds& bounds, const std::string& name) {
  if (several) {
    std::printf("clause");
    for (const std::size_t k : box.clauses) std::printf(" %zu", k + 1);
    std::puts(":");
  }
  const std::size_t inputs = box.lower.size();
  for (std::size_t m = 0; m < bounds.lower.size(); ++m) {
    if (name.empty()) {
      std::printf("Y_%zu in [%.17g, %.17g]\n", m, bounds.lower[m], bounds.upper[m]);
    } else {
      std::printf("%s[%zu] in [%.17g, %.17g]\n", name.c_str(), m, bounds.lower[m], bounds.upper[m]);
    }
    const LinearBounds& linear = bounds.linear;
    if (linear.lower_b.empty()) continue;
    print_plane(">=", linear.lower_A.data() + m * inputs, inputs, linear.lower_b[m]);
    print_plane("<=", linear.upper_A.data() + m * inputs, inputs, linear.upper_b[m]);
  }
}

Json json_of(const QueryBox& box, const Bounds& bounds) {
  Json json;
  json["clauses"] = Json::array();
  for (const std::size_t k : box.clauses) json["clauses"].push_back(k + 1);
  json["box"] = {{"lower", box.lower}, {"upper", box.upper}};
  // Ends that are infinite become null.
  json["lower"] = bounds.lower;
  json["upper"] = bounds.upper;
  if (!bounds.linear.lower_b.empty()) {
    json["linear"] = {{"lower_A", bounds.linear.lower_A},
                      {"lower_b", bounds.linear.lower_b},
                      {"upper_A", bounds.linear.upper_A},
                      {"upper_b", bounds.linear.upper_b}};
  }
  return json;
}

/// Prints, unless JSON goes to stdout; returns the JSON.
std::string find_bounds(const Arguments& arguments, Sources& sources) {
  BoundSettings settings;
  settings.method = bound_method(arguments.method);
  settings.linear = arguments.linear;
  settings.time_limit_s = arguments.timeout_s;
  const Problem problem = load_problem(arguments.query, arguments.networks, say_on_stderr);
  sources = sources_of(problem);
  const Network& whole = problem.network;
  const Query& query = problem.query;
  const Network network = arguments.layer.empty() ? whole : whole.up_to(arguments.layer);
  const std::vector<QueryBox> boxes = boxes_of(query, whole);
  const Bounder bounder = prepare(network, boxes);
  Json found = Json::array();
  for (const QueryBox& box : boxes) {
    const Bounds bounds = bounder.bounds(box.lower, box.upper, settings);
    if (!arguments.json.empty()) found.push_back(json_of(box, bounds));
    if (arguments.json != kStandardStream)
      print_text(box, boxes.size() > 1, bounds, arguments.layer);
  }
  Json json = header_of(sources);
  json["method"] = arguments.method;
  json["layer"] = arguments.layer;
  json["boxes"] = std::move(found);
  return text_of(json);
}

int run_bounds(const Arguments& arguments) {
  Sources sources = sources_of(arguments.query, arguments.networks);
  write_result(arguments.json, sources, [&] { return find_bounds(arguments, sources); });
  return kDone;
}

}  // namespace

Run add_bounds(CLI::App& command) {
  const auto arguments = std::make_shared<Arguments>();
  command
      .add_option("query", arguments->query,
                  "the property whose boxes count (.vnnlib or .vnnlib.gz; -: stdin)")
      ->required()
      ->type_name("QUERY");
  command
      .add_option("--network", arguments->networks,
                  "the network (.onnx or .onnx.gz; -: stdin); for a query about several, once for "
                  "each")
      ->required()
      ->allow_extra_args(false)
      ->type_name("[NAME=]FILE");
  command
      .add_option("--layer", arguments->layer,
                  "bounds of this tensor instead of the outputs: a tensor, a node, or a node's "
                  "position (see inspect)")
      ->type_name("L");
  command.add_option("--method", arguments->method, "ibp, crown or alpha")
      ->type_name("METHOD")
      ->capture_default_str();
  command.add_flag("--linear", arguments->linear, "print linear bounds in the inputs too");
  command.add_option("--json", arguments->json, "write bounds as JSON (-: stdout)")
      ->type_name("FILE");
  command
      .add_option("--timeout", arguments->timeout_s,
                  "seconds per box after which inner layers are refined no further")
      ->type_name("SECONDS")
      ->check(CLI::PositiveNumber);
  return [arguments] { return run_bounds(*arguments); };
}

}  // namespace clipbound::cli
