#include "bounds/lowering/ops/multiplication.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/limits.h"
#include "bounds/lowering/ops/same_neuron_product.h"
#include "bounds/lowering/ops/step_product.h"
#include "bounds/relax/product.h"

namespace clipbound::bounds {

namespace {

/// s_i x_i + sign * y_i / s_i.
AffineForm mix(LowerContext& context, const AffineForm& x, const AffineForm& y,
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
                    context.magnitudes());
}

/// How far each element varies between the sample points: intervals of deep layers may be far too
/// wide to tell. At least a small part of its size, for a scale multiplies roundings too, and these
/// go with the size.
std::vector<double> spread(LowerContext& context, const AffineForm& form) {
  constexpr double kLeastShare = 0x1p-24;
  const std::vector<double> values = values_at(form, context.samples());
  std::vector<double> result;
  for (auto at = values.begin(); at != values.end(); at += kSamples) {
    const auto [low, high] = std::minmax_element(at, at + kSamples);
    result.push_back(
        std::max(*high - *low, kLeastShare * std::max(std::fabs(*low), std::fabs(*high))));
  }
  return result;
}

/// The largest magnitude of each element, by intervals.
std::vector<double> magnitudes_of(LowerContext& context, const AffineForm& form) {
  const IntervalVector range = enclose(form, context.sources());
  std::vector<double> result;
  for (std::size_t i = 0; i < range.lower.size(); ++i)
    result.push_back(std::max(std::fabs(range.lower[i]), std::fabs(range.upper[i])));
  return result;
}

/// As a layer of pairs.
AffineForm multiply_pairs(LowerContext& context, const AffineForm& x, const AffineForm& y) {
  std::vector<Pick> pairs, products;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    pairs.push_back({0, i});
    pairs.push_back({1, i});
    products.push_back({0, 2 * i});
  }
  const AffineForm layer = context.add_layer(gather({&x, &y}, pairs), {Curve::product}, kNoValue);
  return gather({&layer}, products);
}

AffineForm multiply_squares(LowerContext& context, const AffineForm& x, const AffineForm& y,
                            const std::vector<double>& scale) {
  const AffineForm plus =
      context.add_layer(mix(context, x, y, scale, 1.0), {Curve::square}, kNoValue);
  const AffineForm minus =
      context.add_layer(mix(context, x, y, scale, -1.0), {Curve::square}, kNoValue);
  return combine(context, {&plus, &minus}, {0.25, -0.25});
}

/// Whether the sample points and the intervals tell about the same of how far y varies where x
/// varies by 1. Where they do, one scale serves all boxes, and squares know best how the factors
/// move together (clipping too sees u and v). Where they do not (a controller that is saturated at
/// all sample points, say), no scale is good in all boxes: lines may be useless by factors of a
/// million.
bool is_steady(double x_spread, double y_spread, double x_width, double y_width) {
  constexpr double kMostDisagreement = 16.0;
  const double disagreement = (y_spread / x_spread) / (y_width / x_width);
  return disagreement < kMostDisagreement && 1.0 / disagreement < kMostDisagreement;
}

}  // namespace

/// x_i y_i for elements i whose x_i is a constant (within its radius).
AffineForm scale_by_constant(LowerContext& context, const AffineForm& x, const AffineForm& y) {
  const IntervalVector range = enclose(y, context.sources());
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    terms.push_back({0, i, x.constant[static_cast<std::size_t>(i)]});
    begin.push_back(i + 1);
  }
  AffineForm result = linear_map({&y}, begin, terms, std::vector<double>(x.constant.size(), 0.0),
                                 context.magnitudes());
  for (std::size_t i = 0; i < x.radius.size(); ++i) {
    if (x.radius[i] == 0.0) continue;
    // What is known of nothing is no number that 0 makes 0.
    if (!(x.radius[i] < kInfinity)) {
      result.radius[i] = kInfinity;
      continue;
    }
    result.radius[i] =
        add_up(result.radius[i],
               mul_up(x.radius[i], std::max(std::fabs(range.lower[i]), std::fabs(range.upper[i]))));
  }
  return result;
}

/// Networks with many inputs are bounded by alpha-beta-CROWN, which puts both squares together
/// again and needs no scale (bounds/alpha_beta/square_pair): there it is chosen so that the squares
/// stay small, because the interval bounds and radii of all later layers grow with them.
AffineForm multiply_variables(LowerContext& context, const AffineForm& x, const AffineForm& y) {
  const bool by_alpha_beta = context.products() == ProductForm::squares &&
                             context.sources().at(kInputSource).lower.size() > kMostSplitInputs;
  const std::vector<double> x_spread =
                                by_alpha_beta ? magnitudes_of(context, x) : spread(context, x),
                            y_spread =
                                by_alpha_beta ? magnitudes_of(context, y) : spread(context, y);
  const IntervalVector x_range = enclose(x, context.sources()),
                       y_range = enclose(y, context.sources());
  std::vector<double> scale;
  std::vector<Pick> squares, pairs, from;
  for (std::size_t i = 0; i < x_spread.size(); ++i) {
    const auto e = static_cast<std::int64_t>(i);
    // What jumps does not grow narrower with the box.
    const bool jumps = is_made_of_jumps(context, x, e) || is_made_of_jumps(context, y, e);
    const bool steady =
        context.products() == ProductForm::chosen && !jumps
            ? is_steady(x_spread[i], y_spread[i], x_range.upper[i] - x_range.lower[i],
                        y_range.upper[i] - y_range.lower[i])
            : context.products() == ProductForm::squares;
    std::vector<Pick>& part = steady ? squares : pairs;
    from.push_back({steady ? 0 : 1, static_cast<std::int64_t>(part.size())});
    part.push_back({0, static_cast<std::int64_t>(i)});
    if (steady) scale.push_back(product_balance(x_spread[i], y_spread[i]));
  }
  const AffineForm first = squares.empty() ? AffineForm()
                                           : multiply_squares(context, gather({&x}, squares),
                                                              gather({&y}, squares), scale);
  const AffineForm second = pairs.empty()
                                ? AffineForm()
                                : multiply_pairs(context, gather({&x}, pairs), gather({&y}, pairs));
  return gather({&first, &second}, from);
}

/// 1 for elements at which both forms are the same without a radius: the product is a square.
std::vector<char> same_elements(const AffineForm& x, const AffineForm& y) {
  std::vector<char> same(x.constant.size(), 0);
  if (x.terms.size() != y.terms.size()) return same;
  for (std::size_t i = 0; i < same.size(); ++i) {
    const auto e = static_cast<std::int64_t>(i);
    same[i] = x.radius[i] == 0.0 && y.radius[i] == 0.0 && x.constant[i] == y.constant[i] &&
              std::equal(x.terms.begin(), x.terms.end(), y.terms.begin(),
                         [e](const auto& p, const auto& q) {
                           return p.first == q.first &&
                                  std::ranges::equal(p.second.indices(e), q.second.indices(e)) &&
                                  std::ranges::equal(p.second.values(e), q.second.values(e));
                         });
  }
  return same;
}

AffineForm multiply(LowerContext& context, const AffineForm& x, const AffineForm& y) {
  // Elements with a constant factor are linear: only the others need squares.
  const std::vector<char> x_constant = constant_elements(x), y_constant = constant_elements(y),
                          same_neuron = of_same_neuron(context, x, y),
                          x_steps = are_steps(context, x), y_steps = are_steps(context, y),
                          same = same_elements(x, y);
  std::vector<Pick> parts[7], from(x_constant.size());
  for (std::size_t i = 0; i < x_constant.size(); ++i) {
    const std::int32_t which = x_constant[i]    ? 0
                               : y_constant[i]  ? 1
                               : same_neuron[i] ? 2
                               : x_steps[i]     ? 4
                               : y_steps[i]     ? 5
                               : same[i]        ? 6
                                                : 3;
    from[i] = {which, static_cast<std::int64_t>(parts[which].size())};
    parts[which].push_back({0, static_cast<std::int64_t>(i)});
  }
  const auto x_of = [&](int which) { return gather({&x}, parts[which]); };
  const auto y_of = [&](int which) { return gather({&y}, parts[which]); };
  const AffineForm by_x = scale_by_constant(context, x_of(0), y_of(0)),
                   by_y = scale_by_constant(context, y_of(1), x_of(1));
  const AffineForm of_one_neuron =
      parts[2].empty() ? AffineForm() : multiply_same_neuron(context, x_of(2), y_of(2));
  const AffineForm variable =
      parts[3].empty() ? AffineForm() : multiply_variables(context, x_of(3), y_of(3));
  const AffineForm by_x_steps =
      parts[4].empty() ? AffineForm() : multiply_by_steps(context, x_of(4), y_of(4));
  const AffineForm by_y_steps =
      parts[5].empty() ? AffineForm() : multiply_by_steps(context, y_of(5), x_of(5));
  const AffineForm squares =
      parts[6].empty() ? AffineForm() : context.add_layer(x_of(6), {Curve::square}, kNoValue);
  return gather({&by_x, &by_y, &of_one_neuron, &variable, &by_x_steps, &by_y_steps, &squares},
                from);
}

AffineForm invert(LowerContext& context, const AffineForm& x) {
  return context.add_layer(x, {Curve::reciprocal}, kNoValue);
}

AffineForm as_neurons(LowerContext& context, const AffineForm& x) {
  return context.add_layer(x, kBoundedIdentity, kNoValue);
}

AffineForm square(LowerContext& context, const AffineForm& x, ValueId value) {
  const std::vector<char> same_neuron = of_same_neuron(context, x, x);
  if (std::find(same_neuron.begin(), same_neuron.end(), 0) == same_neuron.end())
    return multiply_same_neuron(context, x, x);
  if (std::find(same_neuron.begin(), same_neuron.end(), 1) == same_neuron.end())
    return context.add_layer(x, {Curve::square}, value);
  std::vector<Pick> parts[2], from;
  for (std::size_t i = 0; i < same_neuron.size(); ++i) {
    const auto which = static_cast<std::int32_t>(same_neuron[i]);
    from.push_back({which, static_cast<std::int64_t>(parts[which].size())});
    parts[which].push_back({0, static_cast<std::int64_t>(i)});
  }
  const AffineForm squares = context.add_layer(gather({&x}, parts[0]), {Curve::square}, kNoValue);
  const AffineForm of_one_neuron =
      multiply_same_neuron(context, gather({&x}, parts[1]), gather({&x}, parts[1]));
  return gather({&squares, &of_one_neuron}, from);
}

std::vector<AffineForm> lower_variable_mul(LowerContext& context, const Node& node) {
  if (node.inputs[0] == node.inputs[1]) {
    AffineForm scratch;
    return {square(context, form_of(context, node.inputs[0], scratch), node.inputs[0])};
  }
  return {
      multiply(context, broadcast_operand(context, node, 0), broadcast_operand(context, node, 1))};
}

}  // namespace clipbound::bounds
