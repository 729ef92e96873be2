#include "solver/solve.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <numeric>

#include "base/blas.h"
#include "base/check.h"
#include "base/parallel.h"
#include "bounds/crown/crown_bounder.h"
#include "bounds/layered/clause_rows.h"
#include "bounds/layered/layered_system.h"
#include "bounds/lowering/lower_network.h"
#include "bounds/self_check.h"
#include "solver/alternation.h"
#include "solver/attack/pgd.h"
#include "solver/box_families.h"
#include "solver/input_split/coarse_boxes.h"
#include "solver/integer_cases/case_search.h"
#include "solver/search/candidate_judge.h"
#include "specs/simplify/simplify.h"
#include "specs/simplify/terminal_softmax.h"
#include "specs/vnnlib/vnnlib.h"

namespace clipbound::solver {

namespace {

// Before the root bounds most violated properties show at once, and large networks' root bounds
// take longer than a glance at so many points; after them the attack gets a share of what they
// took. The search brings its own attack.
constexpr double kShortestGlance = 0.002, kLongestGlance = 1.5, kGlancePoints = 800.0,
                 kWorkPerSecond = 2e9;
constexpr double kShortestAttack = 0.008, kLongestAttack = 10.0, kAttackShare = 0.25;
constexpr double kLongestBlindAttack = 60.0;
constexpr double kCaseAttackShare = 0.1;  // of the time that is left

constexpr std::size_t kMostSplitInputs = 40;

/// Whether a box is searched by deciding neurons instead of halving inputs. With N inputs a halving
/// shrinks the box by one part in N, so that it gains nothing where there are hundreds; deciding a
/// neuron removes its whole relaxation whatever N is.
bool prefers_activation_split(const LayeredSystem& system, std::size_t varying_inputs,
                              const std::string& option) {
  if (option != "auto") return option == "neurons";
  return !system.layers.empty() && varying_inputs > kMostSplitInputs;
}

/// What the sweeps found, as the self-check reads it.
CrownBounder::Bounds bounds_of(const SparseNetwork& network) {
  CrownBounder::Bounds bounds;
  bounds.lower = network.lower_x;
  bounds.upper = network.upper_x;
  bounds.sources[kInputSource] = {network.lower_x, network.upper_x};
  for (int k = 0; k < network.layers(); ++k) {
    bounds.layers.push_back(network.bounds_of(k));
    bounds.sources[k] =
        activate(network.system().activations[static_cast<std::size_t>(k)], network.bounds_of(k));
  }
  return bounds;
}

/// A family whose lowering is made by the first of its boxes and kept until the last is bounded.
struct LoweredFamily {
  explicit LoweredFamily(BoxFamily of) : family(std::move(of)), open(family.groups.size()) {}
  BoxFamily family;
  std::once_flag once;
  std::shared_ptr<const CrownBounder> bounder;
  std::atomic<std::size_t> open;
};

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
                .log = context.log} {}

  SolveResult run_attack() {
    if (!prepare()) return decide(Verdict::unsat, "no point of the input set is asked for");
    if (attack(std::numeric_limits<double>::infinity())) return found();
    return stopped("in the attack", query_.clauses.size());
  }

  SolveResult run() {
    if (!prepare()) return decide(Verdict::unsat, "no point of the input set is asked for");
    if (options_.attack && attack(glance_seconds())) return found();
    std::vector<BoxSubproblems> tasks = bound_roots();
    if (judge_.found()) return found();
    if (!cases_.empty()) return search_in_cases();
    std::size_t by_neurons = 0;
    for (const auto& root : neuron_roots_) by_neurons += root->problem().clauses.size();
    log(1, "root bounds: " + std::to_string(tasks.size() + by_neurons) + " of " +
               std::to_string(query_.clauses.size()) + " clauses stay open");
    for (const BoxSubproblems& task : tasks) log(2, describe_root(task));
    if (deadline_.expired())
      return stopped("before the root bounds were done", query_.clauses.size());
    if (tasks.empty() && neuron_roots_.empty())
      return decide(Verdict::unsat, "refuted by the root bounds");
    if (options_.attack) {
      std::vector<std::size_t> open;
      for (const BoxSubproblems& task : tasks)
        open.push_back(static_cast<std::size_t>(task.root->clause - query_.clauses.data()));
      for (const auto& root : neuron_roots_) {
        for (const ActivationClause& c : root->problem().clauses)
          open.push_back(static_cast<std::size_t>(c.clause - query_.clauses.data()));
      }
      pgd_->focus(std::move(open));
      if (attack(std::clamp(kAttackShare * result_.statistics.root_s, kShortestAttack,
                            kLongestAttack)))
        return found();
    }
    if (!interval_only_.empty())
      return attack_only("the outputs are bounded by intervals alone: " + interval_only_);
    return search(std::move(tasks));
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
  double glance_seconds() const {
    return std::clamp(kGlancePoints * pgd_->work() / kWorkPerSecond, kShortestGlance,
                      kLongestGlance);
  }
  void log(int level, const std::string& message) const { search_.say(level, message); }
  SolveResult decide(Verdict verdict, std::string reason) {
    result_.verdict = verdict;
    result_.reason = std::move(reason);
    result_.progress.elapsed_s = deadline_.elapsed_s();
    result_.progress.subproblems = result_.statistics.subproblems;
    if (verdict == Verdict::unsat) result_.progress.settled_share = 1.0;
    result_.statistics.candidates = judge_.replayed();
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
           (task.network == nullptr ? "too many neurons undecided for a reduced network"
                                    : std::to_string(task.network->neurons) + " neurons undecided");
  }
  /// Where no split makes bounds better, a counterexample may still be found: until time is over,
  /// or for a while where it is unlimited.
  SolveResult attack_only(const std::string& why) {
    log(1, why + "; only counterexamples are searched for");
    if (options_.attack && attack(std::min(kLongestBlindAttack, deadline_.remaining_s())))
      return found();
    if (deadline_.reason() != StopReason::none)
      return stopped("in the attack (no proof is possible: " + why + ")", query_.clauses.size());
    return decide(Verdict::unknown, "no counterexample found, and no proof is possible: " + why);
  }
  bool attack(double seconds);
  std::vector<BoxSubproblems> bound_roots();
  std::shared_ptr<const CrownBounder> lower_family(const BoxFamily& family) const;
  std::vector<std::unique_ptr<LoweredFamily>> lowered_families();
  void bound_group(const std::shared_ptr<const CrownBounder>& bounder, const BoxGroup& group,
                   std::vector<BoxSubproblems>& tasks);
  void bound_group_by_sweeps(const std::shared_ptr<const LayeredSystem>& system,
                             const BoxGroup& group, std::vector<double> lower,
                             std::vector<double> upper);
  ActivationSplitSettings neuron_settings();
  bool make_cases(const BoxFamily& family, const LayeredSystem& system);
  SolveResult search(std::vector<BoxSubproblems> tasks);
  SearchOutcome search_boxes(std::vector<BoxSubproblems> tasks);
  SolveResult search_in_cases();
  SolveResult conclude(const SearchOutcome& outcome);
  /// Tries the bounds of the first boxes at some points: a violated one is an internal error, never
  /// a verdict.
  void check_first(const LayeredSystem& system, const CrownBounder::Bounds& bounds) {
    constexpr int kCheckedBoxes = 4;
    if (checked_boxes_.fetch_add(1) < kCheckedBoxes) self_check(*simplified_, system, bounds);
  }

  std::shared_ptr<const Network> network_, simplified_;
  const Query& query_;
  const Options& options_;
  const Deadline unlimited_;
  const Deadline& deadline_;
  CandidateJudge judge_;
  SolveResult result_;
  SearchContext search_;
  std::unique_ptr<PgdAttack> pgd_;
  std::atomic<int> checked_boxes_{0};
  std::mutex neuron_roots_mutex_;
  std::vector<std::unique_ptr<ActivationSplitSchedule>>
      neuron_roots_;                // boxes that are searched by deciding neurons
  std::vector<CaseProblem> cases_;  // boxes that are searched case by case
  std::string interval_only_;  // not empty: the outputs depend on no source, because of these nodes
};

bool Run::attack(double seconds) {
  const double begin = deadline_.elapsed_s();
  // Threads are not free to start either.
  pgd_->run_on(seconds > kShortestGlance ? search_.threads : 1, seconds, deadline_, judge_,
               result_.statistics);
  result_.statistics.attack_s += deadline_.elapsed_s() - begin;
  return judge_.found();
}

ActivationSplitSettings Run::neuron_settings() {
  ActivationSplitSettings settings;
  settings.check = [this](const SparseNetwork& network) {
    check_first(network.system(), bounds_of(network));
  };
  if (options_.attack)
    settings.attack = [this](double seconds) {
      return attack(seconds);
    };  // after the root: on what is open
  return settings;
}

void Run::bound_group_by_sweeps(const std::shared_ptr<const LayeredSystem>& system,
                                const BoxGroup& group, std::vector<double> lower,
                                std::vector<double> upper) {
  std::vector<const Clause*> clauses;
  for (const std::size_t k : group.clauses) clauses.push_back(&query_.clauses[k]);
  const std::lock_guard lock(neuron_roots_mutex_);  // one box at a time: its root uses all threads
  auto root = std::make_unique<ActivationSplitSchedule>(
      system, BoxClauses{std::move(lower), std::move(upper), std::move(clauses)}, neuron_settings(),
      search_);
  root->begin();
  const ActivationProblem& problem = root->problem();
  for (const ActivationClause& c : problem.clauses) {
    log(2, "clause of line " + std::to_string(c.clause->line) + ": bound " +
               std::to_string(problem.root.lower[static_cast<std::size_t>(c.first_row)]) + ", " +
               std::to_string(problem.network->slots()) + " neurons undecided");
  }
  if (!problem.clauses.empty()) neuron_roots_.push_back(std::move(root));
}

void Run::bound_group(const std::shared_ptr<const CrownBounder>& bounder, const BoxGroup& group,
                      std::vector<BoxSubproblems>& tasks) {
  std::vector<double> lower, upper;
  for (const InputInterval& edge : *group.box) {
    lower.push_back(edge.proof_lower);
    upper.push_back(edge.proof_upper);
  }
  const bool has_rows = std::all_of(group.clauses.begin(), group.clauses.end(),
                                    [&](std::size_t k) { return !query_.clauses[k].rows.empty(); });
  if (has_rows && prefers_activation_split(bounder->system(), varying_inputs(lower, upper).size(),
                                           options_.split)) {
    return bound_group_by_sweeps(bounder->shared_system(), group, std::move(lower),
                                 std::move(upper));
  }
  const CrownBounder::Bounds bounds = bounder->bound_neurons(lower, upper, deadline_);
  check_first(bounder->system(), bounds);
  log(2, std::to_string(bounds.undecided) + " neurons undecided at the root");
  for (const std::size_t k : group.clauses) {
    auto root = std::make_shared<ClauseRoot>();
    root->clause = &query_.clauses[k];
    root->bounder = bounder;
    root->rows = lower_rows(bounder->system(), *root->clause);
    for (const Row& row : root->clause->rows) root->strict.push_back(row.strict ? 1 : 0);
    if (rows_refuted(*root, bounds)) continue;
    root->lower = lower;
    root->upper = upper;
    root->kept = varying_inputs(lower, upper);
    BoxSubproblems task;
    for (const int i : root->kept) {
      task.lower.push_back(lower[static_cast<std::size_t>(i)]);
      task.upper.push_back(upper[static_cast<std::size_t>(i)]);
      root->width.push_back(task.upper.back() - task.lower.back());
    }
    task.root = std::move(root);
    if (auto reduced = reduced_task(task, bounds)) task = std::move(*reduced);
    tasks.push_back(std::move(task));
  }
}

std::shared_ptr<const CrownBounder> Run::lower_family(const BoxFamily& family) const {
  // Sweeps, which the activation split works with, know products as squares only; no group's box
  // varies more than their hull.
  const bool sweeps = options_.split == "neurons" ||
                      (options_.split == "auto" &&
                       varying_inputs(family.lower, family.upper).size() > kMostSplitInputs);
  const auto lowered = [&](ProductForm products) {
    return std::make_shared<const LayeredSystem>(
        lower_network(*simplified_, family.lower, family.upper, products));
  };
  std::shared_ptr<const LayeredSystem> system =
      lowered(sweeps ? ProductForm::squares : ProductForm::chosen);
  // Squares have one scale for all boxes. Forward planes follow thin slabs of a level set, where
  // one factor next to stands still: measured on cartpole, pairs need less than half as many
  // subproblems.
  if (!sweeps && surely_forward(*system, varying_inputs(family.lower, family.upper).size()))
    system = lowered(ProductForm::pairs);
  return std::make_shared<const CrownBounder>(std::move(system));
}

/// True where the boxes are searched case by case.
bool Run::make_cases(const BoxFamily& family, const LayeredSystem& system) {
  const bool has_rows = std::all_of(query_.clauses.begin(), query_.clauses.end(),
                                    [](const Clause& clause) { return !clause.rows.empty(); });
  if (!has_rows || !system.has_interval_only() || system.staircases.empty()) return false;
  for (const BoxGroup& group : family.groups) {
    CaseProblem& problem = cases_.emplace_back(CaseProblem{simplified_, {}, {}, {}});
    for (const InputInterval& edge : *group.box) {
      problem.lower.push_back(edge.proof_lower);
      problem.upper.push_back(edge.proof_upper);
    }
    for (const std::size_t k : group.clauses) problem.clauses.push_back(&query_.clauses[k]);
  }
  log(1, "indices depend on inputs: " + std::to_string(family.groups.size()) +
             " boxes are searched case by case");
  return true;
}

std::vector<std::unique_ptr<LoweredFamily>> Run::lowered_families() {
  constexpr double kLoweringShare = 0.25;  // of the time that is left
  const double begin = deadline_.elapsed_s();
  const BoxFamily all =
      family_of(group_by_box(query_), static_cast<std::size_t>(query_.input_size));
  std::shared_ptr<const CrownBounder> bounder = lower_family(all);
  if (make_cases(all, bounder->system())) return {};
  if (bounder->system().outputs.terms.empty())
    interval_only_ = describe_interval_only(bounder->system());
  std::vector<BoxFamily> parts = split_by_factors(all, bounder->system());
  const double seconds =
      (deadline_.elapsed_s() - begin) * static_cast<double>(parts.size()) / search_.threads;
  if (seconds > kLoweringShare * deadline_.remaining_s()) parts.resize(1);
  std::vector<std::unique_ptr<LoweredFamily>> families;
  if (parts.size() == 1) {
    families.push_back(std::make_unique<LoweredFamily>(all));
    families[0]->bounder = std::move(bounder);
    return families;
  }
  log(2, std::to_string(parts.size()) +
             " families of boxes fix factors of products, and are lowered apart");
  for (BoxFamily& part : parts)
    families.push_back(std::make_unique<LoweredFamily>(std::move(part)));
  return families;
}

std::vector<BoxSubproblems> Run::bound_roots() {
  const double begin = deadline_.elapsed_s();
  initialise_blas();
  const std::vector<std::unique_ptr<LoweredFamily>> families = lowered_families();
  std::vector<std::pair<LoweredFamily*, const BoxGroup*>> jobs;
  for (const auto& family : families) {
    for (const BoxGroup& group : family->family.groups) jobs.emplace_back(family.get(), &group);
  }
  std::vector<std::vector<BoxSubproblems>> parts(jobs.size());
  parallel_for(search_.threads, static_cast<std::int64_t>(jobs.size()), [&](std::int64_t j) {
    if (deadline_.expired()) return;
    LoweredFamily& family = *jobs[static_cast<std::size_t>(j)].first;
    std::call_once(family.once, [&] {
      if (family.bounder == nullptr) family.bounder = lower_family(family.family);
    });
    bound_group(family.bounder, *jobs[static_cast<std::size_t>(j)].second,
                parts[static_cast<std::size_t>(j)]);
    if (family.open.fetch_sub(1) == 1)
      family.bounder.reset();  // the last box of the family; open clauses keep what they need
  });
  std::vector<BoxSubproblems> tasks;
  for (auto& part : parts) {
    for (BoxSubproblems& task : part) tasks.push_back(std::move(task));
  }
  result_.statistics.root_s += deadline_.elapsed_s() - begin;
  return tasks;
}

SearchOutcome Run::search_boxes(std::vector<BoxSubproblems> tasks) {
  constexpr double kFirstTurn =
      1.0;  // of halving inputs; as long as the root took, if that is longer
  InputSearch inputs(std::move(tasks), search_);
  if (options_.split == "inputs") return inputs.run({});
  const auto make_root = [this](BoxClauses box) {
    // The roots' lowering is for halving inputs (products as pairs), and gone by now where networks
    // were reduced.
    auto system =
        std::make_shared<const LayeredSystem>(lower_network(*simplified_, box.lower, box.upper));
    return std::make_unique<ActivationSplitSchedule>(std::move(system), std::move(box),
                                                     neuron_settings(), search_);
  };
  const double first_s =
      options_.split == "turns" ? 0.0 : std::max(kFirstTurn, result_.statistics.root_s);
  return SplitPortfolio(inputs, make_root, first_s, search_).run();
}

SolveResult Run::search_in_cases() {
  // Cases bring no attack of their own, and what chooses among them has no gradients: finding a bad
  // one takes the attack a while.
  if (options_.attack && attack(std::clamp(kCaseAttackShare * deadline_.remaining_s(),
                                           kShortestAttack, kLongestAttack)))
    return found();
  const double begin = deadline_.elapsed_s();
  SearchOutcome outcome;
  outcome.exhausted = true;
  for (const CaseProblem& problem : cases_) {
    if (judge_.found()) break;
    const SearchOutcome part = search_cases(problem, search_);
    outcome.exhausted = outcome.exhausted && part.exhausted;
    outcome.open += part.open;
    outcome.unsplittable += part.unsplittable;
    outcome.open_share += part.open_share / static_cast<double>(cases_.size());
  }
  result_.statistics.search_s += deadline_.elapsed_s() - begin;
  return conclude(outcome);
}

SolveResult Run::search(std::vector<BoxSubproblems> tasks) {
  const double begin = deadline_.elapsed_s();
  SearchOutcome outcome;
  outcome.exhausted = true;
  if (!tasks.empty()) outcome = search_boxes(std::move(tasks));
  for (const auto& root : neuron_roots_) {
    if (judge_.found()) break;
    const SearchOutcome part = root->run().search;
    outcome.exhausted = outcome.exhausted && part.exhausted;
    outcome.open += part.open;
    outcome.unsplittable += part.unsplittable;
    outcome.worst_bound = std::min(outcome.worst_bound, part.worst_bound);
    outcome.open_share += part.open_share;
  }
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
  if (options_.attack && attack(std::min(kLongestBlindAttack, deadline_.remaining_s())))
    return found();
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
