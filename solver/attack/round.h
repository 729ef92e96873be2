#pragma once
// Idea: rounds of the attack: B points on one target that move together, an evaluation of all of
// them at a time.
// Source: own.
// Guarantees: x_ stays in the box of the target; the best point is remembered across rounds.
// Legend: B points, n inputs, m outputs.
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "base/stats.h"
#include "solver/attack/target.h"
#include "solver/search/candidate_judge.h"
#include "specs/evaluate/evaluate.h"

namespace clipbound::solver {

/// What one thread knows of a target: later rounds begin where earlier ones ended.
struct AttackMemory {
  std::vector<float> best_point;  ///< [n], empty at first
  float best_loss = std::numeric_limits<float>::infinity();
  std::vector<float> clause_loss;  ///< [K], the least seen
  /// Grows when the judge refuses a point: rounding decides so near to the threshold.
  float margin = 0.0F;
  std::uint64_t rounds = 0;
  std::uint64_t covered = 0;  ///< points of the even cover so far
  bool flat = false;          ///< the last gradients were all zero
};

/// What a round works with. All outlive it.
struct AttackScene {
  Evaluator<float>& evaluator;
  const AttackTarget& target;
  AttackMemory& memory;
  CandidateJudge& judge;
  std::mt19937_64& random;
  Statistics& statistics;
  std::size_t outputs;  ///< m
  std::size_t points;   ///< B
};

class AttackRound {
 public:
  AttackRound(const AttackScene& scene);
  virtual ~AttackRound() = default;
  AttackRound(const AttackRound&) = delete;
  AttackRound& operator=(const AttackRound&) = delete;
  /// Evaluates all points once and moves them. False where the round is over.
  virtual bool advance() = 0;

 protected:
  /// Moves x_ to where rows over inputs alone hold, evaluates it, fills loss_, remembers the best,
  /// offers what looks like a counterexample (at most one) to the judge.
  void evaluate();
  float* x(std::size_t b) { return x_.data() + b * n_; }
  const float* y(std::size_t b) const { return y_.data() + b * scene_.outputs; }
  double uniform() { return static_cast<double>(scene_.random() >> 11U) * 0x1p-53; }
  /// Fixed coordinates everywhere; the others are the caller's.
  void place_fixed();
  void place_random(std::size_t b, double share_at_ends);
  float clamp(std::size_t i, float value) const;
  float width(std::size_t i) const { return scene_.target.upper()[i] - scene_.target.lower()[i]; }

  const AttackScene scene_;
  const std::size_t n_, B_;
  std::vector<float> x_, y_;
  /// [B], the clause that a point aims at; negative: whichever is nearest.
  std::vector<int> which_;
  std::vector<AttackLoss> loss_;

 private:
  void offer(std::size_t b);
  void project();

  bool evaluated_ = false;
};

/// Projected gradient descent from B starts.
struct DescentPlan {
  int steps = 10;
  /// As a share of the box's widths; halved where a point makes no progress.
  float first_step = 0.5F;
  float decay = 0.9F;
  float momentum = 0.0F;
  bool sign = true;  ///< steps are signs of the gradient, else proportional to it
  ViolatedRows rows = ViolatedRows::all;
  bool targeted = false;  ///< half of the points aim at one clause each, in order of promise
  /// So many steps first along random directions of the outputs (Tashiro et al. 2020)
  int diversify = 0;
  double surrogate = 0.0;  ///< width of the stand-in for the derivative of steps
};
std::unique_ptr<AttackRound> descent_round(const AttackScene& scene, const DescentPlan& plan);
/// Random changes of few coordinates of the best point so far; what is no worse stays. Needs no
/// gradients.
std::unique_ptr<AttackRound> local_round(const AttackScene& scene, int steps);
/// Points spread evenly over the box and its edges, for few varying inputs; goes on where the last
/// one ended.
std::unique_ptr<AttackRound> cover_round(const AttackScene& scene, int steps);

}  // namespace clipbound::solver
