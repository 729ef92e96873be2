#pragma once
// Idea: clock, memory limit and stop flag in one object that long work polls.
// Source: own.
// Guarantees: expired() may be polled from many threads; it never blocks.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/floors.h"

namespace clipbound::base {

/// Why work has to end before it is done.
enum class StopReason : std::uint8_t { none, time, memory, interrupted };

/// Polled by everything that may take long; safe to use from many threads at once.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  /// No limits.
  Deadline() = default;
  /// `limit_s` seconds from `start`, less `reserve_s` for writing results. A limit that is not
  /// finite means none.
  Deadline(Clock::time_point start, double limit_s, double reserve_s);

  /// Ends the work at the next poll, from any thread or from a signal handler.
  void interrupt() noexcept {
    stop_.store(static_cast<std::uint8_t>(StopReason::interrupted), std::memory_order_relaxed);
  }
  /// True once the work has to end. Reads the clock: poll it every some microseconds of work, not
  /// every operation.
  bool expired() const noexcept;
  /// Why it ended; `none` while it has not.
  StopReason reason() const noexcept {
    return static_cast<StopReason>(stop_.load(std::memory_order_relaxed));
  }
  /// Records that memory has run out.
  void out_of_memory() const noexcept;
  /// Seconds since the start.
  double elapsed_s() const noexcept;
  /// Seconds left, never negative; infinity without a limit.
  double remaining_s() const noexcept;
  /// From now on choices count work(), not time: with one thread they are the same on every
  /// machine. Limits stay limits of time. Before any work.
  void count_work() const noexcept { counts_work_.store(true, std::memory_order_relaxed); }
  /// So many operations were done, about. Counted by all threads together.
  void work(double operations) const noexcept {
    if (counts_work())
      work_s_.fetch_add(operations / kOperationsPerSecond, std::memory_order_relaxed);
  }
  /// Seconds for choices (how long to try something): elapsed_s(), or the work so far.
  double spent_s() const noexcept {
    return counts_work() ? work_s_.load(std::memory_order_relaxed) : elapsed_s();
  }
  /// The same for remaining_s(): the limit less the work so far.
  double left_s() const noexcept;
  bool counts_work() const noexcept { return counts_work_.load(std::memory_order_relaxed); }
  /// The moment the time is counted from.
  Clock::time_point start() const noexcept { return start_; }

  Deadline(const Deadline& other) noexcept;
  Deadline& operator=(const Deadline& other) noexcept;

 private:
  Clock::time_point start_ = Clock::now();
  Clock::time_point end_ = Clock::time_point::max();
  mutable std::atomic<std::uint8_t> stop_{0};
  static constexpr double kOperationsPerSecond = 2e9;  // of one thread, about
  mutable std::atomic<bool> counts_work_{false};
  mutable std::atomic<double> work_s_{0.0};
};

/// When this process started, on the steady clock (read from /proc, the moment of the call where
/// that fails).
Deadline::Clock::time_point process_start();
/// Resident memory of this process in bytes; 0 where unknown.
std::size_t resident_bytes();

}  // namespace clipbound::base
