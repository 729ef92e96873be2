#pragma once
// Idea: one more thread, asleep most of the time, that reports progress while somebody listens, from
// the first moment on.
// Source: own.
// Guarantees: after stop() no call is under way and none follows.
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/floors.h"

namespace clipbound::solver {

class ProgressReporter {
 public:
  /// Calls `report` at once and every `period` until stop(); an empty function starts no thread.
  ProgressReporter(std::function<void()> report, std::chrono::milliseconds period) {
    if (!report) return;
    thread_ =
        std::jthread([this, period, call = std::move(report)](const std::stop_token& stopped) {
          std::unique_lock lock(mutex_);
          do {
            lock.unlock();
            call();
            lock.lock();
            nap_.wait_for(lock, stopped, period, [] { return false; });
          } while (!stopped.stop_requested());
        });
  }
  /// Wakes the thread and waits for its end (decision 42).
  void stop() { thread_ = std::jthread(); }

 private:
  std::mutex mutex_;
  std::condition_variable_any nap_;
  std::jthread thread_;
};

}  // namespace clipbound::solver
