#include "solver/search/candidate_judge.h"

#include <algorithm>

#include "specs/network/float_grid.h"

namespace clipbound::solver {

CandidateJudge::CandidateJudge(std::shared_ptr<const Network> network, const Query& query,
                               std::vector<InputDefinition> definitions)
    : network_(std::move(network)),
      query_(query),
      definitions_(std::move(definitions)),
      input_type_(network_->input_type()) {}

namespace {

/// The number of the input's type nearest to x in its interval, moved between the decimals where
/// one lies there.
double snap_one(double x, const InputInterval& interval, DataType type) {
  const Ends &ends = interval.ends_in(type), &exact = interval.exact;
  if (!(x >= ends.lower)) x = ends.lower;  // NaN as well
  const double value = std::max(ends.lower, std::min(nearest_in(type, x), ends.upper));
  // Beyond a decimal there is at most its rounding.
  if (value < exact.lower) {
    const double up = next_up_in(type, value);
    if (up <= exact.upper && up <= ends.upper) return up;
  } else if (value > exact.upper) {
    const double down = next_down_in(type, value);
    if (down >= exact.lower && down >= ends.lower) return down;
  }
  return value;
}

}  // namespace

std::vector<double> CandidateJudge::snap(const Clause& clause, std::span<const double> x) const {
  std::vector<double> point(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    point[i] = snap_one(x[i], (*clause.box)[i], input_type_);
  return point;
}

std::vector<double> CandidateJudge::snap_into_ball(const Clause& clause,
                                                   std::span<const double> x) const {
  constexpr int kTries = 3;
  const InputBall& ball = *query_.ball;
  std::vector<double> point = snap(clause, x), goal(x.begin(), x.end());
  for (int k = 0; k < kTries && !ball.certainly_holds(point); ++k) {
    // Further in than the last time by what rounding to the grid has taken it out again.
    const double share = ball.share_inside(point);
    for (std::size_t i = 0; i < goal.size(); ++i)
      goal[i] = ball.centre[i] + share * (goal[i] - ball.centre[i]);
    point = snap(clause, goal);
  }
  return point;
}

bool CandidateJudge::offer(const Clause& clause, std::span<const double> x) {
  if (found()) return true;
  replayed_.fetch_add(1, std::memory_order_relaxed);
  std::vector<double> point = query_.ball == nullptr ? snap(clause, x) : snap_into_ball(clause, x);
  complete_inputs(definitions_, input_type_, point);
  Judgement judgement = judge(*network_, query_, point);
  const std::lock_guard lock(mutex_);
  if (!judgement.holds) {
    ++why_not_[judgement.why_not];
    return false;
  }
  if (!found()) {
    input_ = std::move(point);
    output_ = std::move(judgement.outputs);
    found_.store(true, std::memory_order_release);
  }
  return true;
}

std::string CandidateJudge::why_not() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t count = 0;
  const std::pair<const std::string, std::uint64_t>* most = nullptr;
  for (const auto& reason : why_not_) {
    count += reason.second;
    if (most == nullptr || reason.second > most->second) most = &reason;
  }
  if (most == nullptr) return {};
  if (count == 1) return "1 point looked like a counterexample but did not replay: " + most->first;
  return std::to_string(count) + " points looked like counterexamples but did not replay" +
         (most->second == count ? ": "
                                : ", " + std::to_string(most->second) + " of them because ") +
         most->first;
}

}  // namespace clipbound::solver
