#pragma once
// Idea: the boxes of a query, each once, with the clauses that are about it.
// Source: own.
// Guarantees: a box is the one on which `unsat` is proved for the network.
#include <cstddef>
#include <vector>

#include "clipbound/clipbound.h"

namespace clipbound::cli {

/// A box of the query, and the clauses that are about it.
struct QueryBox {
  std::vector<double> lower, upper;
  std::vector<std::size_t> clauses;
};

/// Boxes without a point of the network's type are left out. Throws InputError where none is left,
/// or the query is about other inputs than the network's.
std::vector<QueryBox> boxes_of(const Query& query, const Network& network);

}  // namespace clipbound::cli
