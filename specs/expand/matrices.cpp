// Idea: Trilu, EyeLike, CumSum, Hardmax: constant masks and matrices, and a choice.
// Source: ONNX operator specification.
// Guarantees: equal to the standard's; CumSum adds in the order of its axis, because the terms that
// a sum leaves out are products with 0.
#include "specs/expand/steps.h"

namespace clipbound::specs {
namespace {

/// The scalar integer of input i, or `fallback` where it is left out.
std::int64_t scalar_of(const Expansion& e, std::size_t i, const char* what, std::int64_t fallback) {
  if (!e.has(i)) return fallback;
  const auto values = constant_ints(e.network(), e.node(), i, what);
  if (values.size() != 1) throw InputError(std::string(what) + " is no scalar");
  return values[0];
}

}  // namespace

/// Where the constant mask says so, the element, else 0.
void expand_trilu(Expansion& e) {
  expect_inputs(e, 1, 2);
  const ValueId x = e.input(0);
  const Shape shape = e.shape(x);
  if (shape.size() < 2) throw InputError("input " + to_string(shape) + " is no matrix");
  const bool upper = e.node().int_attribute("upper", 1) != 0;
  const std::int64_t k = scalar_of(e, 1, "the diagonal", 0), rows = shape[shape.size() - 2],
                     columns = shape.back();
  std::vector<std::uint8_t> kept;
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j)
      kept.push_back(static_cast<std::uint8_t>(upper ? j - i >= k : j - i <= k));
  const ValueId mask = truths(e, {rows, columns}, std::move(kept));
  e.output(0, e.add("Where", {mask, x, e.number(0.0, x)}));
}

void expand_eye_like(Expansion& e) {
  expect_inputs(e, 1, 1);
  const ValueId x = e.input(0);
  const Shape shape = e.shape(x);
  if (shape.size() != 2) throw InputError("input " + to_string(shape) + " is no matrix");
  const std::int64_t k = e.node().int_attribute("k", 0);
  std::vector<float> values;
  for (std::int64_t i = 0; i < shape[0]; ++i)
    for (std::int64_t j = 0; j < shape[1]; ++j) values.push_back(j - i == k ? 1.0F : 0.0F);
  const ValueId eye = e.constant({shape, std::move(values)});
  if (e.node().attributes.contains("dtype"))
    return e.output_of_cast(0, e.add("Cast", {eye}, {{"to", e.node().int_attribute("dtype", 1)}}));
  e.output(0, e.retype(eye, e.type(x)));
}

/// The last axis times a triangular matrix of ones.
void expand_cum_sum(Expansion& e) {
  expect_inputs(e, 2, 2);
  const ValueId x = e.input(0);
  if (e.type(x) == DataType::boolean) throw InputError("input is boolean");
  const Shape shape = e.shape(x);
  const std::int64_t axis = checked_axis(scalar_of(e, 1, "the axis", 0), shape.size());
  const bool exclusive = e.node().int_attribute("exclusive", 0) != 0,
             reverse = e.node().int_attribute("reverse", 0) != 0;
  const std::int64_t n = shape[static_cast<std::size_t>(axis)];
  if (n * n > kLargestTensor) throw Unsupported("a sum of " + std::to_string(n) + " elements");
  std::vector<double> added;
  for (std::int64_t from = 0; from < n; ++from)
    for (std::int64_t to = 0; to < n; ++to) {
      const std::int64_t ahead = reverse ? from - to : to - from;
      added.push_back(ahead > 0 || (ahead == 0 && !exclusive) ? 1.0 : 0.0);
    }
  // The axis changes places with the last one, and back.
  Axes order = counting(static_cast<std::int64_t>(shape.size()));
  std::swap(order[static_cast<std::size_t>(axis)], order.back());
  const ValueId moved = transpose(e, x, order);
  const Shape kept = e.shape(moved);
  const ValueId lists = reshape(e, moved, {element_count(shape) / std::max<std::int64_t>(n, 1), n});
  const ValueId sums = e.add("MatMul", {lists, numbers(e, {n, n}, added, x)});
  e.output(0, transpose(e, reshape(e, sums, kept), order));
}

/// 1 at the first largest element, 0 elsewhere. Before opset 13 all axes from `axis` on are one.
void expand_hardmax(Expansion& e) {
  expect_inputs(e, 1, 1);
  expect_floating(e, 0);
  const ValueId x = e.input(0);
  const Shape shape = e.shape(x);
  const bool flat = e.node().opset < 13;
  const std::int64_t axis =
      checked_axis(e.node().int_attribute("axis", flat ? 1 : -1), shape.size());
  const Shape outer(shape.begin(), shape.begin() + axis), inner(shape.begin() + axis, shape.end());
  const ValueId lists = flat ? reshape(e, x, {element_count(outer), element_count(inner)}) : x;
  const std::int64_t along = flat ? 1 : axis;
  const ValueId largest =
      e.add("ArgMax", {lists}, {{"axis", along}, {"keepdims", std::int64_t{0}}});
  const ValueId length = e.integers({e.shape(lists)[static_cast<std::size_t>(along)]});
  const ValueId chosen =
      e.add("OneHot", {largest, length, numbers(e, {2}, {0.0, 1.0}, x)}, {{"axis", along}});
  e.output(0, reshape(e, chosen, shape));
}

}  // namespace clipbound::specs
