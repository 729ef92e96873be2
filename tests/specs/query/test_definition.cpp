// Inputs that equations give from others: their value as the type computes it, and its rounding.
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace clipbound::test
