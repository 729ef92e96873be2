// Exact arithmetic on clauses against the enumeration of all activation patterns: refuted only
// where the least value says so, and with thresholds that touch it.
#include <gtest/gtest.h>

#include "bounds/crown/crown_bounder.h"
#include "bounds/exact/decide_exactly.h"
#include "bounds/lowering/lower_network.h"
#include "specs/query/number.h"
#include "tests/support/floors.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

/// Y_0 <= threshold, or < threshold.
Clause below(const Rational& threshold, bool strict) {
  Clause clause;
  Row& row = clause.rows.emplace_back();
  row.terms.push_back({Term::Of::output, 0, make_number(1)});
  row.threshold = make_number(threshold);
  row.strict = strict;
  return clause;
}

ExactAnswer decide(const std::shared_ptr<const Network>& network, const Clause& clause,
                   const std::vector<double>& lower, const std::vector<double>& upper,
                   ExactDepth depth = ExactDepth::forms) {
  const auto system = std::make_shared<const LayeredSystem>(lower_network(*network, lower, upper));
  const CrownBounder bounder(system);
  const CrownBounder::Bounds bounds = bounder.bound_neurons(lower, upper, Deadline());
  return decide_exactly(*system, clause, bounds.layers, lower, upper, depth, 1000000);
}

TEST(DecideExactly, NeverAgainstTheEnumeration) {
  Dice dice(7);
  int refuted = 0, held = 0;
  for (int k = 0; k < 300; ++k) {
    const TinyNetwork net = random_tiny(dice, {2, 3, 2, 1}, dice.chance(0.7));
    std::vector<double> lower, upper;
    for (int i = 0; i < 2; ++i) {
      lower.push_back(std::round(8.0 * dice.uniform(-1.0, 1.0)) / 8.0);
      upper.push_back(lower.back() + (dice.chance(0.5) ? 0.125 : 1.0));
    }
    const Rational least =
        PatternSearch(net, {1}).minimum(rationals(lower), rationals(upper)).first;
    const auto network = net.build();
    const Rational step(1, mpz_class(1) << 70);
    for (const Rational& threshold : {least, Rational(least - step), Rational(least + step)}) {
      for (const bool strict : {false, true}) {
        const bool possible = strict ? least < threshold : least <= threshold;
        for (const ExactDepth depth : {ExactDepth::ranges, ExactDepth::forms}) {
          const ExactAnswer answer = decide(network, below(threshold, strict), lower, upper, depth);
          if (answer == ExactAnswer::refuted) {
            EXPECT_FALSE(possible) << k;
            ++refuted;
          } else if (answer == ExactAnswer::holds) {
            EXPECT_TRUE(possible) << k;
            ++held;
          }
        }
      }
    }
  }
  EXPECT_GT(refuted, 200);
  EXPECT_GT(held, 50);
}

TEST(DecideExactly, DecidesWhereNoNeuronIsUndecided) {
  // y = 0.1 x0 - 0.7 x1 + relu(x0 + 3), all active on the box.
  const TinyNetwork net{{2, 3, 1}, {{1, 0, 0, 1, 1, 1}, {0.1F, -0.7F, 1}}, {{3, 5, 9}, {0.3F}}};
  const std::vector<double> lower{-1, -1}, upper{1, 1};
  const Rational least = PatternSearch(net, {1}).minimum(rationals(lower), rationals(upper)).first;
  const auto network = net.build();
  EXPECT_EQ(decide(network, below(least, true), lower, upper), ExactAnswer::refuted);
  EXPECT_EQ(decide(network, below(least, false), lower, upper), ExactAnswer::holds);
  const Rational less = least - Rational(1, mpz_class(1) << 200);
  EXPECT_EQ(decide(network, below(less, false), lower, upper), ExactAnswer::refuted);
}

TEST(DecideExactly, CopiesCancel) {
  // Two ReLUs of one and the same argument, and one that is a hair away.
  const std::vector<double> lower{-1, -1}, upper{1, 1};
  const auto difference = [](float w) {
    return TinyNetwork{{2, 2, 1}, {{0.3F, 0.7F, 0.3F, w}, {0.9F, -0.9F}}, {{0.1F, 0.1F}, {0}}}
        .build();
  };
  EXPECT_EQ(decide(difference(0.7F), below(0, true), lower, upper), ExactAnswer::refuted);
  EXPECT_EQ(decide(difference(std::nextafter(0.7F, 1.0F)), below(0, true), lower, upper),
            ExactAnswer::open);
}

TEST(DecideExactly, StopsWhereItCosts) {
  const TinyNetwork net{{2, 2, 1}, {{1, 1, 1, -1}, {1, 1}}, {{0, 0}, {0}}};
  const std::vector<double> lower{-1, -1}, upper{1, 1};
  const LayeredSystem system = lower_network(*net.build(), lower, upper);
  EXPECT_EQ(
      decide_exactly(system, below(-1, true), system.intervals, lower, upper, ExactDepth::forms, 0),
      ExactAnswer::refuted)
      << "ranges are known at no cost";
}

}  // namespace
}  // namespace clipbound::test
