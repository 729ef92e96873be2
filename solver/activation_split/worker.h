#pragma once
// One worker of the activation split: bounds kLanes subproblems at once with optimised slopes and
// multipliers, prunes, branches.
#include <memory>
#include <vector>

#include "bounds/alpha_beta/alpha_beta_bounder.h"
#include "solver/activation_split/problem.h"
#include "solver/search/search_worker.h"
#include "solver/search/shared_queue.h"

namespace clipbound::solver {

/// Bounds of a neuron that hold on a subproblem, tighter than the root's.
struct RefinedBounds {
  std::int32_t slot;
  double lower, upper;
};

/// A curved neuron that a subproblem restricts to [lower, upper], and the multiplier that goes with
/// it.
struct NonlinearSplit {
  std::int32_t slot;
  float multiplier;
  double lower, upper;
};

/// A subproblem: the points of the clause's box where the decided neurons have their signs and the
/// restricted ones their ranges.
struct ActivationSubproblem {
  std::int32_t clause = 0;             ///< in ActivationProblem::clauses
  std::int64_t row = 0;                ///< the row that is to be excluded: nearest to it so far
  double bound = 0.0;                  ///< lower bound of the row that is known already
  std::vector<std::int32_t> splits;    ///< 2 * slot + (1 where active), oldest first
  std::vector<NonlinearSplit> curved;  ///< one per neuron
  std::int32_t depth = 0;              ///< splits on the way here
  std::shared_ptr<const std::vector<float>>
      theta;  ///< [T] where the optimisation starts: slopes, multipliers of older splits
  std::shared_ptr<const std::vector<RefinedBounds>> tighter;  ///< may be nullptr
  double before = 0.0;            ///< the bound before the last split or refresh
  std::int32_t refreshed = 0;     ///< number of splits when the neurons were bounded last
  bool fresh = false;             ///< that was the last thing that happened to it
  std::int32_t newest_slot = -1;  ///< the neuron of the newest split
  float newest = 0.0F;            ///< where its multiplier starts (a curved neuron's slope)
};
using ActivationTask = std::vector<ActivationSubproblem>;
using ActivationQueue = SharedQueue<ActivationTask>;

/// What the workers of one search share.
struct ActivationSplitTeam {
  ActivationQueue& queue;
  SearchCounters& counters;
  TimeSlice time_slice;
  std::vector<std::atomic<std::int64_t>> open;  ///< subproblems per clause, unsplittable ones too
};

class ActivationSplitWorker : public SearchWorker {
 public:
  ActivationSplitWorker(const SearchContext& context, const ActivationProblem& problem,
                        ActivationSplitTeam& team, int number);
  /// Takes tasks until the queue is done.
  void run();

 private:
  void process_batch();
  void load(const std::vector<ActivationSubproblem>& batch);
  void try_corners(const std::vector<ActivationSubproblem>& batch, const std::vector<char>& open);
  bool another_row_excluded(ActivationSubproblem& node, int lane);
  void learn(const ActivationSubproblem& node, double seconds);
  bool worth_refreshing(const ActivationSubproblem& node) const;
  /// Bounds the neurons again that cost the lane's row most. False where this shows that the
  /// subproblem is empty.
  bool refresh(ActivationSubproblem& node, int lane);
  bool refresh_layer(int layer, int lane, double least_cost, std::vector<RefinedBounds>& found);
  std::shared_ptr<std::vector<float>> save_theta(int lane) const;
  void branch(ActivationSubproblem node, int lane);
  /// The lower or upper part of a curved neuron's range where a lane would split it, near the
  /// corner.
  std::pair<double, double> part_of(int lane, std::int32_t slot, bool upper) const;
  /// The node's restrictions as lanes have them: into a lane, and the multipliers back from it.
  void load_restrictions(const ActivationSubproblem& node, int lane);
  void save_multipliers(ActivationSubproblem& node, int lane) const;
  void split_child(ActivationSubproblem& child, int lane, std::int32_t slot, bool upper) const;
  /// Undecided neurons whose split promises most, at most kCandidates.
  std::vector<std::int32_t> choose_candidates(int lane);
  void finish_leaf(ActivationSubproblem& node, int lane);
  void close(const ActivationSubproblem& node);
  /// Gives half of the stack to idle workers.
  void share_work();

  const ActivationProblem& problem_;
  const SparseNetwork& network_;
  ActivationSplitTeam& team_;
  double judging_s_ = 0.0, begin_s_ = 0.0;
  AlphaBetaBounder sweep_, probe_;
  Cone cone_;  // of all rows
  AlphaBetaBounder::Target target_;
  ConeFinder finder_;
  Cone neuron_cone_;  // of neurons being bounded again
  std::vector<ActivationSubproblem> stack_;
  std::vector<std::int32_t> slots_, parameters_;  // in the cone
  std::uint64_t batches_ = 0;

  /// Running means that tell whether bounding neurons again pays.
  struct Experience {
    double split_gain = 0.0;     ///< by which a split raises a bound
    double refresh_share = 0.0;  ///< of what a bound lacks that is gone after a refresh
    double node_s = 0.0, refresh_s = 0.0;
    int splits = 0, refreshes = 0;
  } experience_;
};

}  // namespace clipbound::solver
