#include "solver/input_split/branching.h"

#include <algorithm>

#include "base/check.h"
#include "base/word_table.h"

namespace clipbound::solver {

namespace {

/// How much of the relaxation gap in the row nearest to refutation a split removes, as the engine
/// estimates it. Source: own; in the spirit of BaBSR (Bunel et al., "Branch and bound for piecewise
/// linear neural network verification", 2020), for inputs instead of neurons.
void score_by_relaxation_gap(const BranchingView& view, Vec* scores) {
  std::copy(view.rows.branching_score.begin(), view.rows.branching_score.end(), scores);
}

/// Longest edge first. Source: folklore.
void score_by_width(const BranchingView& view, Vec* scores) {
  for (std::size_t i = 0; i < view.boxes.lower_x.size(); ++i)
    scores[i] = view.boxes.upper_x[i] - view.boxes.lower_x[i];
}

constexpr BranchingRule kRules[] = {
    {.word = "auto", .score = score_by_relaxation_gap},
    {.word = "widest", .score = score_by_width},
    {.word = "sb", .score = score_by_slopes},
};

}  // namespace

/// Source: "smart branching" for input splits of alpha-beta-CROWN (Wang et al. 2021), from the
/// linear bounds of all rows.
void score_by_slopes(const BranchingView& view, Vec* scores) {
  const std::size_t N = view.boxes.lower_x.size(), S = view.rows.lower.size();
  for (std::size_t i = 0; i < N; ++i) {
    Vec steepest = {};
    for (std::size_t s = 0; s < S; ++s)
      steepest = vmax(steepest, vabs(view.rows.linear_bound[s * (N + 1) + i]));
    scores[i] = steepest * (view.boxes.upper_x[i] - view.boxes.lower_x[i]);
  }
}

std::span<const BranchingRule> branching_rules() {
  return kRules;
}

const BranchingRule& branching_rule(std::string_view word) {
  const BranchingRule* rule = row_of_word(kRules, word);
  CLIPBOUND_CHECK(rule != nullptr);
  return *rule;
}

}  // namespace clipbound::solver
