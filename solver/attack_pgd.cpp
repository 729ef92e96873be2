#include "solver/attack_pgd.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

#include "specs/evaluate.h"

namespace clipbound {

namespace {

constexpr int kMostRestarts = 128, kFewestRestarts = 4;  // points per clause and round, as one batch
constexpr double kBatchWork = 1e8;                       // weights times points of one batch

/// Rounds take these in turn. Large steps that shrink fast look at faces and corners, small ones follow the gradient; the
/// worst row alone leads through narrow passages, the sum of all violated rows keeps a balance.
struct Schedule {
  int steps;
  float first_step, decay;  ///< as a share of the box's width
  bool worst_row;
};
constexpr Schedule kSchedules[] = {{10, 0.5F, 0.7F, true}, {30, 0.25F, 0.9F, false}, {10, 0.5F, 0.7F, true}, {60, 0.1F, 0.95F, true}};

/// A row in float32: for steering only, the judge is exact.
struct FlatRow {
  std::vector<std::pair<std::int32_t, float>> outputs, inputs;
  float threshold;
};

class ClauseAttack {
 public:
  ClauseAttack(Evaluator<float>& evaluator, const Query& query, const Clause& clause, int points)
      : evaluator_(evaluator), clause_(clause), n_(static_cast<std::size_t>(query.input_size)),
        m_(static_cast<std::size_t>(query.output_size)), B_(static_cast<std::size_t>(points)) {
    for (const Row& row : clause.rows) {
      FlatRow flat;
      for (const Term& term : row.terms) {
        (term.of == Term::Of::output ? flat.outputs : flat.inputs).emplace_back(term.index, static_cast<float>(term.coefficient.lower));
      }
      flat.threshold = static_cast<float>(row.threshold.lower);
      rows_.push_back(std::move(flat));
    }
    x_.resize(B_ * n_), gradient_.resize(B_ * n_), y_.resize(B_ * m_), cotangent_.resize(B_ * m_), loss_.resize(B_);
  }

  /// A third uniform points, a third corners, a third with some coordinates at their ends; the centre first.
  void start(std::mt19937_64& random, bool with_centre) {
    for (std::size_t b = 0; b < B_; ++b) {
      for (std::size_t i = 0; i < n_; ++i) {
        const InputInterval& edge = (*clause_.box)[i];
        const std::uint64_t bits = random();
        const bool at_end = b % 3 == 1 || (b % 3 == 2 && (bits & 6U) == 0);
        const double t = with_centre && b == 0 ? 0.5 : at_end ? static_cast<double>(bits & 1U) : static_cast<double>(bits >> 11U) * 0x1p-53;
        x_[b * n_ + i] = clamp(static_cast<float>(edge.attack_lower + t * (static_cast<double>(edge.attack_upper) - edge.attack_lower)), edge);
      }
    }
  }

  /// Evaluates all points; returns the point of least loss, and its loss through `loss`. The gradients to come are those of
  /// the worst row or of the sum of the violated rows.
  std::size_t evaluate(bool worst_row, float& loss) {
    evaluator_.forward(x_, y_);
    std::fill(cotangent_.begin(), cotangent_.end(), 0.0F);
    std::size_t best = 0;
    for (std::size_t b = 0; b < B_; ++b) {
      float sum = 0.0F, largest = 0.0F;
      const FlatRow* worst = nullptr;
      for (const FlatRow& row : rows_) {
        float value = -row.threshold;
        for (const auto& [j, c] : row.outputs) value += c * y_[b * m_ + static_cast<std::size_t>(j)];
        for (const auto& [i, c] : row.inputs) value += c * x_[b * n_ + static_cast<std::size_t>(i)];
        if (!(value > 0.0F)) continue;
        sum += value;
        if (value > largest) {
          largest = value;
          worst = &row;
        }
        if (!worst_row) pull(b, row);
      }
      if (worst_row && worst != nullptr) pull(b, *worst);
      loss_[b] = sum;
      if (sum < loss_[best]) best = b;
    }
    loss = loss_[best];
    return best;
  }

  void step(float size) {
    evaluator_.backward(cotangent_, gradient_);
    for (std::size_t b = 0; b < B_; ++b) {
      for (std::size_t i = 0; i < n_; ++i) {
        const InputInterval& edge = (*clause_.box)[i];
        const float g = gradient_[b * n_ + i], reach = (edge.attack_upper - edge.attack_lower) * size;
        float& x = x_[b * n_ + i];
        x = clamp(x - (g > 0.0F ? reach : g < 0.0F ? -reach : 0.0F), edge);
      }
    }
  }

  std::vector<double> point(std::size_t b) const { return {x_.begin() + static_cast<std::ptrdiff_t>(b * n_), x_.begin() + static_cast<std::ptrdiff_t>((b + 1) * n_)}; }
  float loss_of(std::size_t b) const { return loss_[b]; }
  std::size_t points() const { return B_; }

 private:
  void pull(std::size_t b, const FlatRow& row) {
    for (const auto& [j, c] : row.outputs) cotangent_[b * m_ + static_cast<std::size_t>(j)] += c;
  }
  static float clamp(float x, const InputInterval& edge) { return std::clamp(x, edge.attack_lower, std::max(edge.attack_lower, edge.attack_upper)); }

  Evaluator<float>& evaluator_;
  const Clause& clause_;
  std::size_t n_, m_, B_;
  std::vector<FlatRow> rows_;
  std::vector<float> x_, y_, gradient_, cotangent_, loss_;
};

}  // namespace

PgdAttack::PgdAttack(std::shared_ptr<const Network> network, const Query& query, std::vector<std::size_t> which, std::uint64_t seed)
    : query_(query), which_(std::move(which)), random_(seed) {
  double weights = 1.0;
  for (const Value& value : network->values) weights += value.constant ? static_cast<double>(value.size()) : 0.0;
  restarts_ = static_cast<int>(std::clamp(kBatchWork / weights, static_cast<double>(kFewestRestarts), static_cast<double>(kMostRestarts)));
  evaluator_ = std::make_unique<Evaluator<float>>(std::move(network));
}

PgdAttack::~PgdAttack() = default;

bool PgdAttack::run(double seconds, const Deadline& deadline, CandidateJudge& judge, Statistics& statistics) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  while (!which_.empty() && !judge.found() && !deadline.expired()) {
    const double left = seconds - std::chrono::duration<double>(Clock::now() - begin).count();
    if (left <= 0.0) break;
    if (attack_clause(which_[next_ % which_.size()], left, deadline, judge, statistics)) return true;
    ++next_;
  }
  return judge.found();
}

bool PgdAttack::attack_clause(std::size_t clause, double seconds, const Deadline& deadline, CandidateJudge& judge, Statistics& statistics) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  ClauseAttack attack(*evaluator_, query_, query_.clauses[clause], restarts_);
  attack.start(random_, next_ < which_.size());
  const Schedule& schedule = kSchedules[(next_ / which_.size()) % std::size(kSchedules)];
  float size = schedule.first_step;
  for (int step = 0; step <= schedule.steps; ++step) {
    if (deadline.expired() || std::chrono::duration<double>(Clock::now() - begin).count() > seconds) return judge.found();
    float loss = 0.0F;
    const std::size_t best = attack.evaluate(schedule.worst_row, loss);
    statistics.attack_points += attack.points();
    int tries = 0;
    for (std::size_t b = best; loss == 0.0F && b < attack.points() && tries < 4; ++b) {
      if (attack.loss_of(b) != 0.0F) continue;
      ++tries;
      if (judge.offer(query_.clauses[clause], attack.point(b))) return true;
    }
    if (step < schedule.steps) attack.step(size);
    size *= schedule.decay;
  }
  return judge.found();
}

}  // namespace clipbound
