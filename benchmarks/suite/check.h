#pragma once
// Idea: replays the counterexamples of a run with the judge. Links nothing of bounds or solver; S11
// says what it shares with the prover.
// Source: VNN-COMP's rules for counterexamples.
// Guarantees: exact replay by the judge (S11).
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "benchmarks/suite/run_folder.h"

namespace clipbound::suite {

/// One `sat` of a run.
struct CheckedCounterexample {
  std::string key;  ///< of the record
  bool holds = false;
  std::string why_not;  ///< where it does not hold, or cannot be replayed
};

/// Replays every counterexample of `run` from its file, exactly as an organiser would: the file's
/// inputs, the networks and properties that the run was made on. A `sat` without a file does not
/// hold. `tell` hears of each. What can be said of the run afterwards is kept in its folder
/// (check.json), for reports.
std::vector<CheckedCounterexample> check_run(
    const Run& run, const std::function<void(const CheckedCounterexample&)>& tell);

/// What check_run() found before, by key; empty where the run was not checked.
std::map<std::string, bool> read_check(const std::string& folder);

/// The inputs of a counterexample in the competition's format: ((X_0 0.5) (X_1 -1) ... (Y_0 2)).
/// Throws InputError for anything else, and where indices are not consecutive.
std::vector<double> parse_counterexample(const std::string& text);

/// A variable of a VNN-LIB 2 query, as a counterexample has to name it.
struct WitnessVariable {
  std::string name, type;
  std::vector<std::int64_t> shape;
  bool is_input = false;
};
/// The inputs of a counterexample of version 2: for each variable, in the query's order, a line
/// NAME TYPE [SHAPE] and one number a line. The type is the declared one, or `real`. Throws
/// InputError for anything else.
std::vector<double> parse_counterexample(const std::string& text,
                                         const std::vector<WitnessVariable>& variables);

}  // namespace clipbound::suite
