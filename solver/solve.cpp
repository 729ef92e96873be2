#include "solver/solve.h"

#include <limits>
#include <memory>
#include <numeric>
#include <optional>

#include "base/check.h"
#include "base/parallel.h"
#include "solver/attack/pgd.h"
#include "solver/root_stage.h"
#include "solver/search/state_file.h"
#include "solver/search_stage.h"
#include "solver/strategy.h"
#include "specs/simplify/simplify.h"
#include "specs/simplify/terminal_softmax.h"
#include "specs/vnnlib/vnnlib.h"

namespace clipbound::solver {

namespace {

/// One run of solve(): the stages in their order.
class Run {
 public:
  Run(std::shared_ptr<const Network> network, const Query& query, const Options& options,
      const SolveContext& context)
      : network_(std::move(network)),
        query_(query),
        options_(options),
        deadline_(context.deadline != nullptr ? *context.deadline : unlimited_),
        judge_(network_, query),
        search_{.options = options,
                .deadline = deadline_,
                .judge = judge_,
                .statistics = result_.statistics,
                .threads = options.threads > 0 ? options.threads : available_threads(),
                .attack = {},
                .progress = context.progress,
                .log = context.log,
                .keeper = nullptr},
        left_(context.left),
        keeper_(query, context.resume) {
    CLIPBOUND_CHECK(context.resume == nullptr ||
                    (context.resume->problem == problem_fingerprint(*network_, query) &&
                     context.resume->clauses.size() == query.clauses.size()));
    if (options.deterministic) deadline_.count_work();
    if (context.resume != nullptr || context.left != nullptr) search_.keeper = &keeper_;
  }

  SolveResult run_attack() {
    if (!prepare()) return decide(Verdict::unsat, "no point of the input set is asked for");
    if (attack(std::numeric_limits<double>::infinity())) return found();
    return stopped("in the attack", query_.clauses.size());
  }

  SolveResult run() {
    if (!prepare()) return decide(Verdict::unsat, "no point of the input set is asked for");
    if (options_.attack && attack(first_attack_s(pgd_->work()))) return found();
    stage_.emplace(simplified_, query_, search_, all_threads_attack(), keeps_nan_);
    OpenRoots roots = stage_->run();
    if (judge_.found()) return found();
    if (!roots.cases.empty()) return search_in_cases(roots.cases);
    log(1, "root bounds: " + std::to_string(roots.clauses.size()) + " of " +
               std::to_string(query_.clauses.size()) + " clauses stay open");
    for (const BoxSubproblems& task : roots.boxes) log(2, describe_root(task));
    if (deadline_.expired())
      return stopped("before the root bounds were done", query_.clauses.size());
    if (roots.clauses.empty()) return decide(Verdict::unsat, "refuted by the root bounds");
    if (options_.attack) {
      pgd_->focus(roots.clauses);
      if (attack(root_attack_s(roots.spent_s))) return found();
    }
    if (!roots.interval_only.empty())
      return attack_only("the outputs are bounded by intervals alone: " + roots.interval_only);
    return search(std::move(roots));
  }

 private:
  /// False where nothing is asked for.
  bool prepare() {
    check_against(query_, network_->input_size(), network_->output_size());
    if (query_.clauses.empty()) return false;
    Simplified simplified = simplify(network_);
    simplified_ = std::move(simplified.network);
    for (const UndoRecord& record : simplified.records) log(2, record.pass + ": " + record.what);
    if (auto shortened = without_softmax(*simplified_, query_);
        shortened != nullptr && compares_with_largest(query_)) {
      log(2, "rows compare outputs with the largest: the softmax at the end changes no order");
      simplified_ = simplify(std::move(shortened)).network;
      keeps_nan_ = false;  // a softmax of NaN may be anything
    }
    std::vector<std::size_t> which(query_.clauses.size());
    std::iota(which.begin(), which.end(), std::size_t{0});
    pgd_ = std::make_unique<PgdAttack>(simplified_, query_, std::move(which),
                                       static_cast<std::uint64_t>(options_.seed));
    if (options_.attack)
      search_.attack = [this](double seconds, Statistics& statistics) {
        pgd_->run(seconds, deadline_, judge_, statistics);
      };
    return true;
  }
  void log(int level, const std::string& message) const { search_.say(level, message); }
  SolveResult decide(Verdict verdict, std::string reason) {
    result_.verdict = verdict;
    result_.reason = std::move(reason);
    result_.progress.elapsed_s = deadline_.elapsed_s();
    result_.progress.subproblems = result_.statistics.subproblems;
    if (verdict == Verdict::unsat) result_.progress.settled_share = 1.0;
    result_.statistics.candidates = judge_.replayed();
    if (left_ != nullptr && verdict != Verdict::sat)
      *left_ = keeper_.take(problem_fingerprint(*network_, query_));
    return std::move(result_);
  }
  SolveResult found() {
    result_.input = judge_.input();
    result_.output = judge_.output();
    return decide(Verdict::sat, "counterexample replayed in three summation orders");
  }
  SolveResult stopped(const std::string& where, std::uint64_t open) {
    result_.progress.open = open;
    switch (deadline_.reason()) {
      case StopReason::interrupted: return decide(Verdict::unknown, "interrupted " + where);
      case StopReason::memory: return decide(Verdict::unknown, "out of memory " + where);
      default: return decide(Verdict::timeout, "out of time " + where);
    }
  }

  static std::string describe_root(const BoxSubproblems& task) {
    return "clause of line " + std::to_string(task.root->clause->line) + ": " +
           std::to_string(task.root->kept.size()) + " inputs vary, " +
           (task.problem == nullptr ? "too many neurons unstable for a reduced network"
                                    : std::to_string(task.problem->neurons) + " neurons unstable");
  }
  /// Where no split makes bounds better, a counterexample may still be found: until time is over,
  /// or for a while where it is unlimited.
  SolveResult attack_only(const std::string& why) {
    log(1, why + "; only counterexamples are searched for");
    if (options_.attack && attack(blind_attack_s(deadline_.left_s()))) return found();
    if (deadline_.reason() != StopReason::none)
      return stopped("in the attack (no proof is possible: " + why + ")", query_.clauses.size());
    return decide(Verdict::unknown, "no counterexample found, and no proof is possible: " + why);
  }
  RootStage::Attack all_threads_attack() {
    if (!options_.attack) return {};
    return [this](double seconds) { return attack(seconds); };
  }
  bool attack(double seconds);
  SolveResult search(OpenRoots roots);
  SolveResult search_in_cases(const std::vector<CaseProblem>& cases);
  SolveResult conclude(const SearchOutcome& outcome);

  std::shared_ptr<const Network> network_, simplified_;
  const Query& query_;
  const Options& options_;
  const Deadline unlimited_;
  const Deadline& deadline_;
  CandidateJudge judge_;
  SolveResult result_;
  SearchContext search_;
  SearchState* const left_;
  StateKeeper keeper_;
  std::unique_ptr<PgdAttack> pgd_;
  std::optional<RootStage> stage_;
  bool keeps_nan_ = true;  // what is bounded makes NaN where the network as read does
};

bool Run::attack(double seconds) {
  const double begin = deadline_.elapsed_s();
  // Threads are not free to start either.
  pgd_->run_on(seconds > strategy::kShortestFirstAttack_s ? search_.threads : 1, seconds, deadline_,
               judge_, result_.statistics);
  result_.statistics.attack_s += deadline_.elapsed_s() - begin;
  return judge_.found();
}

SolveResult Run::search_in_cases(const std::vector<CaseProblem>& cases) {
  // Cases bring no attack of their own, and what chooses among them has no gradients: finding a bad
  // one takes the attack a while.
  if (options_.attack && attack(case_attack_s(deadline_.left_s()))) return found();
  const double begin = deadline_.elapsed_s();
  const SearchOutcome outcome = search_all_cases(cases, search_);
  result_.statistics.search_s += deadline_.elapsed_s() - begin;
  return conclude(outcome);
}

SolveResult Run::search(OpenRoots roots) {
  const double begin = deadline_.elapsed_s();
  const SearchOutcome outcome = search_roots(std::move(roots), *stage_, search_);
  result_.statistics.search_s += deadline_.elapsed_s() - begin;
  return conclude(outcome);
}

SolveResult Run::conclude(const SearchOutcome& outcome) {
  if (judge_.found()) return found();
  if (outcome.exhausted) return decide(Verdict::unsat, "every subproblem refuted");
  result_.progress.worst_bound = outcome.worst_bound;
  result_.progress.settled_share = 1.0 - outcome.open_share;
  if (deadline_.reason() != StopReason::none) return stopped("in the search", outcome.open);
  // No proof is to be had; a counterexample may still be.
  if (options_.attack && attack(blind_attack_s(deadline_.left_s()))) return found();
  result_.progress.open = outcome.open;
  return decide(Verdict::unknown, std::to_string(outcome.unsplittable) +
                                      " subproblems cannot be split further: the property holds or "
                                      "fails by less than the arithmetic can tell");
}

}  // namespace

SolveResult solve(std::shared_ptr<const Network> network, const Query& query,
                  const Options& options, const SolveContext& context) {
  CLIPBOUND_CHECK(network != nullptr);
  return Run(std::move(network), query, options, context).run();
}

SolveResult search_counterexample(std::shared_ptr<const Network> network, const Query& query,
                                  const Options& options, const SolveContext& context) {
  CLIPBOUND_CHECK(network != nullptr);
  return Run(std::move(network), query, options, context).run_attack();
}

}  // namespace clipbound::solver
