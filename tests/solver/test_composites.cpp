// Composite operators through solve(): a planted point is never refuted, and what lies far beyond
// all values is refuted where there are bounds.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "specs/evaluate/evaluate.h"
#include "specs/network/composite.h"
#include "specs/onnx/onnx_reader.h"
#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"

namespace clipbound::test {
namespace {

std::vector<OperatorCase> composite_cases() {
  std::vector<OperatorCase> found;
  const auto rows = composite_table();
  for (const OperatorCase& c : operator_cases()) {
    const OnnxWriter w = model_of(c);
    const auto& nodes = w.model.graph().node();
    if (std::any_of(nodes.begin(), nodes.end(), [&](const auto& node) {
          return std::any_of(rows.begin(), rows.end(),
                             [&](const auto& row) { return node.op_type() == row.onnx_name; });
        }))
      found.push_back(c);
  }
  return found;
}

/// A small box and a point of it, at its ends as often as not.
struct Plant {
  std::vector<double> lower, upper, point;
};

Plant plant(std::mt19937_64& random, std::int64_t inputs) {
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  Plant p;
  for (std::int64_t i = 0; i < inputs; ++i) {
    const double centre = static_cast<float>(2.0 * uniform(random) - 0.5),
                 half = static_cast<float>(0.25 * uniform(random));
    p.lower.push_back(static_cast<float>(centre - half));
    p.upper.push_back(static_cast<float>(centre + half));
    const double t = std::round(2.0 * uniform(random) - 0.5);
    p.point.push_back(t <= 0.0 ? p.lower.back() : t >= 1.0 ? p.upper.back() : centre);
    p.point.back() = std::clamp(p.point.back(), p.lower.back(), p.upper.back());
  }
  return p;
}

class PlantedInComposites : public testing::TestWithParam<OperatorCase> {};

TEST_P(PlantedInComposites, APointIsNeverRefuted) {
  const auto network =
      std::make_shared<const Network>(parse_onnx(model_of(GetParam()).bytes(), GetParam().name));
  std::mt19937_64 random(3);
  const Plant p = plant(random, network->input_size());
  const EnclosedOutputs y = evaluate_enclosed(*network, p.point);
  Property property{p.lower, p.upper, static_cast<int>(network->output_size()), {}};
  const std::size_t output = random() % y.value.size();
  if (!std::isfinite(y.value[output]) || !(y.error[output] < 1.0)) GTEST_SKIP() << "no value";
  const double least = y.value[output] - y.error[output], most = y.value[output] + y.error[output];
  const int j = static_cast<int>(output);
  for (const std::string& row : {y_at_most(j, std::nextafter(most, HUGE_VAL)),
                                 y_at_least(j, std::nextafter(least, -HUGE_VAL))}) {
    property.clauses = {{row}};
    const SolveResult result =
        solve_text(network, property.text(), {"complete", "auto", 1, false, 0.05});
    EXPECT_NE(name_of(result.verdict), "unsat") << row;
  }
}

INSTANTIATE_TEST_SUITE_P(Operators, PlantedInComposites, testing::ValuesIn(composite_cases()),
                         [](const auto& test) { return test.param.name; });

/// Whether some output of the case reaches far beyond what it does at the middle of a small box.
std::string far_beyond(const OperatorCase& c, double seconds) {
  const auto network = std::make_shared<const Network>(parse_onnx(model_of(c).bytes(), c.name));
  std::mt19937_64 random(5);
  Plant p = plant(random, network->input_size());
  for (std::size_t i = 0; i < p.point.size(); ++i) {
    p.point[i] = static_cast<float>(0.5 * (p.lower[i] + p.upper[i]));
    p.lower[i] = static_cast<float>(p.point[i] - 1e-3);
    p.upper[i] = static_cast<float>(p.point[i] + 1e-3);
  }
  const double value = evaluate_enclosed(*network, p.point).value[0];
  Property property{p.lower, p.upper, static_cast<int>(network->output_size()), {}};
  property.clauses = {{y_at_least(0, value + 5.0 + std::fabs(value))},
                      {y_at_most(0, value - 5.0 - std::fabs(value))}};
  return name_of(
      solve_text(network, property.text(), {"complete", "auto", 1, false, seconds}).verdict);
}

/// One per operator; the limit is an alarm, not a measurement.
TEST(CompositeSearch, WhatIsFarAwayIsRefuted) {
  for (const std::string name : {"ReduceL1Attribute",
                                 "ReduceL2Attribute",
                                 "ReduceSumSquareAll",
                                 "ReduceProdAttribute",
                                 "ReduceLogSumAll",
                                 "ReduceLogSumExpAll",
                                 "InstanceNormalization",
                                 "GroupNormalizationPerChannel",
                                 "RMSNormalizationLast",
                                 "LpNormalization1Last",
                                 "LpNormalization2Last",
                                 "MeanVarianceNormalizationAxes",
                                 "LRN",
                                 "SumOfThree",
                                 "MeanOfThree",
                                 "CeluAlpha",
                                 "Mish",
                                 "Swish",
                                 "ShrinkSoft",
                                 "ShrinkBoth",
                                 "HardmaxLast",
                                 "TriluUpper",
                                 "EyeLike",
                                 "CastLike",
                                 "CumSum",
                                 "EinsumLinear",
                                 "EinsumBatch",
                                 "QuantizedInt8",
                                 "QuantizedPerAxis",
                                 "QuantizedWeights",
                                 "QuantizedDynamically",
                                 "Attention",
                                 "AttentionCausal",
                                 "AttentionNumberMask",
                                 "RNN",
                                 "LSTM",
                                 "GRU"}) {
    const auto& cases = operator_cases();
    const auto c =
        std::find_if(cases.begin(), cases.end(), [&](const auto& one) { return one.name == name; });
    ASSERT_NE(c, cases.end()) << name;
    EXPECT_EQ(far_beyond(*c, 60.0), "unsat") << name;
  }
}

}  // namespace
}  // namespace clipbound::test
