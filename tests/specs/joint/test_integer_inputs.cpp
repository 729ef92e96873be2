// Inputs of integer types and bool: the cases against an enumeration of all values, and what is
// refused by name.
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "specs/evaluate/counterexample.h"
#include "tests/specs/joint/small_models.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// y = x of an integer type, as float32.
std::string as_floats(std::int64_t size, int type) {
  OnnxWriter writer;
  writer.input("x", {size}, type).output("y");
  set_int(writer.node("Cast", {"x"}, {"y"}), "to", onnx::TensorProto::FLOAT);
  return writer.bytes();
}

std::string declared(const std::string& type, std::int64_t size) {
  const std::string shape = "[" + std::to_string(size) + "]";
  return kVersion2 + "(declare-network f (declare-input X " + type + " " + shape +
         ") (declare-output Y float32 " + shape + "))\n";
}

/// The message of the refusal; empty where there is none.
template <typename Error>
std::string refusal(const std::string& text, const std::string& model) {
  try {
    joined(text, {given("f", model)});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

void expect_words(const std::string& message, const std::vector<std::string>& words) {
  for (const std::string& word : words)
    EXPECT_NE(message.find(word), std::string::npos) << "'" << word << "' in: " << message;
}

std::string whole(int value) {
  return value < 0 ? "(- " + std::to_string(-value) + ")" : std::to_string(value);
}

/// A comparison of some of three integers, as text and as a function.
struct Comparison {
  int coefficient[3], constant, relation;
  bool holds(const int (&x)[3]) const {
    int sum = constant;
    for (int i = 0; i < 3; ++i) sum += coefficient[i] * x[i];
    switch (relation) {
      case 0: return sum <= 0;
      case 1: return sum < 0;
      case 2: return sum >= 0;
      case 3: return sum > 0;
      case 4: return sum == 0;
      default: return sum != 0;
    }
  }
  std::string text() const {
    const char* const names[] = {"<=", "<", ">=", ">", "==", "!="};
    std::string sum = "(+ " + whole(constant);
    for (int i = 0; i < 3; ++i)
      sum += " (* " + whole(coefficient[i]) + " X[" + std::to_string(i) + "])";
    return std::string("(") + names[relation] + " " + sum + ") 0)";
  }
};

/// Random rows over three integers: the cases are the points that satisfy them, each of them once
/// per clause that it satisfies, and the judge takes exactly these.
TEST(IntegerInputs, CasesAreTheIntegersThatSatisfyTheRows) {
  Dice dice(7);
  for (int round = 0; round < 150; ++round) {
    std::string text = declared("int8", 3);
    int low[3], high[3];
    for (int i = 0; i < 3; ++i) {
      low[i] = static_cast<int>(std::floor(dice.uniform(-4, 4)));
      high[i] = low[i] + static_cast<int>(std::floor(dice.uniform(0, 5)));
      const std::string x = "X[" + std::to_string(i) + "]";
      text += "(assert (>= " + x + " " + whole(low[i]) + "))(assert (<= " + x + " " +
              whole(high[i]) + "))\n";
    }
    std::vector<Comparison> rows(static_cast<std::size_t>(dice.uniform(1, 4)));
    for (Comparison& row : rows) {
      for (int& c : row.coefficient) c = static_cast<int>(std::floor(dice.uniform(-3, 4)));
      row.constant = static_cast<int>(std::floor(dice.uniform(-6, 7)));
      row.relation = static_cast<int>(std::floor(dice.uniform(0, 6)));
      text += "(assert " + row.text() + ")\n";
    }
    const specs::Joint joint = joined(text, {given("f", as_floats(3, onnx::TensorProto::INT8))});
    int x[3];
    for (x[0] = low[0] - 1; x[0] <= high[0] + 1; ++x[0])
      for (x[1] = low[1] - 1; x[1] <= high[1] + 1; ++x[1])
        for (x[2] = low[2] - 1; x[2] <= high[2] + 1; ++x[2]) {
          bool expected = true;
          for (int i = 0; i < 3; ++i) expected = expected && x[i] >= low[i] && x[i] <= high[i];
          for (const Comparison& row : rows) expected = expected && row.holds(x);
          const std::vector<double> point(std::begin(x), std::end(x));
          bool inside = false;
          for (const specs::Clause& clause : joint.query.clauses)
            inside = inside || specs::inside_box(clause, specs::DataType::float32, point);
          ASSERT_EQ(inside, expected) << text << x[0] << " " << x[1] << " " << x[2];
          ASSERT_EQ(specs::judge(*joint.network, joint.query, point).holds, expected) << text;
        }
    for (const specs::Clause& clause : joint.query.clauses)
      for (const specs::InputInterval& interval : *clause.box)
        EXPECT_EQ(interval.hull.lower, interval.hull.upper);
  }
}

TEST(IntegerInputs, TheJudgeTakesValuesOfTheTypeAlone) {
  const specs::Joint joint = joined(declared("uint8", 1) + "(assert (<= X[0] 2))",
                                    {given("f", as_floats(1, onnx::TensorProto::UINT8))});
  ASSERT_EQ(joint.query.clauses.size(), 3U);
  // A query over the same network that has room for other numbers.
  specs::Query wide = joint.query;
  specs::InputInterval all;
  all.hull = all.exact = all.rounded32 = all.rounded64 = all.rounded16 = {-1.0, 300.0};
  wide.clauses = {{std::make_shared<const specs::Box>(specs::Box{all}), {}, 0}};
  const auto holds = [&](double x) {
    return specs::judge(*joint.network, wide, std::vector<double>{x}).holds;
  };
  EXPECT_TRUE(holds(0));
  EXPECT_TRUE(holds(255));
  for (const double x : {0.5, -1.0, 256.0, 1e-30}) EXPECT_FALSE(holds(x)) << x;
  expect_words(specs::judge(*joint.network, wide, std::vector<double>{0.5}).why_not,
               {"integer type"});
}

TEST(IntegerInputs, EquatedAndTypedInputsHaveTheirValues) {
  const std::string two = kVersion2 +
                          "(declare-network f (declare-input X uint8 [2]) (declare-output Y "
                          "float32 [2]))(declare-network g (equal-to f) (declare-input U uint8 "
                          "[2]) (declare-output V float32 [2]))\n";
  const std::vector<specs::GivenModel> model = {given("f", as_floats(2, onnx::TensorProto::UINT8))};
  // 256 values each without the equations.
  EXPECT_EQ(joined(two + "(assert (== U[0] X[0]))(assert (== U[1] (+ X[1] 250)))"
                         "(assert (<= X[0] 9))(assert (<= X[1] 5))",
                   model)
                .query.clauses.size(),
            10U * 6U);
  EXPECT_TRUE(joined(declared("bool", 2) + "(assert (> X[0] X[1]))(assert (== X[1] 1))",
                     {given("f", as_floats(2, onnx::TensorProto::BOOL))})
                  .query.clauses.empty());
  EXPECT_EQ(joined(declared("bool", 2), {given("f", as_floats(2, onnx::TensorProto::BOOL))})
                .query.clauses.size(),
            4U);
  EXPECT_EQ(joined(declared("int64", 1) + "(assert (> X[0] 5))(assert (< X[0] 7))",
                   {given("f", as_floats(1, onnx::TensorProto::INT64))})
                .query.clauses.size(),
            1U);
  EXPECT_TRUE(joined(declared("int64", 1) + "(assert (> X[0] 5))(assert (< X[0] 6))",
                     {given("f", as_floats(1, onnx::TensorProto::INT64))})
                  .query.clauses.empty());
}

/// X[0] <= X[1] <= X[2] < X[0]: each pass over the rows takes a value off, and the last of the
/// passes that are allowed may leave one of each, which no row has been asked about.
TEST(IntegerInputs, WhatTheLastPassLeavesSatisfiesTheRows) {
  const std::vector<specs::GivenModel> model = {given("f", as_floats(3, onnx::TensorProto::UINT8))};
  const std::string rows[] = {"(assert (<= X[0] X[1]))", "(assert (<= X[1] X[2]))",
                              "(assert (< X[2] X[0]))"};
  const int orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}};
  for (int high = 0; high <= 255; ++high) {
    const std::string top = std::to_string(high);
    const std::string box =
        "(assert (and (<= X[0] " + top + ") (<= X[1] " + top + ") (<= X[2] " + top + ")))";
    for (const auto& order : orders) {
      std::string text = declared("uint8", 3) + box;
      for (const int row : order) text += rows[row];
      EXPECT_TRUE(joined(text, model).query.clauses.empty()) << text;
    }
  }
}

TEST(IntegerInputs, TooManyAndUnheldValuesAreRefusedByName) {
  using onnx::TensorProto;
  expect_words(refusal<Unsupported>(declared("int32", 2) + "(assert (== X[0] 1))",
                                    as_floats(2, TensorProto::INT32)),
               {"q.vnnlib:2:", "'X[1]'", "integer type", "4096"});
  expect_words(refusal<Unsupported>(declared("uint8", 2), as_floats(2, TensorProto::UINT8)),
               {"'X[", "4096"});
  // Far more combinations than there are atoms: neither memory nor time runs out.
  expect_words(refusal<Unsupported>(declared("bool", 1000) + "(assert (<= X[0] X[1]))",
                                    as_floats(1000, TensorProto::BOOL)),
               {"'X[", "integer type"});
  expect_words(refusal<Unsupported>(declared("int64", 1) + "(assert (== X[0] 16777217))",
                                    as_floats(1, TensorProto::INT64)),
               {"'X[0]'", "go beyond 16777216:"});
  EXPECT_EQ(refusal<Unsupported>(declared("int64", 1) + "(assert (== X[0] 16777216))",
                                 as_floats(1, TensorProto::INT64)),
            "");
  // Reals and other types are no integers, and a model's integers are no reals.
  expect_words(refusal<InputError>(declared("int8", 1), identity_model(1)),
               {"'X'", "int8", "'x'", "float32"});
  expect_words(refusal<InputError>(declared("int8", 1), as_floats(1, TensorProto::UINT8)),
               {"'X'", "int8", "'x'", "uint8"});
  expect_words(refusal<InputError>(declared("int8", 1), as_floats(1, TensorProto::BOOL)),
               {"'X'", "int8", "'x'", "bool"});
  expect_words(refusal<Unsupported>(declared("float32", 1) + "(assert (<= X[0] 1.0))"
                                                             "(assert (>= X[0] 0.0))",
                                    as_floats(1, TensorProto::INT8)),
               {"'x'", "neither"});
  expect_words(refusal<Unsupported>(
                   kVersion2 + "(declare-network f (declare-input X real [1]) (declare-output Y "
                               "real [1]))(assert (<= X[0] 1.0))(assert (>= X[0] 0.0))",
                   as_floats(1, TensorProto::INT8)),
               {"'x'", "neither"});
}

/// A model's output is held against its declaration as the file has it, not as it is kept.
TEST(IntegerInputs, OutputsOfOtherIntegersAreRefusedByBothNames) {
  const auto text = [](const std::string& type) {
    return kVersion2 + "(declare-network f (declare-input X float32 [1]) (declare-output Y " +
           type + " [1]))(assert (<= X[0] 1.0))(assert (>= X[0] 0.0))(assert (>= Y[0] 1))";
  };
  const auto model = [](int to) {
    OnnxWriter writer;
    writer.input("x", {1}).output("y", to);
    set_int(writer.node("Cast", {"x"}, {"c"}), "to", to);
    writer.node("Add", {"c", "c"}, {"y"});
    return writer.bytes();
  };
  using onnx::TensorProto;
  expect_words(refusal<InputError>(text("int32"), model(TensorProto::INT64)),
               {"'Y'", "'f'", "int32", "'y'", "int64", "model of f"});
  expect_words(refusal<InputError>(text("int64"), model(TensorProto::INT32)),
               {"'Y'", "'f'", "int64", "'y'", "int32", "model of f"});
  EXPECT_EQ(refusal<InputError>(text("int64"), model(TensorProto::INT64)), "");
  EXPECT_EQ(refusal<InputError>(text("int32"), model(TensorProto::INT32)), "");
}

/// Sums that leave the type wrap around in one program and not in another: no verdict.
TEST(IntegerInputs, AssertionsThatLeaveTheTypeAreRefused) {
  const auto why = [](const std::string& rest) {
    return refusal<Unsupported>(declared("int8", 2) + rest, as_floats(2, onnx::TensorProto::INT8));
  };
  // 210 wraps around to -46, so that there are points; of whole numbers there are none.
  expect_words(why("(assert (>= X[0] 100))(assert (<= X[0] 110))(assert (== X[1] 0))"
                   "(assert (< (+ X[0] 100) 0))"),
               {"q.vnnlib:3:", "sum", "X[0]", "210", "int8"});
  const std::string sum = "(assert (== X[1] 1))(assert (>= (+ X[0] X[1] X[1]) 127))";
  expect_words(why("(assert (>= X[0] 126))" + sum), {"128", "int8"});
  EXPECT_EQ(why("(assert (>= X[0] 125))(assert (<= X[0] 125))" + sum), "");
  const specs::Joint inside =
      joined(declared("int8", 2) + "(assert (<= X[0] 125))(assert (>= X[0] 120))" + sum,
             {given("f", as_floats(2, onnx::TensorProto::INT8))});
  EXPECT_TRUE(specs::judge(*inside.network, inside.query, std::vector<double>{125.0, 1.0}).holds);
  EXPECT_FALSE(specs::judge(*inside.network, inside.query, std::vector<double>{124.0, 1.0}).holds);
}

}  // namespace
}  // namespace clipbound::test
