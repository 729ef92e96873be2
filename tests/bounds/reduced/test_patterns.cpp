// Tiny networks against all their activation patterns: no bound passes the true minimum, and
// halving boxes closes the gap.
#include <gtest/gtest.h>

#include "tests/support/exact_lp.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

TEST(Polytope, AgreesWithTheExactLp) {
  Dice dice(11);
  for (int trial = 0; trial < 60; ++trial) {
    const auto n = static_cast<std::size_t>(dice.whole(1, 3));
    Rationals lower, upper;
    std::vector<RationalForm> cuts;
    const auto random_form = [&] {
      RationalForm f{{}, Rational(dice.whole(-4, 4), 4)};
      for (std::size_t i = 0; i < n; ++i) f.coefficients.emplace_back(dice.whole(-3, 3));
      f.constant.canonicalize();
      return f;
    };
    for (std::size_t i = 0; i < n; ++i)
      lower.emplace_back(-1), upper.emplace_back(dice.whole(-1, 2));
    Polytope polytope(lower, upper);
    for (int k = dice.whole(1, 6); k > 0; --k) {
      cuts.push_back(random_form());
      polytope.cut(cuts.back());
      const RationalForm objective = random_form();
      const auto exact = exact_minimum(objective, lower, upper, cuts);
      ASSERT_EQ(exact.has_value(), !polytope.empty());
      if (!exact) break;
      ASSERT_EQ(polytope.minimum(objective).first, *exact);
    }
  }
}

struct PatternStats {
  int boxes = 0, patterns = 0;
  double tightness = 0.0;
};

void check_box(const TinyNetwork& net, const Rationals& c, std::vector<double> lower,
               std::vector<double> upper, PatternStats& stats) {
  PatternSearch search(net, c);
  const auto [minimum, where] = search.minimum(rationals(lower), rationals(upper));
  // The threshold is the minimum itself, a rational: the row's exact minimum over the box is 0.
  Clause clause;
  clause.rows.push_back(output_row(c, minimum));
  clause.rows.push_back(output_row(c, minimum, true));
  const Lowered lowered(net.build(), lower, upper, clause);
  const auto root = lowered.row_bounds();
  ASSERT_LE(root[0], 0.0);
  ASSERT_LE(root[1], 0.0);
  for (const bool neurons : {false, true}) {
    Batch lanes = lowered.lanes(2);
    Clipping settings;
    settings.complete = neurons;
    lanes.bound(settings);
    ASSERT_FALSE(any(lanes.refuted)) << "the minimum itself is unsafe";
    for (const Vec& row : lanes.lower) {
      for (int lane = 0; lane < kLanes; ++lane) ASSERT_LE(row[lane], 0.0);
    }
    // Its own planes as constraints: they hold where the row is <= 0, and the minimum is there.
    lanes.halfspaces.assign(lanes.linear_bound.begin(), lanes.linear_bound.end());
    lanes.bound(settings);
    ASSERT_FALSE(any(lanes.refuted)) << "refuted with its own planes";
    stats.tightness += lanes.lower[0][0] > -1e-9 ? 1.0 : 0.0;
  }
  ++stats.boxes;
  stats.patterns += search.patterns;
}

TEST(Patterns, NoBoundPassesTheTrueMinimum) {
  Dice dice(21);
  PatternStats stats;
  const std::vector<std::vector<int>> shapes = {{2, 8, 1},       {2, 4, 4, 2}, {3, 6, 1},
                                                {2, 3, 3, 2, 1}, {1, 6, 1},    {3, 4, 2, 1}};
  for (int trial = 0; trial < 600; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    const auto& shape = shapes[static_cast<std::size_t>(trial) % shapes.size()];
    const TinyNetwork net = random_tiny(dice, shape, trial % 2 == 0);
    Rationals c;
    for (int j = 0; j < shape.back(); ++j) c.emplace_back(j == 0 ? 1 : dice.whole(-2, 2));
    std::vector<double> lower(static_cast<std::size_t>(shape[0]), -1.0),
        upper(static_cast<std::size_t>(shape[0]), 1.0);
    for (int depth = 0; depth < 3; ++depth) {
      ASSERT_NO_FATAL_FAILURE(check_box(net, c, lower, upper, stats));
      for (std::size_t i = 0; i < lower.size(); ++i) {
        (dice.chance(0.5) ? lower : upper)[i] =
            dice.chance(0.1) ? lower[i] : 0.5 * (lower[i] + upper[i]);
      }
    }
  }
  std::printf("%d boxes, %d patterns, %.0f of %d bounds exact to 1e-9\n", stats.boxes,
              stats.patterns, stats.tightness, 2 * stats.boxes);
}

}  // namespace
}  // namespace clipbound::test
