// Every operator form that can be lowered to affine forms and ReLUs: at endpoint-heavy points of
// random boxes the proven value [v - e, v + e] must meet the interval bounds and the CROWN bounds
// of every output, with no other slack.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "base/error.h"
#include "bounds/crown/crown_bounder.h"
#include "bounds/lowering/lower_network.h"
#include "specs/evaluate/evaluate.h"
#include "specs/network/network_builder.h"
#include "specs/network/op_table.h"
#include "specs/onnx/onnx_reader.h"
#include "specs/simplify/simplify.h"
#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

class Lowering : public testing::TestWithParam<OperatorCase> {};

struct RandomBox {
  std::vector<double> lower, upper;
};

/// Sides of all sizes, some of width zero.
RandomBox random_box(std::mt19937_64& random, std::size_t n) {
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  const double scale = std::exp2(static_cast<double>(random() % 9) - 5.0);
  RandomBox box;
  for (std::size_t i = 0; i < n; ++i) {
    const double centre = uniform(random) * 2.0,
                 half = random() % 8 == 0 ? 0.0 : std::fabs(uniform(random)) * scale;
    box.lower.push_back(centre - half);
    box.upper.push_back(centre + half);
  }
  return box;
}

std::vector<double> random_point(std::mt19937_64& random, const RandomBox& box) {
  std::vector<double> x;
  for (std::size_t i = 0; i < box.lower.size(); ++i) {
    const double t = random() % 2 == 0 ? static_cast<double>(random() % 2)
                                       : std::uniform_real_distribution<double>(0.0, 1.0)(random);
    x.push_back(t == 0.0   ? box.lower[i]
                : t == 1.0 ? box.upper[i]
                           : std::clamp(box.lower[i] + t * (box.upper[i] - box.lower[i]),
                                        box.lower[i], box.upper[i]));
  }
  return x;
}

void check_box(const Network& network, const RandomBox& box, std::mt19937_64& random) {
  auto system = std::make_shared<const LayeredSystem>(lower_network(network, box.lower, box.upper));
  const CrownBounder bounder(system);
  const CrownBounder::Bounds bounds = bounder.bound_neurons(box.lower, box.upper, Deadline());
  const IntervalVector outputs = enclose(system->outputs, bounds.sources);
  std::vector<std::int64_t> all(outputs.lower.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
  const int layers = static_cast<int>(system->layers.size());
  const auto low = bounder.lower_bounds(system->outputs, all, 1.0, layers, bounds);
  const auto high = bounder.lower_bounds(system->outputs, all, -1.0, layers, bounds);
  for (int k = 0; k < 40; ++k) {
    const std::vector<double> x = random_point(random, box);
    const EnclosedOutputs y = evaluate_enclosed(network, x);
    ASSERT_EQ(y.value.size(), outputs.lower.size());
    for (std::size_t i = 0; i < y.value.size(); ++i) {
      const double least = y.value[i] - y.error[i], most = y.value[i] + y.error[i];
      ASSERT_FALSE(most < outputs.lower[i] || least > outputs.upper[i])
          << "output " << i << " is " << y.value[i] << ", interval [" << outputs.lower[i] << ", "
          << outputs.upper[i] << "]";
      ASSERT_FALSE(most < low[i] || least > -high[i])
          << "output " << i << " is " << y.value[i] << ", CROWN [" << low[i] << ", " << -high[i]
          << "]";
    }
  }
}

TEST_P(Lowering, EnclosesTheTruth) {
  const auto read =
      std::make_shared<const Network>(parse_onnx(model_of(GetParam()).bytes(), GetParam().name));
  if (read->input_type() != DataType::float32 && read->input_type() != DataType::float64)
    GTEST_SKIP() << "not of real numbers";
  const auto network = simplify(read).network;
  std::mt19937_64 random(7);
  int boxes = 0;
  try {
    for (; boxes < 12; ++boxes)
      check_box(*network, random_box(random, static_cast<std::size_t>(network->input_size())),
                random);
  } catch (const Unsupported& unsupported) {
    GTEST_SKIP() << "no bounds: " << unsupported.what();
  }
  EXPECT_EQ(boxes, 12);
}

INSTANTIATE_TEST_SUITE_P(Operators, Lowering, testing::ValuesIn(operator_cases()),
                         [](const auto& one) {
                           return std::to_string(one.index) + "_" + [&] {
                             std::string name = one.param.name;
                             for (char& c : name)
                               c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
                             return name;
                           }();
                         });

/// Limits beyond the range of float32 are limits of float64 numbers; attributes are limits in old
/// opsets alone.
TEST(LoweredOperators, LimitsOfClip) {
  std::mt19937_64 random(8);
  for (const double limit : {1e30, 1e39, 1e60}) {
    NetworkBuilder b(13);
    const ValueId x = b.input("x", {2}, DataType::float64);
    const auto number = [&](double value) {
      return b.constant(Tensor{Shape{}, std::vector<double>{value}});
    };
    b.output(b.add("Clip", {x, number(-limit), number(limit)}));
    const Network network = b.build();
    check_box(network, {{-1e70, 1e20}, {-1e20, 1e70}}, random);
    check_box(network, {{-2.0 * limit, 2.0 * limit}, {-1.5 * limit, 3.0 * limit}}, random);
  }
  for (const int opset : {6, 11}) {
    NetworkBuilder b(opset);
    b.output(b.add("Clip", {b.input("x", {2})}, {{"min", -0.5}, {"max", 0.5}}));
    check_box(b.build(), {{-2.0, 1.0}, {-1.0, 2.0}}, random);
  }
}

/// The operators that networks of the suites need must not fall back to "no bounds" unnoticed.
TEST(LoweredOperators, AreLowered) {
  std::map<std::string, int> lowered;
  for (const OperatorCase& c : operator_cases()) {
    const auto network =
        simplify(std::make_shared<const Network>(parse_onnx(model_of(c).bytes(), c.name))).network;
    const std::vector<double> lower(static_cast<std::size_t>(network->input_size()), -1.0),
        upper(lower.size(), 1.0);
    try {
      lower_network(*network, lower, upper);
      for (const Node& node : network->nodes) ++lowered[op_row(node.kind).onnx_name];
    } catch (const std::runtime_error&) {
    }
  }
  for (const char* name : {"Gemm",          "MatMul",
                           "Add",           "Sub",
                           "Mul",           "Div",
                           "Relu",          "Conv",
                           "ConvTranspose", "BatchNormalization",
                           "AveragePool",   "GlobalAveragePool",
                           "MaxPool",       "ReduceSum",
                           "ReduceMean",    "Neg",
                           "Pad",           "LeakyRelu",
                           "Abs",           "Clip",
                           "Min",           "Max",
                           "Concat",        "Slice",
                           "Transpose",     "Gather",
                           "Reshape",       "Flatten",
                           "Split"}) {
    EXPECT_GT(lowered[name], 0) << name;
  }
}

}  // namespace
}  // namespace clipbound::test
