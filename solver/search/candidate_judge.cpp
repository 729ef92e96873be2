#include "solver/search/candidate_judge.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace clipbound::solver {

CandidateJudge::CandidateJudge(std::shared_ptr<const Network> network, const Query& query)
    : network_(std::move(network)),
      query_(query),
      float64_(network_->input_type() == DataType::float64) {}

namespace {

/// The float nearest to x in [low, high], moved into [exact_low, exact_high] where a float lies
/// there.
double snap_one(double x, const InputInterval& edge, bool float64) {
  if (!(x >= edge.attack_lower)) x = edge.attack_lower;  // NaN as well
  if (!(x <= edge.attack_upper)) x = edge.attack_upper;
  if (float64) {
    if (edge.exact_lower <= edge.exact_upper) x = std::clamp(x, edge.exact_lower, edge.exact_upper);
    return x;
  }
  float value = std::clamp(static_cast<float>(x), edge.attack_lower, edge.attack_upper);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (static_cast<double>(value) < edge.exact_lower) {
    const float up = std::nextafter(value, kInfinity);
    if (static_cast<double>(up) <= edge.exact_upper && up <= edge.attack_upper) value = up;
  } else if (static_cast<double>(value) > edge.exact_upper) {
    const float down = std::nextafter(value, -kInfinity);
    if (static_cast<double>(down) >= edge.exact_lower && down >= edge.attack_lower) value = down;
  }
  return value;
}

}  // namespace

std::vector<double> CandidateJudge::snap(const Clause& clause, std::span<const double> x) const {
  std::vector<double> point(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) point[i] = snap_one(x[i], (*clause.box)[i], float64_);
  return point;
}

bool CandidateJudge::offer(const Clause& clause, std::span<const double> x) {
  if (found()) return true;
  replayed_.fetch_add(1, std::memory_order_relaxed);
  std::vector<double> point = snap(clause, x);
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
