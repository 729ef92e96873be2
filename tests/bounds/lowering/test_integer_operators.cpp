// Operators with jumps: ArgMax, OneHot, comparisons, Cast, logic, Where. Points lie on jumps and
// ties on purpose, where float32 and float64 evaluations may choose either side: whatever they
// choose has to be inside the bounds.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "bounds/crown/crown_bounder.h"
#include "bounds/lowering/lower_network.h"
#include "specs/evaluate/evaluate.h"
#include "specs/network/network_builder.h"
#include "specs/network/op_table.h"
#include "specs/simplify/simplify.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

struct Bounded {
  std::vector<double> lower, upper;  // interval bounds and CROWN, the better of both
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

/// Random boxes whose ends are multiples of 1/2, points that are multiples of 1/2 or ends,
/// evaluated in float32 and float64: both must be enclosed. The networks add and compare such
/// numbers exactly.
void expect_enclosed(const std::shared_ptr<const Network>& read, int boxes = 200) {
  const auto network = simplify(read).network;
  const auto n = static_cast<std::size_t>(network->input_size()),
             m = static_cast<std::size_t>(network->output_size());
  Evaluator<float> in32(read);
  Evaluator<double> in64(read);
  std::mt19937 random(3);
  const auto half = [&](int span) {
    return 0.5 * (static_cast<double>(random() % static_cast<unsigned>(2 * span + 1)) - span);
  };
  for (int box = 0; box < boxes; ++box) {
    std::vector<double> lower(n), upper(n);
    for (std::size_t i = 0; i < n; ++i) {
      lower[i] = half(5);
      upper[i] = lower[i] + (random() % 3 == 0 ? 0.0 : std::fabs(half(3)));
    }
    const Bounded b = bound(*network, lower, upper);
    for (int p = 0; p < 60; ++p) {
      std::vector<double> x(n), y(m);
      std::vector<float> x32(n), y32(m);
      for (std::size_t i = 0; i < n; ++i) {
        const auto steps = static_cast<unsigned>(std::round(2.0 * (upper[i] - lower[i])));
        x[i] = lower[i] + 0.5 * static_cast<double>(random() % (steps + 1));
        x32[i] = static_cast<float>(x[i]);
      }
      in64.forward(x, y);
      in32.forward(x32, y32);
      for (std::size_t i = 0; i < m; ++i) {
        for (const double truth : {y[i], static_cast<double>(y32[i])}) {
          ASSERT_GE(truth, b.lower[i]) << "output " << i << ", box " << box;
          ASSERT_LE(truth, b.upper[i]) << "output " << i << ", box " << box;
        }
      }
    }
  }
}

std::shared_ptr<const Network> built(NetworkBuilder& b) {
  return std::make_shared<const Network>(b.build());
}
constexpr std::int64_t kToFloat = 1, kToInt = 7, kToBool = 9;

TEST(Discrete, ChoicesAndTies) {
  for (const char* op : {"ArgMax", "ArgMin"}) {
    for (const std::int64_t n : {1, 2, 3, 5}) {
      for (const std::int64_t last : {0, 1}) {
        NetworkBuilder b;
        const ValueId index = b.add(op, {b.input("x", {n, 2})},
                                    {{"axis", std::int64_t{0}},
                                     {"keepdims", std::int64_t{0}},
                                     {"select_last_index", last}});
        b.output(b.add("Cast", {index}, {{"to", kToFloat}}));
        const ValueId hot =
            b.add("OneHot", {index, b.integers({n}), b.constant({2}, {-1.5F, 2.25F})},
                  {{"axis", std::int64_t{0}}});
        b.output(hot);
        expect_enclosed(built(b));
      }
    }
  }
}

TEST(Discrete, OneHotOfIndicesFromTheEnd) {
  NetworkBuilder b;
  const ValueId index = b.add("Cast", {b.input("x", {3})}, {{"to", kToInt}});
  b.output(b.add("OneHot", {index, b.integers({4}), b.constant({2}, {0.0F, 1.0F})}));
  expect_enclosed(built(b));
}

TEST(Discrete, Comparisons) {
  for (const char* op : {"Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"}) {
    for (const bool whole : {false, true}) {
      NetworkBuilder b;
      ValueId x = b.input("x", {2, 3}), y = b.input("y", {3});
      if (whole) {
        x = b.add("Cast", {x}, {{"to", kToInt}});
        y = b.add("Floor", {y});
        y = b.add("Cast", {y}, {{"to", kToInt}});
      }
      b.output(b.add("Cast", {b.add(op, {x, y})}, {{"to", kToFloat}}));
      expect_enclosed(built(b));
    }
  }
}

TEST(Discrete, Logic) {
  for (const char* op : {"And", "Or", "Xor"}) {
    NetworkBuilder b;
    const ValueId x = b.add("Cast", {b.input("x", {2})}, {{"to", kToBool}});
    const ValueId y = b.add("Less", {b.input("y", {2}), b.input("z", {2})});
    b.output(b.add("Cast", {b.add("Not", {b.add(op, {x, y})})}, {{"to", kToFloat}}));
    expect_enclosed(built(b));
  }
}

TEST(Discrete, WhereOnData) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {2, 2}), y = b.input("y", {2});
  b.output(b.add("Where", {b.add("Less", {x, y}), b.add("Add", {x, y}),
                           b.add("Mul", {x, b.constant({1}, {-3.0F})})}));
  expect_enclosed(built(b));
}

/// Integers: quotients and negative powers are cut towards 0.
TEST(Discrete, QuotientsOfIntegers) {
  for (const std::int64_t divisor : {1, 2, 3, -2, -3}) {
    NetworkBuilder b;
    const ValueId x = b.add("Cast", {b.input("x", {3})}, {{"to", kToInt}});
    const ValueId by_number = b.add("Div", {x, b.integers({divisor})});
    b.output(b.add("Cast", {by_number}, {{"to", kToFloat}}));
    const ValueId y = b.add("Cast", {b.add("Abs", {b.input("y", {3})})}, {{"to", kToInt}});
    const ValueId by_variable = b.add("Div", {x, b.add("Add", {y, b.integers({1})})});
    b.output(b.add("Cast", {b.add("Add", {by_variable, by_number})}, {{"to", kToFloat}}));
    expect_enclosed(built(b));
  }
}

TEST(Discrete, NegativePowersOfIntegers) {
  NetworkBuilder b;
  const ValueId x =
      b.add("Cast", {b.add("Add", {b.add("Abs", {b.input("x", {3})}), b.constant({1}, {1.0F})})},
            {{"to", kToInt}});
  b.output(b.add("Cast", {b.add("Pow", {x, b.integers({-1})})}, {{"to", kToFloat}}));
  b.output(b.add("Cast", {b.add("Pow", {x, b.integers({2})})}, {{"to", kToFloat}}));
  expect_enclosed(built(b));
}

TEST(Discrete, IndicesOnData) {
  NetworkBuilder b;
  const ValueId at = b.add("Cast", {b.add("Abs", {b.input("at", {1})})}, {{"to", kToInt}});
  const ValueId indices =
      b.add("Unsqueeze", {b.add("Min", {at, b.integers({3})}), b.integers({1})});
  b.output(b.add("ScatterND", {b.input("x", {4}), indices, b.input("y", {1})}));
  expect_enclosed(built(b));
}

TEST(Discrete, TheBestAndTheirPlaces) {
  for (const std::int64_t n : {1, 2, 3, 5}) {
    for (const std::int64_t k : {std::int64_t{1}, (n + 1) / 2, n}) {
      for (const std::int64_t largest : {0, 1}) {
        for (const bool whole : {false, true}) {
          NetworkBuilder b;
          ValueId x = b.input("x", {n, 2});
          if (whole) x = b.add("Cast", {x}, {{"to", kToInt}});
          const std::vector<ValueId> best = b.add(
              "TopK", {x, b.integers({k})}, {{"axis", std::int64_t{0}}, {"largest", largest}}, 2);
          b.output(b.add("Cast", {best[0]}, {{"to", kToFloat}}));
          b.output(b.add("Cast", {best[1]}, {{"to", kToFloat}}));
          expect_enclosed(built(b), 40);
        }
      }
    }
  }
}

/// Where nothing overlaps, values are copies and places are known.
TEST(Discrete, TheBestAreLinearWhereTheOrderIsDecided) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {4});
  const std::vector<ValueId> best = b.add("TopK", {x, b.integers({3})}, {}, 2);
  const ValueId order = b.add("Gather", {x, b.integers({2, 0, 3})});
  b.output(b.add("Sub", {best[0], order}));
  b.output(b.add("Cast", {best[1]}, {{"to", kToFloat}}));
  const auto network = simplify(built(b)).network;
  const Bounded known = bound(*network, {1, -5, 4, -2}, {2, -3, 9, 0});
  const std::vector<double> expected{0, 0, 0, 2, 0, 3};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(known.lower[i], expected[i], 1e-12) << i;
    EXPECT_NEAR(known.upper[i], expected[i], 1e-12) << i;
  }
}

TEST(Discrete, Remainders) {
  for (const double divisor : {1.0, 1.5, 2.0, -0.5, -3.0}) {
    NetworkBuilder b;
    const ValueId by = b.constant({1}, {static_cast<float>(divisor)});
    b.output(b.add("Mod", {b.input("x", {3}), by}, {{"fmod", std::int64_t{1}}}));
    expect_enclosed(built(b), 60);
  }
  for (const std::int64_t divisor : {1, 2, 3, -2, -3}) {
    for (const std::int64_t fmod : {0, 1}) {
      NetworkBuilder b;
      const ValueId x = b.add("Cast", {b.input("x", {3})}, {{"to", kToInt}});
      const ValueId rest = b.add("Mod", {x, b.integers({divisor})}, {{"fmod", fmod}});
      b.output(b.add("Cast", {rest}, {{"to", kToFloat}}));
      expect_enclosed(built(b), 60);
    }
  }
}

/// Within one period a remainder is linear; over many it stays near its range.
TEST(Discrete, RemaindersAreLinearWithinAPeriod) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {2});
  const ValueId rest = b.add("Mod", {x, b.constant({1}, {3.0F})}, {{"fmod", std::int64_t{1}}});
  b.output(rest);
  b.output(b.add("Sub", {rest, x}));
  const auto network = simplify(built(b)).network;
  const Bounded known = bound(*network, {3.5, -20}, {5, 50});
  EXPECT_NEAR(known.lower[0], 0.5, 1e-9);
  EXPECT_NEAR(known.upper[0], 2.0, 1e-9);
  EXPECT_NEAR(known.lower[2], -3.0, 1e-9);
  EXPECT_NEAR(known.upper[2], -3.0, 1e-9);
  EXPECT_GE(known.lower[1], -6.0);
  EXPECT_LE(known.upper[1], 6.0);
}

TEST(Discrete, PlacesOnData) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {2, 3});
  const ValueId at = b.add("Cast", {b.add("Abs", {b.input("at", {2, 1})})}, {{"to", kToInt}});
  const ValueId last = b.add("Min", {at, b.integers({2})}),
                first = b.add("Min", {at, b.integers({1})});
  b.output(b.add("GatherElements", {x, last}, {{"axis", std::int64_t{1}}}));
  b.output(b.add("GatherND", {x, first}));
  for (const char* reduction : {"none", "add", "mul", "max", "min"})
    b.output(b.add("ScatterElements", {x, last, b.input(reduction, {2, 1})},
                   {{"axis", std::int64_t{1}}, {"reduction", std::string(reduction)}}));
  expect_enclosed(built(b), 60);
}

/// Where a box decides an index, elements are copies.
TEST(Discrete, KnownPlacesAreCopies) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {4});
  const ValueId at = b.add("Cast", {b.input("at", {1})}, {{"to", kToInt}});
  const ValueId second = b.add("Gather", {x, b.integers({2})});
  b.output(b.add("Sub", {b.add("GatherElements", {x, at}), second}));
  const ValueId placed =
      b.add("ScatterElements", {x, at, b.input("u", {1})}, {{"reduction", std::string("add")}});
  b.output(b.add("Sub", {placed, x}));
  const auto network = simplify(built(b)).network;
  const Bounded known = bound(*network, {-1, -1, -1, -1, 2.25, 0.5}, {1, 1, 1, 1, 2.75, 0.75});
  const std::vector<double> lower{0, 0, 0, 0.5, 0}, upper{0, 0, 0, 0.75, 0};
  for (std::size_t i = 0; i < lower.size(); ++i) {
    EXPECT_NEAR(known.lower[i], lower[i], 1e-12) << i;
    EXPECT_NEAR(known.upper[i], upper[i], 1e-12) << i;
  }
}

/// Outside of the domain of a root there is no number, and both answers stay possible.
TEST(Discrete, WhatIsNoNumber) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {2});
  const ValueId missing = b.add("IsNaN", {b.add("Sqrt", {x})});
  b.output(b.add("Where", {missing, b.constant({1}, {5.0F}), b.constant({1}, {1.0F})}));
  b.output(b.add("Cast", {b.add("IsInf", {x})}, {{"to", kToFloat}}));
  const auto network = simplify(built(b)).network;
  const Bounded known = bound(*network, {-1, 0.5}, {1, 1});
  EXPECT_LE(known.lower[0], 1.0);
  EXPECT_GE(known.upper[0], 5.0);
  EXPECT_LE(known.lower[1], 1.0);
  EXPECT_GE(known.upper[1], 1.0);
  EXPECT_NEAR(known.lower[2], 0.0, 1e-12);
  EXPECT_NEAR(known.upper[2], 0.0, 1e-12);
}

/// Segmentation: how many cells are in the class that a mask says. Where every cell is decided, the
/// count is known exactly.
TEST(Discrete, CountsOfDecidedCellsAreExact) {
  NetworkBuilder b;
  const ValueId scores = b.add("Softmax", {b.input("x", {2, 4})}, {{"axis", std::int64_t{0}}});
  const ValueId index =
      b.add("ArgMax", {scores}, {{"axis", std::int64_t{0}}, {"keepdims", std::int64_t{0}}});
  const ValueId hot =
      b.add("OneHot", {index, b.integers({2}), b.integers({0, 1})}, {{"axis", std::int64_t{0}}});
  const ValueId cells = b.add("Gather", {hot, b.constant(Tensor{{}, std::vector<std::int64_t>{1}})},
                              {{"axis", std::int64_t{0}}});
  const ValueId mask = b.add("Cast", {b.input("mask", {4})}, {{"to", kToInt}});
  const ValueId same = b.add("Cast", {b.add("Equal", {cells, mask})}, {{"to", kToInt}});
  b.output(b.add("ReduceSum", {same, b.integers({0})}, {{"keepdims", std::int64_t{0}}}));
  const auto network = simplify(built(b)).network;
  // Cells 0 and 1 are of class 1, cell 2 of class 0, cell 3 is open; the mask says 1, 0, 0, 1.
  const std::vector<double> lower{-1, -1, 1, -1, 0.5, 0.5, -1, -0.5, 1, 0, 0, 1},
      upper{0, 0, 2, 0.5, 2, 2, 0.5, 2, 1, 0, 0, 1};
  const Bounded known = bound(*network, lower, upper);
  EXPECT_NEAR(known.lower[0], 2.0, 1e-9);
  EXPECT_NEAR(known.upper[0], 3.0, 1e-9);
  for (const Node& node : network->nodes) EXPECT_NE(node.name.substr(0, 7), "Softmax");
}

/// In float32 small shares underflow to 0 together, on whole neighbourhoods: what compares them
/// keeps its softmax.
TEST(Discrete, SoftmaxesStayWhereSmallSharesAreCompared) {
  const auto softmaxes = [](const char* softmax, const char* choice, std::int64_t first) {
    NetworkBuilder b;
    const ValueId shares = b.add(softmax, {b.input("x", {3})}, {{"axis", std::int64_t{0}}});
    const ValueId part =
        b.add("Slice", {shares, b.integers({first}), b.integers({3}), b.integers({0})});
    b.output(
        b.add("Cast", {b.add(choice, {part}, {{"axis", std::int64_t{0}}})}, {{"to", kToFloat}}));
    const auto network = simplify(built(b)).network;
    return std::count_if(network->nodes.begin(), network->nodes.end(), [](const Node& node) {
      return node.kind == OpKind::softmax || node.kind == OpKind::log_softmax;
    });
  };
  EXPECT_EQ(softmaxes("Softmax", "ArgMax", 0), 0);
  EXPECT_EQ(softmaxes("Softmax", "ArgMax", 1), 1) << "the largest may be left out";
  EXPECT_EQ(softmaxes("Softmax", "ArgMin", 0), 1);
  EXPECT_EQ(softmaxes("LogSoftmax", "ArgMax", 1), 0);
  EXPECT_EQ(softmaxes("LogSoftmax", "ArgMin", 0), 0);
}

}  // namespace
}  // namespace clipbound::test
