#pragma once
// Projected gradient descent on the network in float32: the first search for a counterexample.
#include <memory>

#include "base/deadline.h"
#include "base/stats.h"
#include "solver/candidate.h"

namespace clipbound {

/// How long and hard to attack.
struct AttackBudget {
  double seconds = 0.05;      ///< per call, over all clauses
  int restarts = 64;          ///< points per clause and round, as one batch
  int steps = 30;             ///< gradient steps per round
  int rounds = 2;
};

/// Attacks the clauses `which` of the query in turn until found, out of budget or past the deadline. The loss of a point is
/// the sum of its violated rows (a satisfied row stops pulling); steps are sign steps that shrink. `network` is the
/// simplified network, the judge replays on the one as read.
bool attack_pgd(std::shared_ptr<const Network> network, const Query& query, const std::vector<std::size_t>& which,
                const AttackBudget& budget, std::uint64_t seed, const Deadline& deadline, CandidateJudge& judge,
                Statistics& statistics);

}  // namespace clipbound
