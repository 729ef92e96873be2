#pragma once
// Idea: a suite as jobs of Slurm: an array of shards of which each goes on where it was, and a job
// that makes one run of them.
// Source: own; sbatch(1) for the directives.
// Guarantees: the parts' records are those of `suite run --resume`: none is lost or there twice,
// however often a job is killed and requeued; the last job runs whatever is left before it merges.
// Legend, below the folder:
//   job.sh       a task of the array: one shard, in part-<task>
//   merge.sh     runs what the shards left over, makes the run `all` of them, writes its report
//   submit.sh    hands both to sbatch
//   over_mpi     (ranks > 1) what `suite run` calls as its verifier: clipbound-mpi under mpirun
//   log/         what the jobs said
#include <string>
#include <vector>

#include "benchmarks/suite/run_folder.h"

namespace clipbound::suite {

/// What is asked of the batch system.
struct JobSettings {
  std::string partition;
  int tasks = 0;                        ///< of the array; 0: 16, or one per instance
  int jobs = 1;                         ///< instances at a time in each task, >= 1
  int threads = 4;                      ///< per instance, or per rank of one, >= 1
  int ranks = 1;                        ///< MPI processes per instance; > 1 takes jobs = 1
  double memory_gb = 16.0;              ///< per instance, or per rank of one
  double hours = 4.0;                   ///< wall-clock limit of a task
  std::vector<std::string> modules;     ///< loaded before anything runs
  std::vector<std::string> directives;  ///< further options of sbatch, for instance "--account=x"
  std::string clipbound;                ///< path of the program on the nodes
  std::string clipbound_mpi;            ///< the same of clipbound-mpi
};

/// Seconds before the wall-clock limit at which SIGUSR1 comes.
inline constexpr int kSignalLead_s = 120;

/// Writes the scripts for `run` (settings, folder) into its folder. Returns the path of submit.sh.
/// Throws InputError where a setting makes no sense, where an instance's time limit does not fit
/// into a task's, where the suites are not as they should be, and where the folder holds scripts
/// already.
std::string write_jobs(const RunSettings& run, const std::string& folder, const JobSettings& jobs);

/// The words of a command line of `suite run` that has these settings; shard left out.
std::vector<std::string> words_of(const RunSettings& run);

}  // namespace clipbound::suite
