// Idea: searches without gradients: for networks where they are zero or lie (steps, saturation),
// and for few inputs.
// Source: Andriushchenko et al. 2020 (Square Attack; ours has no notion of images), Roberts 2018
// (additive recurrence).
// Guarantees: points stay in the box and on the input's grid.
#include <algorithm>
#include <cmath>

#include "solver/attack/round.h"

namespace clipbound::solver {

namespace {

/// Random block coordinate search around one point (after Andriushchenko et al. 2020, without a
/// notion of images).
class Local final : public AttackRound {
 public:
  Local(const AttackScene& scene, int steps) : AttackRound(scene), steps_(steps) {
    if (!scene_.memory.best_point.empty() && scene_.memory.rounds % 4 != 3) {
      base_ = scene_.memory.best_point;
    } else {
      place_random(0, 0.5);
      base_.assign(x(0), x(0) + n_);
    }
  }

  bool advance() override {
    if (scene_.target.varying().empty()) return false;
    for (std::size_t b = 0; b < B_; ++b) propose(b);
    evaluate();
    for (std::size_t b = 0; b < B_; ++b) {
      if (!(loss_[b].value <= base_loss_)) continue;  // on a plateau, any step is as good
      base_loss_ = loss_[b].value;
      base_.assign(x(b), x(b) + n_);
    }
    return !scene_.judge.found() && ++step_ < steps_;
  }

 private:
  /// The first proposal of a round is the base itself, so that its loss is known.
  void propose(std::size_t b) {
    std::copy(base_.begin(), base_.end(), x(b));
    if (step_ == 0 && b == 0) return;
    const std::vector<std::size_t>& varying = scene_.target.varying();
    const auto count = static_cast<double>(varying.size());
    // Few coordinates as often as many; a run of neighbours or any.
    const auto changes = static_cast<std::size_t>(std::pow(count, uniform()));
    const bool run = (scene_.random() & 1U) != 0;
    const auto first = static_cast<std::size_t>(uniform() * count);
    const std::uint64_t how = scene_.random() % 4;
    const double common = uniform(), scale = std::exp2(-10.0 * uniform());
    for (std::size_t k = 0; k < changes; ++k) {
      const std::size_t at =
          run ? (first + k) % varying.size() : static_cast<std::size_t>(uniform() * count);
      const std::size_t i = varying[std::min(at, varying.size() - 1)];
      const double place = how == 0   ? (common < 0.5 ? 0.0 : 1.0)
                           : how == 1 ? (uniform() < 0.5 ? 0.0 : 1.0)
                                      : uniform();
      const float w = width(i), low = scene_.target.lower()[i];
      x(b)[i] = clamp(i, how == 3 ? x(b)[i] + static_cast<float>((2.0 * place - 1.0) * scale) * w
                                  : low + static_cast<float>(place) * w);
    }
  }

  const int steps_;
  int step_ = 0;
  std::vector<float> base_;
  float base_loss_ = std::numeric_limits<float>::infinity();
};

/// The additive recurrence of the generalised golden ratio (Roberts 2018), stretched so that the
/// edges are hit too.
class Cover final : public AttackRound {
 public:
  Cover(const AttackScene& scene, int steps) : AttackRound(scene), steps_(steps) {
    const auto d = static_cast<double>(scene.target.varying().size());
    double phi = 2.0;
    for (int k = 0; k < 40; ++k) phi = std::pow(1.0 + phi, 1.0 / (d + 1.0));
    for (double power = 1.0 / phi; ratio_.size() < scene.target.varying().size(); power /= phi)
      ratio_.push_back(power);
  }

  bool advance() override {
    for (std::size_t b = 0; b < B_; ++b) {
      const auto k = static_cast<double>(++scene_.memory.covered);
      for (std::size_t j = 0; j < ratio_.size(); ++j) {
        const std::size_t i = scene_.target.varying()[j];
        const double t = std::clamp(
            1.04 * (0.5 + k * ratio_[j] - std::floor(0.5 + k * ratio_[j])) - 0.02, 0.0, 1.0);
        x(b)[i] = clamp(i, scene_.target.lower()[i] + static_cast<float>(t) * width(i));
      }
    }
    evaluate();
    return !scene_.judge.found() && ++step_ < steps_;
  }

 private:
  const int steps_;
  int step_ = 0;
  std::vector<double> ratio_;
};

}  // namespace

std::unique_ptr<AttackRound> local_round(const AttackScene& scene, int steps) {
  return std::make_unique<Local>(scene, steps);
}
std::unique_ptr<AttackRound> cover_round(const AttackScene& scene, int steps) {
  return std::make_unique<Cover>(scene, steps);
}

}  // namespace clipbound::solver
