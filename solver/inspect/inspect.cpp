#include "solver/inspect/inspect.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "base/error.h"
#include "bounds/layered/layered_system.h"
#include "bounds/layered/structured_map.h"
#include "bounds/lowering/lower_network.h"
#include "bounds/lowering/ops/lower_op.h"
#include "solver/inspect/network_cost.h"
#include "specs/evaluate/evaluate.h"
#include "specs/network/op_table.h"
#include "specs/simplify/simplify.h"

namespace clipbound::solver {

namespace {

constexpr double kMostLoweredBytes = 1e9;  // past it, receptive fields are not looked for
// Multiplications of all replays: some seconds without BLAS.
constexpr double kMostReplayWork = 4e9;
constexpr int kMostReplayPoints = 8;
constexpr std::int64_t kSampledNeurons = 8;

TensorSummary summary_of(const Value& value) {
  return {value.name, value.type, value.shape};
}

std::vector<OperatorSummary> summarise_operators(const Network& network) {
  std::map<std::string, OperatorSummary> by_name;
  for (const Node& node : network.nodes) {
    OperatorSummary& entry = by_name[op_row(node.kind).onnx_name];
    entry.name = op_row(node.kind).onnx_name;
    const SupportLevel level =
        has_linear_bounds(node.kind) ? SupportLevel::bounded : SupportLevel::enclosed;
    // Forms of one operator may differ: the least support counts.
    entry.support = entry.nodes == 0 ? level : std::min(entry.support, level);
    ++entry.nodes;
  }
  std::vector<OperatorSummary> result;
  for (auto& [name, entry] : by_name) result.push_back(std::move(entry));
  return result;
}

std::vector<NeuronSummary> summarise_neurons(const Network& network) {
  std::map<std::string, std::int64_t> by_name;
  for (const Node& node : network.nodes) {
    const OpRow& row = op_row(node.kind);
    if (row.op_class != OpClass::activation && row.op_class != OpClass::other) continue;
    by_name[row.onnx_name] += network.value(node.outputs[0]).size();
  }
  std::vector<NeuronSummary> result;
  for (const auto& [name, neurons] : by_name) result.push_back({name, neurons});
  return result;
}

std::int64_t count_parameters(const Network& network) {
  std::int64_t count = 0;
  for (const Value& value : network.values) {
    if (value.constant && (value.type == DataType::float32 || value.type == DataType::float64))
      count += value.size();
  }
  return count;
}

/// How many inputs element `element` of layer `layer` depends on.
std::int64_t inputs_seen(const LayeredSystem& system, std::size_t layer, std::int64_t element) {
  // [layers][elements] those still to be looked at.
  std::vector<std::vector<char>> reached(layer + 1);
  for (std::size_t k = 0; k <= layer; ++k)
    reached[k].assign(static_cast<std::size_t>(system.layers[k].size()), 0);
  std::vector<char> inputs(system.lower.size(), 0);
  reached[layer][static_cast<std::size_t>(element)] = 1;
  for (std::size_t k = layer + 1; k-- > 0;) {
    if (std::find(reached[k].begin(), reached[k].end(), 1) == reached[k].end()) continue;
    for (const auto& [source, coefficients] : system.layers[k].terms) {
      std::vector<char>& to =
          source == kInputSource ? inputs : reached[static_cast<std::size_t>(source)];
      if (const StructuredMap* map = coefficients.structure()) {
        map->mark_read(reached[k], to);
        continue;
      }
      const SparseRows& rows = coefficients.written();
      for (std::size_t v = 0; v < reached[k].size(); ++v) {
        if (reached[k][v] == 0) continue;
        for (const std::int32_t i : rows.indices(static_cast<std::int64_t>(v)))
          to[static_cast<std::size_t>(i)] = 1;
      }
    }
  }
  return std::count(inputs.begin(), inputs.end(), 1);
}

std::vector<LayerSummary> summarise_layers(const Network& network, const LayeredSystem& system) {
  std::vector<LayerSummary> layers;
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    const std::int64_t size = system.layers[k].size();
    LayerSummary layer;
    if (system.layer_values[k] != kNoValue)
      layer.value = network.value(system.layer_values[k]).name;
    layer.neurons = size;
    const std::int64_t sampled = std::min(size, kSampledNeurons);
    for (std::int64_t s = 0; s < sampled; ++s) {
      const std::int64_t seen =
          inputs_seen(system, k, sampled > 1 ? s * (size - 1) / (sampled - 1) : 0);
      layer.least_inputs = s == 0 ? seen : std::min(layer.least_inputs, seen);
      layer.most_inputs = std::max(layer.most_inputs, seen);
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

/// The largest relative difference between summation orders, at points of the unit cube.
template <typename T>
double compare_orders(const std::shared_ptr<const Network>& network, int points) {
  Evaluator<T> evaluator(network);
  std::mt19937_64 random(1);
  std::vector<T> x(static_cast<std::size_t>(network->input_size()));
  std::vector<T> y(static_cast<std::size_t>(network->output_size())), other(y.size());
  double largest = 0.0;
  for (int p = 0; p < points; ++p) {
    for (T& value : x) value = static_cast<T>(static_cast<double>(random() >> 11) * 0x1p-53);
    evaluator.replay(x, SummationOrder::natural, y);
    for (const SummationOrder order : {SummationOrder::reversed, SummationOrder::blocked}) {
      evaluator.replay(x, order, other);
      for (std::size_t i = 0; i < y.size(); ++i) {
        const double a = static_cast<double>(y[i]), b = static_cast<double>(other[i]);
        if (a == b || (std::isnan(a) && std::isnan(b))) continue;
        const double difference = std::fabs(a - b) / std::max(1.0, std::fabs(a));
        largest = std::isnan(difference) ? HUGE_VAL : std::max(largest, difference);
      }
    }
  }
  return largest;
}

/// Lowers the network on [-1, 1]^N, for what the bounds see of it.
void look_at_bounds(const Network& network, Inspection& result) {
  if (result.bounds_bytes > kMostLoweredBytes) {
    result.no_layers_because = "the network is too large to look at its layers just for this";
    return;
  }
  const std::vector<double> upper(static_cast<std::size_t>(network.input_size()), 1.0),
      lower(upper.size(), -1.0);
  try {
    result.layers = summarise_layers(network, lower_network(network, lower, upper));
  } catch (const Unsupported& error) {
    result.no_bounds_because = result.no_layers_because = error.what();
  }
}

}  // namespace

const char* name_of(SupportLevel level) {
  return level == SupportLevel::bounded ? "bounded" : "intervals";
}

Inspection inspect(std::shared_ptr<const Network> network) {
  Inspection result;
  result.source = network->source;
  for (const ValueId id : network->inputs) result.inputs.push_back(summary_of(network->value(id)));
  for (const ValueId id : network->outputs)
    result.outputs.push_back(summary_of(network->value(id)));
  for (const Node& node : network->nodes) {
    result.nodes.push_back(
        {node.name, op_row(node.kind).onnx_name, summary_of(network->value(node.outputs[0]))});
  }
  result.operators = summarise_operators(*network);
  result.parameters = count_parameters(*network);
  const std::shared_ptr<const Network> simplified = simplify(network).network;
  result.neurons = summarise_neurons(*simplified);
  const NetworkCost cost = estimate_cost(*simplified);
  result.multiplications = cost.multiplications;
  result.bounds_bytes = cost.lowered_bytes;
  result.search_bytes = cost.search_bytes;
  look_at_bounds(*simplified, result);
  const double affordable = kMostReplayWork / (3.0 * cost.multiplications);
  result.order_points =
      affordable < kMostReplayPoints ? static_cast<int>(affordable) : kMostReplayPoints;
  if (result.order_points > 0) {
    result.order_difference = network->input_type() == DataType::float64
                                  ? compare_orders<double>(network, result.order_points)
                                  : compare_orders<float>(network, result.order_points);
  }
  return result;
}

}  // namespace clipbound::solver
