// Random formulas at random points: some clause's box and rows hold exactly where the formula does.
#include <random>

#include "tests/specs/vnnlib/helpers.h"

namespace {

using namespace testing_vnnlib;

// Grown at random; small number pool, so that bounds coincide and points lie on edges.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::string file() {
    std::string text = declarations(kInputs, kOutputs);
    if (pick(4) == 0) return text + space() + "(assert " + boxes() + ")" + asserts();
    const std::string wide[] = {"-2", "-2.0", "(- 2)", "-0.2e1"};
    for (int i = 0; i < kInputs; ++i) {
      const std::string x = "X_" + std::to_string(i);
      text += "(assert (>= " + x + " " + wide[pick(4)] + "))" + space() + "(assert (>= 2." +
              space() + x + "))" + space();
    }
    return text + asserts();
  }

  double coordinate(bool single) {
    const double edge = slow::decimal(kNumbers[pick(kNumberCount)]).get_d();
    double value = pick(3) == 0 ? std::uniform_real_distribution<double>(-2.2, 2.2)(random_) : edge;
    if (single) {
      const float f = static_cast<float>(value);
      const float around[] = {f, std::nextafterf(f, 9.0F), std::nextafterf(f, -9.0F)};
      return around[pick(3)];
    }
    const double around[] = {value, std::nextafter(value, 9.0), std::nextafter(value, -9.0),
                             static_cast<double>(static_cast<float>(value))};
    return around[pick(4)];
  }

  static constexpr int kInputs = 2, kOutputs = 2;

 private:
  static constexpr std::size_t kNumberCount = 14;
  const std::string kNumbers[kNumberCount] = {
      "0",    "1",   "-1",   "0.1",    "-0.1",  ".5", "-.5",
      "1e-1", "0.3", "3e-1", "0.3000", "-1.25", "1.", "0.6999999999999999999"};

  std::size_t pick(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  std::string space() {
    const std::string spaces[] = {" ", "\n", "\t", "\r\n", " ; a ) comment (\n", "  "};
    return spaces[pick(6)];
  }
  std::string variable() {
    return pick(5) < 2 ? "X_" + std::to_string(pick(kInputs))
                       : "Y_" + std::to_string(pick(kOutputs));
  }
  std::string number() { return kNumbers[pick(kNumberCount)]; }
  std::string constant(int depth) {
    if (depth == 0 || pick(2)) return number();
    const std::string forms[] = {
        "(- " + number() + ")", "(* " + constant(depth - 1) + space() + number() + ")",
        "(+ " + number() + " " + constant(depth - 1) + ")", "(/ " + number() + " 3)"};
    return forms[pick(4)];
  }
  std::string term(int depth) {
    if (depth == 0 || pick(3) == 0) return pick(3) ? variable() : number();
    switch (pick(5)) {
      case 0: return "(+ " + term(depth - 1) + space() + term(depth - 1) + " " + term(0) + ")";
      case 1: return "(- " + term(depth - 1) + space() + term(depth - 1) + ")";
      case 2: return "(* " + constant(depth) + space() + term(depth - 1) + ")";
      case 3: return "(* " + term(depth - 1) + " " + constant(1) + ")";
      default: return "(- " + term(depth - 1) + ")";
    }
  }
  std::string comparison() {
    const std::string relations[] = {"<=", ">=", "<", ">", "<=", ">=", "="};
    const std::string relation = "(" + relations[pick(7)] + " ";
    switch (pick(6)) {
      case 0: return relation + variable() + " " + number() + ")";
      case 1: return relation + number() + space() + variable() + ")";
      case 2: return relation + variable() + " " + variable() + ")";
      case 3:
        return relation + "(* " + number() + " X_" + std::to_string(pick(kInputs)) + ") " +
               constant(1) + ")";
      default: return relation + term(2) + space() + term(2) + ")";
    }
  }
  std::string formula(int depth) {
    if (depth == 0 || pick(4) == 0)
      return pick(20) == 0 ? (pick(2) ? "true" : "false") : comparison();
    const std::string forms[] = {"(and", "(or", "(or", "(not"};
    const std::size_t form = pick(4);
    std::string text = forms[form];
    const std::size_t count = form == 3 ? 1 : 1 + pick(3);
    for (std::size_t i = 0; i < count; ++i) text += space() + formula(depth - 1);
    return text + ")";
  }
  // X bounded in the disjuncts alone.
  std::string boxes() {
    std::string text = "(or";
    for (std::size_t i = 0; i < 2 + pick(2); ++i) {
      text += "(and (<= X_0 " + number() + ")(>= X_0 -1.25)(<= -1 X_1)(<= X_1 " + number() + ")" +
              formula(1) + ")";
    }
    return text + ")";
  }
  std::string asserts() {
    std::string text;
    for (std::size_t i = 0; i < 1 + pick(3); ++i)
      text += "(assert" + space() + formula(3) + ")" + space();
    return text;
  }

  std::mt19937_64 random_;
};

void compare(slow::Reading reading, std::uint64_t seed, int files) {
  int points = 0, hits = 0, clauses = 0;
  for (int i = 0; i < files; ++i) {
    Generator generator(seed + static_cast<std::uint64_t>(i));
    const std::string text = generator.file();
    const Query query = parse(text);
    check_invariants(query);
    clauses += static_cast<int>(query.clauses.size());
    const std::vector<slow::Tree> formulas = slow::assertions(text);
    for (int k = 0; k < 60; ++k) {
      std::vector<double> x(Generator::kInputs), y(Generator::kOutputs);
      for (double& value : x) value = generator.coordinate(reading == slow::Reading::float32);
      for (double& value : y) value = generator.coordinate(false);
      const bool expected = slow::all_hold(formulas, point_of(x, y), reading);
      ++points;
      hits += expected;
      ASSERT_EQ(query_holds(query, x, y, reading), expected)
          << text << "\nX_0 " << x[0] << " X_1 " << x[1] << " Y_0 " << y[0] << " Y_1 " << y[1]
          << "\nseed " << seed + i;
    }
  }
  std::printf("%d files, %d clauses, %d points, %.1f %% of them true\n", files, clauses, points,
              100.0 * hits / points);
  EXPECT_GT(hits, points / 10);
  EXPECT_LT(hits, points * 9 / 10);
}

TEST(RandomFormulas, ExactReading) {
  compare(slow::Reading::exact, 1000, 3000);
}

TEST(RandomFormulas, Float32Reading) {
  // The slow evaluator rounds bounds of the plain form only; others (2 X <= 1) are compared in the
  // exact reading above.
  int points = 0, hits = 0;
  std::mt19937_64 random(5);
  const std::string numbers[] = {"0.1", "-0.1", "0.3", "0.7", "1e-3", "-1.1", "0.5", "16777217e-8"};
  const std::string relations[] = {"<=", ">=", "<", ">", "="};
  for (int i = 0; i < 3000; ++i) {
    const auto literal = [&](int variable) {
      const std::string n = numbers[random() % 8], x = "X_" + std::to_string(variable),
                        r = relations[random() % 5];
      const std::string plain =
          random() % 2 ? "(" + r + " " + x + " " + n + ")" : "(" + r + " " + n + " " + x + ")";
      return random() % 3 == 0 ? "(not " + plain + ")" : plain;
    };
    const std::string text =
        boxed(2, 1,
              "(assert (or (and " + literal(0) + literal(1) + ")" + literal(1) + "))" +
                  "(assert (not (and " + literal(0) + literal(0) + ")))(assert (>= Y_0 0))");
    const Query query = parse(text);
    check_invariants(query);
    const auto formulas = slow::assertions(text);
    for (int k = 0; k < 30; ++k) {
      std::vector<double> x(2), y{1.0};
      for (double& value : x) {
        const float f = slow::nearest_float(slow::decimal(numbers[random() % 8]));
        const float around[] = {f, std::nextafterf(f, 9.0F), std::nextafterf(f, -9.0F)};
        value = around[random() % 3];
      }
      const bool expected = slow::all_hold(formulas, point_of(x, y), slow::Reading::float32);
      ++points;
      hits += expected;
      ASSERT_EQ(query_holds(query, x, y, slow::Reading::float32), expected) << text << "\n"
                                                                            << x[0] << " " << x[1];
    }
  }
  std::printf("%d points, %.1f %% of them true\n", points, 100.0 * hits / points);
  EXPECT_GT(hits, points / 10);
  EXPECT_LT(hits, points * 9 / 10);
}

}  // namespace
