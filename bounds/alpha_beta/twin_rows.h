#pragma once
// Idea: rows of the differences of twins' pre-activations, which are bounded like any rows.
// Source: own.
// Guarantees: row i is neuron second[i] of a layer less neuron first[i] of the one before, up to
// the slack of both (S14).
#include <cstdint>
#include <vector>

#include "bounds/alpha_beta/sparse_network.h"

namespace clipbound::bounds {

/// Of neurons `second` of a layer and `first` of the one before it.
AffineForm difference_form(const LayeredSystem& system, int layer,
                           const std::vector<std::int64_t>& first,
                           const std::vector<std::int64_t>& second);

/// Of the network's twins whose second ones are in a layer, in order.
SparseNetworkRows difference_rows(const SparseNetwork& network, int layer);

}  // namespace clipbound::bounds
