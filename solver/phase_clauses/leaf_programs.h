#pragma once
// Idea: the exact finish of a subproblem in which nothing is left to split: one row of its clause at
//   a time may be possible where all together are not.
// Source: Ehlers, ATVA 2017; own.
// Guarantees: as TriangleProgram's (S15).
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/deadline.h"
#include "bounds/triangle/triangle_program.h"

namespace clipbound::solver {

/// Of one worker: a program per clause, made when it is first needed.
class LeafPrograms {
 public:
  /// Whether the phases are impossible for the clause that has these rows; false where that is not
  /// known. `clause` is its number; all calls are about one network.
  bool refute(const std::shared_ptr<const SparseNetwork>& network, std::int32_t clause,
              const ClauseRows& rows, std::span<const DecidedPhase> phases,
              const Deadline& deadline);

 private:
  std::map<std::int32_t, std::unique_ptr<TriangleProgram>> programs_;
};

}  // namespace clipbound::solver
