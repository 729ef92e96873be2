#pragma once
// Idea: the only caller of oneTBB: loops, and tasks that spawn tasks. What one thread hands to
// another passes through here, and is marked for the thread sanitizer here (Debian's libtbb is not
// instrumented).
// Source: oneTBB.
// Guarantees: a body's exception reaches the caller. A thread that waits here works only on what it
// waits for: neither loops nor pools take up foreign tasks, and callers may be tasks of oneTBB.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/floors.h"

namespace clipbound::base {

/// Hardware threads that this process may use (its CPU affinity), at least 1.
int available_threads();

/// While it lives, oneTBB may use up to `threads` threads, more than the machine has if asked for.
/// For programs: a library leaves this to its caller.
class ThreadLimit {
 public:
  explicit ThreadLimit(int threads);
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  struct Control;
  std::unique_ptr<Control> control_;
};

/// Runs body(worker) for worker = 0..workers-1, at the same time where there are threads for it,
/// and waits for all. No body may wait for another. The first exception is thrown here after all
/// have ended; bodies that have not begun by then are left out.
void run_workers(int workers, const std::function<void(int)>& body);

/// body(i) for i in [0, count), on up to `threads` threads, in chunks.
void parallel_for(int threads, std::int64_t count, const std::function<void(std::int64_t)>& body);

/// A piece of work of a TaskPool. It is destroyed without run() where an exception came before.
class Task {
 public:
  Task() = default;
  virtual ~Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  virtual void run() = 0;
};

/// Tasks that spawn tasks, on up to `threads` threads. With one thread they run on the calling one,
/// the newest first.
class TaskPool {
 public:
  explicit TaskPool(int threads);
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  /// Before run(), or from a task that runs. Safe from many threads.
  void spawn(std::unique_ptr<Task> task);
  /// Runs what was spawned and what that spawns, on the calling thread too, until nothing is left.
  /// The first exception of a task is thrown here; tasks that have not begun by then are destroyed.
  void run();
  /// True where fewer tasks have begun or wait than there are threads: oneTBB does not tell who is
  /// idle. With one thread there is nobody to share with.
  bool has_idle_threads() const { return unended_.load(std::memory_order_relaxed) < wanted_; }

 private:
  friend class TaskHandOver;
  void run_here();
  void run_on_threads();

  const int threads_;
  const int wanted_;  // tasks at a time: as many as threads can be had, none for one thread
  std::atomic<int> unended_{0};               // spawned, not ended
  std::vector<std::unique_ptr<Task>> stack_;  // of run_here(), and what is spawned before run()
  void* group_ = nullptr;                     // tbb::task_group while it runs on threads
};

}  // namespace clipbound::base
