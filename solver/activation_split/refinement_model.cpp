#include "solver/activation_split/refinement_model.h"

#include <algorithm>
#include <cmath>

namespace clipbound::solver {

namespace {
constexpr int kRemembered = 64;  // events that a mean remembers
}  // namespace

void RefinementModel::learn_split(double gained, double seconds) {
  const std::lock_guard lock(mutex_);
  const double weight = 1.0 / std::min(++splits_, 8 * kRemembered);
  split_gain_ += weight * (gained - split_gain_);
  subproblem_s_ += weight * (seconds - subproblem_s_);
}

void RefinementModel::learn_refinement(double gained_share) {
  const std::lock_guard lock(mutex_);
  --begun_;
  const double weight = 1.0 / std::min(++refinements_, kRemembered);
  refinement_share_ += weight * (gained_share - refinement_share_);
}

void RefinementModel::learn_refinement_time(double seconds) {
  const std::lock_guard lock(mutex_);
  refinement_s_ += (seconds - refinement_s_) / std::min(refinements_ + 1, kRemembered);
}

void RefinementModel::give_back() {
  const std::lock_guard lock(mutex_);
  --begun_;
}

double RefinementModel::subproblem_s() const {
  const std::lock_guard lock(mutex_);
  return subproblem_s_;
}

bool RefinementModel::begins(double bound, int splits_since, int in_batch) {
  const std::lock_guard lock(mutex_);
  const bool result = pays(bound, splits_since, in_batch);
  begun_ += result ? 1 : 0;
  return result;
}

bool RefinementModel::pays(double bound, int splits_since, int in_batch) const {
  constexpr int kTrials = 4, kFewestSplits = 2;
  if (splits_since < kFewestSplits) return false;
  if (refinements_ < kTrials) {
    const int most_in_batch = (kTrials + threads_ - 1) / threads_;
    return splits_since >= 3 && refinements_ + begun_ < kTrials && in_batch < most_in_batch;
  }
  if (!(split_gain_ > 0.0)) return true;
  const double levels = std::min(-bound / split_gain_, 60.0);
  const double saved = std::exp2(levels) - std::exp2(levels * (1.0 - refinement_share_));
  return saved * subproblem_s_ > refinement_s_;
}

}  // namespace clipbound::solver
