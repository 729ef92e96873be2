#include "solver/integer_cases/case_worker.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/error.h"
#include "bounds/layered/clause_rows.h"
#include "bounds/lowering/lower_network.h"
#include "bounds/lowering/narrow_tail.h"
#include "solver/strategy.h"

namespace clipbound::solver {

namespace {

/// The largest of the rows' lower bounds by intervals, and whether one is excluded.
struct RowBounds {
  double best = -kInfinity;
  bool excluded = false;
};
RowBounds bound_rows(const LayeredSystem& system, const Clause& clause) {
  const IntervalVector rows = enclose(lower_rows(system, clause), system.sources);
  const std::vector<std::uint8_t> strict = strict_rows(system, clause);
  RowBounds bounds;
  for (std::size_t s = 0; s < strict.size(); ++s) {
    bounds.best = std::max(bounds.best, rows.lower[s]);
    if (strict[s] != 0 ? rows.lower[s] >= 0.0 : rows.lower[s] > 0.0) bounds.excluded = true;
  }
  return bounds;
}

/// True where some row of the clause cannot hold on the system's box.
bool refuted_by_intervals(const LayeredSystem& system, const Clause& clause) {
  return system.is_impossible || bound_rows(system, clause).excluded;
}

/// True where nothing is left that bounds could find out: numbers, within radii.
bool is_settled_by_numbers(const LayeredSystem& system, const Clause& clause) {
  return lower_rows(system, clause).terms.empty();
}

/// True where a row of the clause reads inputs.
bool reads_inputs(const Clause& clause) {
  return std::any_of(clause.rows.begin(), clause.rows.end(), [](const Row& row) {
    return std::any_of(row.terms.begin(), row.terms.end(),
                       [](const Term& term) { return term.of == Term::Of::input; });
  });
}

/// Whether a point with these outputs satisfies the rows, but for roundings of the evaluation.
bool looks_unsafe(const Clause& clause, const std::vector<double>& x,
                  const std::vector<double>& y) {
  constexpr double kRounding = 1e-6;
  return std::all_of(clause.rows.begin(), clause.rows.end(), [&](const Row& row) {
    double value = -row.threshold.upper, size = std::fabs(value);
    for (const Term& term : row.terms) {
      const double part =
          term.coefficient.lower *
          (term.of == Term::Of::output ? y : x)[static_cast<std::size_t>(term.index)];
      value += part;
      size += std::fabs(part);
    }
    return value <= kRounding * size;  // NaN is not
  });
}

/// nullptr where the deadline came meanwhile.
std::shared_ptr<const LayeredSystem> lower_box(const Network& network,
                                               const std::vector<double>& lower,
                                               const std::vector<double>& upper,
                                               const LoweringOptions& options) {
  try {
    return std::make_shared<const LayeredSystem>(
        lower_network(network, lower, upper, ProductForm::squares, options));
  } catch (const LoweringInterrupted&) {
    return nullptr;
  }
}

std::shared_ptr<const LayeredSystem> lower_part(const CaseProblem& problem, const CasePart& part,
                                                NarrowInputs narrow, const Deadline& deadline,
                                                std::map<ValueId, IntervalVector>* intervals) {
  LoweringOptions options;
  options.open = part.open;
  options.narrow_inputs = narrow;
  options.intervals = intervals;
  options.deadline = &deadline;
  options.undefined_reach = problem.undefined_reach.get();
  options.decisions = &part.decisions;
  return lower_box(*problem.network, part.lower, part.upper, options);
}

}  // namespace

void CaseWorker::between_batches() {
  report_figures();
  if ((++batches_ & 63U) == 0) watch_memory();
  attack_now_and_then();
}

std::optional<CaseWorker::Subtree> CaseWorker::share() {
  if (stack_.size() < 2) return std::nullopt;
  Subtree oldest;
  oldest.push_back(std::move(stack_.front()));
  stack_.erase(stack_.begin());
  return oldest;
}

bool CaseWorker::take_batch() {
  case_ = std::move(stack_.back());
  stack_.pop_back();
  return true;
}

CaseWorker::By CaseWorker::cut_by() const {
  const bool decides = system_->has_interval_only() || cases_.problem.decides_steps;
  if (decides && !system_->staircases.empty()) return By::staircase;
  if (decides && !system_->open_steps.empty()) return By::step;
  // Where nothing is decided, parts of a box that intervals alone bounded are halved on: their
  // linear bounds become better, too.
  const bool halved = cases_.problem.decides_steps && case_.part.decisions.empty();
  return system_->has_interval_only() || halved ? By::input : By::nothing;
}

void CaseWorker::lower() {
  intervals_.clear();
  system_ = lower_part(cases_.problem, case_.part, NarrowInputs::constants, deadline_, &intervals_);
}

void CaseWorker::bound() {
  constexpr int kMostClips = 2;
  lower();
  bool empty = false;
  for (int pass = 0; pass < kMostClips && system_ != nullptr && !empty; ++pass) {
    const Clipped clipped = solver::clip(case_.part, *system_);
    empty = clipped == Clipped::all;
    if (clipped != Clipped::some) break;
    lower();
  }
  if (system_ == nullptr) return;
  count_bounded(1);
  drop(case_,
       [&](const Clause* clause) { return empty || refuted_by_intervals(*system_, *clause); });
}

bool CaseWorker::prune() {
  if (system_ == nullptr) {  // the deadline came: the case stays open
    stack_.push_back(std::move(case_));
    return false;
  }
  if (case_.clauses.empty()) ++statistics.pruned_bound;
  by_ = cut_by();
  return !case_.clauses.empty();
}

void CaseWorker::try_points() {
  if (by_ == By::staircase) return;
  const std::vector<double> x = middle_of(case_.part);
  std::vector<double> y(static_cast<std::size_t>(cases_.problem.network->output_size()));
  if (!evaluator_) evaluator_.emplace(cases_.problem.network);
  evaluator_->forward(x, y);
  for (const OpenClause& c : case_.clauses) {
    if (looks_unsafe(*c.clause, x, y) && judge_.offer(*c.clause, x)) return;
  }
}

void CaseWorker::branch() {
  parts_.clear();
  if (by_ == By::staircase) {
    const auto widest = std::max_element(system_->staircases.begin(), system_->staircases.end(),
                                         [](const InputStaircase& a, const InputStaircase& b) {
                                           return a.upper - a.lower < b.upper - b.lower;
                                         });
    place_ = {SplitAt::Of::value};
    parts_ = cut(case_.part, *widest);
    return;
  }
  bound_whole();
  if (case_.clauses.empty()) return;
  place_ = {SplitAt::Of::value};
  if (by_ == By::step) parts_ = cut(case_.part, system_->open_steps.front());
  if (by_ == By::input) {
    if (const std::optional<std::size_t> input = input_to_halve()) {
      parts_ = halve(case_.part, *input);
      place_ = {SplitAt::Of::input, -1, static_cast<std::int32_t>(*input),
                parts_.empty() ? 0.0 : parts_[0].upper[*input]};
    }
  }
  if (!parts_.empty()) return;
  const std::lock_guard lock(cases_.mutex);
  cases_.hard.push_back(std::exchange(case_, {}));
}

/// Root bounds of the case. Afterwards it has no clauses where they are refuted, or where the
/// deadline came and it stays open.
void CaseWorker::bound_whole() {
  const bool numbers = std::all_of(
      case_.clauses.begin(), case_.clauses.end(),
      [&](const OpenClause& open) { return is_settled_by_numbers(*system_, *open.clause); });
  if (by_ != By::nothing && numbers) return;
  if (by_ == By::nothing) bound_tail();
  if (!case_.clauses.empty() && bound_root(case_, cases_.one_thread) != nullptr) return;
  if (!case_.clauses.empty()) stack_.push_back(std::move(case_));
  case_ = {};
}

void CaseWorker::split() {
  if (case_.clauses.empty()) return;
  statistics.splits += parts_.size() - 1;
  for (std::size_t k = parts_.size(); k-- > 1;) {
    Case part{std::move(parts_[k]), {}};
    for (OpenClause& c : case_.clauses)
      part.clauses.push_back(
          {c.clause, c.number, SearchWorker::split(c.number, c.share, place_, Half::upper)});
    stack_.push_back(std::move(part));
  }
  case_.part = std::move(parts_[0]);
  stack_.push_back(std::move(case_));
}

std::vector<CaseWorker::Subtree> CaseWorker::rest() {
  std::vector<Subtree> all;
  if (!stack_.empty()) all.push_back(std::exchange(stack_, {}));
  return all;
}

/// Drops the clauses that root bounds of the network's tail refute.
void CaseWorker::bound_tail() {
  if (!case_.part.decisions.empty() ||  // the tail's steps are other ones
      std::any_of(case_.clauses.begin(), case_.clauses.end(),
                  [](const OpenClause& c) { return reads_inputs(*c.clause); }))
    return;
  const std::optional<NarrowTail> tail = narrow_tail(*cases_.problem.network, intervals_);
  if (!tail) return;
  std::shared_ptr<const LayeredSystem> system;
  try {
    LoweringOptions options;
    options.narrow_inputs = NarrowInputs::variables;
    options.deadline = &deadline_;
    system = lower_box(*tail->network, tail->lower, tail->upper, options);
  } catch (const Unsupported&) {
    return;  // a slice's start and end, made inputs apart, do not tell its length any more
  }
  if (system == nullptr) return;
  // What underflows in the part that is left out is not seen in the tail.
  if (least_gap(*system_) > least_gap(*system)) return;
  ActivationSplitSettings settings;
  settings.stable_too_width = strategy::kNarrowRefineWidth;
  ActivationSplitSchedule root(system, {tail->lower, tail->upper, case_.open_clauses()}, settings,
                               cases_.one_thread);
  keep_open(case_, root);
}

/// Lets a root bound its clauses, and drops those that it refutes. False where it was interrupted:
/// what it says of clauses counts for nothing then.
bool CaseWorker::keep_open(Case& c, ActivationSplitSchedule& root) {
  root.begin();
  if (deadline_.expired() || root.problem().network == nullptr) return false;
  const std::vector<ActivationClause>& open = root.problem().clauses;
  drop(c, [&](const Clause* clause) {
    return std::none_of(open.begin(), open.end(),
                        [&](const ActivationClause& o) { return o.clause == clause; });
  });
  return true;
}

/// Root bounds of a case; nullptr where they refute all its clauses, or were interrupted. Inputs
/// that vary by roundings alone are variables here: where intervals have failed, that is mostly
/// because deep networks multiply such widths from layer to layer.
std::unique_ptr<ActivationSplitSchedule> CaseWorker::bound_root(Case& c,
                                                                const SearchContext& context) {
  const std::shared_ptr<const LayeredSystem> system =
      lower_part(cases_.problem, c.part, NarrowInputs::variables, deadline_, nullptr);
  if (system == nullptr) return nullptr;
  auto root = std::make_unique<ActivationSplitSchedule>(
      system, BoxClauses{c.part.lower, c.part.upper, c.open_clauses()}, ActivationSplitSettings{},
      context);
  const bool bounded = keep_open(c, *root);
  CLIPBOUND_CHECK(bounded || deadline_.expired());
  return !bounded || c.clauses.empty() ? nullptr : std::move(root);
}

/// What halving an input adds to the clauses' best bounds by intervals.
double CaseWorker::gain_of(std::size_t input) const {
  double gain = 0.0;
  std::vector<std::shared_ptr<const LayeredSystem>> systems;
  for (const CasePart& part : halve(case_.part, input)) {
    systems.push_back(
        lower_part(cases_.problem, part, NarrowInputs::constants, deadline_, nullptr));
    if (systems.back() == nullptr) return 0.0;
  }
  for (const OpenClause& open : case_.clauses) {
    const double before = bound_rows(*system_, *open.clause).best;
    double after = kInfinity;
    for (const auto& system : systems)
      after = std::min(after, std::min(bound_rows(*system, *open.clause).best, 0.0));
    if (after > before) gain += std::min(after - before, 1e30);
  }
  return gain;
}

std::optional<std::size_t> CaseWorker::input_to_halve() const {
  constexpr std::size_t kMostTried = 12;
  const CasePart& part = case_.part;
  const std::vector<int> wide = varying_inputs(part.lower, part.upper);
  const BoxClauses& whole = cases_.problem.box;
  std::optional<std::size_t> best;
  double best_gain = 0.0, best_width = 0.0;
  for (const int k : wide) {
    const auto i = static_cast<std::size_t>(k);
    const double gain = wide.size() > 1 && wide.size() <= kMostTried ? gain_of(i) : 0.0;
    const double width = (part.upper[i] - part.lower[i]) / (whole.upper[i] - whole.lower[i]);
    if (best && (gain < best_gain || (gain == best_gain && width <= best_width))) continue;
    best = i;
    best_gain = gain;
    best_width = width;
  }
  return best;
}

void CaseWorker::search_hard(Case& c, const SearchContext& all_threads, double until_s) {
  const auto root = bound_root(c, all_threads);
  if (root == nullptr) return report_figures();
  const LayeredSystem& system = root->problem().network->system();
  const bool hopeless = std::any_of(
      c.clauses.begin(), c.clauses.end(),
      [&](const OpenClause& open) { return is_settled_by_numbers(system, *open.clause); });
  const SearchOutcome part = hopeless ? SearchOutcome{} : root->run(until_s).search;
  if (part.exhausted) drop(c, [](const Clause*) { return true; });
  if (hopeless || part.unsplittable > 0) {
    for (OpenClause& open : c.clauses) leave_open(open, hopeless, part);
    c.clauses.clear();
  }
  report_figures();
}

/// No cut and no search says more of the clause. Of numbers within radii the arithmetic does not.
void CaseWorker::leave_open(OpenClause& open, bool by_numbers, const SearchOutcome& part) {
  if (by_numbers) return give_up({open.number, 0, 0.0}, open.share);
  // The conditions' rows are nothing that the query knows.
  if (!part.given_up || part.given_up->row >= open.clause->rows.size())
    return give_up(open.number, open.share);
  give_up({open.number, part.given_up->row, part.given_up->bound}, open.share);
}

}  // namespace clipbound::solver
