// Idea: values of a network at a point or on a box, each with a bound on its distance from the
// exact ones.
// Source: running error analysis (specs/network/enclosed.h).
// Guarantees: |exact - value| <= error for every value of the network (S11).
#include "specs/evaluate/evaluate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "specs/evaluate/evaluation_plan.h"

namespace clipbound::specs {

namespace {

/// Every number of [lower, upper] is within the error of the value.
Enclosed enclosed_in(double lower, double upper) {
  if (lower == upper) return {lower};
  const double middle = 0.5 * lower + 0.5 * upper;
  return with_error(middle, next_up(std::fmax(next_up(upper - middle), next_up(middle - lower))));
}

/// Lays the network out, evaluates it on the box with running error bounds.
std::unique_ptr<EvaluationPlan<Enclosed>> run_enclosed(const Network& network,
                                                       std::span<const double> lower,
                                                       std::span<const double> upper, Keep keep) {
  CLIPBOUND_CHECK(lower.size() == static_cast<std::size_t>(network.input_size()));
  CLIPBOUND_CHECK(upper.size() == lower.size());
  // The plan does not outlive this module's functions, so it may refer to the caller's network
  // without owning it.
  auto borrowed = std::shared_ptr<const Network>(&network, [](const Network*) {});
  auto plan = std::make_unique<EvaluationPlan<Enclosed>>(std::move(borrowed), keep);
  plan->resize(1);
  std::size_t at = 0;
  for (const ValueId id : network.inputs)
    for (std::int64_t i = 0; i < network.value(id).size(); ++i, ++at)
      plan->data(id)[i] = enclosed_in(lower[at], upper[at]);
  plan->run(Sums::natural);
  return plan;
}

/// Half of the largest number of a value's type: what is beyond may be an infinity once it was
/// rounded.
double certainly_finite(const Value& value) {
  if (value.half == Half::float16) return 0.5 * 65504.0;
  return value.type == DataType::float64
             ? 0.5 * std::numeric_limits<double>::max()
             : 0.5 * static_cast<double>(std::numeric_limits<float>::max());
}

/// Whether float arithmetic gives a finite number where the exact one is, and no 0 where it is
/// not 0.
bool is_ordinary(const Enclosed& x, double largest) {
  constexpr double kLeast = 0x1p-100;  // far above float32's least normal number
  const double low = x.value - x.error, high = x.value + x.error;
  const bool tiny = (low > 0.0 && low < kLeast) || (high < 0.0 && high > -kLeast);
  return std::fabs(x.value) + x.error <= largest && !tiny;
}

/// A Cast that rounds, which running errors do not know of.
bool is_narrowing(const Network& network, const Node& node) {
  if (node.kind != OpKind::convert) return false;
  const Value &from = network.value(node.inputs[0]), &to = network.value(node.outputs[0]);
  if (to.half != Half::none) return from.half != to.half && from.type != DataType::boolean;
  return from.type == DataType::float64 && to.type == DataType::float32;
}

bool is_ordinary_inside(EvaluationPlan<Enclosed>& plan) {
  const Network& network = plan.network();
  if (std::any_of(network.nodes.begin(), network.nodes.end(),
                  [&](const Node& node) { return is_narrowing(network, node); }))
    return false;
  for (std::size_t i = 0; i < network.values.size(); ++i) {
    const Value& value = network.values[i];
    const Enclosed* const x = plan.data(ValueId{static_cast<std::int32_t>(i)});
    if (x == nullptr || value.type == DataType::int64 || value.type == DataType::boolean) continue;
    const double limit = certainly_finite(value);
    if (!std::all_of(x, x + value.size(), [&](const Enclosed& e) {
          return value.constant ? std::isfinite(e.value) : is_ordinary(e, limit);
        }))
      return false;
  }
  return true;
}

void append(const Enclosed* from, std::int64_t size, EnclosedOutputs& to) {
  for (std::int64_t i = 0; i < size; ++i) {
    to.value.push_back(from[i].value);
    to.error.push_back(from[i].error);
  }
}

}  // namespace

EnclosedOutputs evaluate_enclosed(const Network& network, std::span<const double> point) {
  return evaluate_enclosed(network, point, point);
}

EnclosedOutputs evaluate_enclosed(const Network& network, std::span<const double> lower,
                                  std::span<const double> upper) {
  const auto plan = run_enclosed(network, lower, upper, Keep::outputs);
  EnclosedOutputs outputs;
  for (const ValueId id : network.outputs)
    append(plan->data(id), network.value(id).size(), outputs);
  outputs.ordinary_inside = is_ordinary_inside(*plan);
  return outputs;
}

std::vector<EnclosedOutputs> evaluate_all_enclosed(const Network& network,
                                                   std::span<const double> point) {
  const auto plan = run_enclosed(network, point, point, Keep::all);
  std::vector<EnclosedOutputs> all(network.values.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    append(plan->data(ValueId{static_cast<std::int32_t>(i)}), network.values[i].size(), all[i]);
  return all;
}

}  // namespace clipbound::specs
