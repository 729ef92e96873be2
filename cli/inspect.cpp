// Idea: clipbound inspect: what a network is, and what Clipbound can do with it.
// Source: own.
// Guarantees: prints what solver/inspect found, nothing of its own.
#include <CLI/CLI.hpp>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/input_file.h"
#include "cli/json_output.h"
#include "cli/models.h"
#include "cli/output_file.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {

namespace {

std::string shape_text(const TensorInfo& tensor) {
  std::string text = tensor.type + " [";
  for (std::size_t i = 0; i < tensor.shape.size(); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(tensor.shape[i]);
  return text + "]";
}

/// "12.3 MB".
std::string size_text(double bytes) {
  const char* const units[] = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; bytes >= 1000.0 && unit < 4; ++unit) bytes /= 1000.0;
  char text[40];
  std::snprintf(text, sizeof text, "%.3g %s", bytes, units[unit]);
  return text;
}

void print_tensors(const char* what, const std::vector<TensorInfo>& tensors) {
  for (const TensorInfo& tensor : tensors) {
    std::printf("%-15s %s: %s\n", what, tensor.name.c_str(), shape_text(tensor).c_str());
  }
}

void print_layers(const Inspection& found) {
  if (found.layers.empty()) return;
  std::puts("layers of neurons, and how many inputs one depends on:");
  for (std::size_t k = 0; k < found.layers.size(); ++k) {
    const LayerInfo& layer = found.layers[k];
    std::printf("  %-4zu %-30s %8" PRId64 " neurons, %" PRId64, k,
                layer.tensor.empty() ? "(inside an operator)" : layer.tensor.c_str(), layer.neurons,
                layer.least_inputs);
    if (layer.most_inputs != layer.least_inputs) std::printf(" to %" PRId64, layer.most_inputs);
    std::puts(layer.most_inputs == 1 ? " input" : " inputs");
  }
}

void print_text(const Inspection& found, bool nodes) {
  std::printf("%-15s %s\n", "network", found.source.c_str());
  print_tensors("input", found.inputs);
  print_tensors("output", found.outputs);
  std::printf("%-15s %" PRId64 "\n", "parameters", found.parameters);
  std::printf("%-15s %.3g per evaluation\n", "multiplications", found.multiplications);
  std::puts("operators:");
  for (const OperatorInfo& op : found.operators) {
    std::printf("  %-20s %5" PRId64 "  %s\n", op.name.c_str(), op.nodes,
                op.bounded ? "bounded" : "bounded by intervals alone");
  }
  for (const NeuronInfo& neuron : found.neurons) {
    std::printf("%-15s %" PRId64 " %s\n", "neurons", neuron.neurons, neuron.op.c_str());
  }
  print_layers(found);
  std::printf("%-15s %s\n", "bounds",
              found.no_bounds_because.empty() ? "yes" : ("no: " + found.no_bounds_because).c_str());
  if (found.no_bounds_because.empty() && !found.no_layers_because.empty()) {
    std::printf("%-15s %s\n", "layers", found.no_layers_because.c_str());
  }
  std::printf("%-15s about %s for bounds, and %s per thread for the search\n", "memory",
              size_text(found.bounds_bytes).c_str(), size_text(found.search_bytes).c_str());
  if (found.order_points > 0) {
    std::printf("%-15s %.3g relative, the largest at %d points of the unit cube\n",
                "summation order", found.order_difference, found.order_points);
  } else {
    std::printf("%-15s not compared: evaluating would take too long\n", "summation order");
  }
  for (const std::string& note : found.notes) std::printf("%-15s %s\n", "note", note.c_str());
  if (!nodes) return;
  std::puts("nodes:");
  for (std::size_t k = 0; k < found.nodes.size(); ++k) {
    const NodeInfo& node = found.nodes[k];
    std::printf("  %-4zu %-18s %s -> %s %s\n", k, node.op.c_str(), node.name.c_str(),
                node.output.name.c_str(), shape_text(node.output).c_str());
  }
}

}  // namespace

Run add_inspect(CLI::App& command) {
  struct Arguments {
    std::string network, query;
    std::vector<std::string> networks;
    std::string json;
    bool nodes = false;
  };
  const auto arguments = std::make_shared<Arguments>();
  auto* what = command.add_option_group("what", "what is inspected");
  what->require_option(1);
  what->add_option("net", arguments->network, "the network (.onnx or .onnx.gz; -: stdin)")
      ->type_name("NET");
  auto* query =
      what->add_option("--query", arguments->query, "all networks of this VNN-LIB 2 query, as one")
          ->type_name("QUERY");
  auto* networks = command
                       .add_option("--network", arguments->networks,
                                   "with --query: the networks that it declares")
                       ->allow_extra_args(false)
                       ->type_name("[NAME=]FILE");
  query->needs(networks);
  networks->needs(query);
  command.add_option("--json", arguments->json, "write all of it as JSON (-: stdout)")
      ->type_name("FILE");
  command.add_flag("--nodes", arguments->nodes,
                   "list all nodes with their positions, for `bounds --layer`");
  return [arguments] {
    const bool joint = !arguments->query.empty();
    Sources sources = joint ? sources_of(arguments->query, arguments->networks)
                            : Sources{{named(arguments->network)}, {}};
    write_result(arguments->json, sources, [&] {
      const auto load = [&] {
        const Problem problem = load_problem(arguments->query, arguments->networks, say_on_stderr);
        sources = sources_of(problem);
        return problem.network;
      };
      const Network network = joint ? load() : load_network(arguments->network, say_on_stderr);
      if (!joint) sources.networks = {network.file()};
      const Inspection found = inspect(network);
      if (arguments->json != kStandardStream) print_text(found, arguments->nodes);
      return to_json(found);
    });
    return static_cast<int>(kDone);
  };
}

}  // namespace clipbound::cli
