#pragma once
// Idea: points of a box at which linear forms of a network's outputs are small or large: samples,
// then ascent by gradients. What is found is steered in float64 and proved by running error bounds.
// Source: projected gradient ascent; a step per point that grows with success and halves with
// failure.
// Guarantees: a proved value is one that the exact real function has at the point (S11); points lie
// in the box. That they are near the extremes is not promised.
// Legend: N inputs, M outputs, R forms [R, M].
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "specs/evaluate/evaluate.h"
#include "specs/network/network.h"

namespace clipbound {

/// lower <= a form's exact value at a point <= upper.
struct EnclosedValue {
  double lower = 0.0, upper = 0.0;
};

class ExtremeSearch {
 public:
  ExtremeSearch(std::shared_ptr<const specs::Network> network, std::span<const double> lower,
                std::span<const double> upper, std::span<const double> forms);

  /// The point of the box at which sign * form r is largest among those that were tried, after
  /// ascent from the best of them.
  std::vector<double> largest(std::size_t form, double sign);
  /// Ascent from this point, clamped into the box.
  std::vector<double> ascend_from(std::vector<double> point, std::size_t form, double sign);
  /// The form's value at a point, infinite ends where nothing is proved.
  EnclosedValue prove(std::span<const double> point, std::size_t form) const;

 private:
  struct Starts {
    std::vector<double> points;  ///< [B, N]
    std::vector<double> values;  ///< [B] of sign * form
  };
  void sample();
  double value(const double* outputs, std::size_t form) const;
  void ascend(Starts& starts, std::size_t form, double sign);
  void step(const Starts& starts, const std::vector<double>& gradients,
            const std::vector<double>& steps, std::vector<double>& to) const;
  static std::vector<double> best_of(const Starts& starts, std::size_t inputs);

  const std::shared_ptr<const specs::Network> network_;
  specs::Evaluator<double> evaluator_;
  const std::vector<double> lower_, upper_, forms_;
  const std::size_t inputs_, outputs_;
  std::vector<double> samples_, sampled_;  // [B, N], [B, M]
  int iterations_ = 0;
};

}  // namespace clipbound
