// VNN-LIB 2 queries about small models from end to end: integer inputs against enumeration,
// equations with one planted counterexample, even powers, many `!=`.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/specs/joint/small_models.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"

namespace clipbound::test {
namespace {

SolveResult solved(const std::string& text, const std::vector<specs::GivenModel>& models,
                   bool attack) {
  const specs::Joint joint = joined(kVersion2 + text, models);
  Options options;
  options.threads = 1;
  options.attack = attack;
  const Deadline deadline(Deadline::Clock::now(), 60.0, 0.0);
  SolveContext context;
  context.deadline = &deadline;
  return solver::solve(joint.network, joint.query, options, context);
}

constexpr int kWords = 5, kWide = 3;

/// y = v relu(E[id_0] + E[id_1] + x w): two indices of rows of E, and x.
struct Embedding {
  std::vector<float> table, w, v;
  explicit Embedding(Dice& dice) {
    const auto numbers = [&dice](int count) {
      std::vector<float> values(static_cast<std::size_t>(count));
      for (float& value : values)
        value = static_cast<float>(std::round(8.0 * dice.uniform(-1, 1)) / 8.0);
      return values;
    };
    table = numbers(kWords * kWide);
    w = numbers(kWide);
    v = numbers(kWide);
    for (float& value : v) value = std::fabs(value) + 0.125F;  // convex in x
  }
  std::string bytes() const {
    OnnxWriter writer;
    writer.input("ids", {2}, onnx::TensorProto::INT64).input("x", {1, 1}).output("y");
    writer.floats("E", {kWords, kWide}, table).floats("w", {1, kWide}, w);
    writer.floats("v", {kWide, 1}, v).ints("axes", {0});
    set_int(writer.node("Gather", {"E", "ids"}, {"rows"}), "axis", 0);
    set_int(writer.node("ReduceSum", {"rows", "axes"}, {"sum"}), "keepdims", 1);
    writer.node("MatMul", {"x", "w"}, {"xw"});
    writer.node("Add", {"sum", "xw"}, {"z"});
    writer.node("Relu", {"z"}, {"a"});
    writer.node("MatMul", {"a", "v"}, {"y"});
    return writer.bytes();
  }
  double at(int i, int j, double x) const {
    double y = 0.0;
    for (int k = 0; k < kWide; ++k) {
      const auto c = static_cast<std::size_t>(k);
      const auto row = [&](int n) { return table[static_cast<std::size_t>(n * kWide + k)]; };
      y += v[c] * std::max(0.0, row(i) + row(j) + x * w[c]);
    }
    return y;
  }
};

TEST(VnnLib2Cases, IndicesAreDecidedAsByEnumeration) {
  Dice dice(5);
  for (int round = 0; round < 6; ++round) {
    const Embedding model(dice);
    double most = -1.0;
    for (int i = 1; i < kWords; ++i)
      for (int j = 0; j < i; ++j)  // ids[1] < ids[0]
        for (const double x : {-1.0, 1.0}) most = std::max(most, model.at(i, j, x));
    const auto text = [&](double bound) {
      return "(declare-network f (declare-input I int64 [2]) (declare-input X float32 [1,1]) "
             "(declare-output Y float32 [1,1]))(assert (and (>= I[0] 0) (<= I[0] 4) (>= I[1] 0) "
             "(< I[1] I[0]) (>= X[0,0] -1.0) (<= X[0,0] 1.0)))(assert (>= Y[0,0] " +
             decimal(bound) + "))";
    };
    for (const bool attack : {false, true}) {
      EXPECT_EQ(solved(text(most + 0.01), {given("f", model.bytes())}, attack).verdict,
                Verdict::unsat);
      const SolveResult found = solved(text(most), {given("f", model.bytes())}, true);
      ASSERT_EQ(found.verdict, Verdict::sat) << found.reason;
      EXPECT_EQ(found.input[0], std::floor(found.input[0]));
      EXPECT_LT(found.input[1], found.input[0]);
      EXPECT_GE(model.at(static_cast<int>(found.input[0]), static_cast<int>(found.input[1]),
                         found.input[2]),
                most);
    }
  }
}

/// y = float(x + 100) of int8, which wraps around above 27: -128 is its least value.
TEST(VnnLib2Cases, SumsOfInputsWrapAround) {
  OnnxWriter writer;
  onnx::TensorProto hundred = OnnxWriter::int_tensor("c", {1}, {100});
  hundred.set_data_type(onnx::TensorProto::INT8);
  hundred.set_raw_data(std::string(1, static_cast<char>(100)));
  hundred.clear_int64_data();
  *writer.graph().add_initializer() = hundred;
  writer.input("x", {1}, onnx::TensorProto::INT8).output("y");
  writer.node("Add", {"x", "c"}, {"s"});
  set_int(writer.node("Cast", {"s"}, {"y"}), "to", onnx::TensorProto::FLOAT);
  const std::string declared =
      "(declare-network f (declare-input X int8 [1]) (declare-output Y float32 [1]))";
  const auto verdict = [&](const std::string& assertions, bool attack) {
    return solved(declared + assertions, {given("f", writer.bytes())}, attack).verdict;
  };
  for (const bool attack : {false, true})
    EXPECT_EQ(verdict("(assert (>= X[0] 0))(assert (<= X[0] 27))(assert (< Y[0] 100.0))", attack),
              Verdict::unsat);
  // 28 becomes -128, and no proof may miss it.
  EXPECT_EQ(verdict("(assert (>= X[0] 0))(assert (< Y[0] -127.5))", true), Verdict::sat);
  EXPECT_EQ(verdict("(assert (>= X[0] 29))(assert (< Y[0] -126.5))", true), Verdict::sat);
}

/// z = x c1 + c2, w = z - x z, y = float(w), of integers that wrap around.
struct WrappingChain {
  struct Type {
    const char* name;
    int onnx, bits;
    bool is_signed;
  };
  static constexpr Type kTypes[] = {{"int8", onnx::TensorProto::INT8, 8, true},
                                    {"uint8", onnx::TensorProto::UINT8, 8, false},
                                    {"int16", onnx::TensorProto::INT16, 16, true}};
  const Type& type;
  std::int64_t factor, offset;

  std::int64_t kept(std::int64_t value) const {
    const std::int64_t count = std::int64_t{1} << type.bits;
    const std::int64_t rest = ((value % count) + count) % count;
    return type.is_signed && rest >= count / 2 ? rest - count : rest;
  }
  std::int64_t at(std::int64_t x) const {
    const std::int64_t z = kept(kept(x * factor) + offset);
    return kept(z - kept(x * z));
  }
  std::string bytes() const {
    OnnxWriter writer;
    const auto constant = [&](const char* name, std::int64_t value) {
      onnx::TensorProto tensor = OnnxWriter::int_tensor(name, {1}, {value});
      tensor.set_data_type(type.onnx);
      std::string raw;
      for (int bit = 0; bit < type.bits; bit += 8) raw += static_cast<char>((value >> bit) & 0xFF);
      tensor.set_raw_data(raw);
      tensor.clear_int64_data();
      *writer.graph().add_initializer() = tensor;
    };
    constant("c1", factor);
    constant("c2", offset);
    writer.input("x", {1}, type.onnx).output("y");
    writer.node("Mul", {"x", "c1"}, {"p"});
    writer.node("Add", {"p", "c2"}, {"z"});
    writer.node("Mul", {"x", "z"}, {"q"});
    writer.node("Sub", {"z", "q"}, {"w"});
    set_int(writer.node("Cast", {"w"}, {"y"}), "to", onnx::TensorProto::FLOAT);
    return writer.bytes();
  }
};

/// Of integers alone every case is a number, also at ties: none ends unknown.
TEST(VnnLib2Cases, ChainsOfIntegersAreDecidedAtTies) {
  Dice dice(23);
  int wraps = 0;
  for (int round = 0; round < 24; ++round) {
    const WrappingChain::Type& type = WrappingChain::kTypes[round % 3];
    const auto number = [&](double low, double high) {
      return static_cast<std::int64_t>(std::floor(dice.uniform(low, high)));
    };
    const WrappingChain chain{type, number(1, 12), number(0, 100)};
    const std::int64_t low = number(0, 90), high = low + number(0, 9);
    std::int64_t most = chain.at(low);
    for (std::int64_t x = low; x <= high; ++x) {
      most = std::max(most, chain.at(x));
      wraps += x * chain.factor + chain.offset != chain.kept(x * chain.factor + chain.offset);
    }
    const auto verdict = [&](const char* relation) {
      return solved("(declare-network f (declare-input X " + std::string(type.name) +
                        " [1]) (declare-output Y float32 [1]))(assert (and (>= X[0] " +
                        std::to_string(low) + ") (<= X[0] " + std::to_string(high) +
                        ")))(assert (" + relation + " Y[0] " + std::to_string(most) + ".0))",
                    {given("f", chain.bytes())}, true)
          .verdict;
    };
    const std::string what = std::string(type.name) + " " + std::to_string(chain.factor) + " " +
                             std::to_string(chain.offset) + " from " + std::to_string(low) +
                             " to " + std::to_string(high);
    EXPECT_EQ(verdict(">"), Verdict::unsat) << what;
    EXPECT_EQ(verdict(">="), Verdict::sat) << what;
    EXPECT_EQ(verdict("=="), Verdict::sat) << what;
  }
  EXPECT_GT(wraps, 20);
}

TEST(VnnLib2Cases, TruthValues) {
  OnnxWriter writer;
  writer.input("b", {2}, onnx::TensorProto::BOOL).input("x", {2}).output("y");
  writer.floats("zero", {2}, {0, 0});
  writer.node("Where", {"b", "x", "zero"}, {"y"});
  const std::string declared =
      "(declare-network f (declare-input B bool [2]) (declare-input X float32 [2]) "
      "(declare-output Y float32 [2]))(assert (and (>= X[0] 1.0) (<= X[0] 2.0) (>= X[1] 1.0) "
      "(<= X[1] 2.0)))";
  const auto verdict = [&](const std::string& assertions) {
    return solved(declared + assertions, {given("f", writer.bytes())}, true).verdict;
  };
  EXPECT_EQ(verdict("(assert (and (> Y[0] 0.0) (< Y[0] 1.0)))"), Verdict::unsat);
  EXPECT_EQ(verdict("(assert (>= (+ Y[0] Y[1]) 4.0))"), Verdict::sat);
  EXPECT_EQ(verdict("(assert (>= (+ Y[0] Y[1]) 3.0))(assert (!= B[0] B[1]))"), Verdict::unsat);
  EXPECT_EQ(verdict("(assert (>= Y[1] 2.0))(assert (< B[0] B[1]))"), Verdict::sat);
}

/// The only counterexample is where float32 computes k (x + c), or (x + c) - d, as it is written.
TEST(VnnLib2Cases, EquationsAreComputedAsTheyAreWritten) {
  const auto text = [](const std::string& x, const std::string& term, const std::string& least) {
    return "(declare-network f (declare-input X float32 [1]) (declare-output Y float32 [1]))"
           "(declare-network g (equal-to f) (declare-input U float32 [1]) (declare-output V "
           "float32 [1]))(assert (and (>= X[0] " +
           x + ") (<= X[0] " + x + ") (>= U[0] -10.0) (<= U[0] 10.0)))(assert (== U[0] " + term +
           "))(assert (>= V[0] " + least + "))";
  };
  int higher = 0;
  for (int k = 0; k < 40; ++k) {
    const float x = 1.5F + 0.01F * static_cast<float>(k);
    const volatile float sum = x + 8.1F, written = sum - 8.0F, offset = 0.1F;
    const volatile float plain = x + offset;
    const double value = written, other = plain, exact = static_cast<double>(x) + 0.1;
    const bool is_higher = value > other && value > exact;
    higher += is_higher ? 1 : 0;
    const std::string query = text(decimal(static_cast<double>(x)), "(- (+ X[0] 8.1) 8.0)",
                                   decimal(std::max(value, exact)));
    if (value < exact) continue;  // nothing is planted
    const SolveResult result = solved(query, {given("f", identity_model(1))}, true);
    ASSERT_EQ(result.verdict, Verdict::sat) << x << " " << result.reason;
    EXPECT_EQ(result.input[1], value);
  }
  EXPECT_GT(higher, 0);
}

TEST(VnnLib2Cases, EvenPowersAreNotNegative) {
  const auto verdict = [](const std::string& comparison) {
    return solved(
               "(declare-network f (declare-input X real [2]) (declare-output Y real [2]))"
               "(assert (and (>= X[0] -1.0) (<= X[0] 2.0) (>= X[1] -1.5) (<= X[1] 1.0)))(assert " +
                   comparison + ")",
               {given("f", identity_model(2))}, false)
        .verdict;
  };
  EXPECT_EQ(verdict("(< (* X[0] X[0]) 0.0)"), Verdict::unsat);
  EXPECT_EQ(verdict("(< (* X[0] Y[0]) 0.0)"), Verdict::unsat);
  EXPECT_EQ(verdict("(< (* X[0] X[0] X[0] X[0]) 0.0)"), Verdict::unsat);
  EXPECT_EQ(verdict("(< (* X[0] X[1] X[0] X[1]) 0.0)"), Verdict::unsat);
  EXPECT_EQ(verdict("(< (* X[0] X[0] X[0] X[0] X[0] X[0]) 0.0)"), Verdict::unsat);
  EXPECT_EQ(verdict("(< (+ (* X[0] X[0] X[0] X[0]) (* X[1] X[1])) 0.0)"), Verdict::unsat);
  // And nothing is lost of odd ones.
  EXPECT_NE(verdict("(< (* X[0] X[0] X[0]) -0.9)"), Verdict::unsat);
  EXPECT_NE(verdict("(<= (* X[0] X[0] X[0] X[0]) 0.0)"), Verdict::unsat);
  EXPECT_NE(verdict("(>= (* X[0] X[0] X[0] X[0] X[1]) 15.9)"), Verdict::unsat);
}

TEST(VnnLib2Cases, ManyUnequalInputs) {
  const auto text = [](double least) {
    std::string all =
        "(declare-network f (declare-input X real [40]) (declare-output Y real [40]))";
    for (int i = 0; i < 40; ++i) {
      const std::string x = "X[" + std::to_string(i) + "]";
      all += "(assert (>= " + x + " 0.0))(assert (<= " + x + " 1.0))(assert (!= " + x + " 0.5))";
    }
    return all + "(assert (>= Y[0] " + decimal(least) + "))";
  };
  EXPECT_EQ(solved(text(2.0), {given("f", identity_model(40))}, true).verdict, Verdict::unsat);
  const SolveResult found = solved(text(0.75), {given("f", identity_model(40))}, true);
  ASSERT_EQ(found.verdict, Verdict::sat) << found.reason;
  for (const double x : found.input) EXPECT_NE(x, 0.5);
}

}  // namespace
}  // namespace clipbound::test
