// Inputs that equations give from others: their value as the type computes it, and its rounding.
#include <gtest/gtest.h>

#include <cmath>

#include "specs/query/definition.h"
#include "specs/vnnlib/vnnlib.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

std::optional<InputDefinition> definition(const std::string& equation) {
  const Query query = parse_vnnlib(
      "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)"
      "(assert (>= X_0 0))(assert (<= X_0 1))(assert (>= X_1 0))(assert (<= X_1 1))"
      "(assert (<= Y_0 1))(assert " +
          equation + ")",
      "test");
  const std::vector<Row>& rows = query.clauses.at(0).rows;
  EXPECT_EQ(definition_of(rows[rows.size() - 2]).has_value(),
            definition_of(rows.back()).has_value());
  return definition_of(rows.back());
}

TEST(InputDefinition, WhichSideStandsAlone) {
  const auto d = definition("(= X_0 (+ (* 0.5 X_1) 0.25))");
  ASSERT_TRUE(d.has_value());
  EXPECT_EQ(d->input, 0);
  EXPECT_EQ(d->from, 1);
  EXPECT_EQ(d->factor, Rational(1, 2));
  EXPECT_EQ(d->offset, Rational(1, 4));
  const auto other = definition("(= (- 1 X_0) X_1)");
  ASSERT_TRUE(other.has_value());
  EXPECT_EQ(other->input, 1);
  EXPECT_EQ(other->factor, -1);
  EXPECT_EQ(other->offset, 1);
  EXPECT_FALSE(definition("(= (- X_0 X_1) 0.1)").has_value());
  EXPECT_FALSE(definition("(<= X_0 (+ X_1 0.1))").has_value());
}

TEST(InputDefinition, RoundingsAreBounded) {
  Dice dice(3);
  for (const DataType type : {DataType::float32, DataType::float64}) {
    for (int k = 0; k < 2000; ++k) {
      InputDefinition d;
      d.factor = Rational(dice.whole(-1000, 1000) * 2 + 1, 700);
      d.offset = Rational(dice.whole(-1000, 1000), 300);
      const double x = nearest_in(type, Rational(dice.uniform(-3.0, 3.0)));
      const Rational error =
          abs(Rational(value_of(d, type, x)) - (d.factor * Rational(x) + d.offset));
      EXPECT_LE(error, rounding_of(d, type, 3));
    }
  }
  InputDefinition d;
  d.factor = Rational(1, 10);
  d.offset = Rational(1, 10);
  const float x = 0.7F;
  const volatile float product = 0.1F * x;
  EXPECT_EQ(value_of(d, DataType::float32, static_cast<double>(x)),
            static_cast<double>(product + 0.1F));
}

std::optional<InputDefinition> definition_2(const std::string& equation) {
  const specs::JointQuery joint = specs::parse_joint_query(
      "(vnnlib-version <2.0>)(declare-network f (declare-input X float32 [3]) (declare-output Y "
      "float32 [1]))(assert (and (>= X[0] -9.0) (<= X[0] 9.0) (>= X[1] -9.0) (<= X[1] 9.0) "
      "(>= X[2] 0.0) (<= X[2] 0.0)))(assert " +
          equation + ")",
      "test");
  return definition_of(joint.query.clauses.at(0).rows.back());
}

using F = volatile float;
struct Case {
  const char* term;
  float (*value)(float);
};
const Case kCases[] = {{"(* 0.1 (+ X[1] 0.7))",
                        [](float x) {
                          F a = x + 0.7F;
                          F b = 0.1F * a;
                          return float(b);
                        }},
                       {"(- (+ X[1] 8.1) 8.0)",
                        [](float x) {
                          F a = x + 8.1F;
                          F b = a - 8.0F;
                          return float(b);
                        }},
                       {"(* 0.1 0.3 X[1])",
                        [](float x) {
                          F a = 0.1F * 0.3F;
                          F b = a * x;
                          return float(b);
                        }},
                       {"(+ (* 0.1 X[1]) (* 0.2 X[1]))",
                        [](float x) {
                          F a = 0.1F * x;
                          F b = 0.2F * x;
                          F c = a + b;
                          return float(c);
                        }},
                       {"(- (* 3.3 (- X[1])) 0.1 0.2)",
                        [](float x) {
                          F a = 3.3F * -x;
                          F b = a - 0.1F;
                          F c = b - 0.2F;
                          return float(c);
                        }},
                       {"(+ X[1] (* 2.3 0.7))",
                        [](float x) {
                          F k = 2.3F;
                          F c = k * 0.7F;
                          F b = x + c;
                          return float(b);
                        }},
                       {"(- (* 2.3 0.7) (- X[1]))",
                        [](float x) {
                          F k = 2.3F;
                          F c = k * 0.7F;
                          F b = c + x;
                          return float(b);
                        }},
                       {"(* (+ 0.1 0.7) X[1])",
                        [](float x) {
                          F k = 0.1F;
                          F c = k + 0.7F;
                          F b = c * x;
                          return float(b);
                        }},
                       {"(+ (* 0.1 X[1]) 0.7)", [](float x) {
                          F a = 0.1F * x;
                          F b = a + 0.7F;
                          return float(b);
                        }}};

/// Terms as they are written, with their value in float32: all operations rounded.
TEST(InputDefinition, TermsAreComputedAsTheyAreWritten) {
  Dice dice(11);
  for (const Case& one : kCases) {
    const auto d = definition_2(std::string("(== X[0] ") + one.term + ")");
    ASSERT_TRUE(d.has_value()) << one.term;
    for (int k = 0; k < 2000; ++k) {
      const auto x = static_cast<float>(dice.uniform(-9, 9));
      const double value = value_of(*d, DataType::float32, static_cast<double>(x));
      ASSERT_EQ(value, static_cast<double>(one.value(x))) << one.term << " at " << x;
      const Rational exact = d->factor * Rational(x) + d->offset;
      EXPECT_LE(abs(Rational(value) - exact),
                rounding_of(*d, DataType::float32, Rational(std::fabs(x))));
    }
    // What carried bounds take for granted.
    const Rational base = rounding_of(*d, DataType::float32, 0),
                   slope = rounding_of(*d, DataType::float32, 1) - base;
    EXPECT_LE(rounding_of(*d, DataType::float32, 8), base + 8 * slope);
  }
  // The judge takes either: the exact number, or the one as it is written.
  EXPECT_FALSE(definition_2("(== X[0] (+ X[1] X[2] (- X[2]) 0.1))").has_value());
  EXPECT_FALSE(definition_2("(== X[0] (+ X[1] (* X[1] X[1]) (- (* X[1] X[1]))))").has_value());
}

}  // namespace
}  // namespace clipbound::test
