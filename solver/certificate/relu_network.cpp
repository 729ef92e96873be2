// Idea: the lowering of bounds/, on the network as it was read, without structure: its layers are
// the ReLU nodes.
// Source: own.
// Guarantees: see the header.
#include "solver/certificate/relu_network.h"

#include <algorithm>
#include <limits>
#include <map>

#include "base/error.h"
#include "bounds/lowering/lower_network.h"
#include "specs/network/op_table.h"

namespace clipbound::solver {

namespace {

// Dense maps of so many coefficients are the most that is tried.
constexpr std::int64_t kMostCoefficients = 50000000;

DenseForm dense(const bounds::AffineForm& form) {
  DenseForm result;
  result.constant = Eigen::Map<const Eigen::VectorXd>(form.constant.data(), form.size());
  for (const auto& [source, map] : form.terms) {
    if (map.rows() > kMostCoefficients / std::max<std::int64_t>(1, map.cols()))
      throw Unsupported("certificates: the network is too large for them yet");
    DenseRows rows = DenseRows::Zero(map.rows(), map.cols());
    for (std::int64_t r = 0; r < map.rows(); ++r) {
      const auto indices = map.indices(r);
      const auto values = map.values(r);
      for (std::size_t k = 0; k < indices.size(); ++k) rows(r, indices[k]) += values[k];
    }
    result.terms.push_back({source, std::move(rows)});
  }
  return result;
}

bool is_covered(const specs::Network& network, const specs::Node& node) {
  using specs::OpKind;
  switch (node.kind) {
    case OpKind::gemm:
    case OpKind::matmul:
    case OpKind::add:
    case OpKind::sub:
    case OpKind::relu:
    case OpKind::flatten:
    case OpKind::reshape:
    case OpKind::identity:
    case OpKind::dropout:
    case OpKind::constant:
    case OpKind::concat:
    case OpKind::slice:
    case OpKind::transpose:
    case OpKind::gather:
    case OpKind::squeeze:
    case OpKind::unsqueeze:
    case OpKind::split:
    case OpKind::conv:
    case OpKind::conv_transpose:
    case OpKind::batch_normalization:
    case OpKind::average_pool: return true;
    case OpKind::mul:
      return network.is_constant(node.inputs[0]) || network.is_constant(node.inputs[1]);
    case OpKind::div: return network.is_constant(node.inputs[1]);
    default: return false;
  }
}

}  // namespace

void check_certifiable(const specs::Network& network, const specs::Query& query) {
  for (const specs::Node& node : network.nodes)
    if (!is_covered(network, node) || !node.composite.empty())
      throw Unsupported("certificates do not cover node '" + node.name + "' (" +
                        operator_name(node) + ") yet");
  if (network.input_type() != specs::DataType::float32 || network.computes_in_float64())
    throw Unsupported("certificates cover float32 networks alone");
  if (network.inputs.size() != 1 || network.outputs.size() != 1)
    throw Unsupported("certificates cover networks with one input and one output alone");
  if (query.calculation || query.unread) throw Unsupported("certificates cover VNN-LIB 1.0 alone");
  for (const specs::Clause& clause : query.clauses)
    if (clause.rows.empty()) throw Unsupported("certificates do not cover clauses without rows");
}

FileLayers lower_as_in_file(const specs::Network& network, std::span<const double> lower,
                            std::span<const double> upper) {
  FileLayers result;
  std::map<specs::ValueId, std::size_t> numbers;  // layers of the file, by both of their values
  for (const specs::Node& node : network.nodes) {
    if (node.kind != specs::OpKind::relu) continue;
    numbers[node.inputs[0]] = result.sizes.size();
    numbers[node.outputs[0]] = result.sizes.size();
    result.sizes.push_back(static_cast<std::size_t>(network.value(node.outputs[0]).size()));
  }
  bounds::LoweringOptions options;
  options.narrow_inputs = bounds::NarrowInputs::variables;
  options.structured_from = std::numeric_limits<std::int64_t>::max();
  auto system = std::make_shared<const bounds::LayeredSystem>(
      bounds::lower_network(network, lower, upper, bounds::ProductForm::squares, options));
  if (system->has_interval_only())
    throw Unsupported("certificates: " + bounds::describe_interval_only(*system));
  for (std::size_t k = 0; k < system->layers.size(); ++k) {
    const auto found = numbers.find(system->layer_values[k]);
    if (system->activations[k].curve != bounds::Curve::relu || found == numbers.end())
      throw Unsupported("certificates cover layers of ReLUs alone");
    result.numbers.push_back(found->second);
  }
  result.system = std::move(system);
  return result;
}

ReluNetwork relu_network(const FileLayers& layers) {
  ReluNetwork result;
  result.sizes = layers.sizes;
  for (std::size_t k = 0; k < layers.numbers.size(); ++k)
    result.layers.push_back({layers.numbers[k], dense(layers.system->layers[k])});
  result.outputs = dense(layers.system->outputs);
  return result;
}

}  // namespace clipbound::solver
