#include "specs/expand/steps.h"

#include <algorithm>
#include <numeric>

namespace clipbound::specs {

void expect_inputs(const Expansion& e, std::size_t least, std::size_t most) {
  expect_arity(e.node(), least, most, e.node().outputs.size());
}

void expect_floating(const Expansion& e, std::size_t i) {
  expect_floating(e.network(), e.node(), i);
}

Axes counting(std::int64_t count, std::int64_t first) {
  Axes numbers(static_cast<std::size_t>(std::max<std::int64_t>(count, 0)));
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

std::int64_t rank_of(const Expansion& e, ValueId id) {
  return static_cast<std::int64_t>(e.shape(id).size());
}

ValueId reshape(Expansion& e, ValueId x, const Shape& shape) {
  if (e.shape(x) == shape) return x;
  if (shape.empty()) return e.add("Squeeze", {x});
  return e.add("Reshape", {x, e.integers(shape)}, {{"allowzero", std::int64_t{1}}});
}

ValueId transpose(Expansion& e, ValueId x, const Axes& order) {
  if (std::is_sorted(order.begin(), order.end())) return x;
  return e.add("Transpose", {x}, {{"perm", order}});
}

ValueId slice(Expansion& e, ValueId x, std::int64_t axis, std::int64_t first, std::int64_t last) {
  if (first == 0 && last == e.shape(x)[static_cast<std::size_t>(axis)]) return x;
  return e.add("Slice", {x, e.integers({first}), e.integers({last}), e.integers({axis})});
}

ValueId element(Expansion& e, ValueId x, std::int64_t axis, std::int64_t index) {
  const ValueId at = e.constant({{}, std::vector<std::int64_t>{index}});
  return e.add("Gather", {x, at}, {{"axis", axis}});
}

ValueId join(Expansion& e, const std::vector<ValueId>& parts, std::int64_t axis) {
  if (parts.size() == 1) return parts[0];
  return e.add("Concat", parts, {{"axis", axis}});
}

ValueId reduce(Expansion& e, const char* op, ValueId x, const Axes& axes, bool keep) {
  if (axes.empty()) return x;
  return e.add(op, {x}, {{"axes", axes}, {"keepdims", std::int64_t{keep ? 1 : 0}}});
}

ValueId numbers(Expansion& e, const Shape& shape, const std::vector<double>& values, ValueId like) {
  if (e.type(like) == DataType::float64) return e.constant({shape, values});
  if (e.type(like) == DataType::int64)
    return e.constant({shape, std::vector<std::int64_t>(values.begin(), values.end())});
  return e.constant({shape, std::vector<float>(values.begin(), values.end())});
}

ValueId truths(Expansion& e, const Shape& shape, std::vector<std::uint8_t> values) {
  return e.constant({shape, std::move(values)});
}

ValueId along_axis(Expansion& e, ValueId list, std::int64_t axis, std::int64_t rank) {
  const std::int64_t size = element_count(e.shape(list));
  if (size == 1) return reshape(e, list, {});
  Shape shape(static_cast<std::size_t>(rank - axis), 1);
  shape[0] = size;
  return reshape(e, list, shape);
}

}  // namespace clipbound::specs
