// Verdicts against exact answers: tiny networks whose true minimum is known from all activation
// patterns, and planted counterexamples that no clip, prune or bound may lose.
#include <gtest/gtest.h>

#include "base/eigen.h"
#include "specs/evaluate/counterexample.h"
#include "specs/evaluate/evaluate.h"
#include "tests/support/curved_network.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"
#include "tests/support/random_network.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

struct Counts {
  int sat = 0, unsat = 0, other = 0;
  void add(Verdict v) { ++(v == Verdict::sat ? sat : v == Verdict::unsat ? unsat : other); }
  std::string text() const {
    return std::to_string(sat) + " sat, " + std::to_string(unsat) + " unsat, " +
           std::to_string(other) + " neither";
  }
};

/// The largest magnitude that the network's values may have: what rounding and thresholds are
/// measured against.
double size_of(const TinyNetwork& net, double reach) {
  double size = reach;
  for (std::size_t k = 0; k < net.weights.size(); ++k) {
    const auto W = matrix_view(net.weights[k], net.sizes[k + 1], net.sizes[k]).cast<double>();
    const auto b = vector_view(net.biases[k]).cast<double>();
    size = (size * W.cwiseAbs().rowwise().sum() + b.cwiseAbs()).maxCoeff();
  }
  return size;
}

struct Tiny {
  TinyNetwork net;
  std::shared_ptr<const Network> network;
  Property property;
  Rational minimum;
  double size = 0.0;
};

Tiny random_tiny_case(Dice& dice, int trial) {
  const std::vector<std::vector<int>> shapes = {
      {2, 8, 1}, {2, 4, 4, 1}, {3, 6, 1}, {2, 3, 3, 2, 1}, {3, 4, 2, 1}};
  Tiny t;
  t.net =
      random_tiny(dice, shapes[static_cast<std::size_t>(trial) % shapes.size()], trial % 2 == 0);
  t.network = t.net.build();
  const auto n = static_cast<std::size_t>(t.net.sizes[0]);
  for (std::size_t i = 0; i < n; ++i) {
    t.property.lower.push_back(-1.0 + 0.25 * dice.whole(0, 3));
    t.property.upper.push_back(t.property.lower.back() +
                               (dice.chance(0.1) ? 0.0 : 0.5 * dice.whole(1, 4)));
  }
  t.minimum = PatternSearch(t.net, {1})
                  .minimum(rationals(t.property.lower), rationals(t.property.upper))
                  .first;
  t.size = std::max(size_of(t.net, 2.0), 1.0);
  return t;
}

TEST(Thresholds, UnsatExactlyBelowTheTrueMinimum) {
  Dice dice(41);
  Counts below, above, at;
  for (int trial = 0; trial < 40; ++trial) {
    Tiny t = random_tiny_case(dice, trial);
    for (Way way : all_ways(20.0)) {
      if (way.clipping == "none") way.seconds = 1.0;
      SCOPED_TRACE("trial " + std::to_string(trial) + " " + name_of(way));
      for (const double margin : {1e-2, 1e-6}) {
        t.property.clauses = {{y_at_most(0, down(t.minimum) - margin * t.size)}};
        const Verdict low = solve_text(t.network, t.property.text(), way).verdict;
        below.add(low);
        // Without clipping a minimum along a whole face takes more boxes than there is time for.
        if (way.clipping == "none" && low == Verdict::timeout) continue;
        EXPECT_EQ(name_of(low), "unsat") << "threshold below the minimum by " << margin;
      }
      t.property.clauses = {{y_at_most(0, up(t.minimum) + 1e-2 * t.size)}};
      const Verdict high = solve_text(t.network, t.property.text(), way).verdict;
      above.add(high);
      EXPECT_EQ(name_of(high), "sat") << "threshold well above the minimum";
    }
    // So close to the minimum that only the absence of a wrong verdict can be asked for.
    for (const double margin : {0.0, 1e-12, 1e-6}) {
      for (const std::string& clipping : words_of("clipping")) {
        SCOPED_TRACE("trial " + std::to_string(trial) + " " + clipping);
        t.property.clauses = {{y_at_most(0, up(t.minimum) + margin * t.size)}};
        const Verdict v =
            solve_text(t.network, t.property.text(), {clipping, "auto", 1, false, 0.02}).verdict;
        at.add(v);
        EXPECT_NE(name_of(v), "unsat") << "threshold at or above the minimum by " << margin;
      }
    }
  }
  std::printf("below: %s; above: %s; at the minimum: %s\n", below.text().c_str(),
              above.text().c_str(), at.text().c_str());
}

TEST(Thresholds, OneFloatAroundARepresentableMinimum) {
  // y = relu(x0) - relu(x1) on [-1, 1]^2 has the minimum -1 exactly.
  TinyNetwork net{{2, 2, 1}, {{1, 0, 0, 1}, {1, -1}}, {{0, 0}, {0}}};
  Property p{{-1, -1}, {1, 1}, 1, {}};
  for (const Way& way : all_ways(0.1)) {
    SCOPED_TRACE(name_of(way));
    p.clauses = {{y_at_most(0, -1.0)}};
    EXPECT_EQ(name_of(solve_text(net.build(), p.text(), way).verdict), "sat");
    p.clauses = {{"(< Y_0 -1)"}};
    EXPECT_NE(name_of(solve_text(net.build(), p.text(), way).verdict), "sat");
    p.clauses = {{"(= Y_0 -1)"}};
    EXPECT_EQ(name_of(solve_text(net.build(), p.text(), way).verdict), "sat");
    p.clauses = {{y_at_most(0, -1.0 - 1e-9)},
                 {"(< Y_0 -1.000000001)"},
                 {"(= Y_0 -1.5)"},
                 {"(>= Y_0 1.000000001)"}};
    EXPECT_EQ(name_of(solve_text(net.build(), p.text(), way).verdict), "unsat");
  }
}

// -- planted counterexamples
// --------------------------------------------------------------------------------------------------

struct Planted {
  std::shared_ptr<const Network> network;
  Property property;
  std::vector<std::vector<double>> points;  ///< one per clause
};

/// An end of the interval, a point where it will be split (or just beside), or any other; a
/// float32.
double coordinate(Dice& dice, double low, double high) {
  if (dice.chance(0.4)) return static_cast<float>(dice.endpoint(low, high));
  const int parts = 1 << dice.whole(1, 4);
  double x = low + (high - low) * dice.whole(0, parts) / parts;
  if (dice.chance(0.7))
    x += (dice.chance(0.5) ? 1.0 : -1.0) * std::ldexp(high - low, -dice.whole(8, 20));
  return static_cast<float>(std::clamp(x, low, high));
}

/// One clause per planted point: every output close to its value there.
Planted plant(Dice& dice, int inputs, int clauses, double share) {
  Planted p;
  p.network = random_network(dice, {.inputs = inputs,
                                    .layers = 2,
                                    .width = 8,
                                    .outputs = inputs,
                                    .structured = dice.chance(0.5)});
  for (int i = 0; i < inputs; ++i) {
    p.property.lower.push_back(0.125 * dice.whole(-8, 0));
    p.property.upper.push_back(p.property.lower.back() + 0.125 * dice.whole(1, 12));
  }
  p.property.outputs = inputs;
  for (int c = 0; c < clauses; ++c) {
    std::vector<double> x;
    for (std::size_t i = 0; i < p.property.lower.size(); ++i)
      x.push_back(coordinate(dice, p.property.lower[i], p.property.upper[i]));
    const EnclosedOutputs y = evaluate_enclosed(*p.network, x);
    std::vector<std::string> rows;
    for (int j = 0; j < inputs; ++j) {
      const auto k = static_cast<std::size_t>(j);
      const double margin = std::max(share, 4.0 * y.error[k]);
      rows.push_back(y_at_most(j, y.value[k] + margin));
      rows.push_back(y_at_least(j, y.value[k] - margin));
    }
    p.property.clauses.push_back(rows);
    p.points.push_back(x);
  }
  return p;
}

TEST(PlantedQueries, NeverUnsat) {
  Dice dice(51);
  Counts counts;
  for (int trial = 0; trial < 100; ++trial) {
    const Planted all = plant(dice, dice.whole(1, 3), 3, trial % 4 == 3 ? 0.0 : 1e-4);
    // Down to rounding float32 finds nothing: only the absence of a wrong verdict can be asked for,
    // and briefly.
    const double seconds = trial % 4 == 3 ? 0.03 : 2.0;
    const std::size_t only = static_cast<std::size_t>(trial) % all.points.size();
    // Of the three clauses two are made impossible: which one is left must not matter.
    Property p = all.property;
    for (std::size_t c = 0; c < p.clauses.size(); ++c) {
      if (c != only) p.clauses[c].push_back("(<= Y_0 -1e6)");
    }
    for (const Way& way : all_ways(seconds)) {
      SCOPED_TRACE("trial " + std::to_string(trial) + " " + name_of(way));
      const SolveResult result = solve_text(all.network, p.text(), way);
      counts.add(result.verdict);
      EXPECT_NE(name_of(result.verdict), "unsat");
    }
    for (const int threads : {2, 8}) {
      SCOPED_TRACE("trial " + std::to_string(trial) + " threads " + std::to_string(threads));
      const SolveResult result =
          solve_text(all.network, p.text(), {"complete", "auto", threads, false, seconds});
      counts.add(result.verdict);
      EXPECT_NE(name_of(result.verdict), "unsat");
    }
  }
  std::printf("planted: %s\n", counts.text().c_str());
  EXPECT_GT(counts.sat, 2 * counts.other);
}

TEST(PlantedQueries, CoarsePhase) {
  // So many undecided neurons that boxes are split on the whole network first.
  Dice dice(53);
  Counts counts;
  for (int trial = 0; trial < 12; ++trial) {
    Planted p;
    p.network = random_network(
        dice, {.inputs = 2, .layers = 2, .width = 500, .outputs = 2, .structured = false});
    p.property = {{-1, -1}, {1, 1}, 2, {{}}};
    // Just beside the lines where boxes will be cut.
    std::vector<double> x;
    for (int i = 0; i < 2; ++i)
      x.push_back(0.5 * dice.whole(-1, 1) +
                  std::ldexp(dice.chance(0.7) ? 1.0 : -1.0, -dice.whole(8, 10)));
    const EnclosedOutputs y = evaluate_enclosed(*p.network, x);
    for (int j = 0; j < 2; ++j) {
      p.property.clauses[0].push_back(y_at_most(j, y.value[static_cast<std::size_t>(j)] + 1e-4));
      p.property.clauses[0].push_back(y_at_least(j, y.value[static_cast<std::size_t>(j)] - 1e-4));
    }
    for (const int threads : {1, 2}) {
      SCOPED_TRACE("trial " + std::to_string(trial) + " threads " + std::to_string(threads));
      const SolveResult result =
          solve_text(p.network, p.property.text(), {"complete", "auto", threads, false, 0.6});
      counts.add(result.verdict);
      EXPECT_NE(name_of(result.verdict), "unsat");
    }
  }
  std::printf("planted in wide networks: %s\n", counts.text().c_str());
}

TEST(PlantedQueries, CurvedNeuronsAndProducts) {
  constexpr int kInputs = 3;
  Dice dice(54);
  Counts counts;
  for (unsigned trial = 1; trial <= 40; ++trial) {
    const auto network = CurvedNetwork(trial).build(kInputs);
    Property property;
    std::vector<double> x;
    for (int i = 0; i < kInputs; ++i) {
      property.lower.push_back(0.125 * dice.whole(-8, 0));
      property.upper.push_back(property.lower.back() + 0.125 * dice.whole(1, 12));
      x.push_back(coordinate(dice, property.lower.back(), property.upper.back()));
    }
    property.outputs = 2;
    const EnclosedOutputs y = evaluate_enclosed(*network, x);
    std::vector<std::string> rows;
    for (int j = 0; j < 2; ++j) {
      const auto k = static_cast<std::size_t>(j);
      ASSERT_TRUE(std::isfinite(y.error[k]));
      const double margin = std::max(trial % 3 == 0 ? 0.0 : 1e-5, 4.0 * y.error[k]);
      rows.push_back(y_at_most(j, y.value[k] + margin));
      rows.push_back(y_at_least(j, y.value[k] - margin));
    }
    property.clauses = {rows};
    for (const std::string& clipping : words_of("clipping")) {
      for (const char* split : {"inputs", "neurons", "turns"}) {
        const Way way{.clipping = clipping, .seconds = trial % 3 == 0 ? 0.03 : 0.1, .split = split};
        SCOPED_TRACE("trial " + std::to_string(trial) + " " + name_of(way));
        const SolveResult result = solve_text(network, property.text(), way);
        counts.add(result.verdict);
        EXPECT_NE(name_of(result.verdict), "unsat");
      }
    }
  }
  std::printf("planted in curved networks: %s\n", counts.text().c_str());
}

TEST(PlantedQueries, WithinRowsOverInputs) {
  // Rows over inputs as well: a diagonal slab through the planted point.
  Dice dice(52);
  Counts counts;
  for (int trial = 0; trial < 20; ++trial) {
    Planted all = plant(dice, 2, 1, 1e-3);
    const double sum = all.points[0][0] + all.points[0][1];
    all.property.clauses[0].push_back("(<= (+ X_0 X_1) " + decimal(sum + 1e-3) + ")");
    all.property.clauses[0].push_back("(>= (+ X_0 X_1) " + decimal(sum - 1e-3) + ")");
    for (const Way& way : all_ways(0.1)) {
      SCOPED_TRACE("trial " + std::to_string(trial) + " " + name_of(way));
      const SolveResult result = solve_text(all.network, all.property.text(), way);
      counts.add(result.verdict);
      EXPECT_NE(name_of(result.verdict), "unsat");
    }
  }
  std::printf("planted with input rows: %s\n", counts.text().c_str());
}

TEST(Threads, SameVerdictForOneTwoAndEight) {
  Dice dice(61);
  Counts counts;
  for (int trial = 0; trial < 30; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    Tiny t = random_tiny_case(dice, trial);
    for (const double margin : {-1e-3, 1e-2}) {
      t.property.clauses = {{y_at_most(0, t.minimum.get_d() + margin * t.size), "(<= Y_0 1e9)"},
                            {y_at_most(0, t.minimum.get_d() - 10 * t.size)}};
      for (const bool attack : {false, true}) {
        for (const int threads : {1, 2, 8}) {
          const Verdict v =
              solve_text(t.network, t.property.text(), {"complete", "auto", threads, attack})
                  .verdict;
          EXPECT_EQ(name_of(v), margin < 0 ? "unsat" : "sat") << threads << " threads";
          counts.add(v);
        }
      }
    }
  }
  std::printf("threads: %s\n", counts.text().c_str());
}

}  // namespace
}  // namespace clipbound::test
