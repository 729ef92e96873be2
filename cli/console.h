#pragma once
// Idea: stderr: messages, and below them one progress line that is rewritten in place where stderr
// is a terminal.
// Source: own.
// Guarantees: stdout is never touched.
#include <mutex>
#include <string>
#include <string_view>

#include "clipbound/clipbound.h"

namespace clipbound::cli {

/// Safe from many threads at once.
class Console {
 public:
  Console();
  /// "clipbound: <message>" on a line of its own.
  void message(std::string_view text);
  /// The same of what ends the run; red where stderr is a terminal and NO_COLOR is not set.
  void error(std::string_view text);
  /// Clears the progress line for good, so that what stdout says next stands alone. Waits
  /// for some milliseconds at most.
  void end_progress();
  /// Rewrites the progress line, cut to the terminal's width; nothing where stderr is no terminal.
  void progress(const Progress& progress);
  bool is_terminal() const { return terminal_; }

 private:
  void clear_line();
  const bool terminal_, coloured_;
  std::mutex mutex_;
  bool line_shown_ = false;
  bool ended_ = false;
};

/// "12.3 s  search  settled 45.10 %  worst -0.0123  4510 done  120 open  367/s"; before the search
/// what is known by then.
std::string progress_text(const Progress& progress);

}  // namespace clipbound::cli
