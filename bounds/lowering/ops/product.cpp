#include "bounds/lowering/ops/product.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rounding.h"
#include "bounds/layered/layered_system.h"
#include "bounds/lowering/ops/one_variable.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// s_i x_i + sign * y_i / s_i.
AffineForm mix(const LowerContext& context, const AffineForm& x, const AffineForm& y,
               const std::vector<double>& scale, double sign) {
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (std::size_t i = 0; i < scale.size(); ++i) {
    const auto e = static_cast<std::int64_t>(i);
    terms.push_back({0, e, scale[i]});
    terms.push_back({1, e, sign / scale[i]});
    begin.push_back(static_cast<std::int64_t>(terms.size()));
  }
  return linear_map({&x, &y}, begin, terms, std::vector<double>(scale.size(), 0.0),
                    context.magnitudes);
}

}  // namespace

namespace {

/// x_i y_i for elements i whose x_i is a number (within its radius).
AffineForm scale_by_fixed(const LowerContext& context, const AffineForm& x, const AffineForm& y) {
  const IntervalVector range = enclose(y, context.sources);
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    terms.push_back({0, i, x.constant[static_cast<std::size_t>(i)]});
    begin.push_back(i + 1);
  }
  AffineForm result = linear_map({&y}, begin, terms, std::vector<double>(x.constant.size(), 0.0),
                                 context.magnitudes);
  for (std::size_t i = 0; i < x.radius.size(); ++i) {
    if (x.radius[i] == 0.0) continue;
    result.radius[i] =
        add_up(result.radius[i],
               mul_up(x.radius[i], std::max(std::fabs(range.lower[i]), std::fabs(range.upper[i]))));
  }
  return result;
}

/// How far each element varies between the sample points: intervals of deep layers may be far too
/// wide to tell. At least a small part of its size, for a scale multiplies roundings too, and these
/// go with the size.
std::vector<double> spread(const LowerContext& context, const AffineForm& form) {
  constexpr double kLeastShare = 0x1p-24;
  const std::vector<double> values = values_at(form, context.samples);
  std::vector<double> result;
  for (auto at = values.begin(); at != values.end(); at += kSamples) {
    const auto [low, high] = std::minmax_element(at, at + kSamples);
    result.push_back(
        std::max(*high - *low, kLeastShare * std::max(std::fabs(*low), std::fabs(*high))));
  }
  return result;
}

/// How large each element may be, by intervals.
std::vector<double> reach(const LowerContext& context, const AffineForm& form) {
  const IntervalVector range = enclose(form, context.sources);
  std::vector<double> result;
  for (std::size_t i = 0; i < range.lower.size(); ++i)
    result.push_back(std::max(std::fabs(range.lower[i]), std::fabs(range.upper[i])));
  return result;
}

/// As a layer of pairs.
AffineForm multiply_pairs(const LowerContext& context, const AffineForm& x, const AffineForm& y) {
  std::vector<Pick> pairs, products;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    pairs.push_back({0, i});
    pairs.push_back({1, i});
    products.push_back({0, 2 * i});
  }
  const AffineForm layer = context.activate(gather({&x, &y}, pairs), {Curve::product}, kNoValue);
  return gather({&layer}, products);
}

AffineForm multiply_squares(const LowerContext& context, const AffineForm& x, const AffineForm& y,
                            const std::vector<double>& scale) {
  const AffineForm plus =
      context.activate(mix(context, x, y, scale, 1.0), {Curve::square}, kNoValue);
  const AffineForm minus =
      context.activate(mix(context, x, y, scale, -1.0), {Curve::square}, kNoValue);
  return combine(context, {&plus, &minus}, {0.25, -0.25});
}

/// Whether the sample points and the intervals tell about the same of how far y varies where x
/// varies by 1. Where they do, one scale serves all boxes, and squares know best how the factors
/// move together (clipping too sees u and v). Where they do not (a controller that is saturated at
/// all sample points, say), no scale is good in all boxes: planes may be useless by factors of a
/// million.
bool is_steady(double x_spread, double y_spread, double x_width, double y_width) {
  constexpr double kMostDisagreement = 16.0;
  const double disagreement = (y_spread / x_spread) / (y_width / x_width);
  return disagreement < kMostDisagreement && 1.0 / disagreement < kMostDisagreement;
}

/// Networks with many inputs are bounded by sweeps, which put both squares together again and need
/// no scale (bounds/alpha_beta/square_pair): there it is chosen so that the squares stay small,
/// because the interval bounds and radii of all later layers grow with them.
AffineForm multiply_variables(const LowerContext& context, const AffineForm& x,
                              const AffineForm& y) {
  constexpr std::size_t kMany = 40;  // as kMostSplitInputs
  const bool swept = context.products == ProductForm::squares &&
                     context.sources.at(kInputSource).lower.size() > kMany;
  const std::vector<double> x_spread = swept ? reach(context, x) : spread(context, x),
                            y_spread = swept ? reach(context, y) : spread(context, y);
  const IntervalVector x_range = enclose(x, context.sources), y_range = enclose(y, context.sources);
  std::vector<double> scale;
  std::vector<Pick> squares, pairs, place;
  for (std::size_t i = 0; i < x_spread.size(); ++i) {
    const bool steady =
        context.products == ProductForm::chosen
            ? is_steady(x_spread[i], y_spread[i], x_range.upper[i] - x_range.lower[i],
                        y_range.upper[i] - y_range.lower[i])
            : context.products == ProductForm::squares;
    std::vector<Pick>& part = steady ? squares : pairs;
    place.push_back({steady ? 0 : 1, static_cast<std::int64_t>(part.size())});
    part.push_back({0, static_cast<std::int64_t>(i)});
    if (steady) scale.push_back(product_balance(x_spread[i], y_spread[i]));
  }
  const AffineForm first = squares.empty() ? AffineForm()
                                           : multiply_squares(context, gather({&x}, squares),
                                                              gather({&y}, squares), scale);
  const AffineForm second = pairs.empty()
                                ? AffineForm()
                                : multiply_pairs(context, gather({&x}, pairs), gather({&y}, pairs));
  return gather({&first, &second}, place);
}

}  // namespace

AffineForm multiply(const LowerContext& context, const AffineForm& x, const AffineForm& y) {
  // Elements with a fixed factor are linear: only the others need squares.
  const std::vector<char> x_fixed = fixed_elements(x), y_fixed = fixed_elements(y),
                          one_variable = of_one_variable(context, x, y);
  std::vector<Pick> parts[4], place(x_fixed.size());
  for (std::size_t i = 0; i < x_fixed.size(); ++i) {
    const std::int32_t which = x_fixed[i] ? 0 : y_fixed[i] ? 1 : one_variable[i] ? 2 : 3;
    place[i] = {which, static_cast<std::int64_t>(parts[which].size())};
    parts[which].push_back({0, static_cast<std::int64_t>(i)});
  }
  const auto x_of = [&](int which) { return gather({&x}, parts[which]); };
  const auto y_of = [&](int which) { return gather({&y}, parts[which]); };
  const AffineForm by_x = scale_by_fixed(context, x_of(0), y_of(0)),
                   by_y = scale_by_fixed(context, y_of(1), x_of(1));
  const AffineForm joined =
      parts[2].empty() ? AffineForm() : multiply_of_one_variable(context, x_of(2), y_of(2));
  const AffineForm variable =
      parts[3].empty() ? AffineForm() : multiply_variables(context, x_of(3), y_of(3));
  return gather({&by_x, &by_y, &joined, &variable}, place);
}

AffineForm invert(const LowerContext& context, const AffineForm& x) {
  return context.activate(x, {Curve::reciprocal}, kNoValue);
}

AffineForm cut(const LowerContext& context, const AffineForm& x) {
  return context.activate(x, {Curve::identity, kBounded}, kNoValue);
}

namespace {

/// x^2 for each element; `value` is its name.
AffineForm square(const LowerContext& context, const AffineForm& x, ValueId value) {
  const std::vector<char> one_variable = of_one_variable(context, x, x);
  if (std::find(one_variable.begin(), one_variable.end(), 0) == one_variable.end())
    return multiply_of_one_variable(context, x, x);
  if (std::find(one_variable.begin(), one_variable.end(), 1) == one_variable.end())
    return context.activate(x, {Curve::square}, value);
  std::vector<Pick> parts[2], place;
  for (std::size_t i = 0; i < one_variable.size(); ++i) {
    const auto which = static_cast<std::int32_t>(one_variable[i]);
    place.push_back({which, static_cast<std::int64_t>(parts[which].size())});
    parts[which].push_back({0, static_cast<std::int64_t>(i)});
  }
  const AffineForm squares = context.activate(gather({&x}, parts[0]), {Curve::square}, kNoValue);
  const AffineForm joined =
      multiply_of_one_variable(context, gather({&x}, parts[1]), gather({&x}, parts[1]));
  return gather({&squares, &joined}, place);
}

}  // namespace

/// Mul of two variables.
std::vector<AffineForm> lower_product(const LowerContext& context, const Node& node) {
  if (node.inputs[0] == node.inputs[1]) {
    AffineForm scratch;
    return {square(context, form_of(context, node.inputs[0], scratch), node.inputs[0])};
  }
  return {
      multiply(context, broadcast_operand(context, node, 0), broadcast_operand(context, node, 1))};
}

/// x^c for a constant c that is the same for all elements.
std::vector<AffineForm> lower_pow(const LowerContext& context, const Node& node) {
  const Network& network = context.network;
  if (!network.is_constant(node.inputs[1]))
    throw Unsupported(network.source + ": " + describe(node) + ": bounds need a constant exponent");
  const std::vector<double> exponents = constant_of(context, node, node.inputs[1]);
  const double c = exponents.at(0);
  if (!std::all_of(exponents.begin(), exponents.end(), [c](double e) { return e == c; })) {
    throw Unsupported(network.source + ": " + describe(node) +
                      ": bounds need one exponent for all elements");
  }
  const bool whole = network.value(node.outputs[0]).type == DataType::int64;
  if (whole && c < 0.0)
    throw Unsupported(network.source + ": " + describe(node) +
                      ": bounds of integers to a negative power, which are cut towards 0");
  AffineForm x = broadcast_operand(context, node, 0);
  if (c == 0.0) return {AffineForm::of_constant(std::vector<double>(x.constant.size(), 1.0))};
  if (c == 1.0) return {std::move(x)};
  if (c == 2.0) return {square(context, x, kNoValue)};
  if (c == -1.0) return {invert(context, x)};
  if (c == 0.5) return {context.activate(x, {Curve::sqrt}, kNoValue)};
  return {context.activate(x, {Curve::power, c}, kNoValue)};
}

/// MatMul of two variables: every elementary product apart, then their sums.
std::vector<AffineForm> lower_variable_matmul(const LowerContext& context, const Node& node) {
  const Shape a = context.network.value(node.inputs[0]).shape,
              b = context.network.value(node.inputs[1]).shape;
  const Shape y = context.network.value(node.outputs[0]).shape;
  if (a.size() < 2 || b.size() < 2)
    throw Unsupported(context.network.source + ": " + describe(node) +
                      ": bounds of a product of two variable vectors");
  const std::int64_t m = a[a.size() - 2], inner = a.back(), n = b.back();
  // Stacks of matrices, broadcast.
  Shape stack(y.begin(), y.end() - 2);
  const auto left = broadcast_map(Shape(a.begin(), a.end() - 2), stack),
             right = broadcast_map(Shape(b.begin(), b.end() - 2), stack);
  AffineForm scratch[2];
  const AffineForm x = cut(context, form_of(context, node.inputs[0], scratch[0])),
                   w = cut(context, form_of(context, node.inputs[1], scratch[1]));
  std::vector<Pick> x_picks, w_picks;
  for (std::size_t s = 0; s < left.size(); ++s) {
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        for (std::int64_t k = 0; k < inner; ++k) {
          x_picks.push_back({0, (left[s] * m + i) * inner + k});
          w_picks.push_back({0, (right[s] * inner + k) * n + j});
        }
      }
    }
  }
  const AffineForm products = multiply(context, gather({&x}, x_picks), gather({&w}, w_picks));
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (std::int64_t e = 0; e < products.size(); ++e) {
    terms.push_back({0, e, 1.0});
    if ((e + 1) % inner == 0) begin.push_back(e + 1);
  }
  return {linear_map({&products}, begin, terms, std::vector<double>(begin.size() - 1, 0.0),
                     context.magnitudes)};
}

}  // namespace clipbound::bounds
