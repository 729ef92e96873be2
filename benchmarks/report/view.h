#pragma once
// Idea: one search as a page that needs nothing but itself: bounds over time, the tree, a cut through
// two inputs, undecided neurons, pictures of inputs that are images.
// Source: own; Chart.js (MIT) draws the charts.
// Guarantees: at most kMostShown nodes are on a page, whatever the trace has; nothing that a name
// holds is read as markup.
#include <string>

#include "benchmarks/report/trace_file.h"

namespace clipbound::suite {

inline constexpr std::size_t kMostShown = 100000;

/// The trace with at most `most` nodes: of larger trees the deepest levels are counted in what is
/// above them.
TraceFile thinned(TraceFile trace, std::size_t most);

/// The page of a trace; `name` says of what.
std::string view_page(TraceFile trace, const std::string& name);

}  // namespace clipbound::suite
