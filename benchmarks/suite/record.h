#pragma once
// Idea: what is known of one instance after it was run: one line of records.jsonl.
// Source: own.
// Guarantees: a line that was written whole is read back the same.
#include <array>
#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "benchmarks/suite/plan.h"
#include "clipbound/file_info.h"

namespace clipbound::suite {

/// The words of a result file. `error`: no verdict, because of bad input, something unsupported or
/// a crash.
enum class Outcome : std::uint8_t { unsat, sat, unknown, timeout, error };
inline constexpr std::array kOutcomes = {Outcome::unsat, Outcome::sat, Outcome::unknown,
                                         Outcome::timeout, Outcome::error};
const char* name_of(Outcome outcome) noexcept;
inline bool solved(Outcome outcome) {
  return outcome == Outcome::unsat || outcome == Outcome::sat;
}

/// How the process ended.
enum class Ending : std::uint8_t {
  exited,   ///< by itself
  crashed,  ///< by a signal that was not ours
  time,     ///< killed past the time limit
  memory,   ///< killed past the memory limit
  not_run,  ///< a file is missing, or the process could not be started
};
const char* name_of(Ending ending) noexcept;

/// How far a search was at some moment.
struct ProgressPoint {
  double elapsed_s = 0.0;
  /// A lower bound of what the best row lacks, over everything open (Progress::worst_bound); may be
  /// infinite, and is NaN where nothing is known.
  double worst_bound = std::numeric_limits<double>::quiet_NaN();
  double settled_share = 0.0;  ///< of the clauses' trees, in [0, 1]
  std::uint64_t subproblems = 0, open = 0;
};

/// The clause that a counterexample satisfies: its number, from 0, its line in the property's file,
/// its rows in words.
struct RecordedClause {
  std::uint64_t clause = 0;
  int line = 0;
  std::vector<std::string> rows;
};

struct Record {
  std::string suite, onnx, vnnlib;
  int repeat = 1;
  double timeout_s = 0.0;
  Outcome outcome = Outcome::error;
  std::string reason;
  double seconds = 0.0;  ///< wall clock from before the process was started until it had ended
  double cpu_s = 0.0;
  double peak_memory_mb = 0.0;
  Ending ending = Ending::exited;
  int exit_code = 0;                 ///< where it exited; the signal's number where it crashed
  int threads = 0;                   ///< that the process was given
  ProgressPoint last;                ///< at the end
  std::vector<ProgressPoint> curve;  ///< on the way, in order of time
  std::string counterexample;        ///< file below the run's folder; empty where there is none
  std::string started;               ///< UTC, "2026-01-31T12:34:56Z"
  // As the process has said; records of older versions are without.
  std::vector<FileInfo> networks;
  std::optional<FileInfo> property;
  std::optional<RecordedClause> violated;
  std::string command;   ///< by what the instance can be run alone
  std::string messages;  ///< the end of what the process wrote to stderr
  std::vector<std::pair<std::string, double>> statistics;  ///< name, value; timers end in _s
  std::string trace;  ///< file below the run's folder; empty where there is none

  std::string key() const { return key_of(suite, onnx, vnnlib, repeat); }
  /// True where memory ran out, whoever noticed it first: the process (it then says unknown) or the
  /// watch over it.
  bool out_of_memory() const {
    return ending == Ending::memory || reason.starts_with("out of memory");
  }
};

/// A record that says which task it is of, and nothing else.
Record record_of(const Task& task);

/// One line without its end.
std::string to_json_line(const Record& record);
/// Throws InputError where `line` is no record.
Record parse_record(std::string_view line);

nlohmann::ordered_json to_json(const Record& record);

/// Sets networks, property, violated clause and statistics from the JSON of a record or of
/// `verify`, where they stand in it.
void take_origin(Record& record, const nlohmann::ordered_json& json);

}  // namespace clipbound::suite
