#include "solver/attack/pgd.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <mutex>

#include "base/check.h"
#include "base/parallel.h"

namespace clipbound::solver {

namespace {

// Multiplications of one forward pass of a round, so that a step takes milliseconds.
constexpr double kStepWork = 4e6;
constexpr double kMostPoints = 128.0;
constexpr std::size_t kFewInputs = 4;  // so few can be covered
constexpr int kSearchSteps = 32;       // of a round without gradients

/// Rounds take these one after the other. Large steps that shrink fast look at faces and corners,
/// small ones follow the gradient; the worst row alone leads through narrow passages, the sum of
/// all violated rows keeps a balance.
constexpr DescentPlan kPlans[] = {
    {.steps = 12, .first_step = 0.5F, .decay = 0.75F, .rows = ViolatedRows::worst},
    {.steps = 40, .first_step = 0.25F, .decay = 0.93F, .momentum = 0.5F, .targeted = true},
    {.steps = 30, .first_step = 0.5F, .decay = 0.9F, .sign = false, .rows = ViolatedRows::worst},
    {.steps = 100,
     .first_step = 0.2F,
     .decay = 0.97F,
     .momentum = 0.75F,
     .targeted = true,
     .diversify = 3},
    {.steps = 60, .first_step = 0.1F, .decay = 0.95F, .rows = ViolatedRows::worst, .diversify = 2},
};
// Widths of the stand-in for Sign's derivative, one after the other: where the box is small, few
// neurons are near enough to their step.
constexpr double kSurrogates[] = {0.3, 0.2, 0.1, 1.0};
/// Plans of networks with steps: long ones, because what decides comes and goes with single
/// neurons.
constexpr DescentPlan kStepPlans[] = {
    {.steps = 12, .first_step = 0.5F, .decay = 0.75F, .rows = ViolatedRows::worst},
    {.steps = 60, .first_step = 0.4F, .decay = 0.97F, .momentum = 0.75F},
    {.steps = 60,
     .first_step = 0.2F,
     .decay = 0.97F,
     .momentum = 0.75F,
     .rows = ViolatedRows::worst},
    {.steps = 100,
     .first_step = 0.2F,
     .decay = 0.97F,
     .momentum = 0.5F,
     .targeted = true,
     .diversify = 2},
};

}  // namespace

/// What one thread owns.
struct PgdAttack::Worker {
  Worker(const AttackNetwork& network, std::uint64_t seed, int worker_number)
      : number(worker_number),
        evaluator(network.network),
        random(seed +
               std::uint64_t{0x9e3779b97f4a7c15} * static_cast<std::uint64_t>(worker_number)) {}
  int number;
  Evaluator<float> evaluator;
  std::mt19937_64 random;
  std::map<const Box*, AttackMemory> memories;
  Statistics statistics;
  std::unique_ptr<AttackRound> round;  ///< refers to all of the above
  std::uint64_t rounds_begun = 0;
};

PgdAttack::PgdAttack(std::shared_ptr<const Network> network, const Query& query,
                     std::vector<std::size_t> which, std::uint64_t seed)
    : network_(attack_network(std::move(network), query)),
      query_(query),
      which_(std::move(which)),
      seed_(seed),
      points_(static_cast<std::size_t>(std::clamp(kStepWork / network_.work, 1.0, kMostPoints))) {}

PgdAttack::~PgdAttack() = default;

void PgdAttack::focus(std::vector<std::size_t> which) {
  if (which == which_) return;
  which_ = std::move(which);
  for (auto& worker : workers_) {
    worker->round.reset();
    for (auto& [box, memory] : worker->memories) memory.clause_loss.clear();
  }
  targets_.clear();
}

bool PgdAttack::run(double seconds, const Deadline& deadline, CandidateJudge& judge,
                    Statistics& statistics) {
  return run_on(1, seconds, deadline, judge, statistics);
}

bool PgdAttack::run_on(int threads, double seconds, const Deadline& deadline, CandidateJudge& judge,
                       Statistics& statistics) {
  const double begin = deadline.spent_s();
  const auto enough = [&] { return deadline.spent_s() - begin >= seconds; };
  prepare(threads, judge);
  std::mutex mutex;
  run_workers(threads, [&](int number) {
    Statistics mine;
    keep_going(*workers_[static_cast<std::size_t>(number)], enough, deadline, judge, mine);
    const std::lock_guard lock(mutex);
    statistics += mine;
  });
  return judge.found();
}

void PgdAttack::prepare(int threads, const CandidateJudge& judge) {
  if (targets_.empty()) {
    std::map<const Box*, std::size_t> index;
    std::vector<std::vector<std::size_t>> groups;
    for (const std::size_t k : which_) {
      const auto [at, added] = index.emplace(query_.clauses[k].box.get(), groups.size());
      if (added) groups.emplace_back();
      groups[at->second].push_back(k);
    }
    for (auto& group : groups) targets_.emplace_back(query_, std::move(group), judge);
  }
  for (int number = static_cast<int>(workers_.size()); number < threads; ++number)
    workers_.push_back(std::make_unique<Worker>(network_, seed_, number));
}

void PgdAttack::keep_going(Worker& worker, const std::function<bool()>& enough,
                           const Deadline& deadline, CandidateJudge& judge,
                           Statistics& statistics) {
  while (!targets_.empty() && !judge.found() && !deadline.expired() && !enough()) {
    if (worker.round == nullptr) begin_round(worker, judge);
    if (!worker.round->advance()) worker.round.reset();
    // Points forward and backward, about.
    deadline.work(3.0 * static_cast<double>(points_) * network_.work);
  }
  statistics += worker.statistics;
  worker.statistics = {};
}

void PgdAttack::begin_round(Worker& worker, CandidateJudge& judge) const {
  const AttackTarget& target = targets_[choose(worker)];
  const auto worker_number = static_cast<std::uint64_t>(worker.number);
  const auto [at, added] = worker.memories.try_emplace(target.clause(0).box.get());
  AttackMemory& memory = at->second;
  if (added) {
    memory.rounds = worker_number;
    memory.covered = worker_number << 32U;
  }
  if (memory.margin > 0.0F) {
    memory.margin *= 0.25F;
    memory.best_loss = std::numeric_limits<float>::infinity();
  }
  worker.round =
      next_round({worker.evaluator, target, memory, judge, worker.random, worker.statistics,
                  static_cast<std::size_t>(query_.output_size), points_});
  ++memory.rounds;
  ++worker.rounds_begun;
}

std::size_t PgdAttack::choose(const Worker& worker) const {
  const std::size_t count = targets_.size();
  // Workers begin in different places.
  const std::size_t first = static_cast<std::size_t>(worker.number) * (count / 2);
  const std::size_t in_turn =
      static_cast<std::size_t>(worker.rounds_begun < count ? worker.rounds_begun
                                                           : worker.rounds_begun / 2) +
      first;
  if (worker.rounds_begun < count || worker.rounds_begun % 2 == 0) return in_turn % count;
  // Every other round is the most promising one's, shared by those that are about as promising.
  std::size_t best = 0;
  double best_score = std::numeric_limits<double>::infinity();
  for (std::size_t t = 0; t < count; ++t) {
    const auto at = worker.memories.find(targets_[t].clause(0).box.get());
    if (at == worker.memories.end()) return t;
    const double score =
        static_cast<double>(at->second.best_loss) * static_cast<double>(at->second.rounds);
    if (score < best_score) {
      best_score = score;
      best = t;
    }
  }
  return best;
}

std::unique_ptr<AttackRound> PgdAttack::next_round(const AttackScene& scene) const {
  const std::uint64_t r = scene.memory.rounds;
  const bool few_inputs = scene.target.varying().size() <= kFewInputs;
  if (scene.memory.flat) {
    if (few_inputs && r % 3 != 0) return cover_round(scene, kSearchSteps);
    if (r % 4 != 0) return local_round(scene, kSearchSteps);
  } else if (few_inputs && r % 4 == 3) {
    return cover_round(scene, kSearchSteps);
  } else if (r % (network_.has_steps ? 4 : 8) == 3) {
    return local_round(scene, kSearchSteps);
  }
  if (!network_.has_steps) return descent_round(scene, kPlans[r % std::size(kPlans)]);
  const std::uint64_t descents = r - r / 4;
  DescentPlan plan = kStepPlans[descents % std::size(kStepPlans)];
  plan.surrogate = kSurrogates[(descents + descents / std::size(kStepPlans)) %
                               std::size(kSurrogates)];  // each plan meets each width
  return descent_round(scene, plan);
}

}  // namespace clipbound::solver
