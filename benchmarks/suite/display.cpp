#include "benchmarks/suite/display.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

namespace clipbound::suite {
namespace {

void write_out(const std::string& text) {
  // A terminal that has gone is no reason to stop.
  [[maybe_unused]] const ssize_t count = ::write(STDERR_FILENO, text.data(), text.size());
}

winsize terminal_size() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
    return {24, 80, 0, 0};
  return size;
}

/// Cut where the terminal ends, so that a line stays one line.
std::string fitted(const std::string& text) {
  const std::size_t width = terminal_size().ws_col - std::size_t{1};
  return text.size() <= width ? text : text.substr(0, width - 1) + ">";
}

std::string file_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

template <typename... Values>
std::string format(const char* pattern, Values... values) {
  char text[512];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

std::string running_line(const RunningInstance& running) {
  std::string line = "  " + running.suite + "  " + file_name(running.onnx) + "  " +
                     file_name(running.vnnlib) +
                     format("  %.1f of %.0f s", running.elapsed_s, running.timeout_s);
  const ProgressPoint& progress = running.progress;
  if (progress.subproblems > 0) {
    line += format("  worst %.4g  settled %.1f %%  %llu done  %llu open", progress.worst_bound,
                   100.0 * progress.settled_share,
                   static_cast<unsigned long long>(progress.subproblems),
                   static_cast<unsigned long long>(progress.open));
  }
  return fitted(line);
}

}  // namespace

std::string clock_text(double seconds) {
  const auto whole = static_cast<long>(std::max(0.0, std::round(seconds)));
  const long hours = whole / 3600, minutes = whole / 60 % 60, rest = whole % 60;
  return hours > 0 ? format("%ld:%02ld:%02ld", hours, minutes, rest)
                   : format("%ld:%02ld", minutes, rest);
}

Display::Display(std::size_t total, std::size_t done, int jobs)
    : terminal_(::isatty(STDERR_FILENO) == 1),
      total_(total),
      done_before_(done),
      jobs_(jobs),
      done_(done) {}

Display::~Display() {
  clear();
}

std::string Display::headline() const {
  constexpr std::size_t kWidth = 24;
  const std::size_t filled = total_ > 0 ? kWidth * done_ / total_ : kWidth;
  const double elapsed =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  std::string line = "[" + std::string(filled, '=') + std::string(kWidth - filled, ' ') + "] " +
                     std::to_string(done_) + "/" + std::to_string(total_) + "  solved " +
                     std::to_string(solved_);
  if (done_before_ > 0) line += " of " + std::to_string(done_ - done_before_) + " new";
  if (errors_ > 0) line += "  errors " + std::to_string(errors_);
  line += "  elapsed " + clock_text(elapsed);
  const std::size_t finished_here = done_ - done_before_;
  if (finished_here > 0 && done_ < total_) {
    const double each = busy_s_ / static_cast<double>(finished_here);
    line += "  eta " + clock_text(each * static_cast<double>(total_ - done_) / jobs_);
  }
  return fitted(line);
}

void Display::finished(const Record& record) {
  ++done_;
  solved_ += solved(record.outcome) ? 1 : 0;
  errors_ += record.outcome == Outcome::error ? 1 : 0;
  busy_s_ += record.seconds;
  std::string line =
      format("[%zu/%zu] %-8s %9.3f s  ", done_, total_, name_of(record.outcome), record.seconds) +
      record.suite + "  " + record.onnx + "  " + record.vnnlib;
  if (!solved(record.outcome)) line += "  (" + record.reason + ")";
  clear();
  write_out((terminal_ ? fitted(line) : line) + "\n");
}

void Display::show(const std::vector<RunningInstance>& running) {
  if (!terminal_ || std::chrono::steady_clock::now() < next_) return;
  next_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
  std::string text = lines_shown_ > 0 ? format("\x1b[%dA\r", lines_shown_) : "\r";
  text += headline() + "\x1b[K\n";
  // What does not fit on the screen could not be taken back.
  const std::size_t rows =
      std::min<std::size_t>(running.size(), std::max(4, terminal_size().ws_row - 2) - 1);
  for (std::size_t i = 0; i < rows; ++i) text += running_line(running[i]) + "\x1b[K\n";
  text += "\x1b[J";
  lines_shown_ = static_cast<int>(rows) + 1;
  write_out(text);
}

void Display::clear() {
  if (lines_shown_ > 0) write_out(format("\x1b[%dA\r\x1b[J", lines_shown_));
  lines_shown_ = 0;
  next_ = {};
}

}  // namespace clipbound::suite
