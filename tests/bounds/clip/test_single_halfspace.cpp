// Complete clipping in lanes: never above what a point of the half-space reaches, and close to the
// exact least value.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "bounds/alpha_beta/alpha_beta_bounder.h"
#include "bounds/clip/single_halfspace.h"
#include "tests/bounds/alpha_beta/bounded_network.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// A box, a half-space that cuts it more or less, and kLanes functions of some of its inputs.
struct Cut {
  explicit Cut(Dice& dice) {
    const int n = dice.whole(1, 30);
    const double wide = std::exp2(dice.whole(-6, 6));
    for (int i = 0; i < n; ++i) {
      const double centre = dice.normal() * 2.0,
                   radius = dice.chance(0.1) ? 0.0 : wide * dice.uniform(0.0, 1.0);
      lower.push_back(centre - radius);
      upper.push_back(centre + radius);
      halfspace.normal.push_back(dice.chance(0.2) ? 0.0 : dice.normal());
      if (dice.chance(0.8)) inputs.push_back(i);
      Vec a;
      for (int lane = 0; lane < kLanes; ++lane) a[lane] = dice.chance(0.2) ? 0.0 : dice.normal();
      functions.push_back(a);
    }
    double least = 0.0, most = 0.0;
    for (std::size_t i = 0; i < lower.size(); ++i) {
      const double v = halfspace.normal[i];
      least += std::min(v * lower[i], v * upper[i]);
      most += std::max(v * lower[i], v * upper[i]);
    }
    halfspace.offset = -(least + (most - least) * dice.uniform(0.001, 1.2));
  }
  double edge(const std::vector<double>& x) const {
    return std::inner_product(x.begin(), x.end(), halfspace.normal.begin(), halfspace.offset);
  }
  double value(const std::vector<double>& x, int lane) const {
    double sum = 0.0;
    for (const std::int32_t i : inputs)
      sum += functions[static_cast<std::size_t>(i)][lane] * x[static_cast<std::size_t>(i)];
    return sum;
  }
  /// A fractional knapsack: from the corner that is best without the half-space, coordinates go
  /// over in the order of what that costs.
  double exact(int lane) const {
    std::vector<double> x(lower.size());
    std::vector<char> read(lower.size(), 0);
    for (const std::int32_t i : inputs) read[static_cast<std::size_t>(i)] = 1;
    struct Move {
      double price, gain;
      std::size_t i;
    };
    std::vector<Move> moves;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double a = read[i] != 0 ? functions[i][lane] : 0.0, v = halfspace.normal[i];
      const bool at_upper = a != 0.0 ? a < 0.0 : v < 0.0;
      x[i] = at_upper ? upper[i] : lower[i];
      const double gain = (at_upper ? v : -v) * (upper[i] - lower[i]);
      if (gain > 0.0) moves.push_back({std::fabs(a) * (upper[i] - lower[i]) / gain, gain, i});
    }
    std::sort(moves.begin(), moves.end(),
              [](const Move& p, const Move& q) { return p.price < q.price; });
    double excess = edge(x), total = value(x, lane);
    for (const Move& move : moves) {
      if (excess <= 0.0) break;
      const double share = std::min(1.0, excess / move.gain);
      total += move.price * move.gain * share;
      excess -= move.gain * share;
    }
    return total;
  }

  std::vector<double> lower, upper;
  Halfspace halfspace;
  std::vector<std::int32_t> inputs;
  std::vector<Vec> functions;
};

SingleHalfspaceClipping::Least clipped_minimum(const Cut& cut) {
  SingleHalfspaceClipping clip;
  clip.set(cut.halfspace, cut.lower, cut.upper);
  clip.restrict_to(cut.inputs);
  std::vector<Vec> corner(cut.lower.size());
  return clip.minimum(cut.functions.data(), corner.data());
}

TEST(SingleHalfspaceClipping, StaysBelowEveryPointOfTheHalfspace) {
  Dice dice(91);
  int inside = 0;
  for (int trial = 0; trial < 400; ++trial) {
    const Cut cut(dice);
    const SingleHalfspaceClipping::Least least = clipped_minimum(cut);
    for (int sample = 0; sample < 60; ++sample) {
      std::vector<double> x;
      for (std::size_t i = 0; i < cut.lower.size(); ++i) {
        const double t =
            dice.chance(0.6) ? static_cast<double>(dice.whole(0, 1)) : dice.uniform(0.0, 1.0);
        x.push_back(std::clamp(cut.lower[i] + t * (cut.upper[i] - cut.lower[i]), cut.lower[i],
                               cut.upper[i]));
      }
      if (cut.edge(x) > 0.0) continue;
      ++inside;
      for (int lane = 0; lane < kLanes; ++lane)
        ASSERT_LE(least.value[lane] - 1e-13 * least.magnitude[lane],
                  cut.value(x, lane) + 1e-13 * least.magnitude[lane]);
    }
  }
  EXPECT_GT(inside, 2000);
}

TEST(SingleHalfspaceClipping, ComesCloseToTheExactLeastValue) {
  Dice dice(92);
  double gained = 0.0, possible = 0.0;
  for (int trial = 0; trial < 400; ++trial) {
    const Cut cut(dice);
    const SingleHalfspaceClipping::Least least = clipped_minimum(cut);
    for (int lane = 0; lane < kLanes; ++lane) {
      double box = 0.0, size = 1.0;
      for (const std::int32_t i : cut.inputs) {
        const auto at = static_cast<std::size_t>(i);
        const double a = cut.functions[at][lane];
        box += std::min(a * cut.lower[at], a * cut.upper[at]);
        size += std::fabs(a) * (cut.upper[at] - cut.lower[at]);
      }
      const double exact = cut.exact(lane);
      EXPECT_LE(least.value[lane], exact + 1e-12 * least.magnitude[lane]);
      EXPECT_GE(least.value[lane], box - 1e-12 * least.magnitude[lane]);
      gained += (least.value[lane] - box) / size;
      possible += (exact - box) / size;
    }
  }
  EXPECT_GT(gained, 0.98 * possible);
}

TEST(AlphaBetaBounder, ClippedBoundsHoldWhereTheRowIsNotExcluded) {
  Dice dice(93);
  int checked = 0, raised = 0;
  for (int trial = 0; trial < 200; ++trial) {
    const BoundedNetwork s(dice, random_taste(dice), 0.6);
    AlphaBetaBounder bounder;
    bounder.attach(*s.network);
    const Cone cone = s.cone();
    LaneRows target = s.target();
    const Vec plain = bounder.lower_bound(cone, target);
    const auto linear = bounder.linear_bound(cone, 0);
    ASSERT_TRUE(linear.has_value());
    // Rows moved so that their least known value is just below 0: the half-space where the moved
    // row's linear bound is <= 0.
    std::vector<Truth> truths;
    double least = 1e300;
    for (int sample = 0; sample < 40; ++sample) {
      truths.push_back(s.random_truth(dice));
      least = std::min(least, truths.back().rows[0].value);
    }
    const double threshold = least + dice.uniform(0.0, 1.0) * std::fabs(least);
    Halfspace moved = *linear;
    moved.offset -= threshold;
    bounder.clip_to(moved);
    for (int round = 0; round < 4; ++round) {
      for (Vec& t : bounder.lanes.alpha_or_beta) {
        for (int lane = 0; lane < kLanes; ++lane) t[lane] = dice.uniform(0.0, 1.0);
      }
      const Vec bound = round == 0 ? maximize(bounder, cone, target, SlopeSchedule{})
                                   : bounder.lower_bound(cone, target);
      for (const Truth& truth : truths) {
        if (!(truth.rows[0].value + truth.rows[0].error <= threshold)) continue;
        ++checked;
        for (int lane = 0; lane < kLanes; ++lane) {
          const Enclosed row = truth.rows[static_cast<std::size_t>(target.which[lane])];
          ASSERT_LE(bound[lane], target.sign[lane] * row.value + row.error);
        }
      }
      for (int lane = 0; lane < kLanes; ++lane) raised += bound[lane] > plain[lane] + 1e-6 ? 1 : 0;
    }
    bounder.clip_nothing();
  }
  EXPECT_GT(checked, 500);
  EXPECT_GT(raised, 500);
}

}  // namespace
}  // namespace clipbound::test
