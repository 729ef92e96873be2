// Affine operators of one variable input, found out by probing: BatchNormalization, pools, sums, means, Neg, Pad.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rounding.h"
#include "bounds/ops/lower_op.h"
#include "specs/op_table.h"
#include "specs/operation.h"

namespace clipbound {

namespace {
constexpr double kMostProbes = 4e9;  // output elements times input elements
// Each coefficient is made from the constants by at most a handful of operations, none of which cancels.
constexpr double kCoefficientError = 32.0 * kUnitRoundoff;

/// The node's constant inputs as float64 and as enclosures.
struct Constants {
  std::vector<std::vector<double>> values;
  std::vector<std::vector<Enclosed>> enclosed;
};

}  // namespace

std::vector<AffineForm> lower_by_probing(const LowerContext& context, const Node& node) {
  const Network& network = context.network;
  for (std::size_t k = 1; k < node.inputs.size(); ++k) {
    if (node.inputs[k] != kNoValue && !network.is_constant(node.inputs[k])) {
      throw Unsupported(network.source + ": " + describe(node) + ": bounds need its parameters to be constants");
    }
  }
  const auto n = static_cast<std::size_t>(network.value(node.inputs[0]).size()), m = static_cast<std::size_t>(network.value(node.outputs[0]).size());
  // Element by element: one vector of ones tells all coefficients.
  const bool diagonal = node.kind == OpKind::neg || node.kind == OpKind::batch_normalization;
  // Pools treat every channel of every image alike: those of the first one are probed, the others shifted copies.
  const Shape& x_shape = network.value(node.inputs[0]).shape;
  const bool pool = node.kind == OpKind::average_pool || node.kind == OpKind::global_average_pool;
  const std::size_t copies = pool ? static_cast<std::size_t>(x_shape[0] * x_shape[1]) : 1;
  const std::size_t probes = m / copies, reach = n / copies;
  if (!diagonal && static_cast<double>(n) * static_cast<double>(probes) > kMostProbes) {
    throw Unsupported(network.source + ": " + describe(node) + ": too large to be bounded yet");
  }
  const auto operation = op_row(node.kind).verbs.prepare(network, node);
  Constants constants;
  constants.values.resize(node.inputs.size());
  constants.enclosed.resize(node.inputs.size());
  std::vector<const double*> inputs(node.inputs.size(), nullptr);
  std::vector<const Enclosed*> enclosed_inputs(node.inputs.size(), nullptr);
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    if (k > 0 && (node.inputs[k] == kNoValue || !network.is_constant(node.inputs[k]))) continue;
    constants.values[k] = k == 0 ? std::vector<double>(n, 0.0) : constant_of(context, node, node.inputs[k]);
    for (const double x : constants.values[k]) constants.enclosed[k].push_back(Enclosed(x));
    inputs[k] = constants.values[k].data();
    enclosed_inputs[k] = constants.enclosed[k].data();
  }
  // The offset is the value at 0, with its own proven error.
  std::vector<Enclosed> offset(m);
  Enclosed* offset_data = offset.data();
  Arguments<Enclosed> at_zero;
  at_zero.inputs = enclosed_inputs;
  at_zero.outputs = {&offset_data, 1};
  operation->eval(at_zero);
  // Row i of the matrix is the gradient of output i.
  std::vector<double> cotangent(m, 0.0), gradient(n, 0.0), output(m, 0.0);
  double* output_data = output.data();
  const double* cotangent_data = cotangent.data();
  std::vector<double*> gradients(node.inputs.size(), nullptr);
  gradients[0] = gradient.data();
  Arguments<double> arguments;
  arguments.inputs = inputs;
  arguments.outputs = {&output_data, 1};
  Gradients<double> pull;
  pull.outputs = {&cotangent_data, 1};
  pull.inputs = gradients;
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  if (diagonal) {
    std::fill(cotangent.begin(), cotangent.end(), 1.0);
    operation->vjp(arguments, pull);
    for (std::size_t i = 0; i < m; ++i) {
      terms.push_back({0, static_cast<std::int64_t>(i), gradient[i]});
      begin.push_back(static_cast<std::int64_t>(terms.size()));
    }
  }
  for (std::size_t i = 0; !diagonal && i < probes; ++i) {
    cotangent[i] = 1.0;
    operation->vjp(arguments, pull);
    cotangent[i] = 0.0;
    for (std::size_t j = 0; j < reach; ++j) {
      if (gradient[j] == 0.0) continue;
      terms.push_back({0, static_cast<std::int64_t>(j), gradient[j]});
      gradient[j] = 0.0;
    }
    begin.push_back(static_cast<std::int64_t>(terms.size()));
  }
  const std::size_t first_copy = terms.size();
  for (std::size_t copy = 1; copy < copies; ++copy) {
    for (std::size_t i = 0, k = 0; i < probes; ++i) {
      for (; static_cast<std::int64_t>(k) < begin[i + 1]; ++k) {
        terms.push_back({0, terms[k].element + static_cast<std::int64_t>(copy * reach), terms[k].weight});
      }
      begin.push_back(static_cast<std::int64_t>(copy * first_copy + k));
    }
  }
  AffineForm scratch;
  const auto reads = static_cast<std::int64_t>(terms.size() / std::max<std::size_t>(1, m));
  AffineForm result = linear_map({&form_to_compose(context, node.inputs[0], static_cast<std::int64_t>(m), reads, scratch)}, begin, terms, std::vector<double>(m, 0.0), context.magnitudes);
  charge_weights(context, result, kCoefficientError);
  for (std::size_t i = 0; i < m; ++i) {
    const double sum = result.constant[i] + offset[i].value;
    result.radius[i] = add_up(add_up(result.radius[i], offset[i].error), kUnitRoundoff * std::fabs(sum) + 0x1p-1000);
    result.constant[i] = sum;
  }
  return {std::move(result)};
}

}  // namespace clipbound
