// The search on neurons, alone and in turns with that on inputs, against exact answers: true minima
// from all activation patterns, planted counterexamples, and the verdicts of the search on inputs.
#include <gtest/gtest.h>

#include "specs/evaluate/evaluate.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"
#include "tests/support/random_network.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

Way by_neurons(int threads, double seconds = 20.0, bool turns = false) {
  Way way;
  way.split = turns ? "turns" : "neurons";
  way.threads = threads;
  way.seconds = seconds;
  return way;
}

std::vector<double> random_point(Dice& dice, const Property& property) {
  std::vector<double> x;
  for (std::size_t i = 0; i < property.lower.size(); ++i) {
    const float value = static_cast<float>(dice.uniform(property.lower[i], property.upper[i]));
    x.push_back(std::clamp(static_cast<double>(value), property.lower[i], property.upper[i]));
  }
  return x;
}

TEST(NeuronSearch, NeverRefutesAtTheTrueMinimumAndMostlyBelowIt) {
  Dice dice(91);
  int proved = 0, trials = 0;
  const std::vector<std::vector<int>> shapes = {
      {2, 8, 1}, {2, 4, 4, 1}, {3, 6, 1}, {2, 3, 3, 2, 1}, {3, 4, 2, 1}};
  for (int trial = 0; trial < 60; ++trial) {
    const TinyNetwork net =
        random_tiny(dice, shapes[static_cast<std::size_t>(trial) % shapes.size()], trial % 2 == 0);
    const auto network = net.build();
    Property property;
    for (int i = 0; i < net.sizes[0]; ++i) {
      property.lower.push_back(-1.0 + 0.25 * dice.whole(0, 3));
      property.upper.push_back(property.lower.back() + 0.5 * dice.whole(1, 4));
    }
    const Rational minimum =
        PatternSearch(net, {1}).minimum(rationals(property.lower), rationals(property.upper)).first;
    for (const int threads : {1, 3}) {
      SCOPED_TRACE("trial " + std::to_string(trial) + " threads " + std::to_string(threads));
      property.clauses = {{y_at_most(0, up(minimum))}};
      EXPECT_NE(solve_text(network, property.text(), by_neurons(threads)).verdict, Verdict::unsat);
      EXPECT_NE(solve_text(network, property.text(), by_neurons(threads, 0.05, true)).verdict,
                Verdict::unsat);
      property.clauses = {
          {y_at_most(0, down(minimum) - 0.05 * (1.0 + std::fabs(minimum.get_d())))}};
      ++trials;
      const Verdict below = solve_text(network, property.text(), by_neurons(threads)).verdict;
      EXPECT_NE(below, Verdict::sat);
      proved += below == Verdict::unsat ? 1 : 0;
      EXPECT_EQ(
          name_of(solve_text(network, property.text(), by_neurons(threads, 20.0, true)).verdict),
          "unsat");
    }
  }
  EXPECT_GE(proved, trials * 19 / 20) << "of " << trials;
}

TEST(NeuronSearch, KeepsPlantedCounterexamples) {
  Dice dice(92);
  int open = 0, sat = 0;
  for (int trial = 0; trial < 80; ++trial) {
    NetworkTaste taste;
    taste.inputs = dice.whole(2, 8);
    taste.layers = dice.whole(1, 4);
    taste.width = dice.whole(4, 16);
    taste.scale = dice.uniform(0.8, 1.5);
    const auto network = random_network(dice, taste);
    Property property;
    property.outputs = 2;
    for (int i = 0; i < taste.inputs; ++i) {
      property.lower.push_back(-0.5 + 0.25 * dice.whole(0, 2));
      property.upper.push_back(property.lower.back() + 0.5);
    }
    // The smallest values that many points have: thresholds there leave little room.
    double least[2] = {HUGE_VAL, HUGE_VAL};
    for (int k = 0; k < 200; ++k) {
      const EnclosedOutputs y = evaluate_enclosed(*network, random_point(dice, property));
      if (y.value[0] + y.error[0] < least[0]) {
        least[0] = y.value[0] + y.error[0];
        least[1] = y.value[1] + y.error[1];
      }
    }
    property.clauses = {{y_at_most(0, least[0]), y_at_most(1, least[1])},
                        {y_at_most(0, least[0] - 100.0)}};
    for (const bool turns : {false, true}) {
      const SolveResult result =
          solve_text(network, property.text(), by_neurons(1 + trial % 3, 1.0, turns));
      EXPECT_NE(result.verdict, Verdict::unsat) << "trial " << trial;
      ++(result.verdict == Verdict::sat ? sat : open);
    }
  }
  EXPECT_GT(sat, 0);
}

TEST(NeuronSearch, AgreesWithTheSearchOnInputs) {
  Dice dice(93);
  int settled = 0, unsat = 0;
  for (int trial = 0; trial < 60; ++trial) {
    NetworkTaste taste;
    taste.inputs = 3;
    taste.layers = dice.whole(1, 3);
    taste.width = dice.whole(4, 12);
    const auto network = random_network(dice, taste);
    Property property;
    property.outputs = 2;
    property.lower.assign(3, -0.5);
    property.upper.assign(3, 0.5);
    const EnclosedOutputs y = evaluate_enclosed(*network, {{0.0, 0.0, 0.0}});
    property.clauses = {{y_at_most(0, y.value[0] - dice.uniform(0.0, 2.0)),
                         y_at_most(1, y.value[1] - dice.uniform(0.0, 1.0))},
                        {y_at_least(1, y.value[1] + dice.uniform(0.3, 2.0))}};
    Way inputs;
    inputs.split = "inputs";
    inputs.seconds = 5.0;
    inputs.attack = true;
    const Verdict expected = solve_text(network, property.text(), inputs).verdict;
    Way neurons = by_neurons(2, 5.0, trial % 2 == 1);
    neurons.attack = trial % 4 < 2;
    const Verdict verdict = solve_text(network, property.text(), neurons).verdict;
    if (expected != Verdict::sat && expected != Verdict::unsat) continue;
    if (verdict != Verdict::sat && verdict != Verdict::unsat) continue;
    EXPECT_EQ(name_of(verdict), name_of(expected)) << "trial " << trial;
    ++settled;
    unsat += verdict == Verdict::unsat ? 1 : 0;
  }
  EXPECT_GE(settled, 55);
  EXPECT_GE(unsat, 10);
}

TEST(SplitPortfolio, SettlesManyClausesByBothWaysAndKeepsTheReachedOne) {
  // Thresholds from far to next to reached: each way refutes some first. Turns begin with the
  // neurons', so that all of them begin at once.
  Dice dice(94);
  std::uint64_t turns = 0;
  int settled = 0;
  for (int trial = 0; trial < 24; ++trial) {
    const auto network = random_network(dice, {.inputs = dice.whole(2, 4),
                                               .layers = dice.whole(2, 3),
                                               .width = dice.whole(10, 24),
                                               .scale = 1.5});
    Property property;
    property.outputs = 2;
    property.lower.assign(static_cast<std::size_t>(network->input_size()), -0.75);
    property.upper.assign(property.lower.size(), 0.5);
    double least = HUGE_VAL, most = -HUGE_VAL;
    for (int k = 0; k < 4000; ++k) {
      const EnclosedOutputs y = evaluate_enclosed(*network, random_point(dice, property));
      least = std::min(least, y.value[0] + y.error[0]);
      most = std::max(most, y.value[0] + y.error[0]);
    }
    const double spread = most - least;
    for (const double margin : {0.2, 0.5, 2.0, 10.0})
      property.clauses.push_back({y_at_most(0, least - margin * spread), "(<= Y_1 1e6)"});
    const bool reached = trial % 2 == 0;
    if (reached)
      property.clauses.insert(property.clauses.begin() + dice.whole(0, 4), {{y_at_most(0, least)}});
    const SolveResult result =
        solve_text(network, property.text(), by_neurons(1 + trial % 2, reached ? 0.3 : 4.0, true));
    if (reached) {
      EXPECT_NE(name_of(result.verdict), "unsat") << "trial " << trial;
    } else {
      settled += result.verdict == Verdict::unsat ? 1 : 0;
    }
    turns += result.statistics.neuron_turns;
  }
  EXPECT_GE(settled, 9);
  EXPECT_GT(turns, 5U) << "how many there are depends on time";
}

TEST(SplitPortfolio, InputsAloneStayAlone) {
  // More than ten inputs and more neurons than a reduced network holds: coarse boxes, which the
  // activation split comes before unless the input split was asked for.
  Dice dice(95);
  const auto network = random_tiny(dice, {12, 600, 600, 2}, false).build();
  Property property;
  property.outputs = 2;
  property.lower.assign(static_cast<std::size_t>(network->input_size()), -1.0);
  property.upper.assign(property.lower.size(), 1.0);
  double least = HUGE_VAL, most = -HUGE_VAL;
  for (int k = 0; k < 500; ++k) {
    const EnclosedOutputs y = evaluate_enclosed(*network, random_point(dice, property));
    least = std::min(least, y.value[0]);
    most = std::max(most, y.value[0]);
  }
  property.clauses.push_back({y_at_most(0, least - 0.1 * (most - least)), "(<= Y_1 1e9)"});
  Way way;
  way.seconds = 2.0;
  way.split = "inputs";
  EXPECT_EQ(solve_text(network, property.text(), way).statistics.neuron_turns, 0U);
  way.split = "auto";
  way.seconds = 5.0;  // the root bounds take a part of a second
  EXPECT_GT(solve_text(network, property.text(), way).statistics.neuron_turns, 0U);
}

}  // namespace
}  // namespace clipbound::test
