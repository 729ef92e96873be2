#include "solver/api/extremes.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "base/rounding.h"
#include "solver/inspect/network_cost.h"

namespace clipbound {

namespace {

// Multiplications of all samples, and of one ascent: below 0.1 s on a core. Not measured.
constexpr double kSampleWork = 1e8, kAscentWork = 1e8;
constexpr std::size_t kMostSamples = 512, kFewestSamples = 8, kStarts = 16;
constexpr int kMostIterations = 60, kFewestIterations = 8;
constexpr std::size_t kMostCornerInputs = 6;  // of boxes of which every corner is tried

std::size_t within(double count, std::size_t fewest, std::size_t most) {
  return static_cast<std::size_t>(
      std::clamp(count, static_cast<double>(fewest), static_cast<double>(most)));
}

}  // namespace

ExtremeSearch::ExtremeSearch(std::shared_ptr<const specs::Network> network,
                             std::span<const double> lower, std::span<const double> upper,
                             std::span<const double> forms)
    : network_(std::move(network)),
      evaluator_(network_),
      lower_(lower.begin(), lower.end()),
      upper_(upper.begin(), upper.end()),
      forms_(forms.begin(), forms.end()),
      inputs_(lower.size()),
      outputs_(static_cast<std::size_t>(network_->output_size())) {
  sample();
}

/// The centre, corners (all of them where there are few) and points in between.
void ExtremeSearch::sample() {
  const double work = std::max(1.0, solver::estimate_cost(*network_).multiplications);
  const std::size_t count = within(kSampleWork / work, kFewestSamples, kMostSamples);
  iterations_ =
      static_cast<int>(within(kAscentWork / work / kStarts, kFewestIterations, kMostIterations));
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> share(0.0, 1.0);
  const bool all_corners = inputs_ <= kMostCornerInputs;
  const std::size_t corners = all_corners ? std::size_t{1} << inputs_ : count / 4;
  for (std::size_t b = 0; b < std::max(count, corners + 1); ++b) {
    for (std::size_t i = 0; i < inputs_; ++i) {
      double at = 0.5;
      if (b > corners) at = share(random);
      if (b > 0 && b <= corners) {
        const bool high = all_corners ? ((b - 1) >> i & 1) != 0 : share(random) < 0.5;
        at = high ? 1.0 : 0.0;
      }
      const double x = lower_[i] + at * (upper_[i] - lower_[i]);
      samples_.push_back(std::clamp(at == 1.0 ? upper_[i] : x, lower_[i], upper_[i]));
    }
  }
  sampled_.resize(samples_.size() / inputs_ * outputs_);
  evaluator_.forward(samples_, sampled_);
}

double ExtremeSearch::value(const double* outputs, std::size_t form) const {
  double sum = 0.0;
  for (std::size_t j = 0; j < outputs_; ++j) {
    const double c = forms_[form * outputs_ + j];
    if (c != 0.0) sum += c * outputs[j];
  }
  return sum;
}

std::vector<double> ExtremeSearch::best_of(const Starts& starts, std::size_t inputs) {
  std::size_t best = 0;
  for (std::size_t b = 1; b < starts.values.size(); ++b) {
    if (starts.values[b] > starts.values[best] || std::isnan(starts.values[best])) best = b;
  }
  const auto from = starts.points.begin() + static_cast<std::ptrdiff_t>(best * inputs);
  return {from, from + static_cast<std::ptrdiff_t>(inputs)};
}

std::vector<double> ExtremeSearch::largest(std::size_t form, double sign) {
  const std::size_t count = sampled_.size() / outputs_;
  std::vector<double> values(count);
  for (std::size_t b = 0; b < count; ++b) {
    const double v = sign * value(sampled_.data() + b * outputs_, form);
    values[b] = std::isnan(v) ? -base::kInfinity : v;
  }
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t most = std::min(count, kStarts);
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(most), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      return values[a] != values[b] ? values[a] > values[b] : a < b;
                    });
  Starts starts;
  for (std::size_t k = 0; k < most; ++k) {
    const auto from = samples_.begin() + static_cast<std::ptrdiff_t>(order[k] * inputs_);
    starts.points.insert(starts.points.end(), from, from + static_cast<std::ptrdiff_t>(inputs_));
    starts.values.push_back(values[order[k]]);
  }
  ascend(starts, form, sign);
  return best_of(starts, inputs_);
}

std::vector<double> ExtremeSearch::ascend_from(std::vector<double> point, std::size_t form,
                                               double sign) {
  for (std::size_t i = 0; i < inputs_; ++i) point[i] = std::clamp(point[i], lower_[i], upper_[i]);
  std::vector<double> outputs(outputs_);
  evaluator_.forward(point, outputs);
  Starts starts{std::move(point), {sign * value(outputs.data(), form)}};
  ascend(starts, form, sign);
  return best_of(starts, inputs_);
}

/// Half of the points go by the gradient's signs, the others by the gradient against its largest
/// entry, both in shares of the box's sides.
void ExtremeSearch::step(const Starts& starts, const std::vector<double>& gradients,
                         const std::vector<double>& steps, std::vector<double>& to) const {
  for (std::size_t b = 0; b < starts.values.size(); ++b) {
    double largest = 0.0;
    for (std::size_t i = 0; i < inputs_; ++i)
      largest = std::max(largest, std::fabs(gradients[b * inputs_ + i]) * (upper_[i] - lower_[i]));
    for (std::size_t i = 0; i < inputs_; ++i) {
      const double side = upper_[i] - lower_[i], g = gradients[b * inputs_ + i] * side;
      double move = largest > 0.0 ? g / largest : 0.0;
      if (b % 2 == 0 && g != 0.0) move = std::copysign(1.0, g);
      if (!std::isfinite(move)) move = 0.0;
      to[b * inputs_ + i] =
          std::clamp(starts.points[b * inputs_ + i] + steps[b] * side * move, lower_[i], upper_[i]);
    }
  }
}

void ExtremeSearch::ascend(Starts& starts, std::size_t form, double sign) {
  constexpr double kFirstStep = 0.125, kSmallestStep = 0x1p-30, kGrowth = 1.5;
  const std::size_t count = starts.values.size();
  std::vector<double> steps(count, kFirstStep), outputs(count * outputs_), next(count * inputs_),
      cotangents(count * outputs_), gradients(count * inputs_);
  for (std::size_t b = 0; b < count; ++b) {
    for (std::size_t j = 0; j < outputs_; ++j)
      cotangents[b * outputs_ + j] = sign * forms_[form * outputs_ + j];
  }
  for (int k = 0; k < iterations_; ++k) {
    evaluator_.forward(starts.points, outputs);
    evaluator_.backward(cotangents, gradients);
    step(starts, gradients, steps, next);
    evaluator_.forward(next, outputs);
    bool moved = false;
    for (std::size_t b = 0; b < count; ++b) {
      const double reached = sign * value(outputs.data() + b * outputs_, form);
      const bool better = reached > starts.values[b];
      steps[b] *= better ? kGrowth : 0.5;
      moved = moved || steps[b] > kSmallestStep;
      if (!better) continue;
      starts.values[b] = reached;
      std::copy_n(next.begin() + static_cast<std::ptrdiff_t>(b * inputs_), inputs_,
                  starts.points.begin() + static_cast<std::ptrdiff_t>(b * inputs_));
    }
    if (!moved) break;
  }
}

EnclosedValue ExtremeSearch::prove(std::span<const double> point, std::size_t form) const {
  const specs::EnclosedOutputs at = specs::evaluate_enclosed(*network_, point);
  EnclosedValue sum;
  for (std::size_t j = 0; j < outputs_; ++j) {
    const double c = forms_[form * outputs_ + j];
    if (c == 0.0) continue;
    const double low = base::add_down(at.value[j], -at.error[j]),
                 high = base::add_up(at.value[j], at.error[j]);
    sum.lower = base::add_down(sum.lower, base::mul_down(c, c > 0.0 ? low : high));
    sum.upper = base::add_up(sum.upper, base::mul_up(c, c > 0.0 ? high : low));
  }
  if (!(sum.lower <= sum.upper)) return {-base::kInfinity, base::kInfinity};
  return sum;
}

}  // namespace clipbound
