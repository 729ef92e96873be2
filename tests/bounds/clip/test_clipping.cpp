// Complete and relaxed clipping against exact linear programs (QSopt_ex), on plain and on nasty
// boxes and half-spaces.
#include <gtest/gtest.h>

#include "base/eigen.h"
#include "bounds/clip/relaxed_clipping.h"
#include "bounds/reduced/reduced_network.h"
#include "tests/support/batch.h"
#include "tests/support/exact_lp.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// min objective over a box and half-spaces g x + h <= 0, in float64.
struct Problem {
  std::vector<double> lower, upper, objective;  // objective: N coefficients, then a constant
  std::vector<std::vector<double>> halfspaces;  // N coefficients, then h

  RationalForm form(const std::vector<double>& numbers) const {
    RationalForm f{rationals(numbers), Rational(numbers.back())};
    f.coefficients.pop_back();
    return f;
  }
  std::vector<RationalForm> forms() const {
    std::vector<RationalForm> all;
    for (const auto& g : halfspaces) all.push_back(form(g));
    return all;
  }
};

enum class Mood { plain, nasty };

double number(Dice& dice, Mood mood) {
  double x = dice.normal();
  if (mood == Mood::plain) return x;
  if (dice.chance(0.25)) return 0.0;
  if (dice.chance(0.25)) x = dice.whole(-2, 2);
  return dice.chance(0.2) ? std::ldexp(x, dice.whole(-70, 70)) : x;
}

/// The most that the objective without its constant may be on the box, by the sizes of its terms.
double reach_of(const Problem& p) {
  const auto lower = vector_view(p.lower), upper = vector_view(p.upper);
  const auto coefficients = vector_view(p.objective).head(lower.size());
  return coefficients.cwiseAbs().dot(lower.cwiseAbs().cwiseMax(upper.cwiseAbs()));
}

Problem random_problem(Dice& dice, int N, int K, Mood mood) {
  Problem p;
  std::vector<double> anchor;
  for (int i = 0; i < N; ++i) {
    const double l = number(dice, mood), width = std::fabs(number(dice, mood));
    p.lower.push_back(l);
    p.upper.push_back(l + width);
    anchor.push_back(dice.endpoint(l, l + width));
    p.objective.push_back(number(dice, mood));
  }
  // Below 0 on some of the box: rows that are refuted without clipping are not clipped.
  double size = reach_of(p);
  p.objective.push_back(-size * dice.uniform(1.0, 1.5));
  for (int k = 0; k < K; ++k) {
    std::vector<double> g;
    double at = 0.0;
    size = 0.0;
    for (std::size_t i = 0; i < anchor.size(); ++i) {
      g.push_back(k > 0 && mood == Mood::nasty && dice.chance(0.1) ? p.halfspaces[0][i]
                                                                   : number(dice, mood));
      at += g.back() * anchor[i];
      size += std::fabs(g.back()) * (p.upper[i] - p.lower[i]);
    }
    // Through the anchor, on this side of it, or beyond the box.
    const double where = dice.uniform(0.0, 1.0);
    double h = -at - 0.2 * size * dice.uniform(0.0, 1.0);
    if (mood == Mood::nasty && where < 0.2) h = -at;
    if (mood == Mood::nasty && where > 0.85) h = -at + size * dice.uniform(0.0, 1.5);
    g.push_back(h);
    p.halfspaces.push_back(g);
    if (mood == Mood::nasty && k > 0 &&
        dice.chance(0.15)) {  // parallel, or the other side of the same plane
      p.halfspaces.back() = p.halfspaces[0];
      const double factor = (dice.chance(0.5) ? -1.0 : 1.0) * (dice.chance(0.3) ? 0x1p40 : 1.0);
      for (double& c : p.halfspaces.back()) c *= factor;
    }
  }
  return p;
}

/// A network without neurons whose rows are the problem's objective: what is left of Batch
/// is its clipping.
ReducedNetwork network_of(const std::vector<Problem>& lanes) {
  ReducedNetwork net;
  const std::size_t N = lanes[0].lower.size();
  net.inputs = static_cast<int>(N);
  net.rows = static_cast<int>(lanes.size());
  net.stride = ReducedNetwork::padded(net.inputs + 1);
  net.layer_begin = {0};
  net.coefficients.assign(lanes.size() * static_cast<std::size_t>(net.stride), 0.0);
  net.radius.assign(lanes.size(), 0.0);
  net.strict.assign(lanes.size(), 0);
  net.largest_source.assign(N, 0.0);
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    std::copy(lanes[lane].objective.begin(), lanes[lane].objective.end(),
              net.row(static_cast<int>(lane)));
    for (std::size_t i = 0; i < N; ++i) {
      net.largest_source[i] = std::max({net.largest_source[i], std::fabs(lanes[lane].lower[i]),
                                        std::fabs(lanes[lane].upper[i])});
    }
  }
  net.finish();
  return net;
}

Batch bounder_of(const ReducedNetwork& net, const std::vector<Problem>& lanes) {
  Batch b;
  const std::size_t N = lanes[0].lower.size(), K = lanes[0].halfspaces.size();
  b.attach(net, static_cast<int>(K));
  b.halfspace_count = static_cast<int>(K);
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    const auto l = static_cast<int>(lane);
    for (std::size_t i = 0; i < N; ++i)
      b.lower_x[i][l] = lanes[lane].lower[i], b.upper_x[i][l] = lanes[lane].upper[i];
    for (std::size_t k = 0; k < K; ++k) {
      for (std::size_t i = 0; i <= N; ++i)
        b.halfspaces[k * (N + 1) + i][l] = lanes[lane].halfspaces[k][i];
    }
  }
  return b;
}

std::vector<Problem> random_lanes(Dice& dice, int N, int K, Mood mood) {
  std::vector<Problem> lanes;
  for (int lane = 0; lane < kLanes; ++lane) lanes.push_back(random_problem(dice, N, K, mood));
  return lanes;
}

/// |objective| over the box and what the half-spaces add: what rounding is measured against.
double size_of(const Problem& p) {
  return std::fabs(p.objective.back()) + reach_of(p);
}

struct Share {
  double gain = 0.0, possible = 0.0;
  int infeasible = 0, recognised = 0, compared = 0;
};

/// One batch, with each number of passes: never above the exact optimum; `shares` collects what was
/// gained.
void compare_with_lp(const std::vector<Problem>& lanes, Mood mood, const std::vector<int>& passes,
                     std::vector<Share>& shares) {
  const ReducedNetwork net = network_of(lanes);
  Batch b = bounder_of(net, lanes);
  std::vector<std::optional<Rational>> exact, unclipped;
  for (const Problem& p : lanes) {
    exact.push_back(
        exact_minimum(p.form(p.objective), rationals(p.lower), rationals(p.upper), p.forms()));
    unclipped.push_back(
        exact_minimum(p.form(p.objective), rationals(p.lower), rationals(p.upper), {}));
  }
  for (std::size_t k = 0; k < passes.size(); ++k) {
    Clipping settings;
    settings.passes = passes[k];
    b.bound(settings);
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
      const double bound = b.lower[lane][static_cast<int>(lane)];
      if (!exact[lane]) {  // any bound is true of the empty set
        ++shares[k].infeasible;
        shares[k].recognised +=
            bound > 0.0 ? 1 : 0;  // the objective is negative everywhere on the box
        continue;
      }
      ASSERT_FALSE(std::isnan(bound));
      ASSERT_FALSE(bound > 0x1p900 || Rational(bound) > *exact[lane])
          << "lane " << lane << ": bound " << bound << " above the optimum "
          << exact[lane]->get_d();
      ++shares[k].compared;
      const double gain = std::max(0.0, Rational(Rational(bound) - *unclipped[lane]).get_d());
      const double possible = Rational(*exact[lane] - *unclipped[lane]).get_d();
      const double size = size_of(lanes[lane]);
      if (lanes[lane].halfspaces.size() == 1 && mood == Mood::plain) {
        ASSERT_NEAR(bound, exact[lane]->get_d(), 1e-9 * (1.0 + size))
            << "one half-space is solved exactly";
      }
      if (possible > 1e-6 * size) shares[k].gain += gain / possible, shares[k].possible += 1.0;
    }
  }
}

TEST(CompleteClipping, OneHalfspaceIsSolvedExactly) {
  Dice dice(1);
  std::vector<Share> shares(1);
  for (int trial = 0; trial < 60 && !HasFailure(); ++trial) {
    compare_with_lp(random_lanes(dice, dice.whole(1, 10), 1, Mood::plain), Mood::plain, {1},
                    shares);
  }
  EXPECT_GT(shares[0].gain / shares[0].possible, 1.0 - 1e-6);
}

TEST(CompleteClipping, ManyHalfspacesNeverPassTheOptimum) {
  const std::vector<int> passes = {1, 2, 5};
  for (const int K : {2, 3, 4, 6}) {
    Dice dice(static_cast<std::uint64_t>(100 + K));
    std::vector<Share> shares(passes.size());
    for (int trial = 0; trial < 25 && !HasFailure(); ++trial) {
      compare_with_lp(random_lanes(dice, dice.whole(1, 10), K, Mood::plain), Mood::plain, passes,
                      shares);
    }
    std::printf("K %d: share of the gain with 1, 2, 5 passes", K);
    for (const Share& share : shares) {
      std::printf("  %.3f", share.gain / share.possible);
      EXPECT_GT(share.gain / share.possible, 0.5);
    }
    std::printf("  (%d problems)\n", shares[0].compared);
  }
}

TEST(CompleteClipping, FarAwayInputs) {
  // Inputs near +-2^30 that enter the half-spaces but not the objective: all of the rounding is the
  // half-spaces'.
  const std::vector<int> passes = {1, 3};
  Dice dice(8);
  std::vector<Share> shares(passes.size());
  for (int trial = 0; trial < 60; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    auto lanes = random_lanes(dice, dice.whole(2, 5), dice.whole(1, 3), Mood::plain);
    for (Problem& p : lanes) {
      for (std::size_t i = 1; i < p.lower.size(); ++i) {
        const double shift = std::ldexp(dice.normal(), 30);
        p.lower[i] += shift, p.upper[i] += shift;
        p.objective[i] = 0.0;
        for (auto& g : p.halfspaces) g.back() -= g[i] * shift;
      }
    }
    ASSERT_NO_FATAL_FAILURE(compare_with_lp(lanes, Mood::nasty, passes, shares));
  }
  std::printf("far away: share %.3f %.3f of %d problems\n", shares[0].gain / shares[0].possible,
              shares[1].gain / shares[1].possible, shares[0].compared);
}

TEST(CompleteClipping, NastyProblems) {
  const std::vector<int> passes = {1, 2, 5};
  Dice dice(7);
  std::vector<Share> shares(passes.size());
  for (int trial = 0; trial < 150; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    const auto lanes = random_lanes(dice, dice.whole(1, 8), dice.whole(1, 6), Mood::nasty);
    ASSERT_NO_FATAL_FAILURE(compare_with_lp(lanes, Mood::nasty, passes, shares));
  }
  for (std::size_t k = 0; k < passes.size(); ++k) {
    std::printf("nasty, %d passes: share %.3f of %d problems; %d of %d infeasible ones refuted\n",
                passes[k], shares[k].gain / shares[k].possible, shares[k].compared,
                shares[k].recognised, shares[k].infeasible);
  }
}

/// The clipped box holds the feasible set's projection to every axis; it is empty only where the
/// set is.
void check_relaxed(const std::vector<Problem>& lanes, int sweeps) {
  const std::size_t N = lanes[0].lower.size(), K = lanes[0].halfspaces.size();
  const ReducedNetwork net = network_of(lanes);
  Batch b = bounder_of(net, lanes);
  const Mask empty = clip_boxes(static_cast<int>(N), b.lower_x.data(), b.upper_x.data(),
                                static_cast<int>(K), b.halfspaces.data(), sweeps);
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    const Problem& p = lanes[lane];
    const auto l = static_cast<int>(lane);
    for (std::size_t i = 0; i < N; ++i) {
      ASSERT_GE(b.lower_x[i][l], p.lower[i]);
      ASSERT_LE(b.upper_x[i][l], p.upper[i]);
      RationalForm axis{Rationals(N), 0};
      axis.coefficients[i] = 1;
      const auto low = exact_minimum(axis, rationals(p.lower), rationals(p.upper), p.forms());
      if (!low) break;
      ASSERT_EQ(empty[l], 0) << "lane " << lane << " holds a feasible point";
      axis.coefficients[i] = -1;
      const auto high = exact_minimum(axis, rationals(p.lower), rationals(p.upper), p.forms());
      ASSERT_LE(Rational(b.lower_x[i][l]), *low) << "lane " << lane << " input " << i;
      ASSERT_GE(Rational(b.upper_x[i][l]), -*high) << "lane " << lane << " input " << i;
    }
  }
}

TEST(RelaxedClipping, CutsNoFeasiblePoint) {
  Dice dice(3);
  for (int trial = 0; trial < 60; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    const Mood mood = trial % 3 == 0 ? Mood::plain : Mood::nasty;
    ASSERT_NO_FATAL_FAILURE(check_relaxed(
        random_lanes(dice, dice.whole(1, 5), dice.whole(1, 6), mood), dice.whole(1, 3)));
  }
}

TEST(RelaxedClipping, FarAwayInputs) {
  Dice dice(9);
  for (int trial = 0; trial < 25; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    auto lanes = random_lanes(dice, dice.whole(2, 4), dice.whole(1, 3), Mood::plain);
    for (Problem& p : lanes) {
      const double shift = std::ldexp(dice.normal(), 30);
      p.lower.back() += shift, p.upper.back() += shift;
      for (auto& g : p.halfspaces) g.back() -= g[p.lower.size() - 1] * shift;
    }
    ASSERT_NO_FATAL_FAILURE(check_relaxed(lanes, 1));
  }
}

TEST(RelaxedClipping, OneHalfspaceGivesItsExactProjection) {
  Dice dice(4);
  for (int trial = 0; trial < 20; ++trial) {
    const auto lanes = random_lanes(dice, dice.whole(1, 6), 1, Mood::plain);
    const std::size_t N = lanes[0].lower.size();
    const ReducedNetwork net = network_of(lanes);
    Batch b = bounder_of(net, lanes);
    clip_boxes(static_cast<int>(N), b.lower_x.data(), b.upper_x.data(), 1, b.halfspaces.data(), 1);
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
      for (std::size_t i = 0; i < N; ++i) {
        RationalForm axis{Rationals(N), 0};
        axis.coefficients[i] = 1;
        const auto low = exact_minimum(axis, rationals(lanes[lane].lower),
                                       rationals(lanes[lane].upper), lanes[lane].forms());
        ASSERT_TRUE(low.has_value());
        ASSERT_NEAR(b.lower_x[i][static_cast<int>(lane)], low->get_d(),
                    1e-11 * (1.0 + std::fabs(low->get_d())) /
                        std::min(1.0, std::fabs(lanes[lane].halfspaces[0][i])));
      }
    }
  }
}

TEST(RelaxedClipping, NanAndInfinityClipNothing) {
  const double nan = std::nan(""), inf = HUGE_VAL;
  const double bad[][3] = {{nan, 1, 5},     {1, nan, 5},      {1, 1, nan},
                           {inf, 1, 5},     {-inf, 1, 5},     {1, 1, inf},
                           {nan, nan, nan}, {inf, -inf, inf}, {1e308, 1e308, 1e308}};
  for (const auto& g : bad) {
    Vec lower[2] = {broadcast(-1), broadcast(-1)}, upper[2] = {broadcast(1), broadcast(1)};
    const Vec halfspace[3] = {broadcast(g[0]), broadcast(g[1]), broadcast(g[2])};
    const Mask empty = clip_boxes(2, lower, upper, 1, halfspace, 2);
    for (int i = 0; i < 2; ++i) {
      EXPECT_FALSE(any(empty)) << g[0] << " " << g[1] << " " << g[2];
      EXPECT_EQ(lower[i][0], -1.0) << g[0] << " " << g[1] << " " << g[2];
      EXPECT_EQ(upper[i][0], 1.0) << g[0] << " " << g[1] << " " << g[2];
    }
  }
}

TEST(CompleteClipping, NanAndInfinityProveNothing) {
  const double nan = std::nan(""), inf = HUGE_VAL;
  const double bad[][3] = {{nan, 1, 5},  {1, nan, 5}, {1, 1, nan},     {inf, 1, 5},
                           {-inf, 1, 5}, {1, 1, inf}, {nan, nan, nan}, {inf, -inf, inf}};
  for (const auto& g : bad) {
    Problem p{{-1, -1}, {1, 1}, {1, 2, 0}, {{g[0], g[1], g[2]}, {1, 1, -1}}};
    const std::vector<Problem> lanes(kLanes, p);
    const ReducedNetwork net = network_of(lanes);
    Batch b = bounder_of(net, lanes);
    b.bound({});
    EXPECT_FALSE(any(b.refuted)) << g[0] << " " << g[1] << " " << g[2];
    EXPECT_LE(b.lower[0][0], -3.0) << g[0] << " " << g[1] << " " << g[2];
  }
}

}  // namespace
}  // namespace clipbound::test
