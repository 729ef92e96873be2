// Integers of all widths: evaluation wraps around as it is done by hand, and what is lowered
// encloses it, on random networks of integers whose boxes end where the range does.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/error.h"
#include "bounds/crown/crown_bounder.h"
#include "bounds/lowering/lower_network.h"
#include "specs/evaluate/evaluate.h"
#include "specs/network/integer_range.h"
#include "specs/network/network_builder.h"
#include "specs/simplify/simplify.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

constexpr StoredInteger kFewBits[] = {StoredInteger::int8, StoredInteger::uint8,
                                      StoredInteger::int16, StoredInteger::uint16};

ValueId whole(NetworkBuilder& b, std::int64_t value, StoredInteger type) {
  Tensor tensor{Shape{}, std::vector<std::int64_t>{value}};
  tensor.stored = type;
  return b.constant(std::move(tensor));
}
ValueId quantized(NetworkBuilder& b, ValueId x, StoredInteger type) {
  return b.add("QuantizeLinear",
               {x, b.constant(Shape{}, std::vector<float>{1.0F}), whole(b, 0, type)});
}
ValueId as_float(NetworkBuilder& b, ValueId x) {
  return b.add("Cast", {x}, {{"to", std::int64_t{1}}});
}

/// By hand: one step at a time, up or down by the size of the range.
std::int64_t by_hand(std::int64_t x, StoredInteger type) {
  const IntegerRange range = range_of(type);
  const auto low = static_cast<std::int64_t>(range.low), end = static_cast<std::int64_t>(range.end);
  while (x < low) x += end - low;
  while (x >= end) x -= end - low;
  return x;
}

std::vector<double> outputs_of(const std::shared_ptr<const Network>& network,
                               const std::vector<double>& x) {
  Evaluator<double> evaluator(network);
  std::vector<double> y(static_cast<std::size_t>(network->output_size()));
  evaluator.forward(x, y);
  Evaluator<float> in32(network);
  std::vector<float> y32(y.size());
  in32.forward(std::vector<float>(x.begin(), x.end()), y32);
  for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i], static_cast<double>(y32[i]));
  return y;
}

TEST(IntegerRanges, EvaluationWrapsAround) {
  for (const StoredInteger type : kFewBits) {
    const IntegerRange range = range_of(type);
    NetworkBuilder b;
    const ValueId q = quantized(b, b.input("x", {1}), type);
    for (const ValueId y :
         {b.add("Add", {q, whole(b, 100, type)}), b.add("Sub", {whole(b, 3, type), q}),
          b.add("Neg", {q}), b.add("Mul", {q, whole(b, 5, type)}), b.add("Abs", {q}),
          b.add("Max", {q, whole(b, 7, type)})})
      b.output(as_float(b, y));
    const auto network = std::make_shared<const Network>(b.build());
    for (const double x : {range.low, range.low + 1.0, range.end - 1.0, range.end - 2.0, 0.0, 1.0,
                           77.0, range.low - 50.0, range.end + 50.0}) {
      const auto i = static_cast<std::int64_t>(std::clamp(x, range.low, range.end - 1.0));
      const std::vector<double> y = outputs_of(network, {x});
      const std::int64_t expected[] = {i + 100, 3 - i,       -i,
                                       5 * i,   std::abs(i), std::max<std::int64_t>(i, 7)};
      for (std::size_t k = 0; k < y.size(); ++k)
        EXPECT_EQ(y[k], static_cast<double>(by_hand(expected[k], type)))
            << name_of(type) << ", output " << k << " at " << x;
    }
  }
}

TEST(IntegerRanges, ConstantsWrapAround) {
  for (const StoredInteger type : kFewBits) {
    NetworkBuilder b;
    const ValueId x = b.input("x", {1});
    const auto last = static_cast<std::int64_t>(range_of(type).end) - 1;
    const ValueId sum = b.add("Add", {whole(b, last, type), whole(b, 1, type)});
    const Value& value = b.network().value(sum);
    ASSERT_TRUE(value.constant);
    EXPECT_EQ(value.constant->as_int64()[0], static_cast<std::int64_t>(range_of(type).low));
    EXPECT_EQ(value.integers, type);
    EXPECT_EQ(value.constant->stored, type);
    const ValueId cast =
        b.add("Cast", {whole(b, (std::int64_t{5} << 32) + 7, StoredInteger::int64)},
              {{"to", std::int64_t{6}}});
    EXPECT_EQ(b.network().value(cast).constant->as_int64()[0], 7);
    EXPECT_EQ(b.network().value(cast).integers, StoredInteger::int32);
    b.output(x);
  }
}

/// Negative numbers of unsigned 64 bits cannot be held.
TEST(IntegerRanges, WhatCannotBeHeldIsRefused) {
  NetworkBuilder b;
  EXPECT_THROW(
      b.add("Sub", {whole(b, 1, StoredInteger::uint64), whole(b, 2, StoredInteger::uint64)}),
      Unsupported);
}

/// Floating-point numbers and powers out of range are no numbers: runtimes differ.
TEST(IntegerRanges, WhatRuntimesDifferInIsNoNumber) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1});
  const ValueId i = b.add("Cast", {x}, {{"to", std::int64_t{6}}});
  b.output(as_float(b, i));
  b.output(as_float(b, b.add("Pow", {i, whole(b, 8, StoredInteger::int32)})));
  const auto network = std::make_shared<const Network>(b.build());
  const auto at = [&](float point) {
    Evaluator<float> evaluator(network);
    std::vector<float> y(2);
    evaluator.forward(std::vector<float>{point}, y);
    return y;
  };
  EXPECT_EQ(at(3.5F), (std::vector<float>{3.0F, 6561.0F}));
  EXPECT_TRUE(std::isnan(at(3e9F)[0]));
  EXPECT_EQ(at(20.0F)[0], 20.0F);
  EXPECT_TRUE(std::isnan(at(20.0F)[1]));
}

struct Bounded {
  std::vector<double> lower, upper;
};

Bounded bound(const Network& network, const std::vector<double>& lower,
              const std::vector<double>& upper) {
  const CrownBounder bounder(
      std::make_shared<const LayeredSystem>(lower_network(network, lower, upper)));
  const CrownBounder::Bounds bounds = bounder.bound_neurons(lower, upper, Deadline());
  const AffineForm& outputs = bounder.system().outputs;
  const IntervalVector range = enclose(outputs, bounds.sources);
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < outputs.size(); ++i) all.push_back(i);
  const int layers = static_cast<int>(bounder.system().layers.size());
  const auto low = bounder.lower_bounds(outputs, all, 1.0, layers, bounds),
             high = bounder.lower_bounds(outputs, all, -1.0, layers, bounds);
  Bounded result{range.lower, range.upper};
  for (std::size_t i = 0; i < all.size(); ++i) {
    result.lower[i] = std::max(result.lower[i], low[i]);
    result.upper[i] = std::min(result.upper[i], -high[i]);
  }
  return result;
}

/// Sums, differences, products, extremes and choices of integers of one width, and casts to int32
/// and back.
std::shared_ptr<const Network> random_network(std::mt19937& random, StoredInteger type) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {2});
  std::vector<ValueId> values{quantized(b, x, type)};
  const auto pick = [&] { return values[random() % values.size()]; };
  const auto number = [&] {
    const auto last = static_cast<std::int64_t>(range_of(type).end) - 1;
    const std::int64_t choices[] = {0, 1, 2, 3, 100, last, last / 2};
    return whole(b, choices[random() % 7], type);
  };
  for (int k = 0; k < 6; ++k) {
    const char* binary[] = {"Add", "Sub", "Mul", "Max", "Min"};
    ValueId y{};
    switch (random() % 5) {
      case 0: y = b.add("Neg", {pick()}); break;
      case 1: y = b.add("Where", {b.add("Less", {pick(), pick()}), pick(), number()}); break;
      case 2: y = b.add(binary[random() % 5], {pick(), number()}); break;
      default: y = b.add(binary[random() % 5], {pick(), pick()}); break;
    }
    values.push_back(y);
  }
  b.output(as_float(b, values.back()));
  b.output(as_float(b, b.add("ReduceSum", {pick()})));
  const ValueId wide = b.add("Cast", {pick()}, {{"to", std::int64_t{6}}});
  b.output(as_float(b, b.add("Mul", {wide, wide})));
  return std::make_shared<const Network>(b.build());
}

/// One point of a box whose ends are likely.
double sample(std::mt19937& random, double lower, double upper) {
  if (random() % 3 == 0) return random() % 2 == 0 ? lower : upper;
  const auto steps = static_cast<unsigned>(2.0 * (upper - lower));
  return lower + 0.5 * static_cast<double>(random() % (steps + 1));
}

TEST(IntegerRanges, BoundsEncloseWhatWraps) {
  std::mt19937 random(20);
  for (int round = 0; round < 160; ++round) {
    const StoredInteger type = kFewBits[random() % 4];
    const IntegerRange range = range_of(type);
    const auto read = random_network(random, type);
    const auto network = simplify(read).network;
    std::vector<double> lower(2), upper(2);
    for (std::size_t i = 0; i < 2; ++i) {
      const double ends[] = {range.low, range.end - 1.0, 0.0, 0.5 * range.end, 5.0};
      const double widths[] = {0.0, 1.0, 3.0, 40.0};
      lower[i] = ends[random() % 5] - 2.0;
      upper[i] = lower[i] + widths[random() % 4];
    }
    const Bounded b = bound(*network, lower, upper);
    const EnclosedOutputs whole_box = evaluate_enclosed(*network, lower, upper);
    Evaluator<double> evaluator(read);
    for (int p = 0; p < 40; ++p) {
      const std::vector<double> x{sample(random, lower[0], upper[0]),
                                  sample(random, lower[1], upper[1])};
      std::vector<double> y(b.lower.size());
      evaluator.forward(x, y);
      const EnclosedOutputs at = evaluate_enclosed(*network, x);
      for (std::size_t i = 0; i < y.size(); ++i) {
        if (std::isnan(y[i])) continue;  // not known
        ASSERT_GE(y[i], b.lower[i]) << name_of(type) << ", output " << i << ", round " << round;
        ASSERT_LE(y[i], b.upper[i]) << name_of(type) << ", output " << i << ", round " << round;
        ASSERT_LE(std::fabs(y[i] - at.value[i]), at.error[i] * (1.0 + 0x1p-50));
        ASSERT_LE(std::fabs(y[i] - whole_box.value[i]), whole_box.error[i] * (1.0 + 0x1p-50));
      }
    }
  }
}

}  // namespace
}  // namespace clipbound::test
