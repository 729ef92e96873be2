#pragma once
// Idea: A clause over a whole layered system, for bounds that go forward through it.
// Source: own.
// Guarantees: none of its own; the layered system encloses the network (S1).
// Legend: N columns (inputs that vary), S rows, n inputs of the network.
#include <cstdint>
#include <memory>
#include <vector>

#include "bounds/batch_bounder.h"
#include "bounds/layered/layered_system.h"

namespace clipbound::bounds {

/// What the forward bounds of a clause are computed over; constant over its search. No neuron's
/// bounds are kept by subproblems (U = 0): each batch bounds all neurons anew.
struct ForwardProblem final : BatchProblem {
  ForwardProblem(std::shared_ptr<const LayeredSystem> layered, AffineForm row_forms,
                 std::vector<std::uint8_t> strict_rows, std::vector<int> columns,
                 std::vector<double> box_lower, std::vector<double> box_upper)
      : system(std::move(layered)),
        clause_rows(std::move(row_forms)),
        strict(std::move(strict_rows)),
        kept(std::move(columns)),
        lower(std::move(box_lower)),
        upper(std::move(box_upper)) {
    inputs = static_cast<int>(kept.size());
    rows = static_cast<int>(strict.size());
  }
  std::unique_ptr<BatchBounder> make_bounder(int most_halfspaces,
                                             std::unique_ptr<BatchBounder> previous) const override;

  std::shared_ptr<const LayeredSystem> system;
  AffineForm clause_rows;            ///< left sides minus thresholds
  std::vector<std::uint8_t> strict;  ///< [S]
  std::vector<int> kept;             ///< column -> input number
  std::vector<double> lower, upper;  ///< [n] the clause's box
};

}  // namespace clipbound::bounds
