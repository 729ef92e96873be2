#include "base/deadline.h"

#include <time.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

namespace clipbound::base {

Deadline::Deadline(Clock::time_point start, double limit_s, double reserve_s) : start_(start) {
  // Beyond ten years the limit is none: the clock's own range would overflow.
  constexpr double kLongest = 3.0e8;
  if (std::isfinite(limit_s) && limit_s < kLongest) {
    end_ = start + std::chrono::duration_cast<Clock::duration>(
                       std::chrono::duration<double>(limit_s - reserve_s));
  }
}

Deadline::Deadline(const Deadline& other) noexcept
    : start_(other.start_),
      end_(other.end_),
      stop_(other.stop_.load(std::memory_order_relaxed)),
      counts_work_(other.counts_work()),
      work_s_(other.work_s_.load(std::memory_order_relaxed)) {}

Deadline& Deadline::operator=(const Deadline& other) noexcept {
  start_ = other.start_;
  end_ = other.end_;
  counts_work_.store(other.counts_work(), std::memory_order_relaxed);
  work_s_.store(other.work_s_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  stop_.store(other.stop_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  return *this;
}

bool Deadline::expired() const noexcept {
  if (stop_.load(std::memory_order_relaxed) != 0) return true;
  if (end_ == Clock::time_point::max() || Clock::now() < end_) return false;
  std::uint8_t none = 0;
  stop_.compare_exchange_strong(none, static_cast<std::uint8_t>(StopReason::time),
                                std::memory_order_relaxed);
  return true;
}

void Deadline::out_of_memory() const noexcept {
  std::uint8_t none = 0;
  stop_.compare_exchange_strong(none, static_cast<std::uint8_t>(StopReason::memory),
                                std::memory_order_relaxed);
}

double Deadline::elapsed_s() const noexcept {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

double Deadline::remaining_s() const noexcept {
  if (end_ == Clock::time_point::max()) return std::numeric_limits<double>::infinity();
  return std::max(0.0, std::chrono::duration<double>(end_ - Clock::now()).count());
}

double Deadline::left_s() const noexcept {
  if (!counts_work() || end_ == Clock::time_point::max()) return remaining_s();
  return std::max(0.0, std::chrono::duration<double>(end_ - start_).count() - spent_s());
}

Deadline::Clock::time_point process_start() {
  const auto now = Deadline::Clock::now();
  std::FILE* file = std::fopen("/proc/self/stat", "r");
  if (file == nullptr) return now;
  char text[2048];
  const std::size_t size = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  text[size] = 0;
  const char* after_name = std::strrchr(text, ')');
  if (after_name == nullptr) return now;
  unsigned long long ticks = 0;
  // Field 22 (starttime); field 3 follows the name.
  if (std::sscanf(
          after_name + 1,
          " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
          &ticks) != 1) {
    return now;
  }
  timespec boot{};
  if (clock_gettime(CLOCK_BOOTTIME, &boot) != 0) return now;
  const double since_boot =
      static_cast<double>(boot.tv_sec) + 1e-9 * static_cast<double>(boot.tv_nsec);
  const double age =
      since_boot - static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
  if (!(age >= 0.0 && age < 60.0)) return now;
  return now -
         std::chrono::duration_cast<Deadline::Clock::duration>(std::chrono::duration<double>(age));
}

std::size_t resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  long long total = 0, resident = 0;
  const int read = std::fscanf(file, "%lld %lld", &total, &resident);
  std::fclose(file);
  return read == 2
             ? static_cast<std::size_t>(resident) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE))
             : 0;
}

}  // namespace clipbound::base
