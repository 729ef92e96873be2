#pragma once
// Idea: the one place from which a verdict leaves the process: exactly once, in time, whatever the
// rest is doing.
// Source: own.
// Guarantees: exactly one verdict leaves the process.
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/console.h"
#include "cli/input_file.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {

/// Where the verdict goes besides stdout; empty paths are none.
struct OutputPaths {
  std::string result;
  std::string json;
  std::string assignments;  ///< a folder, for a counterexample's tensors
  std::string trace;        ///< packed where it ends in .gz
  Witness witness = Witness::by_query;
};

/// What a run found, and of which query: none where it was not read.
struct Found {
  Result result;
  std::optional<Query> query;
  std::optional<Trace> trace = {};  ///< of the run
};

/// Writes the verdict to the files and to stdout and ends the process. Whoever claims it first (the
/// main thread, or the watchdog at the time limit) does so; any other caller waits for that end.
/// Safe from many threads.
class Announcer {
 public:
  /// Prepares the files; throws InputError where they cannot be written. `options` must be final;
  /// time is counted from `start`.
  /// `command`: by what the program was called, for the trace's readers.
  Announcer(OutputPaths paths, Options options, Console& console,
            std::chrono::steady_clock::time_point start, std::string command = {});

  /// Announces what was found: files first, then the line on stdout, so that who reads the line
  /// finds the files; where one of them is stdout ("-"), that stands in its place. A counterexample
  /// of a VNN-LIB 2 query goes to stdout after that line, unless it goes to a file or a folder.
  /// Ends the process, with exit code 0, or 2 where a file could not be written; by the signal
  /// where one has come.
  [[noreturn]] void announce(const Found& found);
  /// Announces that there is no verdict: `error` in the files, the message on stderr, nothing on
  /// stdout.
  [[noreturn]] void fail(const std::string& message, int exit_code);
  /// Announces a verdict of the watchdog's, which knows only what happened ("out of time") and how
  /// far the run was last seen.
  [[noreturn]] void give_up(Verdict verdict, const std::string& event);

  /// This signal is to end the process once the verdict is out. Safe in a signal handler.
  void received(int signal) { received_.store(signal); }
  /// Set where a checkpoint is there: then signals that ask for an end leave with kResumable.
  std::atomic<bool>& has_checkpoint() { return has_checkpoint_; }

  /// Remembers what is read, with digests once it has been.
  void reads(const Sources& sources);
  Sources sources() const;

  /// Remembers a verdict that is found while the run goes on (with its certificate): it is what
  /// give_up() announces.
  void knows(Found found);
  /// Remembers how far the run is, for seen() and give_up().
  void saw(const Progress& progress);
  /// How far it was last seen, by the clock of now; `reading` before it was seen at all.
  Progress seen() const;

 private:
  void claim();
  /// Writes a line to stdout, unless a file goes there.
  void say(std::string_view line) const;
  [[noreturn]] void end_process(int exit_code) const;
  /// The same after this verdict.
  [[noreturn]] void end_process(int exit_code, Verdict verdict) const;
  Progress by_now(Progress progress) const;
  /// The trace's text, packed where its file's name says so; nothing where nobody asked.
  std::string trace_text(const Found& found) const;
  /// Returns whether all files were written; complains of those that were not.
  bool write_files(const std::string& result_text, const std::string& json_text,
                   const std::string& trace_text = {});
  bool write_assignments(const std::vector<SerialisedTensor>& tensors);
  /// The lines of stdout.
  std::string spoken(const Found& found, const std::string& result_text) const;

  const OutputPaths paths_;
  const std::string command_;
  const Options options_;
  Console& console_;
  const std::chrono::steady_clock::time_point start_;
  std::atomic<bool> claimed_{false};
  std::atomic<int> received_{0};
  std::atomic<bool> has_checkpoint_{false};
  mutable std::mutex mutex_;
  Progress last_;                       // guarded by mutex_
  Sources sources_;                     // guarded by mutex_
  std::shared_ptr<const Found> known_;  // guarded by mutex_
};

}  // namespace clipbound::cli
