#include "cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "benchmarks/suite/files.h"

namespace clipbound::cli {

namespace {

/// See no-color.org: set and not empty means none.
bool colours_wanted() {
  const char* const none = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  return (none == nullptr || *none == '\0') &&
         (terminal == nullptr || std::string_view(terminal) != "dumb");
}

}  // namespace

Console::Console()
    : terminal_(::isatty(STDERR_FILENO) == 1), coloured_(terminal_ && colours_wanted()) {}

void Console::clear_line() {
  if (line_shown_) suite::write_all(STDERR_FILENO, "\r\x1b[K");
  line_shown_ = false;
}

void Console::message(std::string_view text) {
  const std::lock_guard lock(mutex_);
  clear_line();
  suite::write_all(STDERR_FILENO, "clipbound: " + std::string(text) + "\n");
}

void Console::error(std::string_view text) {
  message(coloured_ ? "\x1b[31m" + std::string(text) + "\x1b[0m" : std::string(text));
}

void Console::end_progress() {
  // A terminal that is held back (Ctrl-S) may block whoever has the lock; a verdict must not wait
  // for that.
  constexpr int kPatience = 20;  // milliseconds
  std::unique_lock lock(mutex_, std::try_to_lock);
  for (int k = 0; k < kPatience && !lock; ++k) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (lock.try_lock()) break;
  }
  if (!lock) return;
  clear_line();
  ended_ = true;
}

void Console::progress(const Progress& progress) {
  if (!terminal_) return;
  std::string line = progress_text(progress);
  winsize size{};
  // The last column stays free: some terminals go to the next line there.
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
    line.resize(std::min<std::size_t>(line.size(), size.ws_col - 1U));
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  suite::write_all(STDERR_FILENO, "\r" + line + "\x1b[K");
  line_shown_ = true;
}

namespace {

template <typename... Values>
std::string format(const char* pattern, Values... values) {
  char text[160];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

}  // namespace

std::string progress_text(const Progress& progress) {
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::string text = format("%.1f s  %s", progress.elapsed_s, name_of(progress.stage));
  if (progress.bounded < progress.clauses && progress.stage == Stage::root)
    text += format("  %llu of %llu clauses", number(progress.bounded), number(progress.clauses));
  if (progress.bounded > 0) {
    // Cut, not rounded: 100 % is said of nothing that is open.
    text += format("  settled %.2f %%", std::floor(1e4 * progress.settled_share) / 1e2);
  }
  if (progress.worst_bound) text += format("  worst %.4g", *progress.worst_bound);
  if (progress.stage == Stage::search || progress.subproblems > 0) {
    const double rate = static_cast<double>(progress.subproblems) / progress.elapsed_s;
    text += format("  %llu done", number(progress.subproblems));
    if (progress.open) text += format("  %llu open", number(*progress.open));
    text += format("  %.0f/s", rate);
  }
  return text;
}

}  // namespace clipbound::cli
