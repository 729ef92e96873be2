#pragma once
// Boxes in which few inputs vary: halving inputs and deciding neurons take turns where neither
// promises an end soon.
//
// Halving few inputs shrinks every relaxation at once, and mostly wins; but where networks are
// large and a row depends on few of their undecided neurons, deciding those and optimising slopes
// proves in seconds what takes thousands of costly boxes (generators of images with five inputs,
// say). Which it is shows only in the progress, so turns grow as long as both have lasted before:
// the better way gets about half of the time, and more where the neurons' turns bring nothing: no
// clause, no better bound, no smaller trees.
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <vector>

#include "solver/activation_split/refine_and_search.h"
#include "solver/input_split/input_search.h"

namespace clipbound::solver {

/// Root of the activation split of some clauses on one box, CROWN's bounds not begun.
using MakeNeuronRoot = std::function<std::unique_ptr<ActivationSplitSchedule>(BoxClauses)>;

class SplitPortfolio {
 public:
  /// `first_s`: seconds of the first turn. `make` is called when the neurons' turn has come.
  SplitPortfolio(InputSearch& inputs, MakeNeuronRoot make, double first_s,
                 const SearchContext& context);
  /// Until one way or both together have refuted all clauses, a counterexample is found, or the
  /// deadline.
  SearchOutcome run();

 private:
  /// Clauses on one box.
  struct OpenBox {
    std::vector<double> lower, upper;
    std::set<const Clause*> clauses;
    std::unique_ptr<ActivationSplitSchedule> root;
    double open_share =
        std::numeric_limits<double>::infinity();  ///< of the trees of its last search
  };
  /// What neurons' turns are to lessen.
  struct Standing {
    std::size_t clauses = 0;
    double lacking = 0.0, open_share = 0.0;
  };
  Standing standing() const;

  /// The boxes of what the inputs leave open; false where deciding neurons is nothing for them.
  bool find_boxes();
  /// False where nothing was gained.
  bool decide_neurons(double seconds);
  void search(OpenBox& box, double seconds);

  InputSearch& inputs_;
  const MakeNeuronRoot make_;
  const double first_s_;
  const SearchContext& context_;
  std::vector<OpenBox> boxes_;
};

}  // namespace clipbound::solver
