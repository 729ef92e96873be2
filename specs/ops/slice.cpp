// Idea: Slice: starts, ends (axes, steps) as attributes before opset 10, as inputs since. Negative
// steps walk backwards. With computed starts it is the form `slice_at`.
// Source: ONNX operator specification, Slice.
// Guarantees: every output element is an exact copy of one input element (S1).
#include <algorithm>

#include "specs/ops/movement.h"

namespace clipbound::specs {
namespace {

/// One dimension: elements start, start + step, ... (count of them).
struct Range {
  std::int64_t start = 0, step = 1, count = 0;
};

/// ONNX's clamping rules. `end` may be INT64_MIN or INT64_MAX ("to the border").
Range clamped(std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t length) {
  if (step == 0) throw InputError("a step is 0");
  Range range{0, step, 0};
  if (length == 0) return range;
  const auto wrapped = [length](std::int64_t x) {
    return x < 0 ? x + length : x;
  };  // cannot overflow: signs differ
  range.start = std::clamp<std::int64_t>(wrapped(start), 0, step > 0 ? length : length - 1);
  end = std::clamp<std::int64_t>(wrapped(end), step > 0 ? 0 : -1, step > 0 ? length : length - 1);
  const std::int64_t distance = step > 0 ? end - range.start : range.start - end;
  // |step| as unsigned: -INT64_MIN does not exist.
  const std::uint64_t stride =
      step > 0 ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
  if (distance > 0)
    range.count =
        static_cast<std::int64_t>((static_cast<std::uint64_t>(distance) - 1) / stride) + 1;
  return range;
}

std::vector<Range> ranges_of(const Network& network, const Node& node) {
  const Shape& shape = input_of(network, node, 0).shape;
  const auto starts = ints_from(network, node, "starts", 1),
             ends = ints_from(network, node, "ends", 2);
  if (!starts || !ends || starts->size() != ends->size())
    throw InputError("needs as many starts as ends");
  std::vector<std::int64_t> axes(starts->size()), steps(starts->size(), 1);
  for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<std::int64_t>(i);
  if (const auto given = ints_from(network, node, "axes", 3)) axes = *given;
  if (const auto given = ints_from(network, node, "steps", 4)) steps = *given;
  if (axes.size() != starts->size() || steps.size() != starts->size())
    throw InputError("needs as many axes and steps as starts");
  axes = checked_axes(axes, shape.size());
  std::vector<Range> ranges;
  for (const std::int64_t d : shape) ranges.push_back({0, 1, d});
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(axes[i]);
    ranges[axis] = clamped((*starts)[i], (*ends)[i], steps[i], shape[axis]);
  }
  return ranges;
}

void infer(Network& network, Node& node) {
  expect_arity(node, 1, 5);
  if (has_input(node, 1) && !network.is_constant(node.inputs[1])) {
    node.kind = OpKind::slice_at;
    return op_row(OpKind::slice_at).verbs.infer(network, node);
  }
  Shape shape;
  for (const Range& r : ranges_of(network, node)) shape.push_back(r.count);
  set_output(network, node, 0, input_of(network, node, 0).type, shape);
}

void walk(const std::vector<Range>& ranges, const std::vector<std::int64_t>& strides, std::size_t d,
          std::int64_t element, Movement& movement) {
  if (d == ranges.size()) return movement.append(0, 0, element);
  const Range& r = ranges[d];
  if (d + 1 == ranges.size() && r.step == 1)
    return movement.append(0, 0, element + r.start, r.count);
  for (std::int64_t i = 0; i < r.count; ++i)
    walk(ranges, strides, d + 1, element + (r.start + i * r.step) * strides[d], movement);
}

Movement map(const Network& network, const Node& node) {
  Movement movement{{{}}};
  walk(ranges_of(network, node), strides_of(input_of(network, node, 0).shape), 0, 0, movement);
  return movement;
}

}  // namespace

OpVerbs verbs_of_slice() {
  return {infer, prepare_movement<map>};
}

}  // namespace clipbound::specs
