#include "solver/phase_clauses/leaf_programs.h"

#include <algorithm>

#include "solver/strategy.h"

namespace clipbound::solver {

bool LeafPrograms::refute(const std::shared_ptr<const SparseNetwork>& network, std::int32_t clause,
                          const ClauseRows& rows, std::span<const DecidedPhase> phases,
                          const Deadline& deadline) {
  if (deadline.expired() || !TriangleProgram::is_available()) return false;
  std::unique_ptr<TriangleProgram>& program = programs_[clause];
  if (program == nullptr) {
    if (!ClauseConstraints::suit(*network, strategy::kMostProgramEntries)) return false;
    program =
        std::make_unique<TriangleProgram>(std::make_shared<const ClauseConstraints>(network, rows));
  }
  for (const DecidedPhase& phase : program->decided()) program->undecide(phase.neuron);
  for (const DecidedPhase& phase : phases) program->decide(phase);
  const std::int64_t pivots = program->pivots();
  // Where choices count work, time ends nothing but the whole run.
  const double left = deadline.remaining_s();
  const base::Simplex::Answer answer =
      program->solve(deadline.counts_work() ? left : std::min(left, strategy::kLeafProgram_s));
  deadline.work(static_cast<double>((program->pivots() - pivots) * program->entries()));
  return answer == base::Simplex::Answer::infeasible && program->core().has_value();
}

}  // namespace clipbound::solver
