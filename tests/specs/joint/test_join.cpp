// Joint networks: they compute what the networks compute alone, in the query's order; models that
// do not fit are refused by both names; what stands for what.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "specs/evaluate/counterexample.h"
#include "specs/evaluate/evaluate.h"
#include "specs/onnx/onnx_reader.h"
#include "specs/query/row_text.h"
#include "tests/specs/joint/small_models.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

std::vector<float> values_at(std::shared_ptr<const Network> network, const std::vector<float>& x) {
  std::vector<float> y(static_cast<std::size_t>(network->output_size()));
  specs::Evaluator<float>(std::move(network)).replay(x, specs::SummationOrder::natural, y);
  return y;
}

std::vector<float> values_alone(const std::string& model, const std::vector<float>& x) {
  return values_at(std::make_shared<const Network>(specs::parse_onnx(model, "alone")), x);
}

void append(std::vector<float>& all, const std::vector<float>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

/// The message of what is thrown; empty where nothing is.
template <typename Error>
std::string refusal(const std::string& text, const std::vector<specs::GivenModel>& models) {
  try {
    joined(text, models);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

void expect_words(const std::string& message, const std::vector<std::string>& words) {
  for (const std::string& word : words)
    EXPECT_NE(message.find(word), std::string::npos) << "'" << word << "' in: " << message;
}

const std::string kTwo = kVersion2 + network_text("f", "", "X", "Y") +
                         network_text("g", "", "U", "V") + box_text("X", -1, 1) +
                         box_text("U", -1, 1) + "(assert (<= Y[0,0] V[0,0]))\n";

TEST(Join, NetworksSideBySideComputeWhatTheyComputeAlone) {
  const std::string f = relu_model(1), g = relu_model(2);
  const specs::Joint joint = joined(
      kVersion2 +
          network_text("f", "", "X", "Y", "[1,2]", "(declare-hidden H float32 [1,3] \"z\")") +
          network_text("g", "", "U", "V") + network_text("h", "(equal-to f)", "P", "Q") +
          network_text("k", "(isomorphic-to f)", "R", "S", "[1,2]",
                       "(declare-hidden T float32 [1,3] \"z\")") +
          box_text("X", -1, 1) + box_text("U", -1, 1) + box_text("P", -1, 1) +
          box_text("R", -1, 1) + "(assert (<= Y[0,0] H[0,2]))\n",
      {given("f", f), given("g", g), given("k", g)});
  ASSERT_EQ(joint.network->input_size(), 8);
  ASSERT_EQ(joint.network->output_size(), 3 + 2 + 2 + 2 + 3 + 2);
  const auto hidden_of = [](const std::string& model) {
    Network network = specs::parse_onnx(model, "alone");
    network.outputs = {network.nodes[0].outputs[0]};
    return std::make_shared<const Network>(std::move(network));
  };
  Dice dice(3);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::vector<float>> x(4, std::vector<float>(2));
    std::vector<float> all, expected;
    for (auto& part : x) {
      for (float& v : part) v = static_cast<float>(dice.uniform(-1, 1));
      append(all, part);
    }
    append(expected, values_at(hidden_of(f), x[0]));
    append(expected, values_alone(f, x[0]));
    append(expected, values_alone(g, x[1]));
    append(expected, values_alone(f, x[2]));
    append(expected, values_at(hidden_of(g), x[3]));
    append(expected, values_alone(g, x[3]));
    EXPECT_EQ(values_at(joint.network, all), expected);
  }
}

TEST(Join, OneNetworkStaysAsItIs) {
  const std::string f = relu_model(1);
  const specs::Joint joint = joined(kVersion2 + network_text("f", "", "X", "Y") +
                                        box_text("X", -1, 1) + "(assert (<= Y[0,0] 0.0))",
                                    {given("", f)});
  EXPECT_EQ(joint.network->nodes.size(), specs::parse_onnx(f, "alone").nodes.size());
  EXPECT_EQ(joint.network->values[0].name, specs::parse_onnx(f, "alone").values[0].name);
  EXPECT_EQ(joint.query.calculation, nullptr);
  EXPECT_TRUE(joint.query.warnings.empty());
}

TEST(Join, ProductsAreOutputs) {
  const specs::Joint joint =
      joined(kVersion2 + network_text("f", "", "X", "Y") + box_text("X", -1, 1) +
                 "(assert (<= (* X[0,0] Y[0,1] Y[0,1]) 0.5))"
                 "(assert (>= (* (+ X[0,0] (* 2.0 X[0,1])) (- Y[0,0] 3.0)) -7.5))",
             {given("f", relu_model(4))});
  ASSERT_NE(joint.query.calculation, nullptr);
  const std::size_t products = joint.query.calculation->outputs();
  ASSERT_GE(products, 2U);
  ASSERT_EQ(joint.network->output_size(), static_cast<std::int64_t>(2 + products));
  EXPECT_EQ(joint.query.output_size, joint.network->output_size());
  Dice dice(5);
  for (int round = 0; round < 50; ++round) {
    // Few digits: the outputs are not rounded.
    std::vector<float> x(2);
    for (float& v : x) v = static_cast<float>(std::round(16.0 * dice.uniform(-1, 1)) / 16.0);
    const std::vector<float> y = values_at(joint.network, x);
    const std::vector<double> point(x.begin(), x.end()), tensors(y.begin(), y.begin() + 2);
    const std::vector<mpq_class> exact = joint.query.calculation->values(point, tensors);
    for (std::size_t p = 0; p < products; ++p)
      EXPECT_NEAR(exact[p].get_d(), y[2 + p], 1e-5 * (1.0 + std::fabs(y[2 + p]))) << p;
    const double a = point[0] * tensors[1] * tensors[1],
                 b = (point[0] + 2.0 * point[1]) * (tensors[0] - 3.0);
    EXPECT_EQ(specs::judge(*joint.network, joint.query, point).holds, a <= 0.5 && b >= -7.5);
  }
}

/// x^2 rounds up to c, which it does not reach.
TEST(Join, TheJudgeCalculatesProductsExactly) {
  const double x = 1 + 0x1p-12 + 0x1p-23, c = 1 + 0x1p-11 + 0x1p-22 + 0x1p-23;
  ASSERT_EQ(static_cast<float>(x * x), static_cast<float>(c));
  ASSERT_LT(x * x, c);
  char digits[64];
  std::snprintf(digits, sizeof digits, "%.23f", c);
  const auto text = [&](const std::string& relation) {
    return kVersion2 +
           "(declare-network f (declare-input X float32 [1]) (declare-output Y float32 [1]))\n"
           "(assert (>= X[0] 0.5))(assert (<= X[0] 2.0))\n(assert (" +
           relation + " (* X[0] Y[0]) " + digits + "))";
  };
  const std::vector<specs::GivenModel> model = {given("f", identity_model(1))};
  const std::vector<double> point = {x}, larger = {x + 0x1p-23};
  const auto holds = [&](const std::string& relation, const std::vector<double>& at) {
    const specs::Joint joint = joined(text(relation), model);
    return specs::judge(*joint.network, joint.query, at).holds;
  };
  EXPECT_FALSE(holds(">=", point));  // as float32 has it, it holds
  EXPECT_TRUE(holds(">=", larger));
  EXPECT_FALSE(holds("<", point));  // exactly, it holds; as float32 has it, it does not
  EXPECT_TRUE(holds("<=", point));
}

TEST(Join, ModelsThatDoNotFitAreRefusedByBothNames) {
  const std::string f = relu_model(1);
  const std::string in = "(declare-input X float32 [1,2])",
                    out = "(declare-output Y float32 [1,2])";
  const auto text = [&](const std::string& input, const std::string& output) {
    return kVersion2 + "(declare-network f " + input + output + ")\n" + box_text("X", 0, 1) +
           "(assert (<= Y[0,0] 0.0))";
  };
  expect_words(refusal<InputError>(kTwo, {given("f", f)}), {"q.vnnlib", "'g'", "no model"});
  expect_words(refusal<InputError>(kTwo, {given("f", f), given("g", f), given("h", f)}),
               {"q.vnnlib", "'h'", "'f', 'g'"});
  expect_words(refusal<InputError>(kTwo, {given("f", f), given("f", f)}), {"'f'", "two models"});
  expect_words(refusal<InputError>(kTwo, {given("", f)}), {"'f', 'g'", "which one"});
  expect_words(refusal<InputError>(text("(declare-input X float64 [1,2])", out), {given("f", f)}),
               {"'X'", "'f'", "float64", "'x'", "float32", "model of f"});
  expect_words(refusal<InputError>(
                   kVersion2 + "(declare-network f (declare-input X float32 [1,3])" + out +
                       ")\n(assert (<= X[0,0] 0.0))(assert (>= X[0,0] 0.0))"
                       "(assert (<= X[0,1] 0.0))(assert (>= X[0,1] 0.0))"
                       "(assert (<= X[0,2] 0.0))(assert (>= X[0,2] 0.0))(assert (<= Y[0,0] 0.0))",
                   {given("f", f)}),
               {"'X'", "[1,3]", "'x'", "[1,2]"});
  expect_words(
      refusal<InputError>(text(in, out + "(declare-output Z float32 [1])"), {given("f", f)}),
      {"'f'", "declares 2 outputs (Y, Z)", "has 1 ('y')"});
  expect_words(refusal<InputError>(text(in, "(declare-hidden H float32 [1,3] \"nowhere\")" + out),
                                   {given("f", f)}),
               {"'H'", "'nowhere'", "model of f"});
  expect_words(refusal<InputError>(text(in, "(declare-hidden H float32 [1,4] \"z\")" + out),
                                   {given("f", f)}),
               {"'H'", "[1,4]", "'z'", "[1,3]"});
}

TEST(Join, ShapesThatDifferByOnesAreWarnedOf) {
  const specs::Joint joint =
      joined(kVersion2 +
                 "(declare-network f (declare-input X float32 [2]) (declare-output Y float32 [2]))"
                 "(assert (<= X[0] 1.0))(assert (>= X[0] 0.0))(assert (<= X[1] 1.0))"
                 "(assert (>= X[1] 0.0))(assert (<= Y[0] 0.0))",
             {given("f", relu_model(1))});
  std::string all;
  for (const std::string& warning : joint.query.warnings) all += warning + "\n";
  expect_words(all, {"'X'", "'Y'", "[2]", "'x'", "[1,2]"});
}

TEST(Join, EqualNetworksAreOneModel) {
  const std::string f = relu_model(1), text = kVersion2 + network_text("f", "", "X", "Y") +
                                              network_text("g", "(equal-to f)", "U", "V") +
                                              box_text("X", -1, 1) + box_text("U", -1, 1) +
                                              "(assert (<= Y[0,0] V[0,0]))";
  EXPECT_EQ(joined(text, {given("f", f)}).network->input_size(), 4);
  EXPECT_EQ(joined(text, {given("g", f), given("f", f)}).network->input_size(), 4);
  expect_words(refusal<InputError>(text, {given("f", f), given("g", relu_model(2))}),
               {"'g'", "equal to 'f'"});
  expect_words(refusal<InputError>(text, {given("g", f)}), {"'f'", "no model"});
}

TEST(Join, IsomorphicNetworksHaveOneGraph) {
  const std::string text = kVersion2 + network_text("f", "", "X", "Y") +
                           network_text("g", "(isomorphic-to f)", "U", "V") + box_text("X", -1, 1) +
                           box_text("U", -1, 1) + "(assert (<= Y[0,0] V[0,0]))";
  const std::string f = relu_model(1);
  EXPECT_EQ(joined(text, {given("f", f), given("g", relu_model(2))}).network->input_size(), 4);
  expect_words(refusal<InputError>(text, {given("f", f), given("g", relu_model(2, "Tanh"))}),
               {"'g'", "isomorphic to 'f'", "Relu", "Tanh", "different operators"});
  OnnxWriter wider;
  wider.input("x", {1, 2}).output("y");
  wider.floats("W1", {2, 4}, std::vector<float>(8, 0.5F)).floats("b1", {4}, {0, 0, 0, 0});
  wider.floats("W2", {4, 2}, std::vector<float>(8, 0.5F));
  wider.node("Gemm", {"x", "W1", "b1"}, {"z"});
  wider.node("Relu", {"z"}, {"a"});
  wider.node("MatMul", {"a", "W2"}, {"y"});
  expect_words(refusal<InputError>(text, {given("f", f), given("g", wider.bytes())}),
               {"[3,2]", "[4,2]"});
  OnnxWriter attribute;
  attribute.input("x", {1, 2}).output("y");
  attribute.floats("W1", {3, 2}, std::vector<float>(6, 0.5F)).floats("b1", {3}, {0, 0, 0});
  attribute.floats("W2", {3, 2}, std::vector<float>(6, 0.5F));
  set_int(attribute.node("Gemm", {"x", "W1", "b1"}, {"z"}), "transB", 1);
  attribute.node("Relu", {"z"}, {"a"});
  attribute.node("MatMul", {"a", "W2"}, {"y"});
  EXPECT_NE(refusal<InputError>(text, {given("f", f), given("g", attribute.bytes())}), "");
}

TEST(Join, NetworksOfDifferentTypesAreUnsupported) {
  OnnxWriter doubles;
  doubles.input("x", {1, 2}, onnx::TensorProto::DOUBLE).output("y", onnx::TensorProto::DOUBLE);
  doubles.node("Relu", {"x"}, {"y"});
  const std::string text =
      kVersion2 +
      "(declare-network f (declare-input X real [1,2]) (declare-output Y real [1,2]))"
      "(declare-network g (declare-input U real [1,2]) (declare-output V real [1,2]))" +
      box_text("X", -1, 1) + box_text("U", -1, 1) + "(assert (<= Y[0,0] V[0,0]))";
  expect_words(refusal<Unsupported>(text, {given("f", relu_model(1)), given("g", doubles.bytes())}),
               {"'f'", "float32", "'g'", "float64"});
}

/// x / x of the hidden tensor is no number at 0; only who asks for it minds.
TEST(Join, HiddenElementsThatNothingReadsNeedNotBeNumbers) {
  OnnxWriter writer;
  writer.input("x", {1, 2}).output("y");
  writer.node("Div", {"x", "x"}, {"h"});
  writer.node("Identity", {"x"}, {"y"});
  const auto holds = [&](const std::string& assertion) {
    const specs::Joint joint = joined(
        kVersion2 +
            network_text("f", "", "X", "Y", "[1,2]", "(declare-hidden H float32 [1,2] \"h\")") +
            box_text("X", 0, 1) + "(assert (<= Y[0,0] 0.5))" + assertion,
        {given("f", writer.bytes())});
    return specs::judge(*joint.network, joint.query, std::vector<double>{0.0, 0.5}).holds;
  };
  EXPECT_TRUE(holds(""));
  EXPECT_TRUE(holds("(assert (>= H[0,1] 1.0))"));
  EXPECT_FALSE(holds("(assert (>= H[0,0] 1.0))"));
  EXPECT_FALSE(holds("(assert (<= (* H[0,0] H[0,0]) 9.0))"));
  EXPECT_FALSE(holds("(assert (or (<= H[0,0] 9.0) (<= Y[0,1] 1.0)))"));
}

TEST(Join, RowsHaveTheNamesOfTheFile) {
  const specs::Joint joint = joined(kTwo + "(assert (> (* Y[0,1] V[0,1]) 2.0))",
                                    {given("f", relu_model(1)), given("g", relu_model(2))});
  std::string text;
  for (const specs::Row& row : joint.query.clauses.at(0).rows)
    text += to_text(row, joint.query.names.get()) + "\n";
  expect_words(text, {"Y[0,0] - V[0,0] <= 0", "product 1"});
  EXPECT_EQ(joint.query.names->name_of(specs::Term::Of::input, 3), "U[0,1]");
}

/// Forty of them are 2^40 cases; the judge asks for all of them all the same.
TEST(Join, ManyUnequalInputsAreNoManyCases) {
  constexpr int kInputs = 40;
  std::string text =
      kVersion2 + "(declare-network f (declare-input X real [40]) (declare-output Y real [40]))";
  for (int i = 0; i < kInputs; ++i) {
    const std::string x = "X[" + std::to_string(i) + "]";
    text += "(assert (>= " + x + " 0.0))(assert (<= " + x + " 1.0))(assert (!= " + x + " 0.5))\n";
  }
  const specs::Joint joint =
      joined(text + "(assert (>= Y[0] 0.0))", {given("f", identity_model(kInputs))});
  EXPECT_LE(joint.query.clauses.size(), 1024U);
  std::string warnings;
  for (const std::string& warning : joint.query.warnings) warnings += warning;
  expect_words(warnings, {"more than 10", "!="});
  std::vector<double> x(kInputs, 0.25);
  EXPECT_TRUE(specs::judge(*joint.network, joint.query, x).holds);
  for (int i = 0; i < kInputs; ++i) {
    x[static_cast<std::size_t>(i)] = 0.5;
    EXPECT_FALSE(specs::judge(*joint.network, joint.query, x).holds) << i;
    x[static_cast<std::size_t>(i)] = 0.75;
  }
}

/// Softmax of opset 12 takes all axes from the second on, that of 13 the last one.
TEST(Join, IsomorphicOperatorsMeanTheSameInTheirOpsets) {
  const auto model = [](const std::string& op, int opset, const Shape& shape) {
    OnnxWriter writer(opset);
    writer.input("x", shape).output("y");
    writer.node(op, {"x"}, {"y"});
    return writer.bytes();
  };
  const auto refused = [&](const std::string& op, const Shape& shape) {
    std::string text = kVersion2 + network_text("f", "", "X", "Y", specs::to_string(shape)) +
                       network_text("g", "(isomorphic-to f)", "U", "V", specs::to_string(shape));
    for (const std::string name : {"X", "U"})
      for (std::int64_t i = 0; i < shape[1]; ++i)
        for (std::int64_t j = 0; j < shape[2]; ++j) {
          const std::string x = name + "[0," + std::to_string(i) + "," + std::to_string(j) + "]";
          text += "(assert (and (>= " + x + " 0.0) (<= " + x + " 1.0)))";
        }
    return refusal<InputError>(
        text, {given("f", model(op, 12, shape)), given("g", model(op, 13, shape))});
  };
  expect_words(refused("Softmax", {1, 2, 3}), {"'g'", "Softmax", "opsets 12 and 13"});
  EXPECT_EQ(refused("Relu", {1, 2, 3}), "");
}

}  // namespace
}  // namespace clipbound::test
