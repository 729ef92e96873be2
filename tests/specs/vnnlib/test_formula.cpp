// Assertions evaluated as they stand: exactly, and in float32 operation by operation.
#include <random>

#include "tests/specs/vnnlib/joint_helpers.h"

namespace {

using namespace testing_vnnlib;

TEST(Formula, OnlyWhereSomethingIsCalculated) {
  EXPECT_EQ(parse_joint(one_network("(assert (or (<= Y[0] Y[1]) (== X[0] Y[0])))")).formula,
            nullptr);
  EXPECT_NE(parse_joint(one_network("(assert (<= (- Y[0] 0.1) Y[1]))")).formula, nullptr);
}

TEST(Formula, Float32IsNotTheReals) {
  const auto formula =
      parse_joint(
          two_networks(
              "(assert (and (== X_g[0] X_f[0]) (== X_g[1] X_f[1])))(assert (> Y_g (+ Y_f 0.05)))"))
          .formula;
  ASSERT_NE(formula, nullptr);
  const std::vector<double> x{0.0, 0.5, 0.0, 0.5};
  // In float32 1e8 + 0.05 is 1e8.
  const std::vector<double> y{1e8, 1e8 + 8};
  EXPECT_TRUE(holds_exactly(*formula, x, y));
  EXPECT_TRUE(holds_in(*formula, DataType::float32, x, y));
  const auto below =
      parse_joint(
          two_networks(
              "(assert (and (== X_g[0] X_f[0]) (== X_g[1] X_f[1])))(assert (<= Y_g (- Y_f 0.05)))"))
          .formula;
  EXPECT_FALSE(holds_exactly(*below, x, std::vector<double>{1e8, 1e8}));
  EXPECT_TRUE(holds_in(*below, DataType::float32, x, std::vector<double>{1e8, 1e8}));
  EXPECT_FALSE(holds_in(*below, DataType::float64, x, std::vector<double>{1e8, 1e8}));
}

TEST(Formula, RangesOfTheTypes) {
  const auto formula = parse_joint(one_network("(assert (> (* Y[0] Y[0]) Y[1]))")).formula;
  const std::vector<double> x{0, 0};
  const auto y = [](double a, double b) { return std::vector<double>{0, 0, a, b}; };
  // 300^2 is infinite in float16, and so is the literal there.
  EXPECT_TRUE(holds_in(*formula, DataType::float16, x, y(300, 65504)));
  EXPECT_FALSE(holds_in(*formula, DataType::float16, x, y(3, 65504)));
  EXPECT_FALSE(holds_exactly(*formula, x, y(INFINITY, 1)));
  EXPECT_FALSE(holds_in(*formula, DataType::float32, x, y(NAN, 1)));
  const auto unequal = parse_joint(one_network("(assert (!= (+ Y[0] 1) 2e5))")).formula;
  EXPECT_FALSE(holds_in(*unequal, DataType::float32, x, y(NAN, 1)));
  EXPECT_FALSE(holds_exactly(*unequal, x, y(NAN, 1)));
  EXPECT_FALSE(holds_in(*unequal, DataType::float16, x, y(INFINITY, 1)));
  EXPECT_TRUE(holds_in(*unequal, DataType::float32, x, y(1e5, 1)));
}

TEST(Formula, SumsGoFromLeftToRight) {
  const std::vector<double> x{0, 0}, y{0, 0, 1, 16777216};
  const auto holds = [&](const std::string& comparison) {
    return holds_in(*parse_joint(one_network("(assert " + comparison + ")")).formula,
                    DataType::float32, x, y);
  };
  EXPECT_TRUE(holds("(== (+ Y[1] Y[0] Y[0]) 16777216)"));
  EXPECT_TRUE(holds("(== (+ Y[0] Y[0] Y[1]) 16777218)"));
  EXPECT_TRUE(holds("(== (- Y[0] Y[1] Y[0]) -16777216)"));
  EXPECT_TRUE(holds("(== (* 0.1 Y[0]) 0.1)"));
}

class Terms {
 public:
  explicit Terms(std::uint64_t seed) : random_(seed) {}
  std::size_t pick(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  float value() {
    const float values[] = {0.1F, -0.3F, 1.0F, 16777216.0F, 3e-39F, 1e20F, -2.5F};
    return pick(2) ? values[pick(7)] : std::uniform_real_distribution<float>(-2.0F, 2.0F)(random_);
  }
  std::string term(int depth) {
    const std::string atoms[] = {"X[0]", "X[1]", "H[0,0]", "H[1,0]", "Y[0]",
                                 "Y[1]", "0.1",  "-3",     "1e-40",  "0.30000001192092896"};
    if (depth == 0 || pick(4) == 0) return atoms[pick(10)];
    const std::string ops[] = {"+", "-", "*"};
    std::string text = "(" + ops[pick(3)];
    for (std::size_t i = 0; i < 1 + pick(3); ++i) text += " " + term(depth - 1);
    return text + ")";
  }
  std::string formula(int depth) {
    if (depth == 0 || pick(3) == 0) {
      const std::string relations[] = {"<=", "<", ">=", ">", "==", "!="};
      const std::string left = term(3), relation = relations[pick(6)];
      // Equal sides but for the order of their operations, so that == may hold.
      return "(" + relation + " " + left + " " + (pick(3) ? term(3) : "(+ " + left + " 0)") + ")";
    }
    std::string text = pick(2) ? "(and" : "(or";
    for (std::size_t i = 0; i < 1 + pick(3); ++i) text += " " + formula(depth - 1);
    return text + ")";
  }

 private:
  std::mt19937_64 random_;
};

TEST(Formula, AgreesWithSlowEvaluators) {
  int hits = 0, differences = 0, points = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    Terms terms(seed);
    const std::string text =
        one_network("(assert " + terms.formula(3) + ")(assert (<= (+ X[0] 0) 1e30))");
    const auto formula = parse_joint(text).formula;
    ASSERT_NE(formula, nullptr);
    slow::JointFile reals(text);
    slow::JointFileOver<float> floats(text);
    for (int k = 0; k < 20; ++k) {
      // Within the box, so that the formula decides.
      std::vector<float> x{0.5F, -0.25F}, y(4);
      for (float& v : y) v = terms.value();
      const std::vector<double> xd(x.begin(), x.end()), yd(y.begin(), y.end());
      const bool exactly = reals.holds(exact(xd), exact(yd)), computed = floats.holds(x, y);
      ASSERT_EQ(holds_exactly(*formula, xd, yd), exactly) << text;
      ASSERT_EQ(holds_in(*formula, DataType::float32, xd, yd), computed) << text;
      ++points;
      hits += exactly;
      differences += exactly != computed;
    }
  }
  std::printf("%d points, %d true, %d differ in float32\n", points, hits, differences);
  EXPECT_GT(hits, points / 10);
  EXPECT_GT(differences, points / 1000);
}

}  // namespace
