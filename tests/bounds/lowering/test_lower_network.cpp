// y = relu(2 x - 1) on [0, 1] is one layer z = 2 x - 1 in [-1, 1] and an output that is its
// activation. Operators without linear bounds are kept with node and reason.
#include "bounds/lowering/lower_context.h"
#include "bounds/lowering/lower_network.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bounds/lowering/ops/lower_op.h"
#include "specs/network/network_builder.h"
#include "specs/network/op_table.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

LayeredSystem lower_on_unit_box(const Network& network) {
  const auto n = static_cast<std::size_t>(network.input_size());
  return lower_network(network, std::vector<double>(n, 0.0), std::vector<double>(n, 1.0));
}

TEST(LowerNetwork, MakesALayerOfAnActivation) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1});
  const ValueId z =
      b.add("Sub", {b.add("Mul", {x, b.constant({1}, {2.0F})}), b.constant({1}, {1.0F})});
  b.output(b.add("Relu", {z}));
  const LayeredSystem system = lower_on_unit_box(b.build());
  ASSERT_EQ(system.layers.size(), 1U);
  EXPECT_EQ(system.activations[0], Activation{Curve::relu});
  EXPECT_NEAR(system.intervals[0].lower[0], -1.0, 1e-12);
  EXPECT_NEAR(system.intervals[0].upper[0], 1.0, 1e-12);
  EXPECT_EQ(system.outputs.terms.count(0), 1U);
  EXPECT_FALSE(system.has_interval_only());
}

/// Elements that depend on no source stay constants: of (x, 3) only x gets a neuron.
TEST(LowerNetwork, ConstantElementsNeedNoNeuron) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1});
  b.output(b.add("Sigmoid", {b.add("Concat", {x, b.constant({1}, {3.0F})}, {{"axis", 0}})}));
  const LayeredSystem system = lower_on_unit_box(b.build());
  ASSERT_EQ(system.layers.size(), 1U);
  EXPECT_EQ(system.layers[0].size(), 1);
  EXPECT_EQ(system.layer_elements[0], std::vector<std::int64_t>{0});
  EXPECT_EQ(constant_elements(system.outputs), (std::vector<char>{0, 1}));
  EXPECT_NEAR(system.outputs.constant[1], 1.0 / (1.0 + std::exp(-3.0)), 1e-12);
}

TEST(LowerNetwork, KeepsWhichNodeIsBoundedByIntervalsOnlyAndWhy) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 1});
  const ValueId place = b.add("Cast", {b.add("Relu", {x})}, {{"to", std::int64_t{7}}});
  b.output(b.add("ScatterND", {b.constant({3}, {1.0F, 2.0F, 3.0F}), place,
                               b.add("Reshape", {x, b.integers({1})})}));
  const LayeredSystem system = lower_on_unit_box(b.build());
  ASSERT_EQ(system.interval_only.size(), 1U);
  EXPECT_EQ(system.interval_only[0].op, "ScatterND");
  EXPECT_EQ(system.interval_only[0].reason,
            "there are no linear bounds of it where an index depends on the input");
  EXPECT_NE(describe_interval_only(system).find("(ScatterND): there are no linear bounds"),
            std::string::npos);
}

TEST(LowerNetwork, SaysWhyThisFormOfAnOperatorHasNoLinearBounds) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 1, 3, 3}), w = b.input("w", {1, 1, 2, 2});
  b.output(b.add("Conv", {x, w}));
  const LayeredSystem system = lower_on_unit_box(b.build());
  ASSERT_EQ(system.interval_only.size(), 1U);
  EXPECT_EQ(system.interval_only[0].op, "Conv");
  EXPECT_EQ(system.interval_only[0].reason, "bounds need constant weights");
}

/// Every operator whose lowering is `curve` or `staircase` is the curve of its name.
TEST(LowerNetwork, CurvesAreFoundByTheOperatorsName) {
  for (const OpRow& row : op_table()) {
    if (lower_function(row.kind) == lower_curve || lower_function(row.kind) == lower_staircase) {
      EXPECT_TRUE(curve_named(row.onnx_name).has_value()) << row.onnx_name;
    }
  }
  EXPECT_FALSE(has_linear_bounds(OpKind::slice_at));
  EXPECT_TRUE(has_linear_bounds(OpKind::sigmoid));
}

TEST(ConstantWithin, HoldsItsIntervalAmongDenormals) {
  const double tiny = 0x1p-1074;
  for (int l = -9; l <= 9; ++l) {
    for (int u = l; u <= 9; ++u) {
      const AffineForm form = constant_within({{l * tiny}, {u * tiny}});
      if (l == u) {
        EXPECT_EQ(form.constant[0], l * tiny) << "a number stays itself";
        EXPECT_EQ(form.radius[0], 0.0);
      }
      EXPECT_LE(form.constant[0] - form.radius[0], l * tiny);
      EXPECT_GE(form.constant[0] + form.radius[0], u * tiny);
    }
  }
}

}  // namespace
}  // namespace clipbound::test
