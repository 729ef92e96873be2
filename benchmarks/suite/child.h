#pragma once
// Idea: one verifier in a process group of its own, watched from outside: nothing that it does can
// hurt the run.
// Source: own; POSIX process groups and limits.
// Guarantees: past its limits the whole process group is killed.
#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "benchmarks/suite/record.h"

namespace clipbound::suite {

using Clock = std::chrono::steady_clock;

/// What a child may use at most before it is killed.
struct ChildLimits {
  double wall_s = 0.0;
  double resident_bytes = 0.0;
  /// RLIMIT_AS: what is allocated faster than the watch can see; 0: none.
  double address_space_bytes = 0.0;
};

/// A running process. It is killed with its whole group when this object goes, and when the process
/// that made this object dies, however it dies. For one thread.
class Child {
 public:
  /// File descriptor of the child to which it writes its progress: lines "seconds worst-bound
  /// settled subproblems open", "nan" for a bound of which nothing is known.
  static constexpr int kProgressDescriptor = 3;

  /// Starts `command` (the first word is a path). Throws std::system_error where that is not
  /// possible.
  Child(const std::vector<std::string>& command, const ChildLimits& limits);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Reads what the child has written; never blocks.
  void read();
  /// Kills the child if it is past its limits; reads the clock and /proc.
  void enforce();
  /// True once the child has ended; its figures are then in `record`: seconds, cpu_s,
  /// peak_memory_mb, ending, exit_code, curve and last.
  bool ended(Record& record);

  /// Descriptors to wait for; -1 where closed.
  int progress_pipe() const { return progress_; }
  int message_pipe() const { return messages_; }
  double elapsed_s() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  const ProgressPoint& progress() const { return last_; }
  /// The end of what it wrote to stderr, on one line.
  std::string last_words() const;

 private:
  void take_progress(const std::string& line);
  void kill(Ending why);

  const ChildLimits limits_;
  Clock::time_point start_ = Clock::now();
  pid_t pid_ = -1;
  int progress_ = -1, messages_ = -1;
  std::string progress_text_, message_text_;
  ProgressPoint last_;
  std::vector<ProgressPoint> curve_;
  double curve_step_s_ = 0.0;
  Ending ending_ = Ending::exited;
};

}  // namespace clipbound::suite
