// Calculations of integers in assertions: what is accepted means the same whatever programs make of
// numbers beyond the type, at every point of small types; what is refused is named with its place.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <set>

#include "tests/specs/vnnlib/joint_helpers.h"

namespace testing_vnnlib {
namespace {

struct SmallType {
  const char* name;
  int least, greatest;
};
constexpr SmallType kSmall[] = {{"int4", -8, 7}, {"uint4", 0, 15}, {"bool", 0, 1}};

/// What becomes of a value beyond the type.
enum class Beyond { kept, wrapped, saturated };

struct Expression {
  std::string operation;  // "" for a leaf
  int variable = -1;      // 0, 1: X; 2: Y
  int number = 0;
  std::vector<Expression> arguments;

  std::string text() const {
    static const char* const names[] = {"X[0]", "X[1]", "Y"};
    if (operation.empty()) return variable < 0 ? std::to_string(number) : names[variable];
    std::string all = "(" + operation;
    for (const Expression& argument : arguments) all += " " + argument.text();
    return all + ")";
  }
  int in(const SmallType& type, Beyond beyond, int value, bool& leaves) const {
    if (value >= type.least && value <= type.greatest) return value;
    leaves = true;
    if (beyond == Beyond::kept) return value;
    if (beyond == Beyond::saturated) return value < type.least ? type.least : type.greatest;
    const int count = type.greatest - type.least + 1;
    return type.least + ((value - type.least) % count + count) % count;
  }
  int value(const SmallType& type, Beyond beyond, const int (&at)[3], bool& leaves) const {
    if (operation.empty()) return variable < 0 ? number : at[variable];
    int all = arguments[0].value(type, beyond, at, leaves);
    if (operation == "-" && arguments.size() == 1) return in(type, beyond, -all, leaves);
    for (std::size_t k = 1; k < arguments.size(); ++k) {
      const int one = arguments[k].value(type, beyond, at, leaves);
      all = in(type, beyond,
               operation == "+"   ? all + one
               : operation == "-" ? all - one
                                  : all * one,
               leaves);
    }
    return all;
  }
  bool holds(const SmallType& type, Beyond beyond, const int (&at)[3], bool& leaves) const {
    if (operation == "and" || operation == "or") {
      bool all = operation == "and";
      for (const Expression& argument : arguments) {
        const bool one = argument.holds(type, beyond, at, leaves);
        all = operation == "and" ? all && one : all || one;
      }
      return all;
    }
    const int a = arguments[0].value(type, beyond, at, leaves),
              b = arguments[1].value(type, beyond, at, leaves);
    return operation == "<="   ? a <= b
           : operation == "<"  ? a < b
           : operation == ">=" ? a >= b
           : operation == ">"  ? a > b
           : operation == "==" ? a == b
                               : a != b;
  }
};

class Formulas {
 public:
  Formulas(std::uint64_t seed, const SmallType& type) : random_(seed), type_(type) {}

  Expression conjunction(int depth) {
    Expression all{"and", -1, 0, {}};
    for (int v = 0; v < 3; ++v)
      for (const char* relation : {"<=", ">="})
        if (pick(3) > 0) all.arguments.push_back(bound(v, relation));
    const int count = pick(depth > 0 ? 2 : 3) + (depth > 0 ? 0 : 1);
    for (int k = 0; k < count; ++k) all.arguments.push_back(comparison());
    if (pick(4) == 0) all.arguments.push_back({relation(), -1, 0, {leaf(true), leaf(true)}});
    if (depth > 0) {
      Expression either{"or", -1, 0, {}};
      for (int k = 1 + pick(3); k > 0; --k) either.arguments.push_back(conjunction(depth - 1));
      all.arguments.push_back(either);
    }
    std::shuffle(all.arguments.begin(), all.arguments.end(), random_);
    if (all.arguments.empty()) all.arguments.push_back(comparison());
    return all;
  }
  int pick(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

 private:
  Expression bound(int v, const char* relation) {
    // Where they leave little, sums stay inside more often.
    const int low =
        relation[0] == '>' ? type_.least : type_.least + (type_.greatest - type_.least) / 2;
    Expression x{"", v, 0, {}};
    Expression number{"", -1, low + pick((type_.greatest - type_.least) / 2 + 1), {}};
    if (number.number < 0 && number.number > type_.least && pick(3) == 0)
      number = {"-", -1, 0, {{"", -1, -number.number, {}}}};
    if (pick(5) > 0) return {relation, -1, 0, {x, number}};
    return {relation[0] == '<' ? ">=" : "<=", -1, 0, {number, x}};
  }
  std::string relation() {
    static const char* const all[] = {"<=", "<", ">=", ">", "==", "!="};
    return all[pick(6)];
  }
  Expression leaf(bool variable) {
    if (variable || pick(3) > 0) return {"", pick(3), 0, {}};
    return {"", -1, pick(std::min(3, type_.greatest + 1)), {}};
  }
  Expression term(int depth) {
    if (depth == 0 || pick(3) == 0) return leaf(false);
    static const char* const all[] = {"+", "-", "*"};
    Expression one{all[pick(3)], -1, 0, {}};
    for (int k = pick(5) == 0 ? 1 : 2 + pick(2); k > 0; --k)
      one.arguments.push_back(term(depth - 1));
    return one;
  }
  Expression comparison() {
    Expression sum{pick(2) == 0 ? "+" : "-", -1, 0, {leaf(true), term(1)}};
    return {relation(), -1, 0, {sum, term(1)}};
  }

  std::mt19937_64 random_;
  const SmallType& type_;
};

std::string declared(const std::string& type) {
  return "(vnnlib-version <2.0>)\n(declare-network f (declare-input X " + type +
         " [2]) (declare-output Y " + type + " []))\n";
}

/// Every point of the types: what is accepted holds at the same ones, however a value beyond the
/// type is taken.
TEST(IntegerArithmetic, AcceptedAssertionsMeanTheSameInTheirTypes) {
  int accepted = 0, refused = 0, matter = 0;
  for (std::uint64_t seed = 0; seed < 450; ++seed) {
    const SmallType& type = kSmall[seed % 3];
    Formulas formulas(seed, type);
    const Expression formula = formulas.conjunction(static_cast<int>(seed % 2));
    const std::string text = declared(type.name) + "(assert " + formula.text() + ")\n";
    const JointQuery joint = parse_joint(text);
    const bool fine = joint.leaves_type.empty();
    accepted += fine ? 1 : 0;
    refused += fine ? 0 : 1;
    bool differs = false;
    int at[3];
    for (at[0] = type.least; at[0] <= type.greatest; ++at[0])
      for (at[1] = type.least; at[1] <= type.greatest; ++at[1])
        for (at[2] = type.least; at[2] <= type.greatest; ++at[2]) {
          bool leaves = false;
          const bool holds = formula.holds(type, Beyond::kept, at, leaves);
          for (const Beyond beyond : {Beyond::wrapped, Beyond::saturated}) {
            const bool typed = formula.holds(type, beyond, at, leaves);
            differs = differs || typed != holds;
            if (!fine) continue;
            ASSERT_EQ(typed, holds) << text << at[0] << " " << at[1] << " " << at[2];
          }
          if (!fine || formulas.pick(200) > 0) continue;
          const double x[] = {static_cast<double>(at[0]), static_cast<double>(at[1])},
                       y[] = {static_cast<double>(at[2])};
          ASSERT_EQ(joint_holds(joint, x, y), holds) << text;
        }
    matter += differs ? 1 : 0;
  }
  // The test is of both kinds, and of formulas of which typed arithmetic makes something else.
  EXPECT_GT(accepted, 60);
  EXPECT_GT(refused, 60);
  EXPECT_GT(matter, 50);
}

/// Of one sum of two variables in a box, nothing is refused that stays inside.
TEST(IntegerArithmetic, BoxesDecide) {
  const SmallType type = kSmall[0];
  for (const std::string operation : {"+", "-", "*"})
    for (int low = -8; low <= 7; low += 3)
      for (int high = low; high <= 7; high += 2)
        for (int other = -8; other <= 5; other += 2) {
          const auto bounds = [](const std::string& x, int least, int greatest) {
            return "(assert (and (>= " + x + " " + std::to_string(least) + ") (< " + x + " " +
                   std::to_string(greatest + 1) + ")))";
          };
          const int end = std::min(6, other + 4);
          const std::string text = declared("int4") + "(assert (<= 1 (" + operation +
                                   " X[0] X[1])))" + bounds("X[0]", low, std::min(high, 6)) +
                                   bounds("X[1]", other, end);
          bool inside = true;
          for (int a = low; a <= std::min(high, 6); ++a)
            for (int b = other; b <= end; ++b) {
              const int value = operation == "+" ? a + b : operation == "-" ? a - b : a * b;
              inside = inside && value >= type.least && value <= type.greatest;
            }
          EXPECT_EQ(parse_joint(text).leaves_type.empty(), inside) << text;
        }
}

TEST(IntegerArithmetic, RefusalsNameThePlaceAndTheValue) {
  const auto why = [](const std::string& type, const std::string& rest) {
    return parse_joint(declared(type) + rest).leaves_type;
  };
  const auto expect = [&](const std::string& type, const std::string& rest, const std::string& at,
                          const std::vector<std::string>& words) {
    const std::string message = why(type, rest);
    EXPECT_TRUE(message.starts_with("test.vnnlib:" + at + ": ")) << message << "\n" << rest;
    for (const std::string& word : words)
      EXPECT_NE(message.find(word), std::string::npos) << word << " in: " << message;
  };
  expect("int8", "(assert (and (>= X[0] 100) (<= X[0] 110)))\n(assert (< (+ X[0] 100) 0))", "4:12",
         {"sum", "X[0]", "210", "int8", "-128 to 127"});
  expect("uint8", "(assert (<= X[0] 5))(assert (> (- X[0] 6) 100))", "3:32",
         {"difference", "-6", "uint8"});
  expect("uint8", "(assert (<= X[1] 40))(assert (== (* 2 X[0]) X[1]))", "3:34",
         {"product", "X[0]", "510"});
  expect("int8", "(assert (== (- X[0]) X[0]))", "3:9", {"negation", "X[0]", "128"});
  expect("uint8", "(assert (>= (+ X[0] (- 3)) 0))", "3:9", {"-3", "uint8"});
  // Outputs are anywhere in their type but for what bounds them.
  expect("int8", "(assert (< (+ Y 50) 0))", "3:12", {"Y", "177"});
  EXPECT_EQ(why("int8", "(assert (< (+ Y 50) 0))(assert (<= Y 77))"), "");
  expect("int64", "(assert (> (- Y X[0]) 0))", "3:12", {"18446744073709551615", "int64"});
  expect("bool", "(assert (<= (+ X[0] X[1]) 1))", "3:13", {"2", "bool"});
  // The sum ends inside, but not all of the way is.
  expect("int8", "(assert (<= X[0] 100))(assert (>= X[0] 100))(assert (<= (+ X[0] 100 -100) 1))",
         "3:57", {"200"});
}

TEST(IntegerArithmetic, DisjunctionsAndOtherVariablesBound) {
  const auto fine = [](const std::string& rest) {
    return parse_joint(declared("uint8") + rest).leaves_type.empty();
  };
  const std::string sum = "(assert (>= (+ X[0] 200) 210))";
  EXPECT_FALSE(fine(sum));
  EXPECT_TRUE(fine(sum + "(assert (or (<= X[0] 10) (and (>= X[0] 20) (<= X[0] 55))))"));
  EXPECT_FALSE(fine(sum + "(assert (or (<= X[0] 10) (<= X[1] 10)))"));
  EXPECT_FALSE(fine(sum + "(assert (or (<= X[0] 10) (<= X[0] 56)))"));
  EXPECT_TRUE(fine(sum + "(assert (or (<= X[0] 10) (and (< X[0] 3) (>= X[0] 4))))"));
  EXPECT_TRUE(fine("(assert (or (and (<= X[0] 5) (> (+ X[0] 250) 3)) (<= X[1] 1)))"));
  EXPECT_FALSE(fine("(assert (or (<= X[0] 5) (> (+ X[0] 250) 3)))"));
  EXPECT_TRUE(fine(sum + "(assert (== X[0] Y))(assert (< Y X[1]))(assert (<= X[1] 56))"));
  EXPECT_FALSE(fine(sum + "(assert (== X[0] Y))(assert (<= Y X[1]))(assert (<= X[1] 56))"));
  EXPECT_TRUE(fine("(assert (!= X[0] 0))(assert (>= (- X[0] 1) 3))"));
  EXPECT_FALSE(fine("(assert (!= X[0] 1))(assert (>= (- X[0] 1) 3))"));
  EXPECT_TRUE(fine("(assert (<= X[0] (- 60 5)))" + sum));
  EXPECT_TRUE(fine("(assert (>= (+ 50 5) X[0]))" + sum));
  EXPECT_FALSE(fine("(assert (<= X[0] (- 60 4)))" + sum));
  EXPECT_FALSE(fine("(assert (<= X[0] (- (- 5))))" + sum));  // 251, perhaps
  // What nothing satisfies is not looked into.
  EXPECT_TRUE(fine("(assert (or (<= X[1] 1) (and (< X[0] 3) (> X[0] 3) (> (+ X[0] 255) 3))))"));
  // A sum says nothing of its own terms.
  EXPECT_FALSE(fine("(assert (<= (+ X[0] X[1]) 20))"));
}

/// As deep as brackets may go, and wide.
TEST(IntegerArithmetic, DeepAndWideFormulas) {
  std::string deep, close;
  for (int k = 0; k < 4000; ++k) {
    deep += "(or (and (<= X[0] 5) ";
    close += "))";
  }
  EXPECT_EQ(parse_joint(declared("uint8") + "(assert " + deep + "(> (+ X[0] 250) 3)" + close + ")")
                .leaves_type,
            "");
  std::string wide;
  for (int k = 0; k < 20000; ++k)
    wide +=
        "(and (<= X[0] " + std::to_string(k % 50) + ") (> X[1] " + std::to_string(k % 99) + "))";
  EXPECT_EQ(parse_joint(declared("uint8") + "(assert (or " + wide + "))(assert (> (+ X[0] 206) 1))")
                .leaves_type,
            "");
  EXPECT_NE(parse_joint(declared("uint8") + "(assert (or " + wide + "))(assert (> (+ X[0] 207) 1))")
                .leaves_type,
            "");
}

}  // namespace
}  // namespace testing_vnnlib
