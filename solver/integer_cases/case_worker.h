#pragma once
// Idea: the cases as a filling of TreeSearch: a batch is one case, which is lowered afresh.
// Source: own.
// Guarantees: a case's clause is closed only where a row of it, or a condition of the case, is
// excluded (S10).
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "solver/activation_split/schedule.h"
#include "solver/integer_cases/case_search.h"
#include "solver/search/search_worker.h"
#include "solver/search/tree_search.h"
#include "specs/evaluate/evaluate.h"

namespace clipbound::solver {

/// What the workers share: the problem, and the cases that their root bounds leave open.
struct CaseTeam {
  const CaseProblem& problem;
  SearchContext one_thread;  ///< of roots
  std::mutex mutex;
  std::vector<Case> hard;
};

class CaseWorker : public SearchWorker {
 public:
  using Subtree = std::vector<Case>;

  CaseWorker(SearchTeam& team, CaseTeam& cases) : SearchWorker(team), cases_(cases) {}

  void begin(Subtree cases) { stack_ = std::move(cases); }
  bool has_open() const { return !stack_.empty(); }
  void between_batches();
  std::optional<Subtree> share();
  bool take_batch();
  void bound();
  bool prune();
  /// Replays the middle of a case.
  void try_points();
  /// Root bounds of a case, but where a staircase of an input is cut; and where it is cut.
  void branch();
  void clip() {}
  void split();
  std::vector<Subtree> rest();
  const std::vector<Case>& open_cases() const { return stack_; }

  /// Searches a case that its root bounds left open, with all threads of the context, until so many
  /// seconds of the deadline's clock. Its clauses that are still open may be tried again.
  void search_hard(Case& c, const SearchContext& all_threads, double until_s);

 private:
  /// What a case is cut by; by nothing where it is a problem without anything to be decided.
  enum class By : std::uint8_t { nothing, staircase, step, input };
  By cut_by() const;
  /// Drops the clauses that are refuted on the case.
  template <typename Refuted>
  void drop(Case& c, const Refuted& refuted) {
    std::erase_if(c.clauses, [&](OpenClause& open) {
      if (!refuted(open.clause)) return false;
      close(open.number, open.share);
      return true;
    });
  }
  void lower();
  void bound_tail();
  void bound_whole();
  bool keep_open(Case& c, ActivationSplitSchedule& root);
  void leave_open(OpenClause& open, bool by_numbers, const SearchOutcome& part);
  std::unique_ptr<ActivationSplitSchedule> bound_root(Case& c, const SearchContext& context);
  /// The input whose halving helps the rows' intervals most; none where no input is wide enough.
  std::optional<std::size_t> input_to_halve() const;
  double gain_of(std::size_t input) const;

  CaseTeam& cases_;
  std::vector<Case> stack_;
  Case case_;  // at hand
  By by_ = By::nothing;
  std::uint64_t batches_ = 0;
  std::optional<Evaluator<double>> evaluator_;  // made when it is first needed
  std::vector<CasePart> parts_;
  SplitAt place_;  // of `parts_`, for people
  std::shared_ptr<const LayeredSystem> system_;
  std::map<ValueId, IntervalVector> intervals_;
};

}  // namespace clipbound::solver
