#pragma once
// Projected gradient descent on the network in float32: the first search for a counterexample.
#include <memory>
#include <random>
#include <vector>

#include "base/deadline.h"
#include "base/stats.h"
#include "solver/candidate.h"
#include "specs/evaluate.h"

namespace clipbound {

/// Attacks clauses in turn, a round of restarts at a time; a later call goes on where the last one ended. The loss of a
/// point is the sum of its violated rows (a satisfied row stops pulling); steps are sign steps that shrink. One thread.
class PgdAttack {
 public:
  /// `network` is the simplified network; the judge replays on the one as read. Clauses `which` are attacked.
  PgdAttack(std::shared_ptr<const Network> network, const Query& query, std::vector<std::size_t> which, std::uint64_t seed);
  ~PgdAttack();
  /// From now on only these clauses.
  void focus(std::vector<std::size_t> which) { which_ = std::move(which); }
  /// Up to `seconds`. True where a counterexample is known now.
  bool run(double seconds, const Deadline& deadline, CandidateJudge& judge, Statistics& statistics);

 private:
  bool attack_clause(std::size_t clause, double seconds, const Deadline& deadline, CandidateJudge& judge, Statistics& statistics);

  std::unique_ptr<Evaluator<float>> evaluator_;
  const Query& query_;
  std::vector<std::size_t> which_;
  std::mt19937_64 random_;
  int restarts_ = 0;
  std::size_t next_ = 0;  ///< position in which_, counting rounds
};

}  // namespace clipbound
