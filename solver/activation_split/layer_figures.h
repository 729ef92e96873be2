#pragma once
// Idea: tells the trace, layer by layer, how many neurons no bound decides.
// Source: own.
// Guarantees: figures for people.
#include <vector>

#include "bounds/layered/layered_system.h"
#include "solver/search/search_context.h"

namespace clipbound::solver {

/// `z`: bounds of the pre-activations, by layer. A ReLU is undecided where both phases are
/// possible, another function where its argument varies. Does nothing without a trace.
void note_layers(const SearchContext& context, const LayeredSystem& system,
                 const std::vector<IntervalVector>& z);

}  // namespace clipbound::solver
