// Decided steps: every point of a box belongs to a case whose conditions it satisfies and whose
// system has its outputs, also next to a jump and at it.
#include <gtest/gtest.h>

#include <cmath>

#include "bounds/lowering/lower_network.h"
#include "specs/evaluate/evaluate.h"
#include "specs/network/network_builder.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// The values of a form's elements, given those of its sources, in float64.
std::vector<double> evaluate(const AffineForm& form,
                             const std::map<int, std::vector<double>>& sources) {
  std::vector<double> y = form.constant;
  for (const auto& [source, rows] : form.terms) {
    for (std::int64_t i = 0; i < form.size(); ++i) {
      const auto index = rows.indices(i);
      const auto value = rows.values(i);
      for (std::size_t j = 0; j < index.size(); ++j)
        y[static_cast<std::size_t>(i)] +=
            value[j] * sources.at(source)[static_cast<std::size_t>(index[j])];
    }
  }
  return y;
}

/// True where the point belongs to the system's case and has these outputs there.
bool contains(const LayeredSystem& system, const std::vector<double>& x,
              const std::vector<double>& y) {
  constexpr double kRounding = 1e-9;
  if (system.is_impossible) return false;
  std::map<int, std::vector<double>> sources{{kInputSource, x}};
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    std::vector<double> z = evaluate(system.layers[k], sources);
    for (double& v : z) v = value_of(system.activations[k], v);
    sources[static_cast<int>(k)] = std::move(z);
  }
  const std::vector<double> conditions = evaluate(system.conditions, sources),
                            outputs = evaluate(system.outputs, sources);
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    if (conditions[i] > system.conditions.radius[i] + kRounding) return false;
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (std::fabs(outputs[i] - y[i]) > system.outputs.radius[i] + kRounding) return false;
  }
  return true;
}

/// All cases of a network on a box, every step decided.
class AllCases {
 public:
  AllCases(const Network& network, std::vector<double> lower, std::vector<double> upper)
      : network_(network), lower_(std::move(lower)), upper_(std::move(upper)) {
    decide({});
  }
  std::vector<LayeredSystem> systems;

 private:
  void decide(const StepDecisions& decisions) {
    LoweringOptions options;
    options.decisions = &decisions;
    LayeredSystem system = lower_network(network_, lower_, upper_, ProductForm::squares, options);
    if (system.open_steps.empty()) return systems.push_back(std::move(system));
    for (const Range& values : cut_step(system.open_steps.front())) {
      StepDecisions next = decisions;
      next.insert_or_assign(system.open_steps.front().id, values);
      decide(next);
    }
  }
  const Network& network_;
  std::vector<double> lower_, upper_;
};

ValueId as_float(NetworkBuilder& b, ValueId x) {
  return b.add("Cast", {x}, {{"to", std::int64_t{1}}});
}

/// Steps of all kinds of z = A x [1, 2], times something that varies, added up.
Network steps_of(const std::string& op, Dice& dice) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  std::vector<float> weights(4);
  for (float& w : weights) w = static_cast<float>(dice.whole(-2, 2)) + 0.5F;
  const ValueId z = b.add("MatMul", {x, b.constant({2, 2}, weights)});
  const ValueId half = b.constant({1}, {0.5F});
  ValueId s = z;
  if (op == "Greater" || op == "LessOrEqual" || op == "Equal")
    s = as_float(b, b.add(op, {z, half}));
  else if (op == "Cast")
    s = as_float(b, b.add("Cast", {z}, {{"to", std::int64_t{7}}}));
  else if (op == "bool")
    s = as_float(b, b.add("Cast", {z}, {{"to", std::int64_t{9}}}));
  else if (op == "ArgMax")
    s = as_float(b, b.add("ArgMax", {z}, {{"axis", std::int64_t{1}}}));
  else
    s = b.add(op, {z});
  b.output(b.add("Add", {b.add("Mul", {s, x}), s}));
  return b.build();
}

TEST(StepDecisions, EveryPointIsInACase) {
  Dice dice(1803);
  for (const char* op : {"Sign", "Floor", "Ceil", "Round", "Greater", "LessOrEqual", "Equal",
                         "Cast", "bool", "ArgMax", "ThresholdedRelu"}) {
    for (int trial = 0; trial < 4; ++trial) {
      const auto network = std::make_shared<const Network>(steps_of(op, dice));
      const std::vector<double> lower{-1.0, -0.5}, upper{1.0, 1.0};
      const AllCases cases(*network, lower, upper);
      ASSERT_GT(cases.systems.size(), 1U) << op;
      Evaluator<double> evaluator(network);
      for (int sample = 0; sample < 200; ++sample) {
        // Many points at jumps: multiples of a quarter.
        std::vector<double> x, y(2);
        for (std::size_t i = 0; i < 2; ++i) {
          const double at = dice.endpoint(lower[i], upper[i]);
          x.push_back(sample % 2 == 0 ? at : 0.25 * std::round(4.0 * at));
        }
        evaluator.forward(x, y);
        int found = 0;
        for (const LayeredSystem& system : cases.systems) found += contains(system, x, y) ? 1 : 0;
        EXPECT_GT(found, 0) << op << " at " << x[0] << " " << x[1];
      }
    }
  }
}

TEST(StepDecisions, PartsCoverTheValues) {
  for (double l = -4.0; l <= 4.0; l += 1.0) {
    for (double u = l + 1.0; u <= 5.0; u += 1.0) {
      double next = l;
      for (const Range& part : cut_step({{}, {.curve = Curve::floor}, l, u})) {
        EXPECT_EQ(part.lower, next);
        EXPECT_LE(part.lower, part.upper);
        next = part.upper + 1.0;
      }
      EXPECT_EQ(next, u + 1.0);
    }
  }
}

/// Arguments of a value: all at which the curve takes it, jumps from both sides.
TEST(StepDecisions, ArgumentsOfValues) {
  for (const Curve curve :
       {Curve::sign, Curve::step, Curve::floor, Curve::ceil, Curve::round, Curve::trunc}) {
    for (double z = -4.0; z <= 4.0; z += 0.125) {
      const double v = value_of({curve}, z);
      const Range at = argument_range({.curve = curve}, {v, v});
      EXPECT_LE(at.lower, z);
      EXPECT_GE(at.upper, z);
      for (const double next : {std::nextafter(z, 9.0), std::nextafter(z, -9.0)}) {
        const double w = value_of({curve}, next);
        const Range other = argument_range({.curve = curve}, {w, w});
        EXPECT_LE(other.lower, std::min(z, next));
        EXPECT_GE(other.upper, std::max(z, next));
      }
    }
  }
}

}  // namespace
}  // namespace clipbound::test
