#pragma once
// Idea: what a run is to do: the instances of one or many suites in one list, each with a name that
// is its own.
// Source: own.
// Guarantees: names are unique and the same for the same suites.
#include <string>
#include <vector>

#include "benchmarks/suite/instances.h"

namespace clipbound::suite {

/// A folder with a list of instances.
struct SuiteFolder {
  std::string name;  ///< the benchmark's: the folder's name, or its parent's where the folder is a
                     ///< version ("1.0")
  std::string path;
};

/// Which of a benchmark's version folders is taken: "1.0", "2.0", ...; "all" takes every one and
/// says it in the names; empty takes 1.0 where there is one and the first one otherwise.
using VersionChoice = std::string;

/// The suites in `folders`: each may be a suite, a benchmark with version folders, or any folder
/// above such. Suites come in the order of the folders given, below them by name. Suites of equal
/// names get their parents' names in front. Throws InputError where a folder has none or two suites
/// cannot be told apart.
std::vector<SuiteFolder> find_suites(const std::vector<std::string>& folders,
                                     const VersionChoice& version = "");

/// One instance of one suite.
struct Task {
  std::string suite;
  Instance instance;
  int repeat = 1;          ///< 2 for the second of two lines that name the same files, and so on
  double timeout_s = 0.0;  ///< the one that counts
};

/// What distinguishes an instance from all others of a run.
std::string key_of(const std::string& suite, const std::string& onnx, const std::string& vnnlib,
                   int repeat);
inline std::string key_of(const Task& task) {
  return key_of(task.suite, task.instance.onnx, task.instance.vnnlib, task.repeat);
}

/// The i-th of n parts, 1 <= index <= count: every count-th instance, so that each part has some of
/// every suite.
struct Shard {
  int index = 1, count = 1;
};

/// "2/8", or "slurm": SLURM_ARRAY_TASK_ID of the SLURM_ARRAY_TASK_COUNT tasks from
/// SLURM_ARRAY_TASK_MIN on, in steps of SLURM_ARRAY_TASK_STEP. Throws InputError for anything else.
Shard parse_shard(const std::string& text);

/// What of the suites is run, and how long.
struct PlanSettings {
  Selection selection;         ///< of each suite
  double timeout_s = 0.0;      ///< 0: the suite's, times timeout_scale
  double timeout_scale = 1.0;  ///< > 0
  Shard shard;
};

/// The instances to run. Those whose files are not there are among them (Instance::missing says
/// so). Throws InputError where a list cannot be read or nothing at all is selected.
std::vector<Task> make_plan(const std::vector<SuiteFolder>& suites, const PlanSettings& settings);

}  // namespace clipbound::suite
