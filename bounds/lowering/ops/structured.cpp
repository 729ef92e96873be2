// Idea: layers that stay what they are: their matrix is applied to constants and radii, and put
// before the one source that a form copies.
// Source: own.
// Guarantees: exact weights; roundings go into radii (S1, "Convolutions that stay convolutions").
#include "bounds/lowering/ops/structured.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "base/rounding.h"
#include "bounds/layered/accurate_products.h"
#include "bounds/layered/structured_map.h"
#include "bounds/layered/weighted_sum.h"
#include "bounds/limits.h"
#include "bounds/lowering/operands.h"
#include "bounds/lowering/ops/lower_op.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

using Places = std::vector<std::int32_t>;

/// Empty where the source is the form.
Places without_identity(Places places, std::int64_t size) {
  bool is_image = static_cast<std::int64_t>(places.size()) == size;
  for (std::size_t c = 0; is_image && c < places.size(); ++c)
    is_image = places[c] == static_cast<std::int32_t>(c);
  if (is_image) places.clear();
  return places;
}

/// places_of_source() of a selection.
std::optional<Places> places_of_selection(const SelectionMap& selection) {
  if (!selection.are_copies()) return std::nullopt;
  Places places(static_cast<std::size_t>(selection.cols()), -1);
  const std::vector<std::int32_t>& column = selection.parts().front().column;
  std::int32_t last = -1;
  for (std::size_t r = 0; r < column.size(); ++r) {
    if (column[r] < 0) continue;
    if (column[r] <= last) return std::nullopt;
    last = column[r];
    places[static_cast<std::size_t>(last)] = static_cast<std::int32_t>(r);
  }
  return without_identity(std::move(places), selection.rows());
}

/// Where element c of the only source that a form copies stands in the form, perhaps beside
/// constants; nullopt for other forms.
std::optional<std::vector<std::int32_t>> places_of_source(const AffineForm& form) {
  if (form.terms.size() != 1 || has_structure(form)) return std::nullopt;
  if (const SelectionMap* selection = form.terms.begin()->second.selection())
    return places_of_selection(*selection);
  const SparseRows& rows = form.terms.begin()->second.written();
  std::vector<std::int32_t> places(static_cast<std::size_t>(rows.cols), -1);
  std::int32_t last = -1;
  for (std::int64_t r = 0; r < rows.rows(); ++r) {
    const auto index = rows.indices(r);
    if (index.empty()) continue;
    if (index.size() != 1 || rows.values(r).front() != 1.0 || index.front() <= last)
      return std::nullopt;
    last = index.front();
    places[static_cast<std::size_t>(last)] = static_cast<std::int32_t>(r);
  }
  return without_identity(std::move(places), form.size());
}

/// bias + W c for the constants c and radii of x.
AffineForm map_constants(const ConvolutionMap& map, const AffineForm& x,
                         const std::vector<double>& bias) {
  AffineForm result;
  const auto size = static_cast<std::size_t>(map.rows());
  const std::int64_t area = map.row_area();
  for (std::int64_t i = 0; i < map.rows(); ++i)
    result.constant.push_back(bias.empty() ? 0.0 : bias[static_cast<std::size_t>(i / area)]);
  result.radius.assign(size, 0.0);
  const auto is_zero = [](double c) { return c == 0.0; };
  if (std::all_of(x.constant.begin(), x.constant.end(), is_zero) &&
      std::all_of(x.radius.begin(), x.radius.end(), is_zero))
    return result;
  // The third number is what tells that nothing but zeros are read: products may underflow to 0.
  constexpr std::int64_t kNumbers = 3;
  std::vector<double> sizes;
  for (std::size_t e = 0; e < x.constant.size(); ++e) {
    sizes.push_back(std::fabs(x.constant[e]));
    sizes.push_back(x.radius[e]);
    sizes.push_back(x.constant[e] != 0.0 || x.radius[e] != 0.0 ? 1.0 : 0.0);
  }
  std::vector<double> charges(kNumbers * size);
  map.apply_magnitudes(sizes.data(), kNumbers, charges.data());
  // Images are worth it, single elements take too long: most of what thin boxes cannot tell apart
  // begins here.
  constexpr std::int64_t kLeastArea = 16;
  const bool is_accurate = map.row_area() >= kLeastArea;
  const std::vector<double> before = result.constant;
  if (is_accurate) {
    const std::vector<double> products = apply_accurately(map, x.constant);
    for (std::size_t i = 0; i < size; ++i) result.constant[i] += products[i];
  } else {
    map.apply(x.constant.data(), 1, result.constant.data(), true);
  }
  const double gamma = gamma_bound(static_cast<double>(map.longest_row()) + 4.0),
               share = is_accurate ? gamma * gamma : gamma, underflow = map.underflow();
  for (std::size_t i = 0; i < size; ++i) {
    const double* const charge = charges.data() + kNumbers * i;
    if (charge[2] == 0.0) continue;
    // Products that are accurate are rounded once, and once more in the sum.
    const double sum =
        is_accurate ? 4.0 * kUnitRoundoff * (std::fabs(before[i]) + std::fabs(result.constant[i]))
                    : 0.0;
    const double radius =
        (share * (std::fabs(before[i]) + charge[0]) + sum + charge[1] + 4.0 * underflow) *
            (1.0 + 4.0 * gamma) +
        0x1p-999;
    result.radius[i] = radius < kInfinity ? next_up(radius) : kInfinity;
    if (!std::isfinite(result.constant[i])) {
      result.constant[i] = 0.0;
      result.radius[i] = kInfinity;
    }
  }
  return result;
}

}  // namespace

ConvolutionMap::Weights weights_of(const LowerContext& context, const Node& node, ValueId id) {
  const Tensor& tensor = *context.network().value(id).constant;
  const auto* floats = std::get_if<std::vector<float>>(&tensor.values);
  if (floats == nullptr)
    return std::make_shared<const std::vector<double>>(constant_of(context, node, id));
  if (!std::all_of(floats->begin(), floats->end(), [](float x) { return std::isfinite(x); }))
    throw InputError(context.network().source + ": " + describe(node) +
                     " has a weight that is not finite");
  return std::make_shared<const std::vector<float>>(*floats);
}

bool pays_structured(const LowerContext& context, double coefficients) {
  return context.stays_structured(coefficients_of_convolutions(context.network())) &&
         (coefficients >= kLeastStructured || context.stays_structured(0.0));
}

AffineForm apply_map(LowerContext& context, const ConvolutionMap& map, ValueId id,
                     const std::vector<double>& bias) {
  AffineForm scratch, between;
  const AffineForm* x = &form_of(context, id, scratch);
  std::optional<Places> places = places_of_source(*x);
  if (!places && !x->terms.empty()) {
    between = context.add_layer(*x, {Curve::identity}, kNoValue);
    x = &between;
    places = places_of_source(*x);
  }
  AffineForm result = map_constants(map, *x, bias);
  if (!x->terms.empty()) {
    CLIPBOUND_CHECK(places.has_value());
    result.terms.emplace(
        x->terms.begin()->first,
        Coefficients(std::make_shared<const StructuredMap>(map, std::move(*places))));
  }
  return result;
}

}  // namespace clipbound::bounds
