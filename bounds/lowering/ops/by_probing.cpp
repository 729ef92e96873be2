// Idea: the coefficients of an operator that is affine in one input and whose coefficients involve
// no cancellation are found by probing: pulling unit vectors back through its concrete meaning.
// BatchNormalization, average pools, sums, means, Neg.
// Source: own.
// Guarantees: the coefficients' errors and the roundings are in the radii (S1).
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/rounding.h"
#include "bounds/layered/structured_map.h"
#include "bounds/layered/weighted_sum.h"
#include "bounds/lowering/ops/lower_op.h"
#include "specs/network/op_table.h"
#include "specs/network/operation.h"

namespace clipbound::bounds {

namespace {
constexpr double kMostProbes = 4e9;  // output elements times input elements
// Each coefficient is made from the constants by at most a handful of operations, none of which
// cancels. All coefficients of one output are the same number (or exact), so that operands which
// cancel each other take the error with them: it may be charged on what is left.
constexpr double kCoefficientError = 32.0 * kUnitRoundoff;
// The same where a kernel's weights were multiplied with them, once more rounded.
constexpr double kScaledError = 34.0 * kUnitRoundoff;

/// The node as a function of its first input, n elements, with numbers for the others: m elements.
class ProbedNode {
 public:
  ProbedNode(LowerContext& context, const Node& node)
      : operation_(op_row(node.kind).verbs.prepare(context.network(), node)),
        n_(static_cast<std::size_t>(context.network().value(node.inputs[0]).size())),
        m_(static_cast<std::size_t>(context.network().value(node.outputs[0]).size())) {
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      const bool given = k == 0 || node.inputs[k] != kNoValue;
      values_.push_back(k == 0  ? std::vector<double>(n_, 0.0)
                        : given ? constant_of(context, node, node.inputs[k])
                                : std::vector<double>());
      inputs_.push_back(given ? values_.back().data() : nullptr);
      gradients_.push_back(nullptr);
    }
    output_.resize(m_);
  }
  std::size_t n() const { return n_; }
  std::size_t m() const { return m_; }

  /// The value at 0, with its own proven error. [m]
  std::vector<Enclosed> offset() const {
    std::vector<std::vector<Enclosed>> values;
    std::vector<const Enclosed*> inputs;
    for (std::size_t k = 0; k < values_.size(); ++k) {
      const std::vector<Enclosed>& exact =
          values.emplace_back(values_[k].begin(), values_[k].end());
      inputs.push_back(inputs_[k] == nullptr ? nullptr : exact.data());
    }
    std::vector<Enclosed> result(m_);
    Enclosed* data = result.data();
    Arguments<Enclosed> at_zero;
    at_zero.inputs = inputs;
    at_zero.outputs = {&data, 1};
    operation_->eval(at_zero);
    return result;
  }

  /// Adds the cotangent's [m] coefficients to gradient [n].
  void pull(const std::vector<double>& cotangent, std::vector<double>& gradient) {
    double* output = output_.data();
    const double* from = cotangent.data();
    gradients_[0] = gradient.data();
    Arguments<double> arguments;
    arguments.inputs = inputs_;
    arguments.outputs = {&output, 1};
    Gradients<double> gradients;
    gradients.outputs = {&from, 1};
    gradients.inputs = gradients_;
    operation_->vjp(arguments, gradients);
  }

 private:
  std::unique_ptr<const Operation> operation_;
  std::size_t n_, m_;
  std::vector<std::vector<double>> values_;
  std::vector<const double*> inputs_;
  std::vector<double*> gradients_;
  std::vector<double> output_;
};

/// Coefficients, output by output.
struct ProbedRows {
  std::vector<std::int64_t> begin{0};  ///< [outputs + 1]
  std::vector<WeightedTerm> terms;

  void add(std::size_t element, double weight) {
    terms.push_back({0, static_cast<std::int64_t>(element), weight});
  }
  void end_row() { begin.push_back(static_cast<std::int64_t>(terms.size())); }
};

/// Element by element: one vector of ones tells all coefficients.
ProbedRows probe_diagonal(ProbedNode& node) {
  std::vector<double> gradient(node.n(), 0.0);
  node.pull(std::vector<double>(node.m(), 1.0), gradient);
  ProbedRows rows;
  for (std::size_t i = 0; i < node.m(); ++i) {
    rows.add(i, gradient[i]);
    rows.end_row();
  }
  return rows;
}

/// The rows of the first `outputs` outputs, which depend on the first `inputs` inputs only: each is
/// the gradient of its output.
ProbedRows probe_rows(ProbedNode& node, std::size_t outputs, std::size_t inputs) {
  std::vector<double> cotangent(node.m(), 0.0), gradient(node.n(), 0.0);
  ProbedRows rows;
  for (std::size_t i = 0; i < outputs; ++i) {
    cotangent[i] = 1.0;
    node.pull(cotangent, gradient);
    cotangent[i] = 0.0;
    for (std::size_t j = 0; j < inputs; ++j) {
      if (gradient[j] != 0.0) rows.add(j, gradient[j]);
      gradient[j] = 0.0;
    }
    rows.end_row();
  }
  return rows;
}

/// Appends `copies` - 1 copies of all rows, each on the next `inputs` inputs.
void repeat(ProbedRows& rows, std::size_t copies, std::size_t inputs) {
  const std::size_t outputs = rows.begin.size() - 1;
  for (std::size_t copy = 1; copy < copies; ++copy) {
    for (std::size_t i = 0, k = 0; i < outputs; ++i) {
      for (; static_cast<std::int64_t>(k) < rows.begin[i + 1]; ++k) {
        rows.add(static_cast<std::size_t>(rows.terms[k].element) + copy * inputs,
                 rows.terms[k].weight);
      }
      rows.end_row();
    }
  }
}

void expect_constant_parameters(const Network& network, const Node& node) {
  for (std::size_t k = 1; k < node.inputs.size(); ++k) {
    if (node.inputs[k] != kNoValue && !network.is_constant(node.inputs[k])) {
      throw Unsupported("bounds need its parameters to be constants");
    }
  }
}

ProbedRows probe(LowerContext& context, const Node& node, ProbedNode& probed) {
  if (node.kind == OpKind::neg || node.kind == OpKind::batch_normalization)
    return probe_diagonal(probed);
  // Pools treat every channel of every image alike: those of the first one are probed, the others
  // shifted copies.
  const Shape& shape = context.network().value(node.inputs[0]).shape;
  const bool pool = node.kind == OpKind::average_pool || node.kind == OpKind::global_average_pool;
  const std::size_t copies = pool ? static_cast<std::size_t>(shape[0] * shape[1]) : 1;
  if (static_cast<double>(probed.n()) * static_cast<double>(probed.m() / copies) > kMostProbes) {
    throw Unsupported("it is too large to be probed");
  }
  ProbedRows rows = probe_rows(probed, probed.m() / copies, probed.n() / copies);
  repeat(rows, copies, probed.n() / copies);
  return rows;
}

/// BatchNormalization of structured maps: their channels are scaled. nullopt where a map's channels
/// are not those of the node, or have coefficients of their own in each element.
std::optional<AffineForm> scale_channels(LowerContext& context, const AffineForm& x,
                                         const ProbedRows& rows) {
  AffineForm rest{{}, x.constant, x.radius};
  std::map<int, std::shared_ptr<const StructuredMap>> maps;
  for (const auto& [source, coefficients] : x.terms) {
    const StructuredMap* map = coefficients.structure();
    if (map == nullptr) {
      rest.terms.emplace(source, coefficients);
      continue;
    }
    if (!map->has_all_rows()) return std::nullopt;
    const std::int64_t area = map->convolution().row_area();
    std::vector<double> factor;
    for (std::int64_t i = 0; i < map->rows(); ++i) {
      const double weight = rows.terms[static_cast<std::size_t>(i)].weight;
      if (i % area == 0) factor.push_back(weight);
      if (weight != factor.back()) return std::nullopt;
    }
    maps.emplace(source, map->scaled(factor));
  }
  AffineForm result = linear_map({&rest}, rows.begin, rows.terms,
                                 std::vector<double>(x.constant.size(), 0.0), context.magnitudes());
  for (auto& [source, map] : maps) {
    result.terms.emplace(source, Coefficients(std::move(map)));
    // Fewer than 2^40 coefficients lose at most 2^-1075 each by underflow.
    double largest = 1.0;
    for (const double m : context.magnitudes().at(source))
      largest = m < kInfinity ? std::max(largest, m) : largest;
    for (double& radius : result.radius) radius = add_up(radius, 0x1p-1000 * largest);
  }
  return result;
}

/// The node's coefficients composed with the form of its first input; roundings of the coefficients
/// themselves not charged.
AffineForm compose(LowerContext& context, const Node& node, const ProbedNode& probed,
                   const ProbedRows& rows) {
  AffineForm scratch;
  if (const AffineForm& x = form_of(context, node.inputs[0], scratch); has_structure(x)) {
    if (std::optional<AffineForm> scaled = scale_channels(context, x, rows))
      return std::move(*scaled);
    const AffineForm between = context.add_layer(x, {Curve::identity}, kNoValue);
    return linear_map({&between}, rows.begin, rows.terms, std::vector<double>(probed.m(), 0.0),
                      context.magnitudes());
  }
  const auto reads =
      static_cast<std::int64_t>(rows.terms.size() / std::max<std::size_t>(1, probed.m()));
  const AffineForm& x = form_to_compose(context, node.inputs[0],
                                        static_cast<std::int64_t>(probed.m()), reads, scratch);
  return linear_map({&x}, rows.begin, rows.terms, std::vector<double>(probed.m(), 0.0),
                    context.magnitudes());
}

}  // namespace

std::vector<AffineForm> lower_by_probing(LowerContext& context, const Node& node) {
  expect_constant_parameters(context.network(), node);
  ProbedNode probed(context, node);
  const ProbedRows rows = probe(context, node, probed);
  AffineForm result = compose(context, node, probed, rows);
  // Coefficients 1 and -1 are exact, and nothing is added to them.
  if (node.kind == OpKind::reduce_sum || node.kind == OpKind::neg) return {std::move(result)};
  charge_weights(context, result, has_structure(result) ? kScaledError : kCoefficientError);
  const std::vector<Enclosed> offset = probed.offset();
  for (std::size_t i = 0; i < probed.m(); ++i) {
    const double sum = result.constant[i] + offset[i].value;
    result.radius[i] = add_up(add_up(result.radius[i], offset[i].error),
                              kUnitRoundoff * std::fabs(sum) + 0x1p-1000);
    result.constant[i] = sum;
  }
  return {std::move(result)};
}

}  // namespace clipbound::bounds
