#pragma once
// Idea: hands subproblems from busy workers to idle ones. A busy worker only asks whether others
// are idle: one relaxed load.
// Source: own (work sharing).
// Guarantees: every task that is put is taken once or left over; take() ends once all workers wait.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "base/floors.h"

namespace clipbound::solver {

template <typename Task>
class SharedQueue {
 public:
  explicit SharedQueue(int workers) : workers_(workers) {}

  void put(Task task) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
      has_idle_workers_.store(waiting_ > static_cast<int>(tasks_.size()),
                              std::memory_order_relaxed);
    }
    wake_.notify_one();
  }
  /// The next task; nothing once all workers wait (the search is done) or after stop().
  std::optional<Task> take() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    if (tasks_.empty()) {
      if (waiting_ == workers_) stopped_ = true;
      has_idle_workers_.store(!stopped_, std::memory_order_relaxed);
      if (stopped_) wake_.notify_all();
      wake_.wait(lock, [this] { return stopped_ || !tasks_.empty(); });
    }
    --waiting_;
    if (stopped_ || tasks_.empty()) return std::nullopt;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    has_idle_workers_.store(waiting_ > static_cast<int>(tasks_.size()), std::memory_order_relaxed);
    return task;
  }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_all();
  }
  bool has_idle_workers() const { return has_idle_workers_.load(std::memory_order_relaxed); }
  /// After the search: what was never taken.
  std::deque<Task>& left_over() { return tasks_; }

 private:
  const int workers_;
  int waiting_ = 0;
  bool stopped_ = false;
  std::atomic<bool> has_idle_workers_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
};

}  // namespace clipbound::solver
