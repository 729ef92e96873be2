#pragma once
// Idea: the order of searches and of passes of better intermediate bounds on one box: a short first
//   search with CROWN's bounds, then passes of growing effort and searches by turns. A pass shrinks
//   trees by orders of magnitude or hardly at all, and which it is shows only afterwards.
// Source: own; alpha-CROWN before branching as in Xu et al., "Fast and Complete", ICLR 2021.
// Guarantees: clauses are dropped only where a row's bound refutes them (S6), or their tree is
//   closed (S10).
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "solver/activation_split/activation_search.h"
#include "solver/phase_clauses/phase_search.h"
#include "solver/strategy.h"

namespace clipbound::solver {

/// Clauses on one box that are searched together.
struct BoxClauses {
  std::vector<double> lower, upper;  ///< [n] the box
  std::vector<const Clause*> clauses;
};

struct ActivationSplitSettings {
  double pass_share = strategy::kPassShare;  ///< of the remaining time that one pass may take
  double stable_too_width = 1e30;            ///< IntermediateBoundsBudget::stable_too_width
  /// Tried before the longer pass; true: a counterexample is known.
  std::function<bool(double seconds)> attack;
  std::function<void(const SparseNetwork&)> check;  ///< of every pass's bounds
  Keeping keeping = Keeping::nothing;               ///< of its searches
};

class ActivationSplitSchedule {
 public:
  ActivationSplitSchedule(std::shared_ptr<const LayeredSystem> system, BoxClauses box,
                          ActivationSplitSettings settings, const SearchContext& context);

  /// CROWN, with optimised slopes for the clauses' rows alone. Clauses that this refutes are
  /// dropped.
  void begin();
  /// Searches for a while, bounds all neurons better (with optimised slopes, then each by its own
  /// small branch-and-bound), searches again, and so on. The last search has no time limit but the
  /// deadline. The outcome's `search` says what is left. No search or pass
  /// begins after `until_s` (of the deadline's clock); called again, it goes on from there.
  ActivationOutcome run(double until_s = std::numeric_limits<double>::infinity());
  /// Clauses that are refuted elsewhere.
  void drop(const std::set<const Clause*>& refuted);

  const ActivationProblem& problem() const { return problem_; }
  /// What the open clauses' rows lack of being refuted by the bounds, added up.
  double gap_to_refutation() const { return gap_to_refutation_; }
  /// Seconds that passes over the neurons have taken.
  double spent_s() const { return spent_s_; }

 private:
  void pass(IntermediateBoundsBudget& budget, int row_iterations);
  /// The pass that comes next, with twice the effort of the last one.
  void improve();
  /// Rows that depend on steps (a count of pixels, say) are refuted once enough of these are
  /// constant; each is a row of its own, and mostly of few neurons. So better bounds begin with
  /// them, as long as that pays.
  void bound_steps();
  bool has_open_steps() const;
  /// A turn of the search over phases, of all open clauses; of all the time that is left where
  /// nothing else is left to do.
  void learn_phases(double until_s, bool is_last);
  /// The open clauses with their rows; none where the search over phases is not for this network.
  std::vector<PhaseSearch::Open> open_for_phases() const;
  bool phases_promise() const {
    const std::vector<PhaseSearch::Open> open = open_for_phases();
    return !open.empty() && phases_.promises(open);
  }
  TimeSlice next_time_slice(double until_s) const;
  bool drop(const std::vector<char>& refuted);
  void measure();
  /// Says to the keeper and to the book that clauses which were open are refuted.
  void keep_refuted(const std::vector<const Clause*>& before) const;
  /// To the book: of every open clause the row that is nearest to being refuted.
  void tell_open() const;
  /// How many neurons are undecided, for the trace.
  void note_layers() const;
  /// What is open before a search says more of it: every clause, whole.
  SearchOutcome all_open() const;
  /// The neurons that the open clauses' rows depend on, by what is known of their bounds.
  void find_needed();
  bool attack_found(double seconds) const { return settings_.attack && settings_.attack(seconds); }

  std::shared_ptr<const LayeredSystem> system_;
  std::vector<double> lower_, upper_;
  std::vector<const Clause*> open_;
  NeededNeurons needed_;  ///< by the open clauses' rows
  const ActivationSplitSettings settings_;
  const SearchContext& context_;
  const Deadline& deadline_;
  ActivationProblem problem_;
  PhaseSearch phases_;
  double gap_to_refutation_ = 0.0;  ///< sum over open clauses of what their best rows lack
  double spent_s_ = 0.0;            ///< in passes
  double searched_s_ = 0.0;         ///< in searches
  int rounds_ = 0;                  ///< of the neurons' own branch-and-bounds in the next pass
  bool steps_done_ = false;
  bool pass_is_next_ = false, more_ = true;  ///< passes may still be worth their time
  bool refuted_some_ = false;                ///< clauses since the last pass
};

}  // namespace clipbound::solver
