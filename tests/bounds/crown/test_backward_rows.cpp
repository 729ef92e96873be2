// Dense and sparse backward rows: the same bounds by two ways, below the truth.
#include <gtest/gtest.h>

#include "bounds/crown/dense_rows.h"
#include "bounds/crown/sparse_row.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"
#include "tests/support/random_network.h"

namespace clipbound::test {
namespace {

RelaxedLayer relaxed(const Lowered& of, std::size_t k) {
  return {of.system->layers[k], of.bounds.layers[k], of.bounds.relaxations[k], of.bounds.slack[k],
          of.system->activations[k].curve == Curve::product};
}

double sparse_bound(const Lowered& of, std::int64_t row, double sign, double error) {
  SparseBackwardRow scratch;
  scratch.begin(*of.system, of.rows, row, sign);
  scratch.sums.error = error;
  for (std::size_t k = of.system->layers.size(); k-- > 0;)
    scratch.substitute(static_cast<int>(k), relaxed(of, k));
  return scratch.lower_bound(of.lower, of.upper, of.bounder.gamma());
}

std::vector<double> dense_bounds(const Lowered& of, double sign, double error) {
  const std::vector<std::int64_t> both{0, 1};
  DenseBackwardRows rows(*of.system, static_cast<int>(of.system->layers.size()), of.rows, both,
                         sign);
  for (RowSums& sums : rows.sums) sums.error = error;
  for (std::size_t k = of.system->layers.size(); k-- > 0;) {
    std::vector<LayerMatrix> matrices;
    for (const auto& [source, entries] : of.system->layers[k].terms)
      matrices.emplace_back(source, entries);
    rows.substitute(static_cast<int>(k), relaxed(of, k), matrices);
  }
  return rows.lower_bounds(of.lower, of.upper, of.bounder.gamma());
}

TEST(BackwardRows, DenseAndSparseOnesAgreeAndStayBelowTheTruth) {
  Dice dice(321);
  for (int trial = 0; trial < 60; ++trial) {
    NetworkTaste taste;
    taste.inputs = dice.whole(1, 6);
    taste.layers = dice.whole(1, 4);
    taste.width = dice.whole(2, 12);
    taste.structured = dice.chance(0.5);
    taste.nonlinear = dice.chance(0.3);
    RandomNetwork maker(dice, taste);
    const auto network = maker.build();
    std::vector<double> lower, upper;
    for (const float c : maker.centre()) {
      lower.push_back(static_cast<double>(c) - dice.uniform(0.0, 0.5));
      upper.push_back(static_cast<double>(c) + dice.uniform(0.0, 0.5));
    }
    Clause clause;
    clause.rows.push_back(output_row({Rational(1), Rational(-1)}, Rational(1, 10)));
    clause.rows.push_back(output_row({Rational(-2), Rational(1, 2)}, Rational(-3)));
    const Lowered of(network, lower, upper, clause);
    constexpr double kError = 1e-9;  // of the rows' own forms
    for (const double sign : {1.0, -1.0}) {
      const std::vector<double> dense = dense_bounds(of, sign, kError);
      for (std::int64_t r = 0; r < 2; ++r) {
        const double d = dense[static_cast<std::size_t>(r)], s = sparse_bound(of, r, sign, kError);
        if (std::isfinite(d) || std::isfinite(s)) {
          EXPECT_NEAR(d, s, 1e-9 * (1.0 + std::fabs(d)));
        }
        for (int sample = 0; sample < 20; ++sample) {
          std::vector<double> x;
          for (std::size_t i = 0; i < lower.size(); ++i)
            x.push_back(dice.endpoint(lower[i], upper[i]));
          Enclosed value = of.truth(std::move(x)).rows[static_cast<std::size_t>(r)];
          value.value *= sign;
          ASSERT_TRUE(allows_lower(d, value));
          ASSERT_TRUE(allows_lower(s, value));
        }
      }
    }
  }
}

}  // namespace
}  // namespace clipbound::test
