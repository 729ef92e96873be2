#pragma once
// Idea: the bounds of every clause's whole box, and what is left to be searched by which means.
// Source: own; CROWN and alpha-CROWN are cited where they are computed.
// Guarantees: a clause that is not left over is refuted (S5, S6), unless the deadline came.
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bounds/crown/crown_bounder.h"
#include "solver/activation_split/schedule.h"
#include "solver/family_lowering.h"
#include "solver/input_split/subproblems.h"
#include "solver/integer_cases/case_search.h"
#include "solver/search/search_context.h"
#include "specs/query/query.h"

namespace clipbound::solver {

/// What the root bounds leave open.
struct OpenRoots {
  std::vector<BoxSubproblems> boxes;  ///< for the input split, one per clause
  Budgets budgets;                    ///< of these
  double spent_s = 0.0;               ///< by the root stage: Deadline::spent_s()
  std::vector<std::unique_ptr<ActivationSplitSchedule>> schedules;  ///< for the activation split
  std::vector<CaseProblem> cases;    ///< for cases; nothing is bounded then
  std::vector<std::size_t> clauses;  ///< their numbers: those of boxes, then those of schedules
  /// Not empty: because of these nodes outputs are bounded by intervals alone.
  std::string interval_only;
  /// Not empty: why no search of what is open has any sense. What schedules hold is not all then.
  std::string no_search;
  /// Steps may have to be decided, or operators are enclosed by intervals alone: cases help where
  /// splits come to no end.
  bool have_cases = false;
};

class RootStage {
 public:
  /// Tried before longer passes of the activation split; true where a counterexample is known.
  using Attack = std::function<bool(double seconds)>;

  /// `network` is the simplified one. Where it is the network as read, but for rewrites that keep
  /// NaN, its NaN may refute clauses.
  RootStage(std::shared_ptr<const Network> network, const Query& query,
            const SearchContext& context, Attack attack, bool keeps_nan)
      : network_(std::move(network)),
        query_(query),
        context_(context),
        attack_(std::move(attack)),
        reach_(keeps_nan ? std::make_shared<const UndefinedReach>(*network_, query.clauses)
                         : nullptr),
        lowering_(network_, reach_, query.ball, context) {}
  /// Bounds all clauses on all threads.
  OpenRoots run();
  /// The activation split's root of clauses of which the input split has begun, its CROWN bounds
  /// not begun; nullptr where the deadline comes meanwhile. The stage must outlive it.
  std::unique_ptr<ActivationSplitSchedule> schedule(BoxClauses box);
  /// The same clauses case by case: by the values of steps, and parts on which intervals are
  /// better.
  std::unique_ptr<CaseSearch> cases(BoxClauses box) const;

 private:
  /// What one box leaves open for the input split.
  struct OpenBoxes {
    std::vector<BoxSubproblems> tasks;
    std::vector<std::size_t> clauses;
    Budgets budgets;
    std::string no_search;
  };

  /// All clauses by their boxes, but those that the network's values at their one point refute,
  /// where some inputs are integers: those of a case are all fixed, often.
  std::vector<BoxGroup> groups_to_bound() const;
  /// Lowers the hull of all boxes, and splits it into families. Empty where there are cases.
  std::vector<std::unique_ptr<LoweredFamily>> lower_families(OpenRoots& roots);
  /// True where the boxes are searched case by case.
  bool make_cases(const BoxFamily& family, const LayeredSystem& system, OpenRoots& roots) const;
  /// The group without clauses that the lowering's intervals refute: on large networks these cost
  /// two evaluations, and all other bounds far more.
  BoxGroup open_by_intervals(const LayeredSystem& system, const BoxGroup& group) const;
  /// The same; where zonotopes say more, `bounder` becomes that of a lowering by them.
  BoxGroup open_by_lowering(std::shared_ptr<const CrownBounder>& bounder,
                            const BoxGroup& whole) const;
  OpenBoxes bound_group(std::shared_ptr<const CrownBounder> bounder, const BoxGroup& whole,
                        OpenRoots& roots);
  /// By windows where the network is large, then on the sparse network. What no search is worth it
  /// for stays in `open`.
  void bound_many_inputs(const std::shared_ptr<const LayeredSystem>& system, const BoxGroup& group,
                         BoxClauses box, OpenRoots& roots, OpenBoxes& open);
  void bound_activations(const std::shared_ptr<const LayeredSystem>& system, const BoxGroup& group,
                         BoxClauses box, OpenRoots& roots);
  /// True where exact arithmetic refutes the clause on its box. `bound`: the highest that is known
  /// of its rows.
  bool refuted_exactly(const LayeredSystem& system, const Clause& clause,
                       const std::vector<IntervalVector>& z, const BoxClauses& box,
                       double bound) const;
  /// Bounds all families' boxes. Throws LoweringInterrupted where the deadline comes while a
  /// network is lowered.
  void bound_all(OpenRoots& roots);
  void enter(Stage stage) const;
  std::shared_ptr<ClauseRoot> clause_root(const std::shared_ptr<const CrownBounder>& bounder,
                                          const Clause& clause) const;
  /// Makes the root of a part of a clause's box on which the whole network is lowered anew; nullptr
  /// where that is too much work.
  LowerAnew lower_anew(const LayeredSystem& system) const;
  ActivationSplitSettings settings();
  /// Tries the bounds of the first boxes at some points: a violated one is an internal error, never
  /// a verdict.
  void check_first(const LayeredSystem& system, const CrownBounder::Bounds& bounds);

  std::shared_ptr<const Network> network_;
  const Query& query_;
  const SearchContext& context_;
  const Attack attack_;
  const std::shared_ptr<const UndefinedReach> reach_;
  const FamilyLowering lowering_;
  std::atomic<int> checked_boxes_{0};
  std::mutex one_schedule_;  // at a time: each uses all threads
  std::vector<std::size_t> schedules_clauses_;
};

}  // namespace clipbound::solver
