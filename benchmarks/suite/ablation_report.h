#pragma once
// Idea: what an ablation found, as a table for people and as JSON for programs.
// Source: own; docs/ablation.md explains every column.
// Guarantees: a change is computed only over instances that both sides show to be unsat.
#include <string>

#include "benchmarks/suite/ablation.h"

namespace clipbound::suite {

/// The table, the instances that one side alone decides, errors and contradictions: what stdout
/// shows.
std::string ablation_text(const AblationRun& run);

/// The same with every run, as one JSON object.
std::string ablation_json(const AblationRun& run);

}  // namespace clipbound::suite
