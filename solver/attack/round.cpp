#include "solver/attack/round.h"

#include <algorithm>
#include <cmath>

namespace clipbound::solver {

AttackRound::AttackRound(const AttackScene& scene)
    : scene_(scene),
      n_(scene.target.lower().size()),
      B_(scene.points),
      x_(B_ * n_),
      y_(B_ * scene.outputs),
      which_(B_, -1),
      loss_(B_) {
  scene_.memory.clause_loss.resize(static_cast<std::size_t>(scene.target.clauses()),
                                   std::numeric_limits<float>::infinity());
  place_fixed();
}

void AttackRound::place_fixed() {
  for (std::size_t b = 0; b < B_; ++b)
    std::copy(scene_.target.lower().begin(), scene_.target.lower().end(), x(b));
}

void AttackRound::place_random(std::size_t b, double share_at_ends) {
  for (const std::size_t i : scene_.target.varying()) {
    const double t = uniform();
    const double place = t < share_at_ends ? (2.0 * t < share_at_ends ? 0.0 : 1.0) : uniform();
    x(b)[i] = clamp(i, static_cast<float>(scene_.target.lower()[i] +
                                          place * (static_cast<double>(scene_.target.upper()[i]) -
                                                   scene_.target.lower()[i])));
  }
}

float AttackRound::clamp(std::size_t i, float value) const {
  return std::clamp(value, scene_.target.lower()[i], scene_.target.upper()[i]);
}

/// Onto the input set of the clause that a point aims at, or was nearest to; at first of each in
/// turn.
void AttackRound::project() {
  if (!scene_.target.restricts_inputs()) return;
  for (std::size_t b = 0; b < B_; ++b) {
    const int clauses = scene_.target.clauses(),
              turn = static_cast<int>((b + scene_.memory.rounds) %
                                      static_cast<std::uint64_t>(clauses)),
              nearest = evaluated_ ? loss_[b].clause : turn;
    scene_.target.project(x(b), which_[b] >= 0 ? which_[b] : nearest, scene_.memory.margin);
  }
}

void AttackRound::evaluate() {
  AttackMemory& memory = scene_.memory;
  project();
  evaluated_ = true;
  scene_.evaluator.forward(x_, y_);
  scene_.statistics.attack_points += B_;
  bool offered = false;
  for (std::size_t b = 0; b < B_; ++b) {
    loss_[b] = scene_.target.loss(x(b), y(b), which_[b], memory.margin);
    const AttackLoss& loss = loss_[b];
    float& of_clause = memory.clause_loss[static_cast<std::size_t>(loss.clause)];
    of_clause = std::min(of_clause, loss.value);
    if (loss.value <= memory.best_loss && std::isfinite(loss.value)) {
      memory.best_loss = loss.value;
      memory.best_point.assign(x(b), x(b) + n_);
    }
    if (loss.value == 0.0F && !offered) {
      offered = true;
      offer(b);
    }
  }
}

void AttackRound::offer(std::size_t b) {
  const int which = loss_[b].clause;
  if (scene_.judge.offer(scene_.target.clause(which), std::vector<double>(x(b), x(b) + n_))) return;
  AttackMemory& memory = scene_.memory;
  memory.margin = std::max(4.0F * memory.margin, scene_.target.least_margin(x(b), y(b), which));
  memory.best_loss = std::numeric_limits<float>::infinity();  // of a smaller margin
}

}  // namespace clipbound::solver
