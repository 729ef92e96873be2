#pragma once
// Idea: boxes in which few inputs vary are searched by both splits in time slices, where neither
// promises an end soon. Halving few inputs shrinks every relaxation at once, and mostly wins. But
// where a network is large and a row depends on few of its unstable neurons, setting their phases
// and optimising slopes proves in seconds what takes thousands of costly boxes (generators of
// images with five inputs, say). Which of both it is shows only in the progress: so slices grow as
// long as both splits have lasted before. The better split gets about half of the time, and more
// where the activation split's slices bring nothing: no clause, no better bound, no smaller trees.
// Where steps have to be decided, or operators are enclosed by intervals alone, cases get time
// slices too, and all of the time once the boxes cannot be made smaller.
// Source: own (decision 30); portfolios of algorithms: Gomes and Selman, 2001.
// Guarantees: a clause counts as refuted once either split has refuted it on its box (S10).
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <vector>

#include "solver/activation_split/schedule.h"
#include "solver/input_split/input_search.h"
#include "solver/integer_cases/case_search.h"

namespace clipbound::solver {

class SplitPortfolio {
 public:
  /// Makes the activation split's schedule of some clauses on one box, its CROWN bounds not begun;
  /// nullptr where the deadline comes meanwhile.
  using MakeSchedule = std::function<std::unique_ptr<ActivationSplitSchedule>(BoxClauses)>;

  /// Makes the cases of some clauses on one box; empty where there is nothing to be decided.
  using MakeCases = std::function<std::unique_ptr<CaseSearch>(BoxClauses)>;

  /// `first_slice_s`: seconds of the input split's first time slice; 1e30: it gets all of the time.
  /// `make` and `make_cases` are called when the slice of the activation split or of the cases has
  /// come.
  SplitPortfolio(InputSearch& inputs, MakeSchedule make, MakeCases make_cases, double first_slice_s,
                 const SearchContext& context);
  /// Until one split or both together have refuted all clauses, a counterexample is found, or the
  /// deadline.
  SearchOutcome run();

 private:
  /// Clauses on one box.
  struct OpenBox {
    std::vector<double> lower, upper;
    std::set<const Clause*> clauses;
    std::unique_ptr<ActivationSplitSchedule> schedule;
    std::unique_ptr<CaseSearch> cases;
    /// Of the trees of its last search.
    double open_share = std::numeric_limits<double>::infinity();
  };
  /// What slices of the activation split are to lessen.
  struct Progress {
    std::size_t clauses = 0;
    double gap_to_refutation = 0.0, open_share = 0.0;
  };
  Progress progress() const;

  /// Whether the input split has nothing better than coarse boxes for what is open, with many
  /// inputs: the activation split, which halves inputs too, comes first then (decision 58).
  bool has_coarse_boxes() const;
  /// The boxes of what the input split leaves open; false where the activation split is nothing for
  /// them.
  bool find_boxes();
  /// A time slice of the activation split; false where nothing was gained.
  bool split_activations(double seconds);
  void search(OpenBox& box, double seconds);
  /// Gives the cases of a box a time slice.
  void search_cases(OpenBox& box, TimeSlice slice);
  /// Of clauses that the input split has left open, but has no subproblems of any more.
  SearchOutcome finish_by_cases();

  InputSearch& inputs_;
  const MakeSchedule make_;
  const MakeCases make_cases_;
  const double first_slice_s_;
  const SearchContext& context_;
  std::vector<OpenBox> boxes_;
  std::vector<std::shared_ptr<const ClauseRoot>> roots_;  ///< of all clauses, each once
};

}  // namespace clipbound::solver
