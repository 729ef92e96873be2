#pragma once
// Idea: the search for a counterexample by evaluation and gradients in float32. What it finds the
// judge replays.
// Source: portfolio of descents after Croce and Hein 2020; ours cuts the rounds at any time and
// goes on later.
// Guarantees: for a seed and one thread the points are always the same; a counterexample is
// replayed (S11).
#include <functional>
#include <memory>
#include <vector>

#include "base/deadline.h"
#include "base/stats.h"
#include "solver/attack/network.h"
#include "solver/attack/round.h"
#include "solver/search/candidate_judge.h"

namespace clipbound::solver {

/// Attacks the clauses, those of one box together, one round of some points at a time: projected
/// gradient descents of different lengths, and searches without gradients where gradients are of no
/// use. Every call goes on where the last one ended, in the middle of a round too. Each thread has
/// a worker: points, random numbers and memory. For a seed and one thread the points are
/// always the same, however the calls cut the time.
class PgdAttack {
 public:
  /// `network` is the simplified network; the judge replays on the one as read. Clauses `which` are
  /// attacked.
  PgdAttack(std::shared_ptr<const Network> network, const Query& query,
            std::vector<std::size_t> which, std::uint64_t seed);
  ~PgdAttack();
  /// From now on only these clauses. Not while a run goes on.
  void focus(std::vector<std::size_t> which);

  /// Up to `seconds` on this thread. True where a counterexample is known now. One call at a time,
  /// always with the same judge.
  bool run(double seconds, const Deadline& deadline, CandidateJudge& judge, Statistics& statistics);
  /// The same on several threads.
  bool run_on(int threads, double seconds, const Deadline& deadline, CandidateJudge& judge,
              Statistics& statistics);

  /// Multiplications per point, roughly: what the first attack costs.
  double work() const { return network_.work; }

 private:
  struct Worker;
  void prepare(int threads, const CandidateJudge& judge);
  void begin_round(Worker& worker, CandidateJudge& judge) const;
  std::size_t choose(const Worker& worker) const;
  std::unique_ptr<AttackRound> next_round(const AttackScene& scene) const;
  void keep_going(Worker& worker, const std::function<bool()>& enough, const Deadline& deadline,
                  CandidateJudge& judge, Statistics& statistics);

  AttackNetwork network_;
  const Query& query_;
  std::vector<std::size_t> which_;
  std::uint64_t seed_;
  std::vector<AttackTarget> targets_;  ///< of which_, made when first needed
  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t points_ = 1;  ///< of a round
};

}  // namespace clipbound::solver
