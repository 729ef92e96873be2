#include "solver/phase_clauses/phase_clauses.h"

#include <algorithm>
#include <utility>

namespace clipbound::solver {

namespace {
constexpr double kLongestProgram_s = 2.0;
constexpr int kConflicts = 5000;        // of CaDiCaL between two looks at the clock
constexpr double kConflictWork = 2e4;   // operations of one, about
constexpr std::uint64_t kEnough = 32;   // learned clauses that say how long the next ones are
constexpr double kMostLiterals = 24.0;  // of a clause that excludes much
constexpr double kFlat = 1e-9;          // gap of a relaxation that is next to none

bool contains(const std::vector<DecidedPhase>& phases, Unstable neuron) {
  return std::any_of(phases.begin(), phases.end(),
                     [&](const DecidedPhase& phase) { return phase.neuron == neuron; });
}

DecidedPhase opposite(DecidedPhase phase) {
  const bool active = phase.phase == ReluPhase::active;
  return {phase.neuron, active ? ReluPhase::inactive : ReluPhase::active};
}

}  // namespace

PhaseClauses::PhaseClauses(std::shared_ptr<const SparseNetwork> network, const ClauseRows& rows,
                           const Clause& clause, const SearchContext& context)
    : constraints_(std::make_shared<const ClauseConstraints>(std::move(network), rows)),
      clause_(clause),
      context_(context),
      propagation_(constraints_),
      shrinking_(constraints_),
      assignments_(constraints_->neurons(), context.deadline),
      occurs_(static_cast<std::size_t>(constraints_->neurons()), 0) {}

bool PhaseClauses::knows() const {
  return learned_ >= kEnough;
}

bool PhaseClauses::promises() const {
  return !knows() || mean_length() <= kMostLiterals;
}

void PhaseClauses::exclude(const std::vector<DecidedPhase>& core) {
  assignments_.exclude(core);
  is_refuted_ = is_refuted_ || core.empty();
  ++learned_;
  length_ += static_cast<double>(core.size());
  for (const DecidedPhase& phase : core) ++at(occurs_, phase.neuron);
}

bool PhaseClauses::learn_by_propagation() {
  bool learned = false;
  propagation_.take_back(0);
  for (const Unstable u : bending_) {
    if (is_over()) break;
    if (propagation_.is_active(u) || propagation_.is_inactive(u)) continue;
    if (propagation_.decide(at(assignment_, u))) continue;
    // Without the newest one there is no conflict, and what comes behind it may meet another.
    learn_conflict();
    propagation_.take_back(propagation_.decisions() - 1);
    learned = true;
  }
  count_work();
  return learned;
}

std::vector<DecidedPhase> PhaseClauses::core_at(const std::vector<DecidedPhase>& set,
                                                std::size_t end) {
  std::vector<DecidedPhase> tried;
  std::vector<char> is_tried(occurs_.size(), 0);
  // A neuron of both phases has z = 0: what is learned of both excludes no assignment.
  const auto add = [&](DecidedPhase phase) {
    if (std::exchange(at(is_tried, phase.neuron), 1) == 0) tried.push_back(phase);
  };
  if (end < set.size()) add(opposite(set[end]));
  for (std::size_t k = end; k-- > 0;) add(set[k]);
  std::vector<DecidedPhase> core = first_conflict(tried);
  shrink_by_propagation(core);
  return core;
}

// What was decided is excluded by several clauses: one of the newest phases, and one for each of
// these that was not assigned but followed. So clauses are short, and most of them say something of
// many assignments.
void PhaseClauses::learn_conflict() {
  std::vector<DecidedPhase> set = propagation_.phases_set();
  if (!set.empty() && std::any_of(set.begin(), set.end() - 1, [&](const DecidedPhase& phase) {
        return phase.neuron == set.back().neuron;
      }))
    set.pop_back();  // it contradicts what was there, and says nothing more
  std::vector<DecidedPhase> core = core_at(set, set.size());
  if (core.empty()) {  // the sign of a neuron says less than its bound did
    core = propagation_.conflict();
    shrink_by_propagation(core);
    return exclude(core);
  }
  exclude(core);
  learn_why(std::move(core), set, set.size());
}

void PhaseClauses::learn_why(std::vector<DecidedPhase> core, const std::vector<DecidedPhase>& set,
                             std::size_t end) {
  std::set<std::size_t> open;
  const auto add_those_of = [&](const std::vector<DecidedPhase>& phases, std::size_t before) {
    for (std::size_t k = 0; k < before; ++k) {
      if (at(assignment_, set[k].neuron).phase != set[k].phase && contains(phases, set[k].neuron))
        open.insert(k);
    }
  };
  add_those_of(core, end);
  // Why the newest ones follow may add older ones.
  while (!open.empty() && !is_over()) {
    const std::size_t k = *open.rbegin();
    open.erase(k);
    core = core_at(set, k);
    if (core.empty()) {
      core = propagation_.reasons_of(set[k].neuron);
      core.push_back(opposite(set[k]));
      if (first_conflict(core).empty()) continue;
      shrink_by_propagation(core);
    }
    exclude(core);
    add_those_of(core, k);
  }
}

std::vector<DecidedPhase> PhaseClauses::first_conflict(const std::vector<DecidedPhase>& phases) {
  shrinking_.take_back(0);
  return shrinking_.decide_all(phases) ? std::vector<DecidedPhase>{} : shrinking_.conflict();
}

void PhaseClauses::shrink_by_propagation(std::vector<DecidedPhase>& phases) {
  for (std::size_t tried = 0; tried < phases.size() && phases.size() > 1 && !is_over();) {
    std::vector<DecidedPhase> others = phases;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(tried));
    const std::vector<DecidedPhase> smaller = first_conflict(others);
    if (smaller.empty()) {
      ++tried;
      continue;
    }
    // Those that were tried in vain stand in front.
    std::size_t stayed = 0;
    for (std::size_t k = 0; k < tried; ++k) stayed += contains(smaller, phases[k].neuron) ? 1 : 0;
    std::erase_if(phases,
                  [&](const DecidedPhase& phase) { return !contains(smaller, phase.neuron); });
    tried = stayed;
  }
}

base::Simplex::Answer PhaseClauses::solve() {
  // Where choices count work, time ends nothing but the whole run.
  const Deadline& deadline = context_.deadline;
  const double left = deadline.remaining_s();
  const base::Simplex::Answer answer =
      program_->solve(deadline.counts_work() ? left : std::min(left, kLongestProgram_s));
  const std::int64_t pivots = program_->pivots();
  context_.deadline.work(static_cast<double>((pivots - counted_pivots_) * program_->entries()));
  counted_pivots_ = pivots;
  return answer;
}

std::vector<DecidedPhase> PhaseClauses::shrink_by_program(std::vector<DecidedPhase> core) {
  const std::vector<DecidedPhase> decided = program_->decided();
  for (const DecidedPhase& phase : decided) program_->undecide(phase.neuron);
  for (const DecidedPhase& phase : core) program_->decide(phase);
  for (std::size_t tried = 0; tried < core.size() && !is_over();) {
    const DecidedPhase one = core[tried];
    program_->undecide(one.neuron);
    std::optional<std::vector<DecidedPhase>> smaller;
    if (solve() == base::Simplex::Answer::infeasible) smaller = program_->core();
    if (!smaller) {
      program_->decide(one);
      ++tried;
      continue;
    }
    std::vector<Unstable> kept;
    for (std::size_t k = 0; k < tried; ++k) {
      if (contains(*smaller, core[k].neuron)) kept.push_back(core[k].neuron);
    }
    for (const DecidedPhase& phase : core) {
      if (!contains(*smaller, phase.neuron)) program_->undecide(phase.neuron);
    }
    core = std::move(*smaller);
    // Those that were tried in vain stand in front.
    std::stable_partition(core.begin(), core.end(), [&](const DecidedPhase& phase) {
      return std::find(kept.begin(), kept.end(), phase.neuron) != kept.end();
    });
    tried = kept.size();
  }
  for (const DecidedPhase& phase : core) program_->undecide(phase.neuron);
  for (const DecidedPhase& phase : decided) program_->decide(phase);
  return core;
}

bool PhaseClauses::learn_by_program() {
  std::optional<std::vector<DecidedPhase>> core = program_->core();
  if (!core) return false;
  if (core->size() > 1) core = shrink_by_program(std::move(*core));
  exclude(*core);
  if (core->empty()) return true;
  const std::vector<DecidedPhase> set = propagation_.phases_set();
  learn_why(*core, set, set.size());
  // Without one of them the program may show another reason. The one that has taken part the least
  // leaves most of the others.
  const auto rarest = std::min_element(core->begin(), core->end(),
                                       [&](const DecidedPhase& x, const DecidedPhase& y) {
                                         return at(occurs_, x.neuron) < at(occurs_, y.neuron);
                                       });
  program_->undecide(rarest->neuron);
  return true;
}

PhaseClauses::Answer PhaseClauses::try_program() {
  if (!TriangleProgram::is_available()) return Answer::unresolved;
  if (program_ == nullptr) program_ = std::make_unique<TriangleProgram>(constraints_);
  for (const DecidedPhase& phase : assignment_) program_->undecide(phase.neuron);
  for (const Unstable u : bending_) {
    DecidedPhase phase = at(assignment_, u);
    if (propagation_.is_active(u) != propagation_.is_inactive(u))
      phase.phase = propagation_.is_active(u) ? ReluPhase::active : ReluPhase::inactive;
    if (phase.phase != at(assignment_, u).phase) assignments_.prefer(phase);
    program_->decide(phase);
  }
  bool excluded = false, has_all = false;
  while (!is_over()) {
    const base::Simplex::Answer answer = solve();
    if (answer == base::Simplex::Answer::infeasible && learn_by_program()) {
      if (is_refuted_) return Answer::refuted;
      excluded = true;
      continue;
    }
    if (excluded) return Answer::open;
    if (answer == base::Simplex::Answer::feasible &&
        context_.judge.offer(clause_, program_->inputs()))
      return Answer::found;
    if (has_all) return Answer::unresolved;
    for (const DecidedPhase& phase : assignment_) {
      if (!program_->is_decided(phase.neuron)) program_->decide(phase);
    }
    has_all = true;
  }
  return Answer::open;
}

PhaseClauses::Answer PhaseClauses::try_assignment() {
  assignment_.clear();
  for (std::int32_t u = 0; u < constraints_->neurons(); ++u)
    assignment_.push_back({Unstable{u}, assignments_.phase(Unstable{u})});
  return learn_by_propagation() || is_over() ? Answer::open : try_program();
}

bool PhaseClauses::begin() {
  has_begun_ = true;
  if (!propagation_.begin()) return false;
  shrinking_.begin();
  for (std::int32_t n = 0; n < constraints_->neurons(); ++n) {
    const Unstable u{n};
    if (propagation_.gap(u) > kFlat) bending_.push_back(u);
    const bool active = propagation_.is_mostly_active(u);
    assignments_.prefer({u, active ? ReluPhase::active : ReluPhase::inactive});
  }
  order_neurons();
  return true;
}

void PhaseClauses::order_neurons() {
  std::vector<double> follows(static_cast<std::size_t>(constraints_->neurons()), 0.0);
  for (const Unstable u : bending_) {
    double both = 1.0;
    for (const ReluPhase phase : {ReluPhase::inactive, ReluPhase::active}) {
      if (is_over()) break;
      const bool possible = first_conflict({{u, phase}}).empty();
      if (!possible) exclude({{u, phase}});
      both *= static_cast<double>(shrinking_.changes());
    }
    at(follows, u) = both;
    count_work();
  }
  std::stable_sort(bending_.begin(), bending_.end(),
                   [&](Unstable x, Unstable y) { return at(follows, x) > at(follows, y); });
}

// Learned clauses stay, and nobody else looks while a turn lasts.
void PhaseClauses::watch_memory() const {
  if (static_cast<double>(base::resident_bytes()) > context_.options.memory_limit_gb * 1e9)
    context_.deadline.out_of_memory();
}

PhaseClauses::Answer PhaseClauses::run(double seconds) {
  end_s_ = context_.deadline.spent_s() + seconds;
  if (!has_begun_ && !begin()) return Answer::refuted;
  while (!is_over()) {
    if ((assignments_tried_++ & 63U) == 0) watch_memory();
    context_.deadline.work(kConflictWork);
    const PhaseAssignments::Answer answer = assignments_.next(kConflicts);
    if (answer == PhaseAssignments::Answer::impossible) return Answer::refuted;
    if (answer == PhaseAssignments::Answer::stopped) {
      context_.deadline.work(kConflicts * kConflictWork);
      continue;
    }
    const Answer one = try_assignment();
    if (one != Answer::open) return one;
  }
  return Answer::open;
}

}  // namespace clipbound::solver
