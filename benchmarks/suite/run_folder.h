#pragma once
// Idea: the folder of a run. It survives whatever happens to the process that writes it.
// Source: own.
// Guarantees: every finished instance is on the disk before the next begins.
// Legend:
//   run.json          what is run, and how (written once, whole or not at all)
//   records.jsonl     one line per finished instance, appended and flushed to the disk
//   counterexamples/  one file per `sat`, in the competition's format
//   certificates/     one file per `unsat`, where the run was asked to prove and it could
//   traces/           one file per instance, where the run was asked to record searches
//   scratch/          files of instances that are being run; means nothing afterwards
#include <map>
#include <set>
#include <string>
#include <vector>

#include "benchmarks/suite/plan.h"
#include "benchmarks/suite/record.h"

namespace clipbound::suite {

/// What is run, and how: all that a run needs to be continued, and a reader to judge its figures.
struct RunSettings {
  std::vector<std::string> folders;  ///< absolute
  VersionChoice version;
  PlanSettings plan;
  double memory_limit_gb = 0.0;  ///< per instance; 0: as `verify`, or what a job may have
  int threads = 0;               ///< per instance; 0: the cores divided by the jobs
  std::string program;           ///< the verifier; empty: this executable
  bool traces = false;           ///< searches are recorded
  bool certificates = false;     ///< an `unsat` gets a certificate, where one covers it
  /// Further options of `verify`: flag, value.
  std::vector<std::pair<std::string, std::string>> options;
};

/// An instance that belongs to a run, whether it has a record or not.
struct PlannedInstance {
  std::string suite, onnx, vnnlib;
  int repeat = 1;
  double timeout_s = 0.0;
  std::vector<NetworkFile> networks;
  std::string vnnlib_path;
  std::string key() const { return key_of(suite, onnx, vnnlib, repeat); }
};

/// A run as it stands on the disk.
struct Run {
  std::string folder;
  RunSettings settings;
  std::vector<SuiteFolder> suites;
  std::vector<PlannedInstance> planned;
  std::string program_version, machine;  ///< "0.2.0", "AMD EPYC, 2 cores"
  int jobs = 1;                          ///< when it was started
  std::vector<Record> records;           ///< in the order in which they ended; no instance twice

  /// The record of one instance; null where it has none.
  const Record* find(const std::string& key) const;
  /// All of them, for those who look up many.
  std::map<std::string, const Record*> by_key() const;
};

/// Reads a run; an incomplete last line of its records, left by a process that was killed, is
/// ignored. Throws InputError where the folder holds no run or something else is wrong with its
/// files.
Run read_run(const std::string& folder);
/// True where `folder` holds a run.
bool is_run(const std::string& folder);

/// The settings that must be alike for records to belong together, as text for comparison and
/// messages: name, value.
std::vector<std::pair<std::string, std::string>> describe(const RunSettings& settings);

/// Writes records; holds a lock, so that no two processes write to one run.
class RunWriter {
 public:
  /// Begins a run in `run.folder`, which is made; writes everything of `run` but the records.
  /// Throws InputError where it cannot be written, or where there is a run already.
  static RunWriter begin(const Run& run);
  /// Continues a run: drops an incomplete last line of its records. Throws InputError where it
  /// cannot be written, or another process is writing to it.
  static RunWriter resume(const std::string& folder);
  ~RunWriter();
  RunWriter(RunWriter&& other) noexcept;
  RunWriter& operator=(RunWriter&&) = delete;

  /// Appends a record; when this returns it is on the disk. Throws InputError where it cannot be
  /// written.
  void append(const Record& record);
  /// Makes a result file of the scratch folder, its first line removed, the counterexample of
  /// `record`: moves it, flushes it to the disk and sets Record::counterexample.
  void keep_counterexample(Record& record, const std::string& result_file);
  /// Moves a trace of the scratch folder to where it stays and sets Record::trace; does nothing
  /// where the process has written none.
  void keep_trace(Record& record, const std::string& trace_file);
  /// The same of a certificate.
  void keep_certificate(const Record& record, const std::string& certificate_file);
  /// A path in the scratch folder.
  std::string scratch(const std::string& name) const;

 private:
  RunWriter(std::string folder, int records) : folder_(std::move(folder)), records_(records) {}
  static RunWriter open(const std::string& folder);
  /// Moves a file of the scratch folder, if it exists.
  bool keep(const std::string& file, const std::string& name) const;
  std::string folder_;
  int records_ = -1;  ///< file descriptor, locked
};

/// Where a record's counterexample is kept, below the run's folder.
std::string counterexample_name(const Record& record);
/// The same of its trace.
std::string trace_name(const Record& record);
/// The same of its certificate.
std::string certificate_name(const Record& record);

}  // namespace clipbound::suite
