#pragma once
// Idea: Which input of a box is split: the one with the largest score of a rule. One row of a table
// per rule, chosen by option --branching.
// Source: each rule names its own in branching.cpp.
// Guarantees: none is needed; any choice covers the box by its halves (S10).
// Legend: N inputs, S rows. One number per lane.
//
// A new rule is one file with its score function, one row of branching.cpp, and its word in the row
// of option --branching in base/options.def. Coarse boxes (coarse_boxes.h) have no bounds of rows
// to score by and are always split at their widest side.
#include <cstdint>
#include <span>
#include <string_view>

#include "bounds/batch_bounder.h"

namespace clipbound::solver {

/// What a rule may look at. Scores depend on nothing else, so that a run can be repeated.
struct BranchingView {
  const BoxBatch& boxes;
  const RowBounds& rows;
  std::uint64_t batch;  ///< how many batches this worker has bounded
};

/// One row of the table.
struct BranchingRule {
  std::string_view word;  ///< of option --branching
  /// Writes scores [N] >= 0.
  void (*score)(const BranchingView& view, Vec* scores);
};

/// All rules, in the order of the option's words.
std::span<const BranchingRule> branching_rules();

/// The rule of a word of option --branching.
const BranchingRule& branching_rule(std::string_view word);

/// Width times the steepest slope of the rows' linear bounds. Also what decides where a rule's
/// scores are all 0.
void score_by_slopes(const BranchingView& view, Vec* scores);

}  // namespace clipbound::solver
