// Idea: Celu, Mish, Swish, Shrink; Sum and Mean of several operands; CastLike.
// Source: ONNX operator specification and the function bodies there.
// Guarantees: equal to the standard's in real arithmetic; sums are taken from left to right.
#include "specs/expand/steps.h"

namespace clipbound::specs {
namespace {

ValueId sum_of_all(Expansion& e) {
  if (e.node().inputs.empty()) throw InputError("has no input");
  ValueId sum = e.input(0);
  for (std::size_t i = 1; i < e.node().inputs.size(); ++i) sum = e.add("Add", {sum, e.input(i)});
  return sum;
}

/// onnx.proto, TensorProto.DataType.
std::int64_t onnx_type_of(StoredInteger type) {
  switch (type) {
    case StoredInteger::uint8: return 2;
    case StoredInteger::int8: return 3;
    case StoredInteger::uint16: return 4;
    case StoredInteger::int16: return 5;
    case StoredInteger::int32: return 6;
    case StoredInteger::int64: return 7;
    case StoredInteger::uint32: return 12;
    case StoredInteger::uint64: return 13;
  }
  return 7;
}

}  // namespace

void expand_sum(Expansion& e) {
  e.output(0, sum_of_all(e));
}

void expand_mean(Expansion& e) {
  const ValueId sum = sum_of_all(e);
  expect_floating(e, 0);
  const auto count = static_cast<double>(e.node().inputs.size());
  e.output(0, count == 1.0 ? sum : e.add("Div", {sum, e.number(count, sum)}));
}

/// alpha * elu(x / alpha).
void expand_celu(Expansion& e) {
  expect_inputs(e, 1, 1);
  expect_floating(e, 0);
  const double alpha = e.node().float_attribute("alpha", 1.0);
  if (alpha == 0.0) throw InputError("alpha is 0");
  const ValueId x = e.input(0);
  if (alpha == 1.0) return e.output(0, e.add("Elu", {x}));
  const ValueId factor = e.number(alpha, x);
  e.output(0, e.add("Mul", {factor, e.add("Elu", {e.add("Div", {x, factor})})}));
}

/// x tanh(softplus(x)).
void expand_mish(Expansion& e) {
  expect_inputs(e, 1, 1);
  const ValueId x = e.input(0);
  e.output(0, e.add("Mul", {x, e.add("Tanh", {e.add("Softplus", {x})})}));
}

/// x sigmoid(alpha x).
void expand_swish(Expansion& e) {
  expect_inputs(e, 1, 1);
  expect_floating(e, 0);
  const ValueId x = e.input(0);
  const double alpha = e.node().float_attribute("alpha", 1.0);
  const ValueId z = alpha == 1.0 ? x : e.add("Mul", {x, e.number(alpha, x)});
  e.output(0, e.add("Mul", {x, e.add("Sigmoid", {z})}));
}

/// x + bias below -lambd, x - bias above lambd, 0 between. With bias = lambd it does not jump, and
/// is made of two ReLUs.
void expand_shrink(Expansion& e) {
  expect_inputs(e, 1, 1);
  expect_floating(e, 0);
  const ValueId x = e.input(0);
  const double edge = e.node().float_attribute("lambd", 0.5),
               bias = e.node().float_attribute("bias", 0.0);
  const ValueId limit = e.number(edge, x), zero = e.number(0.0, x);
  if (bias == edge && edge >= 0.0) {
    const ValueId above = e.add("Relu", {e.add("Sub", {x, limit})}),
                  below = e.add("Relu", {e.add("Sub", {e.add("Neg", {x}), limit})});
    return e.output(0, e.add("Sub", {above, below}));
  }
  const ValueId shift = e.number(bias, x);
  const ValueId upper = e.add(
      "Where", {e.add("Greater", {x, limit}), bias == 0.0 ? x : e.add("Sub", {x, shift}), zero});
  e.output(0, e.add("Where", {e.add("Less", {x, e.number(-edge, x)}),
                              bias == 0.0 ? x : e.add("Add", {x, shift}), upper}));
}

void expand_cast_like(Expansion& e) {
  expect_inputs(e, 2, 2);
  constexpr std::int64_t kFloat = 1, kBool = 9, kFloat16 = 10, kDouble = 11,
                         kBfloat16 = 16;  // onnx.proto
  const DataType type = e.type(e.input(1));
  const Half half = e.network().value(e.input(1)).half;
  const std::int64_t to = half == Half::float16       ? kFloat16
                          : half == Half::bfloat16    ? kBfloat16
                          : type == DataType::float32 ? kFloat
                          : type == DataType::float64 ? kDouble
                          : type == DataType::int64
                              ? onnx_type_of(e.network().value(e.input(1)).integers)
                              : kBool;
  e.output_of_cast(0, e.add("Cast", {e.input(0)}, {{"to", to}}));
}

}  // namespace clipbound::specs
