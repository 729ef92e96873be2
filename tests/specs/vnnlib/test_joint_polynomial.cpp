// A specification after the pattern of adaptive cruise control: disjuncts of degree 2 over X and Y,
// nested five deep. The compiled rows and the slow reader agree at every point.
// CLIPBOUND_FUZZ_POINTS sets how many points there are.
#include <random>

#include "specs/vnnlib/formula.h"
#include "tests/specs/vnnlib/joint_compare.h"

namespace {

using namespace joint_fuzz;

constexpr int kDisjuncts = 60, kDepth = 5;

class Specification {
 public:
  std::string text() {
    std::vector<std::string> disjuncts;
    for (int i = 0; i < kDisjuncts; ++i) disjuncts.push_back(disjunct());
    return "(vnnlib-version <2.0>)(declare-network acc (declare-input X real [1,2])"
           "(declare-output Y real []))\n"
           "(assert (and (<= -1 X[0,0]) (<= X[0,0] 1) (<= -1 X[0,1]) (>= 1.0 X[0,1])))\n"
           "(assert (>= (* X[0,0] 2.0) (* X[0,1] X[0,1])))\n(assert " +
           nested(disjuncts, kDepth) + ")";
  }
  /// Multiples of 1/8, so that equalities are met.
  double eighth(int most) {
    return static_cast<double>(static_cast<int>(pick(2 * static_cast<std::size_t>(most) + 1)) -
                               most) /
           8.0;
  }

 private:
  std::size_t pick(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  std::string number() {
    const char* numbers[] = {"0.5", "-1.25", "(- 0.125)", "2.0", "0.005", "-0.75", "1", "0.1"};
    return numbers[pick(8)];
  }
  std::string disjunct() {
    const char* relations[] = {"==", "!=", "<", ">=", "!=", "<="};
    const std::string square = "(+ X[0,1] (* Y " + number() + "))";
    const std::string cut = std::to_string(static_cast<double>(pick(17)) / 8.0 - 1.0);
    if (pick(12) == 0) return "(>= Y 1.75)";
    return std::string("(and (< Y ") + (pick(2) != 0 ? "100.0" : "1.5") + ") (" +
           relations[pick(6)] + " Y " + cut + ") (> (* 3.5 (+ X[0,0] (* X[0,1] " + number() +
           ") (* Y " + number() + "))) (+ (* " + square + " " + square + ") " +
           std::to_string(2.5 + static_cast<double>(pick(9)) / 4.0) + ")))";
  }
  std::string nested(const std::vector<std::string>& parts, int depth) {
    std::string text = "(or";
    if (depth <= 1 || parts.size() < 3) {
      for (const std::string& part : parts) text += " " + part;
      return text + ")";
    }
    const auto cut = static_cast<std::ptrdiff_t>(1 + pick(parts.size() - 1));
    const std::vector<std::string> first(parts.begin(), parts.begin() + cut);
    const std::vector<std::string> rest(parts.begin() + cut, parts.end());
    return text + " (and (> Y -1.75) " + nested(first, depth - 1) + ") " + nested(rest, depth - 1) +
           ")";
  }

  std::mt19937_64 random_{19};
};

TEST(JointPolynomial, CompiledRowsAgreeWithTheSlowReader) {
  const int points = from_environment("CLIPBOUND_FUZZ_POINTS", 2000);
  int hits = 0;
  Specification specification;
  const std::string text = specification.text();
  const JointQuery joint = parse_joint_query(text, "test.vnnlib");
  const meaning::JointFile expected = meaning::read_joint(text);
  EXPECT_GE(joint.query.clauses.size(), static_cast<std::size_t>(kDisjuncts));
  ASSERT_NE(joint.formula, nullptr);
  for (int i = 0; i < points; ++i) {
    const std::vector<double> x = {specification.eighth(9), specification.eighth(9)};
    const std::vector<double> y = {specification.eighth(16)};
    const bool holds = meaning::all_hold(expected, exact(x), exact(y));
    hits += holds;
    ASSERT_EQ(compiled_holds(joint, x, y), holds) << x[0] << " " << x[1] << " " << y[0];
    ASSERT_EQ(holds_exactly(*joint.formula, x, y), holds) << x[0] << " " << x[1] << " " << y[0];
  }
  std::printf("%d points, %.1f %% of them true\n", points, 100.0 * hits / points);
  EXPECT_GT(hits, points / 50);
  EXPECT_LT(hits, points * 49 / 50);
}

}  // namespace
