// The traits that op_list.def says an operator has, on every operator case: f(x) of all inputs in
// one vector, as the network computes it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "specs/evaluate/evaluate.h"
#include "specs/network/network_builder.h"
#include "specs/network/op_table.h"
#include "specs/onnx/onnx_reader.h"
#include "specs/ops/movement.h"
#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// A case whose network is one node.
struct OneNode {
  std::string name;
  std::shared_ptr<const Network> network;
  const Node& node() const { return network->nodes.front(); }
};

std::vector<OneNode> cases_with(OpTrait trait) {
  std::vector<OneNode> found;
  for (const OperatorCase& c : operator_cases()) {
    auto network = std::make_shared<Network>(parse_onnx(model_of(c).bytes(), c.name));
    if (network->nodes.size() == 1 && op_row(network->nodes.front().kind).has(trait))
      found.push_back({c.name, std::move(network)});
  }
  return found;
}

std::vector<double> values_at(const OneNode& c, const std::vector<double>& x) {
  std::vector<double> y(static_cast<std::size_t>(c.network->output_size()));
  Evaluator<double>(c.network).forward(x, y);
  return y;
}

std::vector<double> random_point(const OneNode& c) {
  std::mt19937 generator(11);
  std::uniform_real_distribution<float> uniform(-3.0F, 3.0F);
  std::vector<double> x(static_cast<std::size_t>(c.network->input_size()));
  for (double& v : x) v = uniform(generator);
  return x;
}

/// The same point with input number `position` of the node twice as large; empty where that input
/// is no input of the network.
std::vector<double> doubled(const OneNode& c, std::vector<double> x, std::size_t position) {
  if (position >= c.node().inputs.size()) return {};
  std::size_t at = 0;
  bool found = false;
  for (const ValueId id : c.network->inputs) {
    const auto size = static_cast<std::size_t>(c.network->value(id).size());
    if (id == c.node().inputs[position]) {
      for (std::size_t i = at; i < at + size; ++i) x[i] *= 2.0;
      found = true;
    }
    at += size;
  }
  // Where one value stands in two positions, both would be scaled.
  const bool twice =
      std::count(c.node().inputs.begin(), c.node().inputs.end(), c.node().inputs[position]) > 1;
  return found && !twice ? x : std::vector<double>{};
}

/// Twice the input gives exactly twice the output: doubling rounds nothing.
void expect_homogeneous(const OneNode& c, std::size_t position) {
  const std::vector<double> x = random_point(c), twice = doubled(c, x, position);
  if (twice.empty()) return;
  const std::vector<double> y = values_at(c, x), scaled = values_at(c, twice);
  for (std::size_t j = 0; j < y.size(); ++j)
    EXPECT_EQ(scaled[j], 2.0 * y[j]) << c.name << " input " << position << " output " << j;
}

TEST(Traits, ScalesFirstIsHomogeneousInTheFirstInput) {
  const auto cases = cases_with(OpTrait::scales_first);
  EXPECT_GT(cases.size(), 20u);
  for (const OneNode& c : cases) expect_homogeneous(c, 0);
}

TEST(Traits, ScalesEachIsHomogeneousInBothFactors) {
  const auto cases = cases_with(OpTrait::scales_each);
  EXPECT_GT(cases.size(), 10u);
  for (const OneNode& c : cases) {
    if (c.node().inputs.size() > 2 && c.node().inputs[2] != kNoValue) continue;
    for (const std::size_t position : {0u, 1u}) expect_homogeneous(c, position);
  }
}

TEST(Traits, StepsGiveIntegersAndHaveNoSlope) {
  int steps = 0;
  for (const OpRow& row : op_table()) {
    if (!row.has(OpTrait::step)) continue;
    ++steps;
    NetworkBuilder b;
    b.output(b.add(row.onnx_name, {b.input("x", {6})}));
    const std::vector<double> x = {-2.75, -1.0, -0.125, 0.25, 1.5, 3.0}, ones(6, 1.0);
    std::vector<double> y(6), gradient(6);
    Evaluator<double> evaluator(std::make_shared<const Network>(b.build()));
    evaluator.forward(x, y);
    evaluator.backward(ones, gradient);
    for (const double v : y) EXPECT_EQ(v, std::trunc(v)) << row.onnx_name;
    EXPECT_EQ(gradient, std::vector<double>(6, 0.0)) << row.onnx_name;
  }
  EXPECT_EQ(steps, 4);
}

TEST(Traits, KeepsIntegersGivesIntegersOfIntegers) {
  for (const OneNode& c : cases_with(OpTrait::keeps_integers)) {
    const bool variables = std::all_of(c.node().inputs.begin(), c.node().inputs.end(),
                                       [&](ValueId id) { return !c.network->is_constant(id); });
    if (!variables) continue;  // constants of the cases are no integers
    std::vector<double> x = random_point(c);
    for (double& v : x) v = std::round(v);
    for (const double v : values_at(c, x)) EXPECT_EQ(v, std::trunc(v)) << c.name;
  }
}

TEST(Traits, ReshapesHandsOnItsInput) {
  const auto cases = cases_with(OpTrait::reshapes);
  EXPECT_GT(cases.size(), 5u);
  for (const OneNode& c : cases) {
    const auto operation = op_row(c.node().kind).verbs.prepare(*c.network, c.node());
    EXPECT_TRUE(operation->movement()->is_unchanged(c.network->output_size())) << c.name;
  }
}

TEST(Traits, KeepsOrderKeepsTheOrderOfOneList) {
  for (const OpKind kind : {OpKind::softmax, OpKind::log_softmax})
    EXPECT_TRUE(op_row(kind).has(OpTrait::keeps_order));
  for (const OneNode& c : cases_with(OpTrait::keeps_order)) {
    const Shape& shape = c.network->value(c.node().outputs[0]).shape;
    if (std::count_if(shape.begin(), shape.end(), [](auto d) { return d != 1; }) != 1) continue;
    const std::vector<double> x = random_point(c), y = values_at(c, x);
    if (std::all_of(y.begin(), y.end(), [&](double v) { return v == y[0]; })) continue;  // of one
    for (std::size_t i = 0; i < x.size(); ++i)
      for (std::size_t j = 0; j < x.size(); ++j)
        if (x[i] < x[j]) {
          EXPECT_LT(y[i], y[j]) << c.name;
        }
  }
}

TEST(Traits, AreTheOnesThatWereAskedFor) {
  const OpTrait both = OpTrait::step | OpTrait::reshapes;
  EXPECT_TRUE(has_traits(both, OpTrait::step));
  EXPECT_TRUE(has_traits(both, both));
  EXPECT_TRUE(has_traits(both, OpTrait::none));
  EXPECT_FALSE(has_traits(OpTrait::step, both));
  for (unsigned flag = 0; flag <= 16; ++flag) {
    const auto trait = static_cast<OpTrait>(1U << flag);
    EXPECT_TRUE(std::any_of(op_table().begin(), op_table().end(),
                            [&](const OpRow& row) { return row.has(trait); }))
        << "no operator has trait number " << flag;
  }
}

}  // namespace
}  // namespace clipbound::test
