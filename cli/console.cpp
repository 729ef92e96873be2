#include "cli/console.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "benchmarks/suite/files.h"

namespace clipbound::cli {

Console::Console() : terminal_(::isatty(STDERR_FILENO) == 1) {}

void Console::clear_line() {
  if (line_shown_) suite::write_all(STDERR_FILENO, "\r\x1b[K");
  line_shown_ = false;
}

void Console::message(std::string_view text) {
  const std::lock_guard lock(mutex_);
  clear_line();
  suite::write_all(STDERR_FILENO, "clipbound: " + std::string(text) + "\n");
}

void Console::end_progress() {
  // A terminal that is held back (Ctrl-S) may block whoever has the lock; a verdict must not wait
  // for that.
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;
  clear_line();
  ended_ = true;
}

void Console::progress(const Progress& progress) {
  if (!terminal_) return;
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (ended_ || now < next_) return;
  next_ = now + std::chrono::milliseconds(100);
  std::string line = "\r";
  line += progress_text(progress);
  line += "\x1b[K";
  suite::write_all(STDERR_FILENO, line);
  line_shown_ = true;
}

std::string progress_text(const Progress& progress) {
  const double rate = progress.elapsed_s > 0.0
                          ? static_cast<double>(progress.subproblems) / progress.elapsed_s
                          : 0.0;
  char text[200];
  std::snprintf(text, sizeof text,
                "%.1f s  %llu done  %llu open  %.0f/s  worst %.4g  settled %.2f %%",
                progress.elapsed_s, static_cast<unsigned long long>(progress.subproblems),
                static_cast<unsigned long long>(progress.open), rate, progress.worst_bound,
                100.0 * progress.settled_share);
  return text;
}

}  // namespace clipbound::cli
