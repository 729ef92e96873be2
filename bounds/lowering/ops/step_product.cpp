#include "bounds/lowering/ops/step_product.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/rounding.h"
#include "bounds/layered/linear_map.h"
#include "bounds/lowering/ops/multiplication.h"

namespace clipbound::bounds {

namespace {

/// a + b s, s a neuron with a step or a sign.
struct StepElement {
  int layer = kInputSource;  ///< < 0: the element is none
  std::int32_t neuron = 0;
  double a = 0.0, b = 0.0;
};

StepElement step_of(const LowerContext& context, const AffineForm& form, std::int64_t i) {
  const auto e = static_cast<std::size_t>(i);
  StepElement result{kInputSource, 0, form.constant[e], 0.0};
  if (form.radius[e] != 0.0) return result;
  int terms = 0;
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& rows = coefficients.written();
    const auto index = rows.indices(i);
    if (index.empty()) continue;
    terms += static_cast<int>(index.size());
    if (source < 0) return {};
    result.layer = source;
    result.neuron = index[0];
    result.b = rows.values(i)[0];
  }
  if (terms != 1) return {};
  const Curve curve = context.activations()[static_cast<std::size_t>(result.layer)].curve;
  return curve == Curve::step || curve == Curve::sign ? result : StepElement{};
}

using Column = std::pair<int, std::int32_t>;  // source, element

std::map<Column, double> columns_of(const AffineForm& form, std::int64_t i) {
  std::map<Column, double> columns;
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& rows = coefficients.written();
    const auto index = rows.indices(i);
    const auto value = rows.values(i);
    for (std::size_t j = 0; j < index.size(); ++j) columns[{source, index[j]}] = value[j];
  }
  return columns;
}

double width_of(const LowerContext& context, const Column& column) {
  constexpr double kMost = 1e12;
  const IntervalVector& from = context.sources().at(column.first);
  const auto c = static_cast<std::size_t>(column.second);
  return std::min(from.upper[c] - from.lower[c], kMost);
}

/// The k for which y - k d varies least: 0, or one that cancels a column. A free choice.
double best_multiple(const LowerContext& context, const AffineForm& y, const AffineForm& d,
                     std::int64_t i) {
  constexpr std::size_t kMostTried = 16;
  const std::map<Column, double> of_y = columns_of(y, i), of_d = columns_of(d, i);
  const auto variation = [&](double k) {
    double sum = 0.0;
    for (const auto& [column, value] : of_d) {
      const auto found = of_y.find(column);
      const double rest = (found == of_y.end() ? 0.0 : found->second) - k * value;
      sum += std::fabs(rest) * width_of(context, column);
    }
    for (const auto& [column, value] : of_y) {
      if (!of_d.contains(column)) sum += std::fabs(value) * width_of(context, column);
    }
    return sum;
  };
  double best = 0.0, least = variation(0.0);
  std::size_t tried = 0;
  for (const auto& [column, value] : of_d) {
    const auto found = of_y.find(column);
    if (found == of_y.end() || tried++ == kMostTried) continue;
    const double k = found->second / value, left = variation(k);
    if (std::isfinite(k) && left < least) best = k, least = left;
  }
  return best;
}

/// Elements of neurons' activations and of their arguments.
struct Steps {
  AffineForm s, d;
  std::vector<char> is_sign;

  Steps(const LowerContext& context, const std::vector<StepElement>& elements) {
    std::vector<AffineForm> sources;
    std::vector<const AffineForm*> activations, arguments;
    std::map<int, std::int32_t> number;
    for (const StepElement& element : elements) {
      if (!number.emplace(element.layer, static_cast<std::int32_t>(number.size())).second) continue;
      const AffineForm& layer = context.layers()[static_cast<std::size_t>(element.layer)];
      sources.push_back(AffineForm::of_source(element.layer, layer.size(), 0, layer.size()));
      arguments.push_back(&layer);
    }
    for (const AffineForm& source : sources) activations.push_back(&source);
    std::vector<Pick> picks;
    for (const StepElement& element : elements) {
      picks.push_back({number.at(element.layer), element.neuron});
      is_sign.push_back(
          context.activations()[static_cast<std::size_t>(element.layer)].curve == Curve::sign ? 1
                                                                                              : 0);
    }
    s = gather(activations, picks);
    d = gather(arguments, picks);
  }
};

/// relu(d), or |d| for signs.
AffineForm positive_part_of(LowerContext& context, const Steps& steps) {
  const AffineForm right = context.add_relu(steps.d, kNoValue);
  if (std::find(steps.is_sign.begin(), steps.is_sign.end(), 1) == steps.is_sign.end()) return right;
  const AffineForm left = context.add_relu(combine(context, {&steps.d}, {-1.0}), kNoValue);
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (std::size_t i = 0; i < steps.is_sign.size(); ++i) {
    terms.push_back({0, static_cast<std::int64_t>(i), 1.0});
    if (steps.is_sign[i] != 0) terms.push_back({1, static_cast<std::int64_t>(i), 1.0});
    begin.push_back(static_cast<std::int64_t>(terms.size()));
  }
  return linear_map({&right, &left}, begin, terms, std::vector<double>(steps.is_sign.size(), 0.0),
                    context.magnitudes());
}

/// sum over k of weights[k][i] forms[k]_i.
AffineForm weighted(const LowerContext& context, const std::vector<const AffineForm*>& forms,
                    const std::vector<std::vector<double>>& weights,
                    const std::vector<double>& offset) {
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (std::size_t i = 0; i < offset.size(); ++i) {
    for (std::size_t k = 0; k < forms.size(); ++k) {
      if (weights[k][i] != 0.0)
        terms.push_back(
            {static_cast<std::int32_t>(k), static_cast<std::int64_t>(i), weights[k][i]});
    }
    begin.push_back(static_cast<std::int64_t>(terms.size()));
  }
  return linear_map(forms, begin, terms, offset, context.magnitudes());
}

/// s y, where some elements of y may be constants.
AffineForm multiply_rest(LowerContext& context, const AffineForm& s, const AffineForm& y) {
  const std::vector<char> constant = constant_elements(y);
  std::vector<Pick> parts[2], from;
  for (std::size_t i = 0; i < constant.size(); ++i) {
    const std::int32_t which = constant[i] != 0 ? 0 : 1;
    from.push_back({which, static_cast<std::int64_t>(parts[which].size())});
    parts[which].push_back({0, static_cast<std::int64_t>(i)});
  }
  const AffineForm of_constants =
      scale_by_constant(context, gather({&y}, parts[0]), gather({&s}, parts[0]));
  const AffineForm of_variables =
      parts[1].empty()
          ? AffineForm()
          : multiply_variables(context, gather({&s}, parts[1]), gather({&y}, parts[1]));
  return gather({&of_constants, &of_variables}, from);
}

/// c y for c in {0, 1}: relu(y + (U - L) c - U) + L c with L <= y <= U.
AffineForm multiply_by_relu(LowerContext& context, const AffineForm& c, const AffineForm& y,
                            const IntervalVector& range) {
  std::vector<double> width, least, minus_most;
  for (std::size_t i = 0; i < range.lower.size(); ++i) {
    // Few digits, so that the difference is exact.
    const double size = std::max(std::fabs(range.lower[i]), std::fabs(range.upper[i]));
    const double grid = std::ldexp(1.0, std::ilogb(std::max(size, 0x1p-900)) - 40);
    const double low = std::floor(range.lower[i] / grid) * grid,
                 high = std::ceil(range.upper[i] / grid) * grid;
    least.push_back(low);
    width.push_back(high - low);
    minus_most.push_back(-high);
  }
  const std::vector<double> one(least.size(), 1.0), zero(least.size(), 0.0);
  const AffineForm r =
      context.add_relu(weighted(context, {&y, &c}, {one, width}, minus_most), kNoValue);
  return weighted(context, {&r, &c}, {one, least}, zero);
}

}  // namespace

std::vector<char> are_steps(const LowerContext& context, const AffineForm& form) {
  std::vector<char> result;
  for (std::int64_t i = 0; i < form.size(); ++i)
    result.push_back(step_of(context, form, i).layer >= 0 ? 1 : 0);
  return result;
}

bool is_made_of_jumps(const LowerContext& context, const AffineForm& form, std::int64_t i) {
  bool any = false;
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& rows = coefficients.written();
    if (rows.indices(i).empty()) continue;
    if (source < 0) return false;
    any = true;
    const Curve curve = context.activations()[static_cast<std::size_t>(source)].curve;
    if (has_jumps(curve)) continue;
    if (curve != Curve::relu) return false;
    const AffineForm& of_relu = context.layers()[static_cast<std::size_t>(source)];
    for (const auto& [before, unused] : of_relu.terms) {
      if (before < 0 || !has_jumps(context.activations()[static_cast<std::size_t>(before)].curve))
        return false;
    }
  }
  return any;
}

AffineForm multiply_by_truth(LowerContext& context, const AffineForm& c, const AffineForm& y) {
  const std::vector<char> constant = constant_elements(y), known = constant_elements(c);
  const IntervalVector range = enclose(y, context.sources());
  std::vector<Pick> parts[4], from;
  for (std::size_t i = 0; i < constant.size(); ++i) {
    constexpr double kLargest = 0x1p800;
    const bool finite =
        std::fabs(range.lower[i]) < kLargest && std::fabs(range.upper[i]) < kLargest;
    const std::int32_t which = known[i] != 0                                          ? 3
                               : constant[i] != 0                                     ? 0
                               : context.products() == ProductForm::squares && finite ? 1
                                                                                      : 2;
    from.push_back({which, static_cast<std::int64_t>(parts[which].size())});
    parts[which].push_back({0, static_cast<std::int64_t>(i)});
  }
  const auto part_of = [&](const AffineForm& form, int which) {
    return gather({&form}, parts[which]);
  };
  AffineForm results[4];
  if (!parts[3].empty()) results[3] = scale_by_constant(context, part_of(c, 3), part_of(y, 3));
  if (!parts[0].empty()) results[0] = scale_by_constant(context, part_of(y, 0), part_of(c, 0));
  if (!parts[1].empty()) {
    const AffineForm factor = part_of(y, 1);
    results[1] =
        multiply_by_relu(context, part_of(c, 1), factor, enclose(factor, context.sources()));
  }
  if (!parts[2].empty()) results[2] = multiply_variables(context, part_of(c, 2), part_of(y, 2));
  return gather({&results[0], &results[1], &results[2], &results[3]}, from);
}

AffineForm multiply_by_steps(LowerContext& context, const AffineForm& s, const AffineForm& y) {
  std::vector<StepElement> elements;
  for (std::int64_t i = 0; i < s.size(); ++i) elements.push_back(step_of(context, s, i));
  const Steps steps(context, elements);
  std::vector<double> k, minus_k, a, b, zero(elements.size(), 0.0), one(elements.size(), 1.0);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    k.push_back(best_multiple(context, y, steps.d, static_cast<std::int64_t>(i)));
    minus_k.push_back(-k.back());
    a.push_back(elements[i].a);
    b.push_back(elements[i].b);
  }
  const AffineForm rest = weighted(context, {&y, &steps.d}, {one, minus_k}, zero);
  // A sign is 2 c - 1 with c in {0, 1}, but for the 0 at 0.
  const bool signs =
      std::find(steps.is_sign.begin(), steps.is_sign.end(), 1) != steps.is_sign.end();
  AffineForm product =
      signs ? multiply_rest(context, steps.s, rest) : multiply_by_truth(context, steps.s, rest);
  if (std::any_of(k.begin(), k.end(), [](double x) { return x != 0.0; })) {
    const AffineForm part = positive_part_of(context, steps);
    product = weighted(context, {&product, &part}, {one, k}, zero);
  }
  return weighted(context, {&y, &product}, {a, b}, zero);
}

}  // namespace clipbound::bounds
