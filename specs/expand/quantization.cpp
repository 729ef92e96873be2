// Idea: QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear: quotients by a scale, cut to the
// range of the integers and rounded half to even; and back.
// Source: ONNX operator specification; the order of operations is ONNX Runtime's.
// Guarantees: evaluation gives the integers that the standard says. The argument is cut before it
// is rounded, which is the same because the limits are integers.
#include <optional>

#include "specs/expand/steps.h"

namespace clipbound::specs {
namespace {

struct Limits {
  double low, high;
};

Limits limits_of(StoredInteger stored) {
  switch (stored) {
    case StoredInteger::int8: return {-128.0, 127.0};
    case StoredInteger::uint8: return {0.0, 255.0};
    case StoredInteger::int16: return {-32768.0, 32767.0};
    case StoredInteger::uint16: return {0.0, 65535.0};
    default: throw Unsupported("a quantization to integers that are not of 8 or 16 bits");
  }
}

/// The type that the result has: the zero point's, or what the attribute says.
StoredInteger quantized_type(const Expansion& e) {
  enum : std::int64_t { kNone = 0, kUint8 = 2, kInt8 = 3, kUint16 = 4, kInt16 = 5 };  // onnx.proto
  switch (e.node().int_attribute("output_dtype", kNone)) {
    case kNone: break;
    case kUint8: return StoredInteger::uint8;
    case kInt8: return StoredInteger::int8;
    case kUint16: return StoredInteger::uint16;
    case kInt16: return StoredInteger::int16;
    default: throw Unsupported("a quantization to integers that are not of 8 or 16 bits");
  }
  if (!e.has(2)) return StoredInteger::uint8;
  const auto& zero = e.constant_of(e.input(2));
  if (!zero) throw Unsupported("a zero point that depends on the network's input");
  if (zero->type() != DataType::int64) throw Unsupported("a zero point that is no integer");
  return zero->stored;
}

/// Scale or zero point, broadcast to x: one number, one per entry of the axis, or one per block of
/// them.
ValueId parameter(Expansion& e, std::size_t i) {
  const ValueId given = e.input(i);
  const Shape shape = e.shape(given), x = e.shape(e.input(0));
  const std::int64_t block = e.node().int_attribute("block_size", 0);
  if (element_count(shape) == 1 && block == 0) return reshape(e, given, {});
  const std::int64_t axis = checked_axis(e.node().int_attribute("axis", 1), x.size());
  const auto d = static_cast<std::size_t>(axis);
  const auto refuse = [&] {
    throw InputError("input " + std::to_string(i) + " is " + to_string(shape) +
                     ", which does not fit " + to_string(x) + " along axis " +
                     std::to_string(axis));
  };
  if (block == 0) {
    if (shape != Shape{x[d]}) refuse();
    return along_axis(e, given, axis, static_cast<std::int64_t>(x.size()));
  }
  Shape blocks = x;
  if (block > 0) blocks[d] = (x[d] + block - 1) / block;
  if (block < 0 || shape != blocks) refuse();
  Axes at;
  for (std::int64_t k = 0; k < x[d]; ++k) at.push_back(k / block);
  return e.add("Gather", {given, e.integers(at)}, {{"axis", axis}});
}

/// Numbers between two limits, which may differ from element to element.
ValueId cut(Expansion& e, ValueId x, ValueId low, ValueId high) {
  if (e.shape(low).empty() && e.shape(high).empty()) return e.add("Clip", {x, low, high});
  return e.add("Min", {e.add("Max", {x, low}), high});
}

/// round(x / scale) as integers of a type, cut to its range, around a zero point of the type of x.
ValueId quantized(Expansion& e, ValueId x, ValueId scale, std::optional<ValueId> zero,
                  StoredInteger type) {
  const Limits limits = limits_of(type);
  const ValueId quotient = e.add("Div", {x, scale});
  ValueId low = e.number(limits.low, x), high = e.number(limits.high, x);
  if (zero) {
    low = e.add("Sub", {low, *zero});
    high = e.add("Sub", {high, *zero});
  }
  const ValueId rounded = e.add("Round", {cut(e, quotient, low, high)});
  return e.as_integers(zero ? e.add("Add", {rounded, *zero}) : rounded, type);
}

}  // namespace

void expand_quantize_linear(Expansion& e) {
  expect_inputs(e, 2, 3);
  expect_floating(e, 1);
  const StoredInteger type = quantized_type(e);
  limits_of(type);  // refuses others
  ValueId x = e.input(0);
  if (e.type(x) == DataType::boolean) throw InputError("input is boolean");
  const ValueId scale = parameter(e, 1);
  if (e.type(x) != e.type(scale)) x = e.retype(x, e.type(scale));
  std::optional<ValueId> zero;
  if (e.has(2)) zero = e.retype(parameter(e, 2), e.type(scale));
  e.output(0, quantized(e, x, scale, zero, type));
}

void expand_dequantize_linear(Expansion& e) {
  expect_inputs(e, 2, 3);
  expect_floating(e, 1);
  ValueId x = e.input(0);
  if (e.type(x) != DataType::int64) throw InputError(std::string("input is ") + name_of(e.type(x)));
  const ValueId scale = parameter(e, 1);
  x = e.retype(x, e.type(scale));
  if (e.has(2)) {
    if (e.type(e.input(2)) != DataType::int64)
      throw InputError(std::string("the zero point is ") + name_of(e.type(e.input(2))));
    // Of 8 and 16 bits, so it is exact; as integers of that type it would wrap around.
    x = e.add("Sub", {x, e.retype(parameter(e, 2), e.type(scale))});
  }
  e.output(0, e.add("Mul", {x, scale}));
}

/// To uint8, with the scale that the input's own range, extended to 0, asks for.
void expand_dynamic_quantize_linear(Expansion& e) {
  expect_inputs(e, 1, 1);
  expect_floating(e, 0);
  const ValueId x = e.input(0);
  const Limits limits = limits_of(StoredInteger::uint8);
  const ValueId nothing = e.number(0.0, x), most = e.number(limits.high, x);
  const Axes all = counting(rank_of(e, x));
  const ValueId high = e.add("Max", {reduce(e, "ReduceMax", x, all, false), nothing}),
                low = e.add("Min", {reduce(e, "ReduceMin", x, all, false), nothing});
  // Where the range is empty, all elements are 0, the scale is 1: so ONNX Runtime.
  const ValueId scale = e.add("Where", {e.add("Equal", {high, low}), e.number(1.0, x),
                                        e.add("Div", {e.add("Sub", {high, low}), most})});
  const ValueId start = e.add("Div", {e.add("Neg", {low}), scale});
  const ValueId zero = e.add("Round", {e.add("Clip", {start, nothing, most})});
  e.output(1, scale);
  e.output(2, e.as_integers(zero, StoredInteger::uint8));
  // The zero point depends on the input, so the sum is cut: the same, because it is an integer.
  const ValueId sum = e.add("Add", {e.add("Round", {e.add("Div", {x, scale})}), zero});
  e.output(0, e.as_integers(e.add("Clip", {sum, nothing, most}), StoredInteger::uint8));
}

}  // namespace clipbound::specs
