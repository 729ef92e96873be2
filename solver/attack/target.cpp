#include "solver/attack/target.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace clipbound::solver {

float AttackTarget::FlatRow::value(const float* x, const float* y) const {
  float sum = -threshold;
  for (const auto& [j, c] : outputs) sum += c * y[j];
  for (const auto& [i, c] : inputs) sum += c * x[i];
  return sum;
}

AttackTarget::AttackTarget(const Query& query, std::vector<std::size_t> clauses,
                           const CandidateJudge& judge)
    : query_(query), numbers_(std::move(clauses)) {
  for (const std::size_t number : numbers_) {
    std::vector<FlatRow>& rows = rows_.emplace_back();
    for (const Row& row : query.clauses[number].rows) {
      FlatRow flat;
      for (const Term& term : row.terms) {
        auto& side = term.of == Term::Of::output ? flat.outputs : flat.inputs;
        side.emplace_back(static_cast<std::size_t>(term.index),
                          static_cast<float>(term.coefficient.lower));
      }
      flat.threshold = static_cast<float>(row.threshold.lower);
      flat.from_equality = row.from_equality;
      has_input_rows_ = has_input_rows_ || flat.is_input_row();
      rows.push_back(std::move(flat));
    }
  }
  const Clause& first = clause(0);
  std::vector<double> low, high;
  for (const InputInterval& interval : *first.box) {
    low.push_back(interval.ends_in(judge.input_type()).lower);
    high.push_back(interval.ends_in(judge.input_type()).upper);
  }
  // Other types than float32 are steered through its numbers: finite ones, so that sums mean
  // something.
  const auto steered = [](double x) {
    constexpr double kLargest = std::numeric_limits<float>::max();
    return static_cast<float>(std::clamp(x, -kLargest, kLargest));
  };
  for (const double x : judge.snap(first, low)) lower_.push_back(steered(x));
  for (const double x : judge.snap(first, high)) upper_.push_back(steered(x));
  for (std::size_t i = 0; i < lower_.size(); ++i) {
    upper_[i] = std::max(lower_[i], upper_[i]);
    if (lower_[i] < upper_[i]) varying_.push_back(i);
  }
}

AttackLoss AttackTarget::loss(const float* x, const float* y, int which, float margin) const {
  AttackLoss best{std::numeric_limits<float>::infinity(), std::max(which, 0)};
  const int first = std::max(which, 0), last = which < 0 ? clauses() : which + 1;
  for (int k = first; k < last; ++k) {
    float sum = 0.0F;
    for (const FlatRow& row : rows_[static_cast<std::size_t>(k)]) {
      const float value = row.value(x, y) + margin;
      if (!(value <= 0.0F)) sum += value;  // NaN as well
      if (sum >= best.value) break;
    }
    if (sum < best.value) best = {sum, k};
  }
  return best;
}

void AttackTarget::pull(const float* x, const float* y, int which, float margin, ViolatedRows rows,
                        float* cotangent, float* direct) const {
  const auto add = [&](const FlatRow& row) {
    for (const auto& [j, c] : row.outputs) cotangent[j] += c;
    for (const auto& [i, c] : row.inputs) direct[i] += c;
  };
  const FlatRow* worst = nullptr;
  float largest = 0.0F;
  for (const FlatRow& row : rows_[static_cast<std::size_t>(which)]) {
    const float value = row.value(x, y) + margin;
    if (!(value > 0.0F)) continue;
    if (rows == ViolatedRows::all) add(row);
    if (value > largest) {
      largest = value;
      worst = &row;
    }
  }
  if (rows == ViolatedRows::worst && worst != nullptr) add(*worst);
}

/// True where the row was violated.
bool AttackTarget::project_onto(const FlatRow& row, float* x, float margin) const {
  // A little inside, so that the rounding of x does not lead out again; there is no inside of an
  // equation.
  constexpr double kInside = 4.0 * std::numeric_limits<float>::epsilon();
  double value = -static_cast<double>(row.threshold), size = std::fabs(value), length = 0.0;
  for (const auto& [i, c] : row.inputs) {
    const double term = static_cast<double>(c) * x[i],
                 reach = c * (static_cast<double>(upper_[i]) - lower_[i]);
    value += term;
    size += std::fabs(term);
    length += reach * reach;
  }
  const double goal = row.from_equality ? 0.0 : margin + kInside * size;
  if (!(value > -0.5 * goal) || !(length > 0.0)) return false;
  const double step = (value + goal) / length;
  for (const auto& [i, c] : row.inputs) {
    const double width = static_cast<double>(upper_[i]) - lower_[i];
    x[i] = std::clamp(static_cast<float>(x[i] - step * c * width * width), lower_[i], upper_[i]);
  }
  return true;
}

void AttackTarget::project(float* x, int which, float margin) const {
  constexpr int kMostPasses = 16;
  bool moved = true;
  for (int pass = 0; pass < kMostPasses && moved; ++pass) {
    moved = false;
    for (const FlatRow& row : rows_[static_cast<std::size_t>(which)])
      if (row.is_input_row()) moved = project_onto(row, x, margin) || moved;
  }
  if (query_.ball == nullptr) return;
  std::vector<double> inside(x, x + lower_.size());
  query_.ball->pull_inside(inside);
  for (std::size_t i = 0; i < inside.size(); ++i)
    x[i] = std::clamp(static_cast<float>(inside[i]), lower_[i], upper_[i]);
}

float AttackTarget::least_margin(const float* x, const float* y, int which) const {
  float largest = 0.0F;
  for (const FlatRow& row : rows_[static_cast<std::size_t>(which)]) {
    float sum = std::abs(row.threshold);
    for (const auto& [j, c] : row.outputs) sum += std::abs(c * y[j]);
    for (const auto& [i, c] : row.inputs) sum += std::abs(c * x[i]);
    if (sum > largest) largest = sum;
  }
  return std::isfinite(largest) ? 4.0F * std::numeric_limits<float>::epsilon() * largest : 0.0F;
}

}  // namespace clipbound::solver
