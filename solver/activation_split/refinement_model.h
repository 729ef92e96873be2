#pragma once
// Idea: an online cost model of whether refining a subproblem's bounds pays: running means of what
//   splits and refinements gained and took so far. A tree whose splits gain d each and whose root
//   lacks L of refutation has about 2^(L / d) subproblems; after a refinement it lacks less.
// Source: own.
// Guarantees: none needed: it decides only how time is spent.
namespace clipbound::solver {

class RefinementModel {
 public:
  /// A split raised a bound by `gained`, and its child took so long.
  void learn_split(double gained, double seconds);
  /// A refinement took away this share of what a bound lacked.
  void learn_refinement(double gained_share);
  /// And took so long.
  void learn_refinement_time(double seconds);
  /// Whether to refine a subproblem whose row has this bound, so many splits after its last
  /// refinement. The first few are refined to learn what that gains.
  bool pays(double bound, int splits_since) const;
  double subproblem_s() const { return subproblem_s_; }

 private:
  double split_gain_ = 0.0;        // by which a split raises a bound
  double refinement_share_ = 0.0;  // of what a bound lacks that is gone after a refinement
  double subproblem_s_ = 0.0, refinement_s_ = 0.0;
  int splits_ = 0, refinements_ = 0;
};

}  // namespace clipbound::solver
