// Idea: interval arithmetic, the floor under all operators, for those that have no linear bounds.
//
// The operator's concrete meaning for enclosed numbers (specs/network/enclosed.h) promises |exact -
// value| <= error for arguments of any error, so it is an interval extension as it stands: value
// and error of an argument are middle and half-width of its interval, those of a result a constant
// and its radius. The results depend on no source: they are wide, but certain.
// Source: own; interval arithmetic (Moore 1966).
// Guarantees: encloses the outputs on the box (S1, S2).
#include <cmath>

#include "base/rounding.h"
#include "base/simd.h"
#include "bounds/lowering/ops/lower_op.h"
#include "specs/network/op_table.h"
#include "specs/network/operation.h"

namespace clipbound::bounds {

namespace {

/// Every number of [lower, upper] is within the error of the value. A number stays exact.
Enclosed enclosed_in(double lower, double upper) {
  if (lower == upper) return {lower};
  const double middle = 0.5 * lower + 0.5 * upper;
  if (!std::isfinite(middle)) return {0.0, kInfinity};
  return {middle, next_up(std::fmax(next_up(upper - middle), next_up(middle - lower)))};
}

bool is_integer(DataType type) {
  return type == DataType::int64 || type == DataType::boolean;
}

std::vector<Enclosed> argument_of(LowerContext& context, ValueId id) {
  AffineForm scratch;
  const AffineForm& form = form_of(context, id, scratch);
  const IntervalVector range = enclose(form, context.sources());
  const std::vector<char> constant = constant_elements(form);
  const bool integer = is_integer(context.network().value(id).type);
  std::vector<Enclosed> result;
  for (std::size_t i = 0; i < constant.size(); ++i) {
    if (constant[i] && form.radius[i] == 0.0) {
      result.emplace_back(form.constant[i]);
      continue;
    }
    // An integer lies between the integers of its interval; where there is none, the interval is
    // kept (and says nothing wrong).
    const double l = std::ceil(range.lower[i]), u = std::floor(range.upper[i]);
    result.push_back(integer && l <= u ? enclosed_in(l, u)
                                       : enclosed_in(range.lower[i], range.upper[i]));
  }
  return result;
}

}  // namespace

std::vector<AffineForm> lower_by_intervals(LowerContext& context, const Node& node) {
  const Network& network = context.network();
  std::vector<std::vector<Enclosed>> arguments, results;
  std::vector<const Enclosed*> inputs;
  std::vector<Enclosed*> outputs;
  for (const ValueId id : node.inputs) {
    arguments.push_back(id == kNoValue ? std::vector<Enclosed>() : argument_of(context, id));
    inputs.push_back(id == kNoValue ? nullptr : arguments.back().data());
  }
  for (const ValueId id : node.outputs) {
    results.emplace_back(id == kNoValue ? 0 : static_cast<std::size_t>(network.value(id).size()));
    outputs.push_back(id == kNoValue ? nullptr : results.back().data());
  }
  Arguments<Enclosed> values;
  values.inputs = inputs;
  values.outputs = outputs;
  values.sums = Sums::natural;
  op_row(node.kind).verbs.prepare(network, node)->eval(values);
  std::vector<AffineForm> forms;
  for (const std::vector<Enclosed>& result : results) {
    AffineForm& form = forms.emplace_back();
    for (const Enclosed& x : result) {
      const bool known = std::isfinite(x.value) && x.error < kOverflow;  // NaN is not below
      form.constant.push_back(known ? x.value : 0.0);
      form.radius.push_back(known ? x.error : kInfinity);
    }
  }
  return forms;
}

}  // namespace clipbound::bounds
