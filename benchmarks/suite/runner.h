#pragma once
// Idea: runs a plan: every instance in a process of its own, some at a time, each result on the
// disk before the next begins.
// Source: VNN-COMP's rules: limits, grace, one instance after the other.
// Guarantees: a crash of one instance is its record, never the run's end.
#include <string>
#include <vector>

#include "benchmarks/suite/run_folder.h"

namespace clipbound::suite {

/// What a user asks for. Settings that are empty are taken from the run that is continued.
struct RunRequest {
  RunSettings settings;
  std::string folder;   ///< of the run
  int jobs = 1;         ///< processes at a time, >= 1
  bool resume = false;  ///< continue where there is a run; begin where there is none
};

/// How a run ended.
struct RunReport {
  Run run;         ///< as it stands on the disk
  int signal = 0;  ///< that ended it early; 0 where every instance has a record
};

/// Runs it all. SIGINT, SIGTERM, SIGHUP and SIGUSR1 end it early: what is running then is killed
/// and has no record.
/// Throws InputError where the suites or the folder are not as they should be, and where a run that
/// is to be continued was begun with other settings.
RunReport run_suites(const RunRequest& request);

/// The cores that this process may use.
int available_cores();
/// Memory of this machine in GB.
double machine_memory_gb();

/// The table of a run's outcomes, one row per suite, for people.
std::string summary_table(const Run& run);

}  // namespace clipbound::suite
