#pragma once
// Idea: several runs made one: the parts of a sharded run, or runs of different suites.
// Source: own.
// Guarantees: no instance is counted twice.
#include <string>
#include <vector>

#include "benchmarks/suite/run_folder.h"

namespace clipbound::suite {

/// Writes the run that `folders` are parts of to the new folder `out`, with all records and
/// counterexamples, and returns it. Throws InputError where two of them have a record of one
/// instance, or were made with different limits or options.
Run merge_runs(const std::vector<std::string>& folders, const std::string& out);

}  // namespace clipbound::suite
