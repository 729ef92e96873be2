// Idea: projected gradient descent with sign steps, momentum, steps that shrink where a point makes
// no progress and go back to its best position, and starts diversified in the outputs.
// Source: Madry et al. 2018 (PGD), Dong et al. 2018 (momentum), Croce and Hein 2020 (step sizes;
// ours has a simpler rule), Tashiro et al. 2020 (diversified starts).
// Guarantees: points stay in the box and on the input's grid; what is offered is judged exactly
// (S11).
#include <algorithm>
#include <cmath>
#include <numeric>

#include "solver/attack/round.h"

namespace clipbound::solver {

namespace {

class Descent final : public AttackRound {
 public:
  Descent(const AttackScene& scene, const DescentPlan& plan)
      : AttackRound(scene),
        plan_(plan),
        patience_(std::max(3, plan.steps / 6)),
        best_(x_),
        velocity_(B_ * n_),
        gradient_(B_ * n_),
        cotangent_(B_ * scene.outputs),
        best_loss_(B_, std::numeric_limits<float>::infinity()),
        size_(B_, plan.first_step),
        since_(B_) {
    start();
    if (plan_.targeted) aim();
    if (plan_.diversify > 0) {
      std::normal_distribution<float> normal;
      directions_.resize(cotangent_.size());
      for (float& c : directions_) c = normal(scene_.random);
    }
  }

  bool advance() override {
    evaluate();
    if (scene_.judge.found() || step_ >= plan_.steps + plan_.diversify) return false;
    const bool diversifying = step_ < plan_.diversify;
    ++step_;
    std::fill(cotangent_.begin(), cotangent_.end(), 0.0F);
    direct_.assign(B_ * n_, 0.0F);
    for (std::size_t b = 0; b < B_; ++b) {
      if (!diversifying) judge_progress(b);
      scene_.target.pull(x(b), y(b), loss_[b].clause, scene_.memory.margin, plan_.rows,
                         cotangent_.data() + b * scene_.outputs, direct_.data() + b * n_);
    }
    scene_.evaluator.backward(diversifying ? directions_ : cotangent_, gradient_, plan_.surrogate);
    bool flat = true;
    for (std::size_t b = 0; b < B_; ++b) flat &= !move(b, diversifying);
    if (step_ == 1) scene_.memory.flat = flat;
    return !flat || diversifying;
  }

 private:
  /// The centre first, then uniform points, points with some coordinates at their ends, corners,
  /// and the best so far.
  void start() {
    const AttackMemory& memory = scene_.memory;
    for (std::size_t b = 0; b < B_; ++b) {
      const std::uint64_t turn = b + B_ * memory.rounds;
      if (turn == 0) {
        for (const std::size_t i : scene_.target.varying())
          x(b)[i] = clamp(i, 0.5F * scene_.target.lower()[i] + 0.5F * scene_.target.upper()[i]);
      } else if (turn % 8 == 7 && !memory.best_point.empty()) {
        std::copy(memory.best_point.begin(), memory.best_point.end(), x(b));
      } else {
        constexpr double kSharesAtEnds[] = {0.0, 1.0, 0.5};
        place_random(b, kSharesAtEnds[turn % 3]);
      }
    }
  }

  /// Every other point aims at a clause of its own, nearest first, and in the next round at the
  /// next ones.
  void aim() {
    const std::vector<float>& of_clause = scene_.memory.clause_loss;
    std::vector<int> order(of_clause.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return of_clause[static_cast<std::size_t>(a)] < of_clause[static_cast<std::size_t>(b)];
    });
    const std::size_t first = B_ == 1 ? 0 : 1;
    std::size_t next = (B_ / 2 + 1) * scene_.memory.rounds / 2;
    for (std::size_t b = first; b < B_; b += 2) which_[b] = order[next++ % order.size()];
  }

  /// Where a point has not improved for a while, it goes back to its best place and makes smaller
  /// steps.
  void judge_progress(std::size_t b) {
    const float loss = loss_[b].value;
    if (loss < best_loss_[b]) {
      best_loss_[b] = loss;
      std::copy_n(x(b), n_, best_.data() + b * n_);
      since_[b] = 0;
    } else if (++since_[b] >= patience_) {
      since_[b] = 0;
      size_[b] *= 0.5F;
      std::copy_n(best_.data() + b * n_, n_, x(b));
      std::fill_n(velocity_.data() + b * n_, n_, 0.0F);
    }
  }

  /// False where the gradient is zero.
  bool move(std::size_t b, bool diversifying) {
    const std::vector<std::size_t>& varying = scene_.target.varying();
    float* g = gradient_.data() + b * n_;
    float norm = 0.0F, largest = 0.0F;
    for (const std::size_t i : varying) {
      if (!diversifying) g[i] += direct_[b * n_ + i];
      const float gain = std::abs(g[i]) * width(i);
      norm += gain;
      largest = std::max(largest, gain);
    }
    if (!(largest > 0.0F) || !std::isfinite(norm)) return false;
    float* v = velocity_.data() + b * n_;
    const float momentum = diversifying ? 0.0F : plan_.momentum,
                unit = plan_.sign ? 1.0F / norm : 1.0F / largest;
    const float reach = size_[b];
    for (const std::size_t i : varying) {
      v[i] = momentum * v[i] + g[i] * unit;
      const float direction =
          plan_.sign ? static_cast<float>((v[i] > 0.0F) - (v[i] < 0.0F)) : v[i] * width(i);
      x(b)[i] = clamp(i, x(b)[i] - reach * width(i) * direction);
    }
    if (!diversifying) size_[b] *= plan_.decay;
    return true;
  }

  const DescentPlan plan_;
  const int patience_;
  int step_ = 0;
  std::vector<float> best_, velocity_, gradient_, cotangent_, direct_, directions_, best_loss_,
      size_;
  std::vector<int> since_;
};

}  // namespace

std::unique_ptr<AttackRound> descent_round(const AttackScene& scene, const DescentPlan& plan) {
  return std::make_unique<Descent>(scene, plan);
}

}  // namespace clipbound::solver
