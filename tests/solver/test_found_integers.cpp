// Wrong proofs of integers that wrap around, which a hostile reviewer found, kept: at each of these
// a counterexample replays.
#include <gtest/gtest.h>

#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"

namespace clipbound::test {
namespace {

ValueId scalar(NetworkBuilder& b, float value) {
  return b.constant(Shape{}, std::vector<float>{value});
}
ValueId as_float(NetworkBuilder& b, ValueId x) {
  return b.add("Cast", {x}, {{"to", std::int64_t{1}}});
}
/// Without an attack, which finds most of them by luck before a proof is tried.
std::string verdict(NetworkBuilder& b, ValueId y, const std::string& text) {
  b.output(y);
  return std::string(name_of(solve_text(std::make_shared<const Network>(b.build()), text,
                                        {.attack = false, .seconds = 5.0})
                                 .verdict));
}
ValueId whole(NetworkBuilder& b, std::int64_t value, StoredInteger type) {
  Tensor tensor{Shape{1}, std::vector<std::int64_t>{value}};
  tensor.stored = type;
  return b.constant(std::move(tensor));
}
/// The number rounded and cut to the range of integers of 8 or 16 bits.
ValueId quantized(NetworkBuilder& b, ValueId x, StoredInteger type) {
  Tensor zero{Shape{}, std::vector<std::int64_t>{0}};
  zero.stored = type;
  return b.add("QuantizeLinear", {x, scalar(b, 1.0F), b.constant(std::move(zero))});
}
ValueId cast_to(NetworkBuilder& b, ValueId x, std::int64_t to) {
  return b.add("Cast", {x}, {{"to", to}});
}
constexpr std::int64_t kToInt32 = 6, kToInt64 = 7;

/// A network of integers that wrap around somewhere in the box, and rows that hold there.
struct Wrapping {
  const char* name;
  std::int64_t inputs;
  double lower, upper;
  const char* row;
  ValueId (*integers)(NetworkBuilder& b, ValueId x);
};
using Stored = StoredInteger;
const Wrapping kWrapping[] = {
    {"uint8 difference below 0", 1, 100.0, 200.0, "(>= Y_0 1.0)",
     [](NetworkBuilder& b, ValueId x) {
       return b.add("Sub", {whole(b, 3, Stored::uint8), quantized(b, x, Stored::uint8)});
     }},
    {"uint8 less than a constant", 1, 0.0, 10.0, "(>= Y_0 100.0)",
     [](NetworkBuilder& b, ValueId x) {
       return b.add("Sub", {quantized(b, x, Stored::uint8), whole(b, 20, Stored::uint8)});
     }},
    {"uint8 sum", 1, 200.0, 250.0, "(<= Y_0 300.0)",
     [](NetworkBuilder& b, ValueId x) {
       const ValueId q = quantized(b, x, Stored::uint8);
       return b.add("Add", {b.add("Transpose", {q}), q});
     }},
    {"uint8 product", 1, 100.0, 200.0, "(<= Y_0 99.0)",
     [](NetworkBuilder& b, ValueId x) {
       return b.add("Mul", {quantized(b, x, Stored::uint8), whole(b, 3, Stored::uint8)});
     }},
    {"int16 sum", 1, 20000.0, 30000.0, "(<= Y_0 0.0)",
     [](NetworkBuilder& b, ValueId x) {
       const ValueId q = quantized(b, x, Stored::int16);
       return b.add("Add", {q, q});
     }},
    {"-(-128) of int8", 1, -300.0, -128.0, "(<= Y_0 0.0)",
     [](NetworkBuilder& b, ValueId x) { return b.add("Neg", {quantized(b, x, Stored::int8)}); }},
    {"|-128| of int8", 1, -300.0, -128.0, "(<= Y_0 0.0)",
     [](NetworkBuilder& b, ValueId x) { return b.add("Abs", {quantized(b, x, Stored::int8)}); }},
    {"-128 / -1 of int8", 1, -300.0, -128.0, "(<= Y_0 0.0)",
     [](NetworkBuilder& b, ValueId x) {
       return b.add("Div", {quantized(b, x, Stored::int8), whole(b, -1, Stored::int8)});
     }},
    {"int64 product", 1, 3.0, 4.0, "(<= Y_0 -1.0)",
     [](NetworkBuilder& b, ValueId x) {
       const ValueId i = cast_to(b, b.add("Mul", {x, scalar(b, 1e18F)}), kToInt64);
       return b.add("Mul", {i, whole(b, 4, Stored::int64)});
     }},
    {"int32 product", 1, 1.0, 2.0, "(<= Y_0 2000000000.0)",
     [](NetworkBuilder& b, ValueId x) {
       const ValueId i = cast_to(b, b.add("Mul", {x, scalar(b, 1e9F)}), kToInt32);
       return b.add("Mul", {i, whole(b, 4, Stored::int32)});
     }},
    {"int64 cast to int32", 1, 5.0, 6.0, "(<= Y_0 2000000000.0)",
     [](NetworkBuilder& b, ValueId x) {
       return cast_to(b, cast_to(b, b.add("Mul", {x, scalar(b, 1e9F)}), kToInt64), kToInt32);
     }},
    {"int64 cast like int32", 1, 5.0, 6.0, "(<= Y_0 2000000000.0)",
     [](NetworkBuilder& b, ValueId x) {
       const ValueId i = cast_to(b, b.add("Mul", {x, scalar(b, 1e9F)}), kToInt64);
       return b.add("CastLike", {i, whole(b, 1, Stored::int32)});
     }},
    {"int64 cast like uint8", 1, -4.0, -3.0, "(>= Y_0 0.0)",
     [](NetworkBuilder& b, ValueId x) {
       return b.add("CastLike", {cast_to(b, x, kToInt64), whole(b, 1, Stored::uint8)});
     }},
    {"int32 sum of a list", 2, 1.5e9, 1.6e9, "(<= Y_0 0.0)",
     [](NetworkBuilder& b, ValueId x) { return b.add("ReduceSum", {cast_to(b, x, kToInt32)}); }},
    {"int32 sums in a row", 2, 1.5e9, 1.6e9, "(<= Y_0 0.0)",
     [](NetworkBuilder& b, ValueId x) {
       const ValueId sums = b.add("CumSum", {cast_to(b, x, kToInt32), b.integers({1})});
       return b.add("Gather", {sums, b.integers({1})}, {{"axis", std::int64_t{1}}});
     }},
    {"-(-2^31) of int32", 1, -2147483648.0, -2147483000.0, "(<= Y_0 0.0)",
     [](NetworkBuilder& b, ValueId x) { return b.add("Neg", {cast_to(b, x, kToInt32)}); }},
    {"10^20 in int64", 1, 10.0, 11.0, "(<= Y_0 1e18)",
     [](NetworkBuilder& b, ValueId x) {
       return b.add("Pow", {cast_to(b, x, kToInt64), whole(b, 20, Stored::int64)});
     }},
};

/// Neither without an attack nor with one.
TEST(FoundIntegers, IntegersWrapAround) {
  for (const Wrapping& of : kWrapping) {
    NetworkBuilder b;
    const ValueId x = b.input("x", {1, of.inputs});
    b.output(as_float(b, of.integers(b, x)));
    const auto network = std::make_shared<const Network>(b.build());
    const auto n = static_cast<std::size_t>(of.inputs);
    const Property p{
        std::vector<double>(n, of.lower), std::vector<double>(n, of.upper), 1, {{of.row}}};
    for (const bool attack : {false, true}) {
      const auto result = solve_text(network, p.text(), {.attack = attack, .seconds = 0.5});
      EXPECT_NE(std::string(name_of(result.verdict)), "unsat") << of.name;
    }
  }
}

/// float(int64(x) + 16777217 - 16777216) is 1, also for a judge that replays in float32: the first
/// sum is no number of it.
TEST(FoundIntegers, AJudgeDoesNotRoundThem) {
  NetworkBuilder b;
  const ValueId i = cast_to(b, b.input("x", {1, 1}), kToInt64);
  const ValueId large = b.add("Add", {i, whole(b, 16777217, Stored::int64)});
  b.output(as_float(b, b.add("Sub", {large, whole(b, 16777216, Stored::int64)})));
  const auto network = std::make_shared<const Network>(b.build());
  const Property p{{0.2}, {0.8}, 1, {{"(<= Y_0 0.5)"}}};
  for (const bool attack : {false, true}) {
    const auto result = solve_text(network, p.text(), {.attack = attack, .seconds = 0.5});
    EXPECT_NE(std::string(name_of(result.verdict)), "sat");
  }
}

/// What is no constant is cast to 8 or 16 bits from integers alone; a CastLike is no way around.
TEST(FoundIntegers, CastLikeOfNumbersToFewBitsIsRefused) {
  for (const Stored type : {Stored::int8, Stored::uint8, Stored::uint32, Stored::uint64}) {
    NetworkBuilder b;
    const ValueId x = b.input("x", {1, 1}), like = whole(b, 1, type);
    EXPECT_THROW(b.add("CastLike", {x, like}), Unsupported);
  }
}

/// What stays in the range is proved as before: quantized and back, sums that fit, indices.
TEST(FoundIntegers, IntegersThatDoNotWrapAreProved) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 1});
  Tensor zero{Shape{}, std::vector<std::int64_t>{100}};
  zero.stored = Stored::uint8;
  const ValueId scale = scalar(b, 0.5F), at = b.constant(std::move(zero));
  const ValueId back =
      b.add("DequantizeLinear", {b.add("QuantizeLinear", {x, scale, at}), scale, at});
  const ValueId few = b.add("Add", {quantized(b, x, Stored::int8), whole(b, 100, Stored::int8)});
  const ValueId y = b.add("Add", {back, as_float(b, few)});
  // back is in [-10, 10] and the sum in [90, 110].
  const Property p{{-10.0}, {10.0}, 1, {{"(>= Y_0 121.0)"}, {"(<= Y_0 79.0)"}}};
  EXPECT_EQ(verdict(b, y, p.text()), "unsat");
}

}  // namespace
}  // namespace clipbound::test
