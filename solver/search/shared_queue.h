#pragma once
// Hands subtrees from busy workers to idle ones. Workers touch it only to ask "is anybody hungry?"
// (one relaxed load).
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

#include "solver/input_split/subproblems.h"

namespace clipbound::solver {

template <typename Task>
class SharedQueue {
 public:
  explicit SharedQueue(int workers) : workers_(workers) {}

  void put(Task task) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
      hungry_.store(waiting_ > static_cast<int>(tasks_.size()), std::memory_order_relaxed);
    }
    wake_.notify_one();
  }
  /// The next task; nothing once all workers wait (the search is done) or after stop().
  std::optional<Task> take() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    if (tasks_.empty()) {
      if (waiting_ == workers_) stopped_ = true;
      hungry_.store(!stopped_, std::memory_order_relaxed);
      if (stopped_) wake_.notify_all();
      wake_.wait(lock, [this] { return stopped_ || !tasks_.empty(); });
    }
    --waiting_;
    if (stopped_ || tasks_.empty()) return std::nullopt;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    hungry_.store(waiting_ > static_cast<int>(tasks_.size()), std::memory_order_relaxed);
    return task;
  }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_all();
  }
  bool hungry() const { return hungry_.load(std::memory_order_relaxed); }
  /// After the search: what was never taken.
  std::deque<Task>& left_over() { return tasks_; }

 private:
  const int workers_;
  int waiting_ = 0;
  bool stopped_ = false;
  std::atomic<bool> hungry_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
};

using TaskQueue = SharedQueue<BoxSubproblems>;

}  // namespace clipbound::solver
