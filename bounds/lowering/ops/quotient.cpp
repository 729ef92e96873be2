// Idea: x / y = t + (x - t y) (1 / y), exactly, for any number t.
//
// A quotient of parts that grow together (a share of a sum, a vector by its norm) hardly moves, but
// x and 1 / y move much, each its own way as far as a product of two variables knows. With t near
// the quotient, x - t y is what is left of x when it no longer grows with y.
// Source: own.
// Guarantees: exact for any t; its choice from sample points is free (S1, S3).
#include <algorithm>
#include <cmath>

#include "bounds/lowering/ops/multiplication.h"

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

}  // namespace

/// Div by a variable.
std::vector<AffineForm> lower_quotient(LowerContext& context, const Node& node) {
  const AffineForm x = broadcast_operand(context, node, 0);
  AffineForm scratch;
  AffineForm y = form_of(context, node.inputs[1], scratch);
  if (coefficients_of(y) * static_cast<double>(x.size()) >
      kMostCoefficients * static_cast<double>(y.size())) {
    y = context.add_layer(y, {Curve::identity}, kNoValue);
  }
  const AffineForm inverse = invert(context, y);
  std::vector<Pick> picks;
  for (const std::int64_t e : broadcast_map(operand_shape(context, node, 1),
                                            context.network().value(node.outputs[0]).shape))
    picks.push_back({0, e});
  return {divide(context, x, gather({&y}, picks), gather({&inverse}, picks))};
}

}  // namespace clipbound::bounds
