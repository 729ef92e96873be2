#pragma once
// Idea: which clauses of a query are bounded together. Clauses with one box share its bounds; boxes
// that fix the factors of the network's products alike share a lowering.
//
// A lowering is made for the hull of its boxes. A factor that is constant on every box may vary
// over the hull: a mask that says which rows of a table are there, say. On the hull its products
// are of two variables (squares, reciprocals); on boxes with the same mask they are linear, which
// is not only far tighter but cheaper.
// Source: own (decision 24).
// Guarantees: every clause with a point is in exactly one group, every group in exactly one family
// (S10).
// Legend: n inputs.
#include <cstddef>
#include <vector>

#include "bounds/layered/layered_system.h"
#include "specs/query/query.h"

namespace clipbound::solver {

/// Clauses (numbers) that share their box, and that box for inputs of the network's type, [n] each.
struct BoxGroup {
  std::vector<double> lower, upper;
  std::vector<std::size_t> clauses;
};
/// Clauses whose box is empty for this type of inputs ask for no point: they are in no group.
std::vector<BoxGroup> group_by_box(const Query& query, DataType input_type);

/// Box groups that share a lowering, and the hull of their boxes, [n] each.
struct BoxFamily {
  std::vector<BoxGroup> groups;
  std::vector<double> lower, upper;
};
BoxFamily family_of(std::vector<BoxGroup> groups, std::size_t inputs);

/// The inputs that a product reads directly, through affine maps alone.
std::vector<int> factor_inputs(const LayeredSystem& system);

/// Splits a family by the values of those factor inputs of its lowering that every box fixes. One
/// family where there is nothing to split.
std::vector<BoxFamily> split_by_factors(const BoxFamily& family, const LayeredSystem& system);

}  // namespace clipbound::solver
