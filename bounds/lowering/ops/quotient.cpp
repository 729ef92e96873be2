// Idea: x / y = t + (x - t y) (1 / y), exactly, for any number t.
//
// A quotient of parts that grow together (a share of a sum, a vector by its norm) hardly moves, but
// x and 1 / y move much, each its own way as far as a product of two variables knows. With t near
// the quotient, x - t y is what is left of x when it no longer grows with y.
// Source: own.
// Guarantees: exact for any t; its choice from sample points is free (S1, S3).
#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/limits.h"
#include "bounds/lowering/edges.h"
#include "bounds/lowering/ops/bounded_quotient.h"
#include "bounds/lowering/ops/multiplication.h"
#include "bounds/lowering/ops/share_of_exponentials.h"

namespace clipbound::bounds {

namespace {

// Coefficients that subtracting y from every element may make; past it y is written out as a
// variable.
constexpr double kMostCoefficients = 1 << 18;

/// The largest minus the smallest of x - t y over the sample points.
double spread_of_rest(const double* x, const double* y, double t) {
  double low = x[0] - t * y[0], high = low;
  for (int p = 1; p < kSamples; ++p) {
    low = std::fmin(low, x[p] - t * y[p]);
    high = std::fmax(high, x[p] - t * y[p]);
  }
  return high - low;
}

/// A good t for one element, by its values at the sample points (the first is the box's middle):
/// the quotient there, or 0 where x does not grow with y. With w the widths, the product's bounds
/// leave about w(x - t y) w(1 / y) / 2, those of 1 / y another |x - t y| w(1 / y) w(y) / (4 |y|),
/// so (times 2 / w(1 / y)) the choice is between w(x - (x / y) y) and w(x) + |x / y| w(y) / 2. (A
/// slope of x over y fitted to so few points is worse than either.)
double centre_of(const double* x, const double* y) {
  // Few digits: exact multiples of many coefficients.
  const double quotient = static_cast<float>(x[0] / y[0]);
  const double apart =
      spread_of_rest(x, y, 0.0) + 0.5 * std::fabs(quotient) * spread_of_rest(y, y, 0.0);
  return std::isfinite(quotient) && spread_of_rest(x, y, quotient) < apart ? quotient : 0.0;
}

/// x / y, given 1 / y.
AffineForm divide(LowerContext& context, const AffineForm& x, const AffineForm& y,
                  const AffineForm& inverse) {
  const std::vector<double> xs = values_at(x, context.samples()),
                            ys = values_at(y, context.samples());
  const std::vector<char> constant = constant_elements(x);
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  std::vector<double> centre;
  for (std::size_t i = 0; i < constant.size(); ++i) {
    const auto e = static_cast<std::int64_t>(i);
    // A number times 1 / y is linear in it already.
    centre.push_back(constant[i] ? 0.0
                                 : centre_of(xs.data() + i * kSamples, ys.data() + i * kSamples));
    terms.push_back({0, e, 1.0});
    if (centre[i] != 0.0) terms.push_back({1, e, -centre[i]});
    begin.push_back(static_cast<std::int64_t>(terms.size()));
  }
  const AffineForm rest = linear_map(
      {&x, &y}, begin, terms, std::vector<double>(constant.size(), 0.0), context.magnitudes());
  const AffineForm product = multiply(context, rest, inverse);
  return combine(context, {&product}, {1.0}, centre);
}

double coefficients_of(const AffineForm& form) {
  double count = 0.0;
  for (const auto& [source, rows] : form.terms) count += static_cast<double>(rows.entries());
  return count;
}

/// What is known of a quotient as such.
struct QuotientRange {
  double size = kInfinity;  ///< |x / y| is no larger
  bool share = false;       ///< it is not negative either
};

/// 1 / y for the divisor's own elements. Where y is 0, so is x, if the quotient cannot be large:
/// then it is NaN.
AffineForm inverse_of(LowerContext& context, const Node& node, const AffineForm& y,
                      const std::vector<std::int64_t>& from, const QuotientRange& range) {
  EdgeOperand operand{y, kNoValue, certain_ends(context, node.inputs[1]),
                      std::vector<std::int64_t>(y.constant.size(), 0)};
  for (std::size_t i = 0; i < from.size(); ++i)
    operand.output[static_cast<std::size_t>(from[i])] = static_cast<std::int64_t>(i);
  const bool infinite = !(range.size < kInfinity);
  operand.at_plus = infinite ? kNaN | kPlusInfinity : kNaN;
  operand.at_minus = infinite ? kNaN | kMinusInfinity : kNaN;
  return add_layer_with_edge(context, node, operand, {Curve::reciprocal});
}

QuotientRange range_of_quotient(LowerContext& context, const Node& node, const AffineForm& x,
                                const AffineForm& y) {
  // Where many inputs vary, neurons of their own cost more than they are worth.
  if (varying_inputs(context.system().lower, context.system().upper).size() > kMostSplitInputs)
    return {};
  if (are_shares(context, x, y)) return {1.0, true};
  return {largest_quotient(context.network(), node), false};
}

/// The quotient as neurons that keep within its range.
AffineForm keep_within(LowerContext& context, const AffineForm& quotient,
                       const QuotientRange& range) {
  if (!(range.size < kInfinity)) return quotient;
  if (!range.share) return context.add_layer(quotient, {Curve::clamp, range.size}, kNoValue);
  const std::vector<double> minus(quotient.constant.size(), -1.0), half(minus.size(), 0.5);
  const AffineForm centred = combine(context, {&quotient}, {2.0}, minus);
  const AffineForm kept = context.add_layer(centred, {Curve::clamp, 1.0}, kNoValue);
  return combine(context, {&kept}, {0.5}, half);
}

}  // namespace

/// Div by a variable.
std::vector<AffineForm> lower_quotient(LowerContext& context, const Node& node) {
  const AffineForm x = broadcast_operand(context, node, 0);
  if (std::optional<AffineForm> share =
          share_of_exponentials(context, x, broadcast_operand(context, node, 1)))
    return {std::move(*share)};
  AffineForm scratch;
  AffineForm y = form_of(context, node.inputs[1], scratch);
  const std::vector<std::int64_t> from = broadcast_map(
      operand_shape(context, node, 1), context.network().value(node.outputs[0]).shape);
  const QuotientRange range =
      range_of_quotient(context, node, x, broadcast_operand(context, node, 1));
  if (coefficients_of(y) * static_cast<double>(x.size()) >
      kMostCoefficients * static_cast<double>(y.size())) {
    y = context.add_layer(y, {Curve::identity}, kNoValue);
  }
  const AffineForm inverse = inverse_of(context, node, y, from, range);
  std::vector<Pick> picks;
  for (const std::int64_t e : from) picks.push_back({0, e});
  return {keep_within(context, divide(context, x, gather({&y}, picks), gather({&inverse}, picks)),
                      range)};
}

}  // namespace clipbound::bounds
