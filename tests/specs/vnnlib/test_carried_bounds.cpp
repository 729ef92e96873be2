// Bounds that rows give to inputs: every point that the file allows lies in them, of the reals and
// of each floating type as the judge sees it.
#include <random>

#include "specs/network/float_grid.h"
#include "specs/query/definition.h"
#include "specs/query/number.h"
#include "tests/specs/vnnlib/joint_helpers.h"

namespace {

using namespace testing_vnnlib;

const DataType kTypes[] = {DataType::float32, DataType::float64, DataType::float16};

Box box_of(const std::string& rest) {
  const JointQuery joint = parse_joint(two_networks(rest + "(assert (>= Y_f 0))"));
  EXPECT_EQ(joint.query.clauses.size(), 1U);
  return *joint.query.clauses.at(0).box;
}

TEST(CarriedBounds, EquatedInputsHaveOneInterval) {
  const Box box = box_of("(assert (== X_g[0] X_f[0]))(assert (== X_f[1] X_g[1]))");
  EXPECT_EQ(box[2], box[0]);
  EXPECT_EQ(box[3], box[1]);
}

TEST(CarriedBounds, ChainsInAnyOrder) {
  // Y_f's case bounds nothing; the chain is written from its end.
  std::string text =
      "(vnnlib-version <2.0>)(declare-network f (declare-input X real [400])"
      "(declare-output Y real []))(assert (<= Y 0))";
  for (int i = 399; i > 0; --i) {
    text += "(assert (== X[" + std::to_string(i) + "] (- X[" + std::to_string(i - 1) + "])))";
  }
  text += "(assert (and (<= X[0] 2) (>= X[0] -1)))";
  const Box box = *parse_joint(text).query.clauses.at(0).box;
  EXPECT_EQ(box[399].hull, (Ends{-2, 1}));
  EXPECT_EQ(box[398].hull, (Ends{-1, 2}));
}

TEST(CarriedBounds, SumsGiveThem) {
  // x0 + x1 <= 3 with both at least 0; a difference from above and below.
  const Box box =
      box_of("(assert (and (>= X_g[0] 0) (>= X_g[1] 0) (<= (+ X_g[0] (* 2 X_g[1])) 3)))");
  EXPECT_EQ(box[2].hull, (Ends{0, 3}));
  EXPECT_EQ(box[3].hull, (Ends{0, 1.5}));
  const Box near = box_of(
      "(assert (and (<= (- X_g[0] X_f[0]) 0.5) (<= (- X_f[0] X_g[0]) 0.5) (== X_g[1] X_g[0])))");
  EXPECT_LE(near[2].hull.lower, -1.6);
  EXPECT_GE(near[2].hull.lower, -1.6000001);
  EXPECT_GE(near[3].hull.upper, 0.8);
}

TEST(CarriedBounds, OnlyWhatIsMissing) {
  const Box box = box_of("(assert (and (== X_g[0] X_f[0]) (== X_g[1] X_f[1]) (>= X_g[0] -9)))");
  EXPECT_EQ(box[2].exact.lower, -9);
  EXPECT_EQ(box[2].exact.upper, box[0].exact.upper);
}

TEST(CarriedBounds, WithinACase) {
  const JointQuery joint = parse_joint(two_networks(
      "(assert (== X_g[1] X_f[1]))(assert (or (and (== X_g[0] X_f[0]) (<= Y_f 0))"
      "(and (== X_g[0] (- X_f[0])) (<= Y_g 0)) (and (<= X_g[0] 1) (>= X_g[0] 0) (<= Y_g 1))))"));
  ASSERT_EQ(joint.query.clauses.size(), 3U);
  EXPECT_EQ((*joint.query.clauses[0].box)[2].rounded64, (Ends{-1.1, 0.3}));
  EXPECT_EQ((*joint.query.clauses[1].box)[2].rounded64, (Ends{-0.3, 1.1}));
  EXPECT_EQ((*joint.query.clauses[2].box)[2].rounded64, (Ends{0, 1}));
}

TEST(CarriedBounds, StillUnboundedIsAnError) {
  for (const std::string rows :
       {"(assert (<= X_g[0] X_f[0]))(assert (== X_g[1] X_f[1]))", "(assert (== X_g[0] X_g[1]))",
        "(assert (>= (* X_g[0] X_f[0]) 1))"}) {
    EXPECT_NE(
        joint_error<InputError>(two_networks(rows + "(assert (>= Y_f 0))")).find("X_g[0] has no"),
        std::string::npos);
  }
}

TEST(CarriedBounds, NoValueLeft) {
  const JointQuery joint = parse_joint(two_networks(
      "(assert (and (== X_g[1] X_f[1]) (>= X_g[0] 5) (<= X_g[0] X_f[0]) (>= Y_f 0)))"));
  EXPECT_TRUE(joint.query.clauses.empty());
}

/// Ends of X_f, between them, and beside them.
double drawn(std::mt19937_64& random, const Ends& ends, DataType type) {
  const double at[] = {ends.lower, ends.upper,
                       std::uniform_real_distribution<double>(ends.lower, ends.upper)(random)};
  double value = nearest_in(type, at[random() % 3]);
  if (random() % 3 == 0) value = random() % 2 ? next_up_in(type, value) : next_down_in(type, value);
  return value;
}

// X_g[0] = factor X_f[0] + offset, which the judge also accepts as it is computed in the type.
TEST(CarriedBounds, EncloseComputedPoints) {
  std::mt19937_64 random(3);
  const std::string numbers[] = {"0.1", "-0.3", "3",    "0.5",
                                 "-1",  "1e-3", "17.7", "0.333333333333333333"};
  int points = 0, computed = 0;
  for (int i = 0; i < 400; ++i) {
    const std::string factor = numbers[random() % 8], offset = numbers[random() % 8];
    // From the bounded input to the other, or from the other to it.
    const bool turned = i % 2 == 1;
    const std::string own = turned ? "X_f[0]" : "X_g[0]", from = turned ? "X_g[0]" : "X_f[0]";
    const JointQuery joint =
        parse_joint(two_networks("(assert (== X_g[1] X_f[1]))(assert (== " + own + " (+ (* " +
                                 factor + " " + from + ") " + offset + ")))(assert (>= Y_f 0))"));
    ASSERT_EQ(joint.query.clauses.size(), 1U);
    const Clause& clause = joint.query.clauses[0];
    const Box& box = *clause.box;
    const InputDefinition definition{turned ? 0 : 2, turned ? 2 : 0, slow::decimal(factor),
                                     slow::decimal(offset)};
    for (const DataType type : kTypes) {
      for (int k = 0; k < 40; ++k) {
        std::vector<double> x(4), y(2);
        const auto source = static_cast<std::size_t>(definition.from);
        // A wide draw around the derived interval, where that is the source.
        Ends around = box[source].ends_in(type);
        if (turned) around = {around.lower - 0.01, around.upper + 0.01};
        x[source] = drawn(random, around, type);
        x[static_cast<std::size_t>(definition.input)] = value_of(definition, type, x[source]);
        x[1] = x[3] = nearest_in(type, 0.5);
        const auto inside = [&](std::size_t n) {
          const Ends& ends = box[n].ends_in(type);
          return ends.lower <= x[n] && x[n] <= ends.upper;
        };
        if (!inside(0) || !rows_hold(clause, x, y, type)) continue;
        ++points;
        computed += !clause_holds(clause, exact(x), exact(y));
        EXPECT_TRUE(inside(2)) << factor << " " << offset << " " << x[0] << " " << x[2];
        const Ends proof = box[2].proof_in(type);
        EXPECT_TRUE(proof.lower <= x[2] && x[2] <= proof.upper);
      }
    }
    // Points of the reals.
    const mpq_class edges[] = {slow::decimal("-1.1"), slow::decimal("0.3"), 0};
    for (const mpq_class& f : edges) {
      const mpq_class g = turned ? mpq_class((f - definition.offset) / definition.factor)
                                 : mpq_class(definition.factor * f + definition.offset);
      EXPECT_LE(mpq_class(box[2].hull.lower), g);
      EXPECT_GE(mpq_class(box[2].hull.upper), g);
    }
  }
  std::printf("%d points, %d of them by rounding alone\n", points, computed);
  EXPECT_GT(points, 10'000);
  EXPECT_GT(computed, 2'000);
}

// Random rows over inputs: points of the reals that satisfy them lie in what they gave.
TEST(CarriedBounds, EncloseRandomRows) {
  std::mt19937_64 random(4);
  const std::string numbers[] = {"0.1", "-0.3", "3", "0.5", "-1", "1", "2", "0.7"};
  int points = 0, boxes = 0;
  for (int i = 0; i < 500; ++i) {
    std::string rows;
    for (std::size_t k = 0; k < 2 + random() % 4; ++k) {
      std::string sum = "(+ (* " + numbers[random() % 8] + " X_g[0]) (* " + numbers[random() % 8] +
                        " X_g[1]) (* " + numbers[random() % 8] + " X_f[" +
                        std::to_string(random() % 2) + "]))";
      if (random() % 3 == 0) sum = "(- X_g[" + std::to_string(random() % 2) + "] X_f[0])";
      rows += "(assert (" + std::string(random() % 2 ? "<=" : ">=") + " " + sum + " " +
              numbers[random() % 8] + "))";
    }
    const std::string text =
        two_networks(rows + "(assert (>= X_g[0] -1))(assert (<= X_g[1] 2))(assert (>= Y_f 0))");
    JointQuery joint;
    try {
      joint = parse_joint(text);
    } catch (const InputError&) {
      continue;  // the rows do not bound all inputs
    }
    ++boxes;
    slow::JointFile file(text);
    for (int k = 0; k < 200; ++k) {
      std::vector<double> x(4), y{1.0, 0.0};
      for (std::size_t n = 0; n < 4; ++n)
        x[n] = std::uniform_real_distribution<double>(-6.0, 6.0)(random);
      x[0] = std::uniform_real_distribution<double>(-1.1, 0.3)(random);
      x[1] = std::uniform_real_distribution<double>(0.1, 0.7)(random);
      const bool expected = file.holds(exact(x), exact(y));
      EXPECT_EQ(joint_holds(joint, x, y), expected) << text;
      points += expected;
    }
  }
  std::printf("%d boxes, %d points\n", boxes, points);
  EXPECT_GT(boxes, 50);
  EXPECT_GT(points, 200);
}

}  // namespace
