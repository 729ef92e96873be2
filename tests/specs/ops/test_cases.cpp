// Every form of every operator: closed-form answers, batches, orders, gradients against finite
// differences, running errors against one another.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <set>

#include "specs/evaluate/evaluate.h"
#include "specs/network/composite.h"
#include "specs/network/op_table.h"
#include "specs/onnx/onnx_reader.h"
#include "specs/ops/movement.h"
#include "specs/simplify/simplify.h"
#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

class EveryCase : public testing::TestWithParam<OperatorCase> {
 protected:
  void SetUp() override {
    network_ = std::make_shared<Network>(parse_onnx(model_of(GetParam()).bytes(), GetParam().name));
    n_ = static_cast<std::size_t>(network_->input_size());
    m_ = static_cast<std::size_t>(network_->output_size());
  }
  std::vector<double> random_points(std::size_t count) const {
    std::mt19937 generator(7);
    std::uniform_real_distribution<float> uniform(-2.0f, 2.0f);
    std::vector<double> x(count * n_);
    for (double& v : x) v = uniform(generator);
    return x;
  }
  /// Where some values are float64, evaluation in float64 rounds those that are float32.
  bool rounds_to_float32() const { return network_->computes_in_float64(); }
  std::shared_ptr<const Network> network_;
  std::size_t n_ = 0, m_ = 0;
};

TEST_P(EveryCase, GivesTheClosedForm) {
  const auto& expected = GetParam().expected;
  if (expected.empty()) return;
  ASSERT_EQ(m_, expected.size());
  std::vector<float> x(n_), y(m_);
  std::iota(x.begin(), x.end(), 1.0f);
  Evaluator<float> evaluator(network_);
  evaluator.forward(x, y);
  EXPECT_EQ(y, expected);
  for (const auto order :
       {SummationOrder::natural, SummationOrder::reversed, SummationOrder::blocked}) {
    evaluator.replay(x, order, y);
    EXPECT_EQ(y, expected);
  }
}

TEST_P(EveryCase, ABatchIsItsPoints) {
  const auto wide = random_points(5);
  const std::vector<float> x(wide.begin(), wide.end());
  std::vector<float> y(5 * m_), one(m_);
  Evaluator<float> evaluator(network_), single(network_);
  evaluator.forward(x, y);
  evaluator.forward(std::span(x).first(2 * n_),
                    std::span(y).first(2 * m_));  // a smaller batch afterwards
  for (std::size_t b = 0; b < 5; ++b) {
    const auto point = std::span(x).subspan(b * n_, n_);
    const auto enclosed =
        evaluate_enclosed(*network_, std::vector<double>(point.begin(), point.end()));
    for (const auto order :
         {SummationOrder::natural, SummationOrder::reversed, SummationOrder::blocked}) {
      single.replay(point, order, one);
      for (std::size_t j = 0; j < m_; ++j) {
        const double scale = 1.0 + std::fabs(enclosed.value[j]);
        EXPECT_NEAR(one[j], enclosed.value[j], 1e-5 * scale) << "point " << b << " output " << j;
        EXPECT_NEAR(y[b * m_ + j], enclosed.value[j], 1e-5 * scale)
            << "point " << b << " output " << j;
      }
    }
  }
}

TEST_P(EveryCase, EnclosesTheFloat64Value) {
  const auto x = random_points(1);
  std::vector<double> y(m_);
  Evaluator<double>(network_).forward(x, y);
  const auto enclosed = evaluate_enclosed(*network_, x);
  ASSERT_EQ(enclosed.value.size(), m_);
  for (std::size_t j = 0; j < m_; ++j) {
    EXPECT_LE(enclosed.error[j], 1e-12 * (1.0 + std::fabs(y[j])));
    const double precision = rounds_to_float32() ? 1e-6 : 1e-13;
    EXPECT_NEAR(y[j], enclosed.value[j], precision * (1.0 + std::fabs(y[j])));
  }
  EXPECT_EQ(evaluate_all_enclosed(*network_, x).at(index_of(network_->outputs[0])).value,
            enclosed.value);
}

/// The same model of inputs that have passed through (x + c) - c: the same real function, but the
/// enclosure of what follows must stand an error of about c * 2^-53 in its argument, on either side
/// of any kink or jump.
Network blurred(const OperatorCase& c, float shift) {
  OnnxWriter w = model_of(c);
  w.floats("blur", {}, {shift});
  std::vector<std::string> inputs;
  for (const auto& input : w.graph().input()) inputs.push_back(input.name());
  for (auto& node : *w.graph().mutable_node())
    for (std::string& name : *node.mutable_input())
      if (std::find(inputs.begin(), inputs.end(), name) != inputs.end()) name += "_blurred";
  for (const std::string& name : inputs) {
    w.node("Add", {name, "blur"}, {name + "_far"});
    w.node("Sub", {name + "_far", "blur"}, {name + "_blurred"});
  }
  return parse_onnx(w.bytes(), c.name);
}

TEST_P(EveryCase, EnclosesTheFunctionOfABlurredArgument) {
  for (const float shift : {0x1p30f, -0x1p44f, 0x1p50f, -0x1p52f}) {
    if (GetParam().opset < 7) continue;  // Add does not broadcast yet
    const Network wide = blurred(GetParam(), shift);
    const auto points = random_points(4);
    for (std::size_t b = 0; b < 4; ++b) {
      const auto x = std::span(points).subspan(b * n_, n_);
      const auto plain = evaluate_enclosed(*network_, x), far = evaluate_enclosed(wide, x);
      for (std::size_t j = 0; j < m_; ++j) {
        const double distance = std::fabs(plain.value[j] - far.value[j]);
        EXPECT_TRUE(distance <= plain.error[j] + far.error[j] || std::isinf(far.error[j]))
            << "shift " << shift << " output " << j << ": " << far.value[j] << " +- "
            << far.error[j] << " misses " << plain.value[j];
        if (shift == 0x1p30f && !std::isinf(far.error[j])) {
          EXPECT_LE(far.error[j], 10.0 + 1e-3 * std::fabs(far.value[j]));
        }
      }
    }
  }
}

TEST_P(EveryCase, GradientsMatchFiniteDifferences) {
  if (rounds_to_float32()) GTEST_SKIP() << "a staircase of float32 numbers";
  const std::size_t batch = 3;
  const auto x = random_points(batch);
  std::vector<double> y(batch * m_), cotangents(batch * m_), gradients(batch * n_), up(batch * m_),
      down(batch * m_);
  for (std::size_t i = 0; i < cotangents.size(); ++i)
    cotangents[i] = std::sin(static_cast<double>(i + 1));
  Evaluator<double> evaluator(network_), other(network_);
  evaluator.forward(x, y);
  evaluator.backward(cotangents, gradients);
  const std::vector<double> first = gradients;
  evaluator.backward(cotangents, gradients);
  EXPECT_EQ(gradients, first) << "a second call gives the same";
  const double h = 1e-6;
  for (std::size_t i = 0; i < n_; ++i) {
    auto above = x, below = x;
    for (std::size_t b = 0; b < batch; ++b) {
      above[b * n_ + i] += h;
      below[b * n_ + i] -= h;
    }
    other.forward(above, up);
    other.forward(below, down);
    for (std::size_t b = 0; b < batch; ++b) {
      double slope = 0.0, scale = 1.0;
      for (std::size_t j = b * m_; j < (b + 1) * m_; ++j) {
        const double part = cotangents[j] * (up[j] - down[j]) / (2 * h);
        slope += part;
        scale += std::fabs(part);
      }
      if (scale > 1e4) continue;  // close to a division by zero
      EXPECT_NEAR(gradients[b * n_ + i], slope, 1e-5 * scale) << "point " << b << " input " << i;
    }
  }
}

TEST_P(EveryCase, SimplifyKeepsTheFunction) {
  const auto simplified = simplify(network_);
  const auto x = random_points(2);
  std::vector<double> before(2 * m_), after(2 * m_);
  Evaluator<double>(network_).forward(x, before);
  Evaluator<double>(simplified.network).forward(x, after);
  EXPECT_EQ(before, after);
}

TEST_P(EveryCase, MovementMapsAreWhatEvaluationDoes) {
  for (const Node& node : network_->nodes) {
    if (op_row(node.kind).op_class != OpClass::movement) continue;
    const auto x = random_points(1);
    const auto all = evaluate_all_enclosed(*network_, x);
    for (std::size_t o = 0; o < node.outputs.size(); ++o) {
      const auto map = movement_map(*network_, node, static_cast<int>(o));
      const auto& to = all[index_of(node.outputs[o])].value;
      ASSERT_EQ(map.size(), to.size());
      for (std::size_t i = 0; i < map.size(); ++i) {
        const auto& from = all[index_of(node.inputs[static_cast<std::size_t>(map[i].input)])].value;
        EXPECT_EQ(to[i], from[static_cast<std::size_t>(map[i].element)]);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Operators, EveryCase, testing::ValuesIn(operator_cases()),
                         [](const auto& test) { return test.param.name; });

TEST(OpTable, EveryRowIsCovered) {
  std::vector<bool> seen(op_count(), false);
  for (const auto& c : operator_cases()) {
    const OnnxWriter w = model_of(c);
    for (const auto& node : w.model.graph().node())  // some never stay nodes
      if (const OpRow* row = find_op(node.op_type()))
        seen[static_cast<std::size_t>(row->kind)] = true;
    for (const Node& node :
         parse_onnx(w.bytes(), c.name).nodes)  // and some are of another form there
      seen[static_cast<std::size_t>(node.kind)] = true;
  }
  for (std::size_t i = 0; i < seen.size(); ++i)
    EXPECT_TRUE(seen[i]) << op_table()[i].onnx_name << " has no case";
}

TEST(CompositeTable, EveryRowIsCovered) {
  std::set<std::string> seen;
  for (const auto& c : operator_cases()) {
    const OnnxWriter w = model_of(c);
    for (const auto& node : w.model.graph().node()) seen.insert(node.op_type());
  }
  for (const CompositeRow& row : composite_table()) {
    EXPECT_TRUE(seen.contains(row.onnx_name)) << row.onnx_name << " has no case";
    EXPECT_EQ(find_op(row.onnx_name), nullptr) << row.onnx_name << " is an operator, too";
  }
}

TEST(OpTable, FindsByName) {
  EXPECT_EQ(find_op("Gemm")->kind, OpKind::gemm);
  EXPECT_EQ(find_op("gemm"), nullptr);
  EXPECT_EQ(find_op(""), nullptr);
}

}  // namespace
}  // namespace clipbound::test
