// Two copies of a tiny network: how far they differ is known exactly from all activation patterns,
// and no verdict contradicts it, whichever split searches.
#include <gtest/gtest.h>

#include "tests/support/floors.h"
#include "tests/support/properties.h"
#include "tests/support/twin_networks.h"

namespace clipbound::test {
namespace {

struct Pair {
  TwinNetworks twins;
  std::shared_ptr<const Network> network;
  Property property;
  Rational minimum;  ///< of g - f
};

Pair random_pair(Dice& dice, int trial) {
  const std::vector<std::vector<int>> shapes = {{2, 4, 1}, {2, 3, 3, 1}, {3, 4, 1}, {1, 3, 3, 1}};
  Pair pair;
  pair.twins = TwinNetworks::random(dice, shapes[static_cast<std::size_t>(trial) % shapes.size()],
                                    trial % 2 == 0, trial % 3 == 0 ? 0.2 : 0.01);
  pair.network = pair.twins.build_difference();
  const auto inputs = static_cast<std::size_t>(pair.twins.f.sizes[0]);
  pair.property.lower.assign(inputs, -1.0);
  pair.property.upper.assign(inputs, 1.0);
  const auto outputs = static_cast<std::size_t>(pair.twins.f.sizes.back());
  Rationals c(2 * outputs);
  c[0] = -1;
  c[outputs] = 1;
  const TinyNetwork joined = pair.twins.joined();
  pair.minimum = PatternSearch(joined, c)
                     .minimum(rationals(pair.property.lower), rationals(pair.property.upper))
                     .first;
  return pair;
}

TEST(TwinVerdicts, AgreeWithTheExactDifference) {
  Dice dice(61);
  int decided = 0, asked = 0;
  for (int trial = 0; trial < 24; ++trial) {
    Pair pair = random_pair(dice, trial);
    const double size = std::max(std::fabs(up(pair.minimum)), 1e-3);
    for (const std::string& split : words_of("split")) {
      for (const std::string& clipping : words_of("clipping")) {
        SCOPED_TRACE("trial " + std::to_string(trial) + " " + split + " " + clipping);
        const Way way{clipping, "auto", 1, false, 2.0, split};
        pair.property.clauses = {{y_at_most(0, down(pair.minimum) - 0.1 * size)}};
        const Verdict below = solve_text(pair.network, pair.property.text(), way).verdict;
        EXPECT_NE(name_of(below), "sat");
        decided += below == Verdict::unsat ? 1 : 0;
        ++asked;
        // The minimum itself is a counterexample, and points near it.
        for (const double margin : {0.0, 1e-9, 0.05}) {
          const Way brief{clipping, "auto", 1, false, 0.1, split};
          pair.property.clauses = {{y_at_most(0, up(pair.minimum) + margin * size)}};
          EXPECT_NE(name_of(solve_text(pair.network, pair.property.text(), brief).verdict), "unsat")
              << "threshold above the minimum by " << margin;
        }
      }
    }
  }
  EXPECT_GT(decided, asked / 2);
  std::printf("%d of %d thresholds below the minimum are refuted\n", decided, asked);
}

/// Clauses of one box share a tree: each is refuted by its own row, and none is lost in it.
TEST(TwinVerdicts, ClausesTogetherAgreeWithTheExactDifference) {
  Dice dice(62);
  int decided = 0, asked = 0;
  for (int trial = 0; trial < 24; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    Pair pair = random_pair(dice, trial);
    const double size = std::max(std::fabs(up(pair.minimum)), 1e-3);
    const auto below = [&](double margin) {
      return std::vector<std::string>{y_at_most(0, down(pair.minimum) - margin * size)};
    };
    const Way way{"complete", "auto", 1 + trial % 2, false, 2.0, "inputs"};
    pair.property.clauses = {below(0.05), below(0.4), below(0.1), below(0.1)};
    const Verdict verdict = solve_text(pair.network, pair.property.text(), way).verdict;
    EXPECT_NE(name_of(verdict), "sat");
    decided += verdict == Verdict::unsat ? 1 : 0;
    ++asked;
    for (const std::size_t at : std::initializer_list<std::size_t>{0, 1, 3}) {
      for (const double margin : {0.0, 1e-9, 0.05}) {
        const Way brief{"complete", "auto", 1, false, 0.1, "inputs"};
        pair.property.clauses = {below(0.05), below(0.4), below(0.1), below(0.2)};
        pair.property.clauses[at] = {y_at_most(0, up(pair.minimum) + margin * size)};
        EXPECT_NE(name_of(solve_text(pair.network, pair.property.text(), brief).verdict), "unsat")
            << "clause " << at << " above the minimum by " << margin;
      }
    }
  }
  EXPECT_GT(decided, asked / 2);
}

}  // namespace
}  // namespace clipbound::test
