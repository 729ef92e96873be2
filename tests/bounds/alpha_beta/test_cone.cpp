// Cones: bounds on a row's own cone are those on the cone of more rows; what is outside has no
// coefficient.
#include "bounds/alpha_beta/cone.h"

#include <gtest/gtest.h>

#include "tests/bounds/alpha_beta/bounded_network.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(Cone, HoldsWhatARowsCoefficientsReach) {
  Dice dice(301);
  for (int trial = 0; trial < 60; ++trial) {
    NetworkTaste taste = random_taste(dice);
    taste.nonlinear = trial % 3 == 0;
    const BoundedNetwork s(dice, taste, 0.6);
    const Cone both = s.cone();
    Cone one;
    ConeFinder finder(*s.network);
    finder.find(s.rows, {0}, one);
    EXPECT_NE(one.serial, both.serial);
    LaneRows rows;
    rows.rows = &s.rows;
    std::fill(rows.sign, rows.sign + kLanes, 1.0);
    AlphaBetaBounder narrow, wide;
    narrow.attach(*s.network);
    wide.attach(*s.network);
    const double expected = wide.lower_bound(both, rows)[0];
    EXPECT_NEAR(narrow.lower_bound(one, rows)[0], expected, 1e-9 * (1.0 + std::fabs(expected)));
    std::vector<char> inside(static_cast<std::size_t>(s.network->live_count()), 0);
    for (const Cone::Layer& layer : one.layers) {
      for (const auto* list : {&layer.unstable, &layer.active, &layer.nonlinear, &layer.products})
        for (const Live v : *list) at(inside, v) = 1;
    }
    for (const std::int32_t i : one.inputs) at(inside, i) = 1;
    for (int v = 0; v < s.network->live_count(); ++v) {
      if (at(inside, v) == 0 && Live{v} != s.network->spare()) {
        EXPECT_EQ(at(wide.coefficients(), v)[0], 0.0);
      }
    }
  }
}

TEST(Cone, ParametersAreThoseOfItsUnstableElementsAndProducts) {
  Dice dice(302);
  const BoundedNetwork s(dice, random_taste(dice), 0.8);
  const Cone cone = s.cone();
  std::size_t elements = 0;
  for (const Cone::Layer& layer : cone.layers)
    elements += layer.unstable.size() + layer.nonlinear.size() + layer.products.size();
  const std::vector<std::int32_t> parameters = parameters_of(cone, *s.network);
  EXPECT_EQ(parameters.size(), elements);
  for (const std::int32_t t : parameters) EXPECT_LT(t, s.network->parameters());
}

}  // namespace
}  // namespace clipbound::test
