// Which row says where a box is split: never one over inputs alone, however near to refutation it
// is, because no split makes its bound better.
#include <gtest/gtest.h>

#include "bounds/forward/forward_problem.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"
#include "tests/support/random_network.h"

namespace clipbound::test {
namespace {

/// Y_0 <= threshold, which few points satisfy.
Clause far_output(double threshold) {
  Clause clause;
  clause.rows.push_back(output_row({1, 0}, Rational(threshold)));
  return clause;
}

/// X_0 - X_1 <= threshold.
Row order_row(double threshold) {
  Row row;
  row.terms.push_back({Term::Of::input, 0, make_number(Rational(1))});
  row.terms.push_back({Term::Of::input, 1, make_number(Rational(-1))});
  row.threshold = make_number(Rational(threshold));
  return row;
}

std::shared_ptr<const BatchProblem> problem_of(const Lowered& lowered, bool forward) {
  if (!forward) return lowered.reduced;
  std::vector<std::uint8_t> strict(lowered.clause.rows.size(), 0);
  return std::make_shared<ForwardProblem>(lowered.system, lowered.rows, strict, lowered.kept,
                                          lowered.lower, lowered.upper);
}

/// The scores of the inputs on the whole box, and the rows' bounds.
Batch bounded(const Lowered& lowered, const BatchProblem& problem) {
  Batch batch = lowered.lanes();
  if (problem.neurons == 0) {
    const std::vector<Vec> lower = batch.lower_x, upper = batch.upper_x;
    batch.attach(problem, 0);
    batch.lower_x = lower, batch.upper_x = upper;
  }
  batch.bound({.complete = false});
  return batch;
}

class SteeringRows : public testing::TestWithParam<bool> {};

TEST_P(SteeringRows, AreThoseThatReadNeurons) {
  const NetworkTaste taste{.inputs = 3, .layers = 2, .width = 6, .structured = false};
  int compared = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    const auto network = random_network(dice, taste);
    const std::vector<double> lower(3, -1.0), upper(3, 1.0);
    const Clause alone = far_output(0.0);
    const Lowered one(network, lower, upper, alone);
    const auto alone_problem = problem_of(one, GetParam());
    const Batch expected = bounded(one, *alone_problem);
    for (const bool first : {false, true}) {
      Clause with = alone;
      // Its least value is -2^-20: nearer to refutation than the output's.
      with.rows.insert(first ? with.rows.begin() : with.rows.end(), order_row(-2.0 + 0x1p-20));
      const Lowered both(network, lower, upper, with);
      const auto problem = problem_of(both, GetParam());
      const Batch batch = bounded(both, *problem);
      const std::size_t order = first ? 0 : 1, output = 1 - order;
      if (!(batch.RowBounds::lower[output][0] < batch.RowBounds::lower[order][0])) continue;
      ++compared;
      for (std::size_t i = 0; i < expected.branching_score.size(); ++i)
        EXPECT_EQ(batch.branching_score[i][0], expected.branching_score[i][0]) << "input " << i;
    }
  }
  EXPECT_GE(compared, 10);
}

INSTANTIATE_TEST_SUITE_P(Engines, SteeringRows, testing::Bool(),
                         [](const auto& one) { return one.param ? "Forward" : "Reduced"; });

}  // namespace
}  // namespace clipbound::test
