// Composite operators: numbers of ONNX Runtime, and by hand where it does not know the operator;
// how the nodes stand in the network; what is refused, and in whose name.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "specs/evaluate/evaluate.h"
#include "specs/network/composite.h"
#include "specs/network/network_builder.h"
#include "specs/network/op_table.h"
#include "specs/onnx/onnx_reader.h"
#include "tests/specs/expand/runtime_values.h"
#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Attributes = std::map<std::string, Attribute>;
using Ints = std::vector<std::int64_t>;

Network network_of(const std::string& name) {
  const auto& cases = operator_cases();
  const auto found =
      std::find_if(cases.begin(), cases.end(), [&](const auto& c) { return c.name == name; });
  if (found == cases.end()) throw std::runtime_error("no case " + name);
  return parse_onnx(model_of(*found).bytes(), name);
}

std::vector<float> waves(std::int64_t n) {
  std::vector<float> x;
  for (std::int64_t i = 0; i < n; ++i)
    x.push_back(static_cast<float>(1.5 * std::sin(static_cast<double>(i) + 1.0)));
  return x;
}

/// The network at `x`, which three orders of summation agree on up to roundings.
std::vector<double> outputs_at(const Network& network, const std::vector<float>& x) {
  Evaluator<float> evaluator(std::make_shared<const Network>(network));
  std::vector<float> y(static_cast<std::size_t>(network.output_size())), other(y.size());
  evaluator.replay(x, SummationOrder::natural, y);
  for (const auto order : {SummationOrder::reversed, SummationOrder::blocked}) {
    evaluator.replay(x, order, other);
    for (std::size_t i = 0; i < y.size(); ++i)
      EXPECT_NEAR(y[i], other[i], 2e-6f * (1.0f + std::fabs(y[i])));
  }
  return {y.begin(), y.end()};
}

void expect_near(const std::vector<double>& y, const std::vector<double>& expected,
                 const std::string& what) {
  ASSERT_EQ(y.size(), expected.size()) << what;
  for (std::size_t i = 0; i < y.size(); ++i)
    EXPECT_NEAR(y[i], expected[i], 3e-6 * (1.0 + std::fabs(expected[i])))
        << what << " output " << i;
}

TEST(Composites, GiveWhatOnnxRuntimeGave) {
  EXPECT_GT(runtime_values().size(), 60u);
  for (const RuntimeValues& row : runtime_values()) {
    const Network network = network_of(row.name);
    expect_near(outputs_at(network, waves(network.input_size())), row.y, row.name);
  }
}

/// The standard's formula, in float64: queries x, keys z, values v, all [2 heads, 3, ...].
std::vector<double> attention(const std::vector<float>& xz, double scale, double softcap,
                              const std::vector<double>& mask) {
  const std::vector<float> v = some_numbers(24);
  std::vector<double> y;
  for (std::size_t h = 0; h < 2; ++h) {
    for (std::size_t i = 0; i < 3; ++i) {
      double weight[3], sum = 0.0;
      for (std::size_t j = 0; j < 3; ++j) {
        double score = 0.0;
        for (std::size_t d = 0; d < 2; ++d)
          score += static_cast<double>(xz[(h * 3 + i) * 2 + d]) *
                   static_cast<double>(xz[12 + (h * 3 + j) * 2 + d]);
        score = scale * score + mask[i * 3 + j];
        if (softcap > 0.0) score = softcap * std::tanh(score / softcap);
        sum += weight[j] = std::exp(score);
      }
      for (std::size_t d = 0; d < 4; ++d) {
        double value = 0.0;
        for (std::size_t j = 0; j < 3; ++j)
          value += weight[j] / sum * static_cast<double>(v[(h * 3 + j) * 4 + d]);
        y.push_back(value);
      }
    }
  }
  return y;
}

TEST(Composites, AttentionIsTheStandardsFormula) {
  const double none = -std::numeric_limits<double>::infinity(), root = std::sqrt(0.5);
  const std::vector<double> open(9, 0.0), causal{0, none, none, 0, 0, none, 0, 0, 0};
  const std::vector<double> truth{0, none, 0, 0, 0, 0, none, 0, none},
      numbers{0, none, 0.5, 1, 0, 0, none, 0, none};
  const std::vector<float> x = waves(24);
  const auto check = [&](const std::string& name, double scale, double softcap, const auto& mask) {
    expect_near(outputs_at(network_of(name), x), attention(x, scale, softcap, mask), name);
  };
  check("Attention", root, 0.0, open);
  check("AttentionScaled", 0.5, 0.0, open);
  check("AttentionSoftcap", root, 2.0, open);
  check("AttentionCausal", root, 0.0, causal);
  check("AttentionTruthMask", root, 0.0, truth);
  check("AttentionNumberMask", root, 0.0, numbers);
}

/// Two heads of queries [1, 2, 2 * 2] share one of keys and values [1, 3, 2].
TEST(Composites, AttentionOfJoinedHeads) {
  const std::vector<float> x = waves(14), v = some_numbers(6);
  std::vector<double> expected(8);
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t h = 0; h < 2; ++h) {
      double weight[3], sum = 0.0;
      for (std::size_t j = 0; j < 3; ++j) {
        double score = 0.0;
        for (std::size_t d = 0; d < 2; ++d)
          score +=
              static_cast<double>(x[i * 4 + h * 2 + d]) * static_cast<double>(x[8 + j * 2 + d]);
        sum += weight[j] = std::exp(score * std::sqrt(0.5));
      }
      for (std::size_t j = 0; j < 3; ++j)
        for (std::size_t d = 0; d < 2; ++d)
          expected[i * 4 + h * 2 + d] += weight[j] / sum * static_cast<double>(v[j * 2 + d]);
    }
  expect_near(outputs_at(network_of("AttentionJoinedHeads"), x), expected, "joined heads");
}

TEST(Composites, RmsNormalizationIsTheStandardsFormula) {
  const std::vector<float> x = waves(24), scale = some_numbers(4);
  for (const auto& [name, length] :
       {std::pair{"RMSNormalizationLast", 4}, std::pair{"RMSNormalizationInner", 12}}) {
    std::vector<double> expected;
    for (int i = 0; i < 24; ++i) {
      double squares = 0.0;
      for (int j = i / length * length; j < (i / length + 1) * length; ++j)
        squares += static_cast<double>(x[static_cast<std::size_t>(j)]) *
                   static_cast<double>(x[static_cast<std::size_t>(j)]);
      const auto k = static_cast<std::size_t>(i);
      expected.push_back(static_cast<double>(x[k]) * static_cast<double>(scale[k % 4]) /
                         std::sqrt(squares / length + static_cast<double>(0.01f)));
    }
    expect_near(outputs_at(network_of(name), x), expected, name);
  }
}

TEST(Composites, SwishIsTheStandardsFormula) {
  for (const auto& [name, alpha] : {std::pair{"Swish", 1.0}, std::pair{"SwishAlpha", 1.5}}) {
    const std::vector<float> x = waves(6);
    std::vector<double> expected;
    for (const float v : x) {
      const double t = static_cast<double>(v - 2.75f);
      expected.push_back(t / (1.0 + std::exp(-alpha * t)));
    }
    expect_near(outputs_at(network_of(name), x), expected, name);
  }
}

TEST(Composites, EllipsesOfDifferentLengths) {
  const std::vector<float> x = waves(12), c = some_numbers(6);
  std::vector<double> expected(8);
  for (std::size_t row = 0; row < 4; ++row)
    for (std::size_t k = 0; k < 2; ++k)
      for (std::size_t j = 0; j < 3; ++j)
        expected[row * 2 + k] +=
            static_cast<double>(x[row * 3 + j]) * static_cast<double>(c[j * 2 + k]);
  expect_near(outputs_at(network_of("EinsumEllipses"), x), expected, "ellipses");
}

/// One hidden unit, weights 1, 2, 3 and 0.5, 0.25, -0.5 (gates z, r, h): x [2 points, 3 steps].
TEST(Composites, GruWithPointsFirst) {
  const std::vector<float> x = waves(6);
  const auto sigmoid = [](double t) { return 1.0 / (1.0 + std::exp(-t)); };
  std::vector<double> expected;
  for (std::size_t point = 0; point < 2; ++point) {
    double h = 0.0;
    for (std::size_t t = 0; t < 3; ++t) {
      const auto in = static_cast<double>(x[point * 3 + t]);
      const double z = sigmoid(in + 0.5 * h), r = sigmoid(2.0 * in + 0.25 * h),
                   fresh = std::tanh(3.0 * in - 0.5 * (r * h));
      h = (1.0 - z) * fresh + z * h;
      expected.push_back(h);
    }
  }
  expect_near(outputs_at(network_of("GRUBatchFirst"), x), expected, "points first");
}

/// At 0 the norm is 0: ONNX Runtime gives 0, and no NaN.
TEST(Composites, LpNormalizationOfNothing) {
  const Network network = network_of("LpNormalization2Last");
  const std::vector<float> x(24, 0.0f);
  for (const double y : outputs_at(network, x)) EXPECT_EQ(y, 0.0);
}

/// Halves go to the even number, on both sides; what is far outside saturates.
TEST(Composites, QuantizationRoundsHalfToEven) {
  NetworkBuilder b(13);
  Tensor zero{Shape{}, std::vector<std::int64_t>{0}};
  zero.stored = StoredInteger::int8;
  const ValueId scale = b.constant(Shape{}, std::vector<float>{0.5f}), none = b.constant(zero);
  b.output(b.add("DequantizeLinear",
                 {b.add("QuantizeLinear", {b.input("x", {8}), scale, none}), scale, none}));
  const std::vector<float> x{0.25f, 0.75f, -0.25f, -0.75f, 1.25f, 1e30f, -1e30f, 63.74f};
  expect_near(outputs_at(b.build(), x), {0.0, 1.0, 0.0, -1.0, 1.0, 63.5, -64.0, 63.5}, "halves");
}

TEST(Composites, KeepTheNamesOfTheFile) {
  OnnxWriter w(13);
  w.input("x", {2, 3});
  set_ints(w.node("ReduceL2", {"x"}, {"norm"}), "axes", {1});
  w.node("Relu", {"norm"}, {"y"});
  w.output("y");
  const Network network = parse_onnx(w.bytes(), "names");
  ASSERT_EQ(network.nodes.size(), 4u);  // Mul, ReduceSum, Sqrt, Relu
  for (std::size_t n = 0; n < 3; ++n) {
    EXPECT_EQ(network.nodes[n].name, "ReduceL2_node1");
    EXPECT_NE(describe(network.nodes[n]).find("(ReduceL2, opset"), std::string::npos);
  }
  EXPECT_EQ(network.value(network.nodes[2].outputs[0]).name, "norm");
  EXPECT_EQ(operator_name(network.nodes[3]), "Relu");
}

/// Outputs that are an input, a constant, or each other; nothing that is built stays unread.
TEST(Composites, HandOnInputsAndConstants) {
  OnnxWriter w(13);
  w.input("x", {2, 2}).floats("c", {2, 2}, {1, 2, 3, 4});
  w.node("Sum", {"x"}, {"same"});
  w.node("EyeLike", {"c"}, {"eye"});
  w.node("Sum", {"c"}, {"twice"});
  w.node("Sum", {"same", "eye", "twice"}, {"y"});
  w.output("y");
  const Network network = parse_onnx(w.bytes(), "handed on");
  const std::vector<float> x{1, 2, 3, 4};
  EXPECT_EQ(outputs_at(network, x), (std::vector<double>{3, 4, 6, 9}));
  std::vector<bool> read(network.values.size(), false);
  for (const Node& node : network.nodes) {
    for (const ValueId id : node.inputs) read[index_of(id)] = true;
    for (const ValueId id : node.outputs) read[index_of(id)] = true;
  }
  for (std::size_t i = 0; i < read.size(); ++i)
    EXPECT_TRUE(read[i] || network.values[i].name.find(':') == std::string::npos)
        << network.values[i].name;
}

/// A refused composite leaves the builder as it was.
TEST(Composites, ARefusalLeavesNothingBehind) {
  NetworkBuilder b(21);
  const ValueId x = b.input("x", {1, 4, 3});
  const std::size_t values = b.network().values.size();
  EXPECT_THROW(b.add("Attention", {x, x, x}, {{"q_num_heads", std::int64_t{5}}}), InputError);
  EXPECT_EQ(b.network().nodes.size(), 0u);
  EXPECT_EQ(b.network().values.size(), values);
  b.output(b.add("Mish", {x}));
  EXPECT_EQ(b.build().output_size(), 12);
}

template <typename Error>
void expect_refused(NetworkBuilder& b, const std::string& op, const std::vector<ValueId>& inputs,
                    const Attributes& given, const std::string& word) {
  try {
    b.add(op, inputs, given);
    ADD_FAILURE() << op << " was accepted; expected: " << word;
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find(word), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("(" + op + ", opset 21)"), std::string::npos) << e.what();
  }
}

TEST(Composites, RefuseWhatDoesNotFit) {
  NetworkBuilder b(21);
  const ValueId x = b.input("x", {1, 4, 3}), m = b.input("m", {2, 3});
  const ValueId two = b.constant({2}, {1, 2}),
                number = b.constant(Shape{}, std::vector<float>{0.5f});
  const ValueId whole = b.integers({7});
  expect_refused<InputError>(b, "GroupNormalization", {x, two, two},
                             {{"num_groups", std::int64_t{3}}}, "groups");
  expect_refused<InputError>(b, "GroupNormalization", {x, two, two},
                             {{"num_groups", std::int64_t{2}}}, "not [4]");
  expect_refused<InputError>(b, "InstanceNormalization", {m, two, two}, {}, "spatial");
  expect_refused<InputError>(b, "ReduceL1", {x, b.integers({3})}, {}, "out of range");
  expect_refused<Unsupported>(b, "ReduceL2", {whole}, {}, "integers");
  expect_refused<InputError>(b, "LpNormalization", {x}, {{"p", std::int64_t{3}}}, "p is 3");
  expect_refused<InputError>(b, "LRN", {x}, {}, "size is 0");
  expect_refused<InputError>(b, "Trilu", {two}, {}, "no matrix");
  expect_refused<InputError>(b, "Celu", {x}, {{"alpha", 0.0}}, "alpha");
  expect_refused<InputError>(b, "Sum", {}, {}, "no input");
  expect_refused<InputError>(b, "Sum", {x, m, two}, {}, "do not fit");
  expect_refused<InputError>(b, "Einsum", {m}, {{"equation", std::string("ijk->i")}}, "fit");
  expect_refused<InputError>(b, "Einsum", {m}, {{"equation", std::string("ij->ik")}}, "'k'");
  expect_refused<InputError>(b, "Einsum", {m}, {{"equation", std::string("ij->ii")}}, "twice");
  expect_refused<InputError>(b, "Einsum", {m, m}, {{"equation", std::string("ij->i")}}, "terms");
  expect_refused<InputError>(b, "Einsum", {m, m}, {{"equation", std::string("ij,jk->ik")}}, "'j'");
  expect_refused<InputError>(b, "Einsum", {m}, {{"equation", std::string("i?->i")}}, "labels");
  expect_refused<Unsupported>(b, "QuantizeLinear", {x, number, whole}, {}, "8 or 16 bits");
  expect_refused<InputError>(b, "QuantizeLinear", {x, two}, {}, "does not fit");
  expect_refused<InputError>(b, "DequantizeLinear", {x, number}, {}, "float32");
  expect_refused<Unsupported>(b, "CumSum", {x, b.add("ArgMax", {m})}, {}, "depends");
  expect_refused<Unsupported>(b, "Attention", {x, x, x, kNoValue, x},
                              {{"q_num_heads", std::int64_t{1}}}, "cache");
}

TEST(Composites, RefuseRecurrentNodesThatDoNotFit) {
  NetworkBuilder b(21);
  const ValueId x = b.input("x", {3, 1, 2});
  const auto zeros = [&](Shape shape) {
    const auto size = static_cast<std::size_t>(element_count(shape));
    return b.constant(std::move(shape), std::vector<float>(size, 0.0f));
  };
  const ValueId w = zeros({1, 8, 2}), r = zeros({1, 8, 2}), none = kNoValue;
  expect_refused<InputError>(b, "LSTM", {x, w}, {}, "missing");
  expect_refused<InputError>(b, "LSTM", {x, w, zeros({1, 8, 3})}, {}, "input 1");
  expect_refused<InputError>(b, "LSTM", {x, w, r}, {{"direction", std::string("up")}}, "'up'");
  expect_refused<InputError>(b, "LSTM", {x, w, r},
                             {{"activations", std::vector<std::string>{"Tanh"}}}, "1 activations");
  expect_refused<Unsupported>(b, "RNN", {x, zeros({1, 2, 2}), zeros({1, 2, 2})},
                              {{"activations", std::vector<std::string>{"Mystery"}}}, "'Mystery'");
  expect_refused<Unsupported>(b, "RNN", {x, zeros({1, 2, 2}), zeros({1, 2, 2})},
                              {{"activations", std::vector<std::string>{"Elu"}}},
                              "activation_alpha");
  expect_refused<Unsupported>(b, "LSTM", {x, w, r, none, b.integers({2})}, {}, "before the last");
  expect_refused<InputError>(b, "LSTM", {x, w, r, none, none, zeros({1, 1, 3})}, {}, "input 5");
}

}  // namespace
}  // namespace clipbound::test
