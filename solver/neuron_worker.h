#pragma once
// One worker of the activation split: bounds kLanes subproblems at once with optimised slopes and multipliers, prunes, branches.
#include <memory>
#include <vector>

#include "bounds/lane_sweep.h"
#include "solver/input_worker.h"
#include "solver/neuron_search.h"
#include "solver/task_queue.h"

namespace clipbound {

/// A subproblem: the points of the clause's box where the decided neurons have their signs.
struct NeuronNode {
  std::int32_t clause = 0;             ///< in NeuronProblem::clauses
  std::int64_t row = 0;                ///< the row that is to be excluded: nearest to it so far
  double bound = 0.0;                  ///< lower bound of the row that is known already
  std::vector<std::int32_t> splits;    ///< 2 * slot + (1 where active), oldest first
  std::shared_ptr<const std::vector<float>> theta;  ///< [U] where the optimisation starts: slopes, multipliers of older splits
  float newest = 0.0F;                 ///< where the newest split's multiplier starts
};
using NeuronTask = std::vector<NeuronNode>;
using NeuronQueue = SharedQueue<NeuronTask>;

class NeuronWorker {
 public:
  NeuronWorker(const NeuronProblem& problem, const Options& options, const Deadline& deadline, CandidateJudge& judge, NeuronQueue& queue,
               SearchCounters& counters, PgdAttack* attack);
  /// Takes tasks until the queue is done.
  void run();
  Statistics statistics;

 private:
  void process_batch();
  void load(const std::vector<NeuronNode>& batch);
  void try_corners(const std::vector<NeuronNode>& batch, const std::vector<char>& open);
  bool another_row_excluded(NeuronNode& node, int lane);
  void branch(NeuronNode node, int lane);
  /// Undecided neurons whose split promises most, at most kCandidates.
  std::vector<std::int32_t> choose_candidates(int lane);
  void finish_leaf(NeuronNode& node, int lane);
  void close(const NeuronNode& node);
  void donate();
  void attack_now_and_then();

  const NeuronProblem& problem_;
  const SweepNetwork& network_;
  const Options& options_;
  const Deadline& deadline_;
  CandidateJudge& judge_;
  NeuronQueue& queue_;
  SearchCounters& counters_;
  PgdAttack* attack_;
  double next_attack_s_ = 0.0, judging_s_ = 0.0, begin_s_ = 0.0;
  LaneSweep sweep_, probe_;
  SweepCone cone_;                    // of all rows
  LaneSweep::Target target_;
  std::vector<NeuronNode> stack_;
  std::vector<std::int32_t> slots_;   // in the cone
  std::uint64_t batches_ = 0;
};

}  // namespace clipbound
