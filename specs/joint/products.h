#pragma once
// Idea: the products of a query as nodes of the joint network: one Gemm computes all factors, Mul
// multiplies them.
// Source: own.
// Guarantees: exact in real arithmetic: a coefficient that the network's type cannot hold is the sum
// of several that it can. What the nodes compute in floating point only guides the search
// (specs/query/calculation.h).
#include <string>
#include <vector>

#include "specs/network/network.h"
#include "specs/vnnlib/joint_query.h"

namespace clipbound::specs {

/// Where the elements of X and Y are in a network: tensors one after the other.
struct Variables {
  std::vector<ValueId> inputs, outputs;
};

/// Appends the products' values, in their order, as one value [products]. Throws Unsupported where
/// they are too many for one matrix.
ValueId append_products(Network& network, const Variables& variables,
                        const std::vector<Product>& products);

}  // namespace clipbound::specs
