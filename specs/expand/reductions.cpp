// Idea: ReduceL1, ReduceL2, ReduceSumSquare, ReduceProd, ReduceLogSum, ReduceLogSumExp: a function
// of every element, a sum, a function of the sum.
// Source: ONNX operator specification and the function bodies there; LogSumExp is taken relative to
// the largest element, as ONNX Runtime does.
// Guarantees: equal to the standard's in real arithmetic; sums are those of ReduceSum.
#include <algorithm>

#include "specs/expand/steps.h"

namespace clipbound::specs {
namespace {

/// What is reduced, whether the axes stay with length 1, and whether the node does nothing at all
/// (noop_with_empty_axes: "the output tensor would be equivalent to input tensor").
struct Reduced {
  Axes axes;
  bool keep;
  bool nothing = false;
};

Reduced reduced_of(const Expansion& e) {
  expect_inputs(e, 1, 2);
  const Shape shape = e.shape(e.input(0));
  const auto given = ints_from(e.network(), e.node(), "axes", 1);
  Reduced reduced{{}, e.node().int_attribute("keepdims", 1) != 0};
  if (given && !given->empty()) {
    reduced.axes = checked_axes(*given, shape.size());
    std::sort(reduced.axes.begin(), reduced.axes.end());
  } else {
    reduced.nothing = e.node().int_attribute("noop_with_empty_axes", 0) != 0;
    if (!reduced.nothing) reduced.axes = counting(static_cast<std::int64_t>(shape.size()));
  }
  for (const std::int64_t axis : reduced.axes)
    if (shape[static_cast<std::size_t>(axis)] == 0)
      throw Unsupported("nothing is reduced: input " + to_string(shape));
  return reduced;
}

/// Whether the node hands its input on.
bool hands_on(Expansion& e) {
  if (e.type(e.input(0)) == DataType::boolean) throw InputError("input is boolean");
  const bool nothing = reduced_of(e).nothing;
  if (nothing) e.output(0, e.input(0));
  return nothing;
}

ValueId sum_of(Expansion& e, ValueId x) {
  const Reduced r = reduced_of(e);
  return reduce(e, "ReduceSum", x, r.axes, r.keep);
}

ValueId sum_of_squares(Expansion& e) {
  return sum_of(e, e.add("Mul", {e.input(0), e.input(0)}));
}

/// Roots and logarithms of integers are cut to integers, and not by all runtimes.
void expect_no_integers(const Expansion& e) {
  if (e.type(e.input(0)) == DataType::int64) throw Unsupported("its result for integers");
}

/// The product along the last axis, which vanishes: of both halves, element by element, and so on.
ValueId product_of_last(Expansion& e, ValueId x) {
  const std::int64_t axis = rank_of(e, x) - 1;
  for (std::int64_t n = e.shape(x).back(); n > 1; n = (n + 1) / 2) {
    const std::int64_t half = n / 2;
    const ValueId product =
        e.add("Mul", {slice(e, x, axis, 0, half), slice(e, x, axis, half, 2 * half)});
    x = n % 2 == 0 ? product : join(e, {product, slice(e, x, axis, n - 1, n)}, axis);
  }
  return x;
}

}  // namespace

void expand_reduce_l1(Expansion& e) {
  if (hands_on(e)) return;
  e.output(0, sum_of(e, e.add("Abs", {e.input(0)})));
}

void expand_reduce_sum_square(Expansion& e) {
  if (hands_on(e)) return;
  e.output(0, sum_of_squares(e));
}

void expand_reduce_l2(Expansion& e) {
  if (hands_on(e)) return;
  expect_no_integers(e);
  e.output(0, e.add("Sqrt", {sum_of_squares(e)}));
}

void expand_reduce_log_sum(Expansion& e) {
  if (hands_on(e)) return;
  expect_no_integers(e);
  e.output(0, e.add("Log", {sum_of(e, e.input(0))}));
}

void expand_reduce_log_sum_exp(Expansion& e) {
  if (hands_on(e)) return;
  expect_no_integers(e);
  const ValueId x = e.input(0);
  const Reduced r = reduced_of(e);
  const ValueId largest = reduce(e, "ReduceMax", x, r.axes);
  const ValueId powers = e.add("Exp", {e.add("Sub", {x, largest})});
  const ValueId logarithm = e.add("Log", {reduce(e, "ReduceSum", powers, r.axes)});
  const ValueId result = e.add("Add", {logarithm, largest});
  e.output(0, r.keep || r.axes.empty() ? result : e.add("Squeeze", {result, e.integers(r.axes)}));
}

void expand_reduce_prod(Expansion& e) {
  if (hands_on(e)) return;
  const ValueId x = e.input(0);
  const Shape shape = e.shape(x);
  const Reduced r = reduced_of(e);
  Axes order;
  Shape rest, result;
  std::int64_t reduced = 1;
  for (std::int64_t d = 0; d < rank_of(e, x); ++d) {
    const std::int64_t length = shape[static_cast<std::size_t>(d)];
    if (std::binary_search(r.axes.begin(), r.axes.end(), d)) {
      reduced *= length;
      if (r.keep) result.push_back(1);
      continue;
    }
    order.push_back(d);
    rest.push_back(length);
    result.push_back(length);
  }
  order.insert(order.end(), r.axes.begin(), r.axes.end());
  rest.push_back(reduced);
  const ValueId lists = reshape(e, transpose(e, x, order), rest);
  e.output(0, reshape(e, product_of_last(e, lists), result));
}

}  // namespace clipbound::specs
