#pragma once
// Idea: what the attack aims at: clauses that share their box, in float32. For steering only, the
// judge is exact.
// Source: own.
// Guarantees: steers only: the judge is exact (S11).
// Legend: n inputs, m outputs, K clauses.
#include <cstdint>
#include <utility>
#include <vector>

#include "solver/search/candidate_judge.h"
#include "specs/query/query.h"

namespace clipbound::solver {

/// How far a point is from being a counterexample.
struct AttackLoss {
  float value = 0.0F;  ///< sum of the violated rows of the clause; 0: it looks like a
                       ///< counterexample; infinity where a row is NaN
  int clause = 0;      ///< in [0, K)
};

/// Which of the violated rows a gradient is of.
enum class ViolatedRows : std::uint8_t { worst, all };

class AttackTarget {
 public:
  /// `clauses` (numbers in the query) share one box.
  AttackTarget(const Query& query, std::vector<std::size_t> clauses, const CandidateJudge& judge);

  /// The loss of clause `which`, or of the clause that is nearest where `which` is negative. A row
  /// counts as violated unless it holds by `margin`.
  AttackLoss loss(const float* x, const float* y, int which, float margin) const;
  /// Adds the derivatives of the loss of clause `which` by the outputs to cotangent [m] and by the
  /// inputs to direct [n]: those of the worst row alone, or of all violated rows.
  void pull(const float* x, const float* y, int which, float margin, ViolatedRows rows,
            float* cotangent, float* direct) const;
  /// Whether some clause has rows over inputs alone, or the query a ball.
  bool restricts_inputs() const { return has_input_rows_ || query_.ball != nullptr; }
  /// Moves x to where the rows over inputs alone of clause `which` hold by `margin`, as near as
  /// alternating projections onto them and onto the box come. Distances are measured in widths.
  /// Then straight towards the centre of the ball, until it is inside.
  void project(float* x, int which, float margin) const;
  /// The smallest margin that means something at (x, y): some units in the last place of the rows'
  /// largest terms.
  float least_margin(const float* x, const float* y, int which) const;

  const Clause& clause(int which) const {
    return query_.clauses[numbers_[static_cast<std::size_t>(which)]];
  }
  int clauses() const { return static_cast<int>(numbers_.size()); }
  /// The coordinates that are not fixed, and the ends of all: points that the judge accepts,
  /// rounded to float32.
  const std::vector<std::size_t>& varying() const { return varying_; }
  const std::vector<float>& lower() const { return lower_; }
  const std::vector<float>& upper() const { return upper_; }

 private:
  struct FlatRow;
  bool project_onto(const FlatRow& row, float* x, float margin) const;
  struct FlatRow {
    std::vector<std::pair<std::size_t, float>> outputs, inputs;
    float threshold = 0.0F;
    bool from_equality = false;
    bool is_input_row() const { return outputs.empty(); }
    float value(const float* x, const float* y) const;
  };

  const Query& query_;
  std::vector<std::size_t> numbers_;
  std::vector<std::vector<FlatRow>> rows_;  ///< by clause
  std::vector<std::size_t> varying_;
  std::vector<float> lower_, upper_;
  bool has_input_rows_ = false;
};

}  // namespace clipbound::solver
