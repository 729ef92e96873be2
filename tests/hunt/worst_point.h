#pragma once
// Points at which a combination of a network's outputs is small: many samples, then steps from the
// best ones.
#include <memory>
#include <vector>

#include "specs/evaluate/evaluate.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {

/// sum of weights * outputs over a box, evaluated in float64 (not rigorous).
class WorstPoint {
 public:
  WorstPoint(Dice& dice, std::shared_ptr<const Network> network, std::vector<double> lower,
             std::vector<double> upper)
      : dice_(dice),
        evaluator_(network),
        outputs_(static_cast<std::size_t>(network->output_size())),
        lower_(std::move(lower)),
        upper_(std::move(upper)) {}

  /// Afterwards `least` and `most` tell the range that was seen.
  std::vector<double> find(const std::vector<double>& weights, int samples, int steps) {
    least = HUGE_VAL, most = -HUGE_VAL;
    std::vector<double> best;
    for (int k = 0; k < samples; ++k) {
      const std::vector<double> x = sample();
      if (better(x, weights)) best = x;
    }
    if (best.empty()) return {};
    double share = 0.5;
    for (int k = 0; k < steps; ++k) {
      const std::vector<double> x = step_from(best, share);
      if (better(x, weights)) {
        best = x;
      } else {
        share = std::max(1e-9, share * 0.96);
      }
    }
    return best;
  }
  double least = 0.0, most = 0.0;

  std::vector<double> sample() {
    std::vector<double> x;
    const bool corners = dice_.chance(0.5);
    for (std::size_t i = 0; i < lower_.size(); ++i)
      x.push_back(corners ? dice_.endpoint(lower_[i], upper_[i])
                          : std::clamp(dice_.uniform(lower_[i], upper_[i]), lower_[i], upper_[i]));
    return x;
  }

 private:
  bool better(const std::vector<double>& x, const std::vector<double>& weights) {
    evaluator_.forward(x, outputs_);
    double value = 0.0;
    for (std::size_t j = 0; j < weights.size(); ++j) value += weights[j] * outputs_[j];
    if (!std::isfinite(value)) return false;
    most = std::max(most, value);
    if (!(value < least)) return false;
    least = value;
    return true;
  }
  std::vector<double> step_from(std::vector<double> x, double share) {
    const bool one = dice_.chance(0.5);
    const int which = dice_.whole(0, static_cast<int>(x.size()) - 1);
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (one && i != static_cast<std::size_t>(which)) continue;
      x[i] = dice_.chance(0.1) ? dice_.endpoint(lower_[i], upper_[i])
                               : std::clamp(x[i] + dice_.normal() * share * (upper_[i] - lower_[i]),
                                            lower_[i], upper_[i]);
    }
    return x;
  }

  Dice& dice_;
  Evaluator<double> evaluator_;
  std::vector<double> outputs_, lower_, upper_;
};

}  // namespace clipbound::test
