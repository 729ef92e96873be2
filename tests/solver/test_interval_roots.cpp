// Clauses of large networks that the lowering's intervals refute are not bounded any further. Among
// clauses that are far out of reach a planted counterexample, exactly on its threshold, survives.
#include <gtest/gtest.h>

#include "specs/evaluate/evaluate.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

TEST(IntervalRoots, FarClausesAreRefutedAndPlantedPointsSurvive) {
  Dice dice(71);
  const Way way{"complete", "auto", 1, false, 1.0, "auto"};
  int refuted = 0;
  for (int trial = 0; trial < 6; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    // More weights than strategy::kSmallWork stands for.
    const TinyNetwork tiny = random_tiny(dice, {3, 220, 180, 2}, trial % 2 == 0);
    const auto network = tiny.build();
    Property property;
    property.outputs = 2;
    property.lower.assign(3, -1.0);
    property.upper.assign(3, 1.0);
    const std::vector<std::string> far_0{y_at_most(0, -1e9)}, far_1{y_at_most(1, -1e8)};
    property.clauses = {far_0, far_1};
    refuted += solve_text(network, property.text(), way).verdict == Verdict::unsat ? 1 : 0;
    for (int point = 0; point < 4; ++point) {
      const std::vector<double> x{dice.endpoint(-1.0, 1.0), dice.endpoint(-1.0, 1.0),
                                  dice.endpoint(-1.0, 1.0)};
      const auto y = evaluate_enclosed(*network, x);
      const std::size_t k = dice.chance(0.5) ? 1 : 0;
      property.clauses = {far_0, {y_at_most(static_cast<int>(k), y.value[k] + y.error[k])}, far_1};
      EXPECT_NE(name_of(solve_text(network, property.text(), way).verdict), "unsat");
    }
  }
  EXPECT_EQ(refuted, 6);
}

}  // namespace
}  // namespace clipbound::test
