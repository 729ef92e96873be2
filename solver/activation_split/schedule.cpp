#include "solver/activation_split/schedule.h"

#include <algorithm>
#include <cmath>

#include "bounds/alpha_beta/twin_rows.h"
#include "bounds/layered/clause_rows.h"
#include "solver/activation_split/layer_figures.h"
#include "solver/strategy.h"

namespace clipbound::solver {

namespace {

bool has_steps(const LayeredSystem& system) {
  return std::any_of(system.activations.begin(), system.activations.end(),
                     [](const Activation& f) { return f.curve == Curve::step; });
}

/// Compiles the clauses' rows on the problem's network, bounds them and drops the clauses that are
/// refuted.
void bound_clauses(ActivationProblem& problem, const std::vector<const Clause*>& clauses,
                   const SlopeSchedule& schedule, int threads, const Deadline& deadline) {
  problem.clauses.clear();
  problem.strict.clear();
  std::vector<AffineForm> forms;
  std::vector<std::int64_t> which;
  for (const Clause* clause : clauses) {
    forms.push_back(lower_rows(problem.network->system(), *clause));
    problem.clauses.push_back(
        {clause, static_cast<std::int64_t>(problem.strict.size()), forms.back().size()});
    const std::vector<std::uint8_t> strict = strict_rows(problem.network->system(), *clause);
    problem.strict.insert(problem.strict.end(), strict.begin(), strict.end());
  }
  for (std::size_t r = 0; r < problem.strict.size(); ++r)
    which.push_back(static_cast<std::int64_t>(r));
  const AffineForm rows = one_after_the_other(forms);
  problem.rows = problem.network->compile_rows(rows, which);
  problem.root = optimize_rows(*problem.network, problem.rows, schedule, threads, deadline);
  // Intervals of the rows take a count of constant steps as it is, where one line through each step
  // that is open may say less.
  const IntervalVector range = problem.network->enclose_form(rows);
  for (std::size_t r = 0; r < range.lower.size(); ++r)
    problem.root.lower[r] = std::max(problem.root.lower[r], range.lower[r]);
  std::erase_if(problem.clauses, [&](const ActivationClause& c) {
    for (std::int64_t r = c.first_row; r < c.first_row + c.rows; ++r) {
      if (problem.refuted(r, problem.root.lower[static_cast<std::size_t>(r)])) return true;
    }
    return false;
  });
}

/// Rows of the unstable neurons, layer by layer.
void compile_neurons(ActivationProblem& problem) {
  const SparseNetwork& network = *problem.network;
  problem.neurons.clear();
  problem.differences.clear();
  problem.first_unstable.assign(1, 0);
  std::int32_t u = 0;
  for (int k = 0; k < network.layers(); ++k) {
    const SparseNetworkLayer& layer = network.layer(k);
    std::vector<std::int64_t> which;
    for (; u < network.unstable_count() && at(network.layer_of, u) == k; ++u)
      which.push_back(raw(at(layer.neurons, raw(at(network.live_of, u)) - layer.first)));
    problem.neurons.push_back(network.compile_rows(at(network.system().layers, k), which));
    problem.neurons.back().layer = k;
    problem.first_unstable.push_back(u);
    problem.differences.push_back(difference_rows(network, k));
  }
}

}  // namespace

ActivationSplitSchedule::ActivationSplitSchedule(std::shared_ptr<const LayeredSystem> system,
                                                 BoxClauses box, ActivationSplitSettings settings,
                                                 const SearchContext& context)
    : system_(std::move(system)),
      lower_(std::move(box.lower)),
      upper_(std::move(box.upper)),
      open_(std::move(box.clauses)),
      settings_(std::move(settings)),
      context_(context),
      deadline_(context.deadline),
      phases_(context) {
  find_needed();
}

void ActivationSplitSchedule::find_needed() {
  std::vector<AffineForm> rows;
  for (const Clause* clause : open_) rows.push_back(lower_rows(*system_, *clause));
  std::vector<const AffineForm*> pointers;
  for (const AffineForm& form : rows) pointers.push_back(&form);
  needed_ = needed_neurons(*system_, pointers, problem_.network.get());
}

void ActivationSplitSchedule::measure() {
  open_.clear();
  gap_to_refutation_ = 0.0;
  for (const ActivationClause& c : problem_.clauses) {
    open_.push_back(c.clause);
    double nearest = problem_.root.lower[static_cast<std::size_t>(c.first_row)];
    for (std::int64_t r = c.first_row; r < c.first_row + c.rows; ++r)
      nearest = std::max(nearest, problem_.root.lower[static_cast<std::size_t>(r)]);
    gap_to_refutation_ -= nearest;
  }
}

void ActivationSplitSchedule::keep_refuted(const std::vector<const Clause*>& before) const {
  const bool keeps = context_.keeper != nullptr && settings_.keeping != Keeping::nothing;
  for (const Clause* clause : before) {
    if (std::find(open_.begin(), open_.end(), clause) != open_.end()) continue;
    if (context_.progress != nullptr) context_.progress->root_refuted(*clause);
    if (!keeps) continue;
    ClauseState state;
    state.closed.add(0);
    context_.keeper->keep(*clause, std::move(state));
  }
}

void ActivationSplitSchedule::tell_open() const {
  if (context_.progress == nullptr) return;
  for (const ActivationClause& c : problem_.clauses) {
    const auto first = problem_.root.lower.begin() + c.first_row;
    const auto best = std::max_element(first, first + c.rows);
    context_.progress->root_open(*c.clause, static_cast<std::size_t>(best - first), *best);
  }
}

SearchOutcome ActivationSplitSchedule::all_open() const {
  SearchOutcome outcome;
  outcome.exhausted = problem_.clauses.empty();
  outcome.open = problem_.clauses.size();
  outcome.open_share = outcome.exhausted ? 0.0 : 1.0;
  return outcome;
}

void ActivationSplitSchedule::note_layers() const {
  if (context_.trace == nullptr) return;
  std::vector<IntervalVector> z;
  for (int k = 0; k < problem_.network->layers(); ++k) z.push_back(problem_.network->bounds_of(k));
  solver::note_layers(context_, *system_, z);
}

void ActivationSplitSchedule::pass(IntermediateBoundsBudget& budget, int row_iterations) {
  const double begin = deadline_.spent_s();
  budget.threads = context_.threads;
  budget.stable_too_width = settings_.stable_too_width;
  budget.seconds = std::min(strategy::kLongestPass_s, settings_.pass_share * deadline_.left_s());
  budget.crown_seconds = strategy::kCrownShare * deadline_.left_s();
  const std::vector<double> importance = problem_.root.gaps;
  budget.importance = importance.empty() ? nullptr : &importance;
  if (problem_.network != nullptr) find_needed();
  LinesOfLayers lines;
  const bool few = varying_inputs(lower_, upper_).size() <= InputLines::kMostInputs;
  if (few) budget.lines = &lines;
  problem_.network = bound_intermediate_layers(system_, lower_, upper_, problem_.network.get(),
                                               budget, deadline_, needed_);
  problem_.lines = nullptr;
  if (few && !deadline_.expired()) {
    auto all = std::make_shared<const InputLines>(*problem_.network, std::move(lines));
    if (all->any()) problem_.lines = std::move(all);
  }
  SlopeSchedule schedule;
  schedule.iterations = row_iterations;
  bound_clauses(problem_, open_, schedule, context_.threads, deadline_);
  problem_.neurons.clear();
  const std::vector<const Clause*> before = open_;
  measure();
  keep_refuted(before);
  tell_open();
  if (settings_.check) settings_.check(*problem_.network);
  note_layers();
  const double seconds = deadline_.spent_s() - begin;
  spent_s_ += seconds;
  if (context_.log) {
    context_.log(2, "pass over the neurons, " + std::to_string(budget.bab_rounds) +
                        " rounds each: " + std::to_string(open_.size()) +
                        " clauses open, they lack " + std::to_string(gap_to_refutation_) + ", " +
                        std::to_string(problem_.network->unstable_count()) + " neurons unstable, " +
                        std::to_string(seconds) + " s");
  }
}

void ActivationSplitSchedule::begin() {
  IntermediateBoundsBudget budget;
  // Rows through open steps gain little from slopes of their own.
  pass(budget, has_steps(*system_) ? 0 : 20);
}

bool ActivationSplitSchedule::drop(const std::vector<char>& refuted) {
  std::size_t kept = 0;
  for (std::size_t k = 0; k < refuted.size(); ++k) {
    if (refuted[k] == 0) problem_.clauses[kept++] = problem_.clauses[k];
  }
  const bool any = kept < problem_.clauses.size();
  problem_.clauses.resize(kept);
  measure();
  return any;
}

void ActivationSplitSchedule::drop(const std::set<const Clause*>& refuted) {
  std::erase_if(problem_.clauses,
                [&](const ActivationClause& c) { return refuted.contains(c.clause); });
  measure();
}

TimeSlice ActivationSplitSchedule::next_time_slice(double until_s) const {
  TimeSlice time_slice;
  if (rounds_ == 0) {
    // Search briefly with plain CROWN bounds first: easy clauses end before alpha-CROWN would.
    time_slice = {
        std::min(strategy::kFirstSearch * spent_s_, settings_.pass_share * deadline_.left_s()),
        strategy::kFirstSearches};
  } else if (more_ || phases_promise()) {
    time_slice.seconds = std::max(strategy::kShortestSearch_s, spent_s_);
  }
  time_slice.seconds = std::min(
      time_slice.seconds, std::max(strategy::kShortestSearch_s, until_s - deadline_.spent_s()));
  return time_slice;
}

bool ActivationSplitSchedule::has_open_steps() const {
  const std::vector<NonlinearNeuron>& neurons = problem_.network->nonlinear;
  return std::any_of(neurons.begin(), neurons.end(), [](const NonlinearNeuron& neuron) {
    return neuron.activation.curve == Curve::step;
  });
}

void ActivationSplitSchedule::bound_steps() {
  steps_done_ = true;
  for (int rounds = 0; rounds <= strategy::kMostStepRounds && !problem_.clauses.empty() &&
                       has_open_steps() && !deadline_.expired();
       rounds = rounds == 0 ? 2 : 2 * rounds) {
    const double gap_before = gap_to_refutation_;
    IntermediateBoundsBudget budget;
    budget.only_steps = true;
    budget.iterations = rounds == 0 ? 20 : 0;
    budget.bab_rounds = rounds;
    pass(budget, 0);
    if (rounds > 0 && gap_to_refutation_ > 0.9 * gap_before) return;
  }
}

std::vector<PhaseSearch::Open> ActivationSplitSchedule::open_for_phases() const {
  std::vector<PhaseSearch::Open> open;
  if (!PhaseSearch::suits(*problem_.network)) return open;
  for (const ActivationClause& c : problem_.clauses)
    open.push_back({c.clause, {&problem_.rows, c.first_row, c.rows}});
  return open;
}

void ActivationSplitSchedule::learn_phases(double until_s, bool is_last) {
  const std::vector<PhaseSearch::Open> open = open_for_phases();
  if (open.empty() || context_.ended() || !phases_.is_worth_a_turn(open)) return;
  const double left = until_s - deadline_.spent_s();
  const double turn = is_last ? left : phases_.turn_s(open, spent_s_ + searched_s_);
  if (!(turn > 0.0)) return;
  const std::set<const Clause*> refuted = phases_.run(problem_.network, open, std::min(turn, left));
  if (refuted.empty()) return;
  const std::vector<const Clause*> before = open_;
  drop(refuted);
  keep_refuted(before);
  refuted_some_ = true;
}

void ActivationSplitSchedule::improve() {
  const double gap_before = gap_to_refutation_;
  IntermediateBoundsBudget budget;
  budget.iterations = rounds_ == 0 ? 20 : 10;
  budget.bab_rounds = rounds_;
  pass(budget, 40);
  more_ = rounds_ < strategy::kMostRounds &&
          (rounds_ == 0 || refuted_some_ || gap_to_refutation_ < 0.8 * gap_before);
  refuted_some_ = false;
  rounds_ = rounds_ == 0 ? 2 : 2 * rounds_;
}

ActivationOutcome ActivationSplitSchedule::run(double until_s) {
  if (!steps_done_) bound_steps();
  ActivationOutcome outcome{all_open(), {}};
  if (problem_.clauses.empty() || deadline_.expired()) return outcome;
  for (;;) {
    if (!pass_is_next_) {
      learn_phases(until_s, false);
      if (problem_.clauses.empty() || context_.ended()) return {all_open(), {}};
      if (problem_.neurons.empty()) compile_neurons(problem_);
      const double begin = deadline_.spent_s();
      outcome = search_activations(problem_, next_time_slice(until_s), context_, settings_.keeping);
      searched_s_ += deadline_.spent_s() - begin;
      const bool last = !more_ && std::isinf(until_s) && !phases_promise();
      // Where only unsplittable subproblems are left, the trees are done, and more time helps no
      // more.
      const bool done = outcome.search.open == outcome.search.unsplittable;
      if (done && !outcome.search.exhausted && !context_.ended()) {
        drop(outcome.refuted);
        learn_phases(until_s, true);
        if (problem_.clauses.empty()) return {all_open(), {}};
        outcome.refuted.clear();
      }
      if (last || outcome.search.exhausted || context_.ended() || done) return outcome;
      refuted_some_ = drop(outcome.refuted) || refuted_some_;
      pass_is_next_ = more_;
      if (context_.log)
        context_.log(2, "search interrupted, " + std::to_string(open_.size()) + " clauses open, " +
                            std::to_string(outcome.search.open_share) + " of their trees");
    }
    if (deadline_.spent_s() >= until_s) return outcome;
    if (!pass_is_next_) continue;
    if (rounds_ == 0 && attack_found(strategy::kPassAttackShare * spent_s_)) return outcome;
    improve();
    pass_is_next_ = false;
    // The trees of the last search are gone.
    if (problem_.clauses.empty() || deadline_.expired()) return {all_open(), {}};
  }
}

}  // namespace clipbound::solver
