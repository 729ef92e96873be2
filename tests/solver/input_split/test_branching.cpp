// The table of branching rules: its words are the option's, and each rule scores what it says.
#include <gtest/gtest.h>

#include "base/options.h"
#include "solver/input_split/branching.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// Two inputs of widths 1 and 4, two rows of slopes (3, -1) and (-5, 0.5), scores 7 and 8.
struct Example {
  BoxBatch boxes;
  RowBounds rows;

  Example() {
    boxes.resize(2, 0, 0);
    rows.resize(2, 2);
    boxes.lower_x = {broadcast(0.0), broadcast(-2.0)};
    boxes.upper_x = {broadcast(1.0), broadcast(2.0)};
    const double slopes[] = {3.0, -1.0, 0.0, -5.0, 0.5, 0.0};  // with each row's constant
    for (std::size_t i = 0; i < 6; ++i) rows.linear_bound[i] = broadcast(slopes[i]);
    rows.branching_score = {broadcast(7.0), broadcast(8.0)};
  }
  std::pair<double, double> scores(const char* word) const {
    Vec scores[2];
    branching_rule(word).score({boxes, rows, 1}, scores);
    return {scores[0][0], scores[1][kLanes - 1]};
  }
};

TEST(Branching, OneRowPerWord) {
  const auto words = find_option("branching").words;
  ASSERT_EQ(words.size(), branching_rules().size());
  for (std::size_t k = 0; k < words.size(); ++k) {
    EXPECT_EQ(words[k], branching_rules()[k].word);
    EXPECT_EQ(&branching_rule(words[k]), &branching_rules()[k]);
  }
}

TEST(Branching, EachRuleScoresWhatItSays) {
  const Example example;
  EXPECT_EQ(example.scores("auto"), std::pair(7.0, 8.0));
  EXPECT_EQ(example.scores("widest"), std::pair(1.0, 4.0));
  EXPECT_EQ(example.scores("sb"), std::pair(5.0, 4.0));
}

/// Whatever a rule sees, its scores are numbers >= 0, and the same for the same view.
TEST(Branching, ScoresAreNumbersAndRepeatable) {
  const Example example;
  for (const BranchingRule& rule : branching_rules()) {
    for (std::uint64_t batch = 0; batch < 20; ++batch) {
      Vec once[2], again[2];
      rule.score({example.boxes, example.rows, batch}, once);
      rule.score({example.boxes, example.rows, batch}, again);
      for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(all(once[i] >= Vec{})) << rule.word;
        EXPECT_TRUE(all(once[i] == again[i])) << rule.word;
      }
    }
  }
}

}  // namespace
}  // namespace clipbound::test
