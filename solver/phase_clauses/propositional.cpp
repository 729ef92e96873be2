#include "solver/phase_clauses/propositional.h"

#include <cadical.hpp>

namespace clipbound::solver {

namespace {

int variable(Unstable neuron) {
  return raw(neuron) + 1;
}

int literal(DecidedPhase phase) {
  return phase.phase == ReluPhase::active ? variable(phase.neuron) : -variable(phase.neuron);
}

}  // namespace

struct PhaseAssignments::Solver : CaDiCaL::Terminator {
  explicit Solver(const Deadline& of) : deadline(of) { cadical.connect_terminator(this); }
  ~Solver() override { cadical.disconnect_terminator(); }
  bool terminate() override { return deadline.expired(); }
  const Deadline& deadline;
  mutable CaDiCaL::Solver cadical;  // reading a value is not const there
};

PhaseAssignments::PhaseAssignments(std::int32_t neurons, const Deadline& deadline)
    : solver_(std::make_unique<Solver>(deadline)) {
  solver_->cadical.set("quiet", 1);
  solver_->cadical.reserve(neurons);
}

PhaseAssignments::~PhaseAssignments() = default;

void PhaseAssignments::exclude(std::span<const DecidedPhase> phases) {
  for (const DecidedPhase& phase : phases) solver_->cadical.add(-literal(phase));
  solver_->cadical.add(0);
}

void PhaseAssignments::prefer(DecidedPhase phase) {
  solver_->cadical.phase(literal(phase));
}

PhaseAssignments::Answer PhaseAssignments::next(int most_conflicts) {
  constexpr int kFulfilled = 10, kImpossible = 20;
  solver_->cadical.limit("conflicts", most_conflicts);
  switch (solver_->cadical.solve()) {
    case kFulfilled: return Answer::found;
    case kImpossible: return Answer::impossible;
    default: return Answer::stopped;
  }
}

ReluPhase PhaseAssignments::phase(Unstable neuron) const {
  return solver_->cadical.val(variable(neuron)) > 0 ? ReluPhase::active : ReluPhase::inactive;
}

}  // namespace clipbound::solver
