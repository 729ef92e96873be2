#pragma once
// Idea: what a run says of itself while it runs, on stderr: a few lines rewritten in place on a
// terminal, a line per finished instance elsewhere.
// Source: own.
// Guarantees: stdout is never touched.
#include <chrono>
#include <string>
#include <vector>

#include "benchmarks/suite/record.h"

namespace clipbound::suite {

/// An instance that is being run.
struct RunningInstance {
  std::string suite, onnx, vnnlib;
  double elapsed_s = 0.0, timeout_s = 0.0;
  ProgressPoint progress;
};

class Display {
 public:
  /// `total` instances, of which `done` are done already, on `jobs` processes.
  Display(std::size_t total, std::size_t done, int jobs);
  ~Display();
  Display(const Display&) = delete;
  Display& operator=(const Display&) = delete;

  /// A finished instance.
  void finished(const Record& record);
  /// Rewrites the lines in place, where there is a terminal; a few times a second at most, however
  /// often it is called.
  void show(const std::vector<RunningInstance>& running);
  /// Takes them away.
  void clear();
  bool terminal() const { return terminal_; }

 private:
  std::string headline() const;

  const bool terminal_;
  const std::size_t total_, done_before_;
  const int jobs_;
  std::size_t done_, solved_ = 0, errors_ = 0;
  double busy_s_ = 0.0;  ///< of the instances finished here, summed
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now(), next_{};
  int lines_shown_ = 0;
};

/// "1:02:03", "2:03".
std::string clock_text(double seconds);

}  // namespace clipbound::suite
