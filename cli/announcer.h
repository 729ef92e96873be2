#pragma once
// Idea: the one place from which a verdict leaves the process: exactly once, in time, whatever the
// rest is doing.
// Source: own.
// Guarantees: exactly one verdict leaves the process.
#include <atomic>
#include <mutex>
#include <string>

#include "cli/console.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {

/// Where the verdict goes besides stdout; empty paths are none.
struct OutputPaths {
  std::string result;
  std::string json;
};

/// Writes the verdict to the files and to stdout and ends the process. Whoever claims it first (the
/// main thread, or the watchdog at the time limit) does so; any other caller waits for that end.
/// Safe from many threads.
class Announcer {
 public:
  /// Prepares the files; throws InputError where they cannot be written. `options` must be final.
  Announcer(OutputPaths paths, Options options, Console& console);

  /// Announces `result`: files first, then the line on stdout, so that who reads the line finds the
  /// files. Ends the process, with exit code 0, or 2 where a file could not be written.
  [[noreturn]] void announce(const Result& result);
  /// Announces that there is no verdict: `error` in the files, the message on stderr, nothing on
  /// stdout.
  [[noreturn]] void fail(const std::string& message, int exit_code);
  /// Announces a verdict of the watchdog's, which knows only how far the search was last seen.
  [[noreturn]] void give_up(Verdict verdict, const std::string& reason);

  /// Remembers how far the search is, for give_up().
  void saw(const Progress& progress);

 private:
  void claim();
  /// Returns whether all files were written; complains of those that were not.
  bool write_files(const std::string& result_text, const std::string& json_text);

  const OutputPaths paths_;
  const Options options_;
  Console& console_;
  std::atomic<bool> claimed_{false};
  std::mutex mutex_;
  Progress last_;  // guarded by mutex_
};

}  // namespace clipbound::cli
