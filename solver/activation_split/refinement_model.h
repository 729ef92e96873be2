#pragma once
// Idea: an online cost model of whether refining a subproblem's bounds pays: running means of what
//   splits and refinements gained and took so far. A tree whose splits gain d each and whose root
//   lacks L of refutation has about 2^(L / d) subproblems; after a refinement it lacks less.
//   The workers of a search share one: a first refinement takes as long as dozens of batches, so
//   that each worker's own trials would take what a second thread gains (decision 68).
// Source: own.
// Guarantees: none needed: it decides only how time is spent. Safe from many threads.
#include <mutex>

namespace clipbound::solver {

class RefinementModel {
 public:
  explicit RefinementModel(int threads = 1) : threads_(threads) {}
  /// A split raised a bound by `gained`, and its child took so long.
  void learn_split(double gained, double seconds);
  /// A refinement that was begun took away this share of what a bound lacked.
  void learn_refinement(double gained_share);
  /// And took so long.
  void learn_refinement_time(double seconds);
  /// Whether to refine a subproblem whose row has this bound, so many splits after its last
  /// refinement; if so, it is begun. The first few are tried to learn what that gains, and until
  /// they are through no others. `in_batch`: begun by the same batch; threads divide the trials, or
  /// one would try them all while the others go on without.
  bool begins(double bound, int splits_since, int in_batch = 0);
  /// A refinement that was begun teaches nothing: it has shown that the subproblem is empty.
  void give_back();
  double subproblem_s() const;

 private:
  bool pays(double bound, int splits_since, int in_batch) const;

  const int threads_;
  mutable std::mutex mutex_;
  double split_gain_ = 0.0;        // by which a split raises a bound
  double refinement_share_ = 0.0;  // of what a bound lacks that is gone after a refinement
  double subproblem_s_ = 0.0, refinement_s_ = 0.0;
  int splits_ = 0, refinements_ = 0;
  int begun_ = 0;  // refinements of which nothing is known yet
};

}  // namespace clipbound::solver
