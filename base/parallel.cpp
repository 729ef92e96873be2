#include "base/parallel.h"

#include <sched.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <new>
#include <thread>

// With the thread sanitizer this file is compiled without it (CMakeLists.txt): the templates of
// oneTBB that are compiled here hand memory over by what libtbb does, which the sanitizer cannot
// see. Instead each hand-over is announced.
#ifdef CLIPBOUND_TSAN
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace clipbound::base {

namespace {

/// What was written before release(address) is seen after acquire(address).
void acquire([[maybe_unused]] const void* address) {
#ifdef CLIPBOUND_TSAN
  __tsan_acquire(const_cast<void*>(address));
#endif
}
void release([[maybe_unused]] const void* address) {
#ifdef CLIPBOUND_TSAN
  __tsan_release(const_cast<void*>(address));
#endif
}

/// So many threads as asked for, or as oneTBB may use: it warns on stderr of larger arenas.
int available(int threads) {
  const std::size_t most =
      tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
  return static_cast<int>(std::min(static_cast<std::size_t>(std::max(1, threads)), most));
}

/// An arena of its own for a loop or a pool. oneTBB keeps some kB of every arena that ever was, so
/// they are used again.
class Arena {
 public:
  explicit Arena(int threads) : threads_(available(threads)) {
    const std::lock_guard lock(mutex());
    std::vector<std::unique_ptr<tbb::task_arena>>& list = idle()[threads_];
    if (!list.empty()) {
      arena_ = std::move(list.back());
      list.pop_back();
    } else {
      arena_ = std::make_unique<tbb::task_arena>(threads_);
    }
  }
  ~Arena() {
    const std::lock_guard lock(mutex());
    try {
      idle()[threads_].push_back(std::move(arena_));
    } catch (const std::bad_alloc&) {  // then it is destroyed
    }
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  template <typename Body>
  void execute(const Body& body) {
    arena_->execute(body);
  }

 private:
  // Never destroyed: threads may end after the program's static objects.
  static std::mutex& mutex() {
    static auto& one = *new std::mutex;
    return one;
  }
  static std::map<int, std::vector<std::unique_ptr<tbb::task_arena>>>& idle() {
    static auto& all = *new std::map<int, std::vector<std::unique_ptr<tbb::task_arena>>>;
    return all;
  }
  const int threads_;
  std::unique_ptr<tbb::task_arena> arena_;
};

/// A loop of oneTBB in an arena of its own: while a thread waits for it, it works on nothing else.
template <typename Partitioner, typename Body>
void loop(int threads, std::int64_t count, const Partitioner& partitioner, const Body& body) {
  release(&body);
  Arena arena(threads);
  arena.execute([&] {
    // Whoever cancels a caller's tasks must not leave out a part of the loop.
    tbb::task_group_context context(tbb::task_group_context::isolated);
    tbb::parallel_for(
        tbb::blocked_range<std::int64_t>(0, count),
        [&](const tbb::blocked_range<std::int64_t>& range) {
          acquire(&body);
          for (std::int64_t i = range.begin(); i < range.end(); ++i) body(i);
          release(&body);
        },
        partitioner, context);
  });
  acquire(&body);
}

}  // namespace

int available_threads() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

struct ThreadLimit::Control {
  tbb::global_control control;
};
ThreadLimit::ThreadLimit(int threads) {
  const auto wanted = static_cast<std::size_t>(std::max(1, threads));
  if (wanted > tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism))
    control_.reset(new Control{{tbb::global_control::max_allowed_parallelism, wanted}});
}
ThreadLimit::~ThreadLimit() = default;

void run_workers(int workers, const std::function<void(int)>& body) {
  if (workers <= 1) return body(0);
  loop(workers, workers, tbb::simple_partitioner(),
       [&](std::int64_t worker) { body(static_cast<int>(worker)); });
}

void parallel_for(int threads, std::int64_t count, const std::function<void(std::int64_t)>& body) {
  if (threads <= 1 || count <= 1) {
    for (std::int64_t i = 0; i < count; ++i) body(i);
    return;
  }
  loop(threads, count, tbb::auto_partitioner(), body);
}

/// What oneTBB holds of a task. It counts as unended until it is destroyed.
class TaskHandOver {
 public:
  TaskHandOver(TaskPool& pool, std::unique_ptr<Task> task) : pool_(&pool), task_(task.release()) {
    pool.unended_.fetch_add(1, std::memory_order_relaxed);
    release(task_);
  }
  TaskHandOver(TaskHandOver&& other) noexcept : pool_(other.pool_), task_(other.task_) {
    other.task_ = nullptr;
  }
  TaskHandOver(const TaskHandOver&) = delete;
  TaskHandOver& operator=(const TaskHandOver&) = delete;
  ~TaskHandOver() {
    if (task_ == nullptr) return;
    delete begin();
    end();
  }
  void operator()() const {
    // What the task has done is announced once it is destroyed, whether it throws or not.
    struct AtEnd {
      const TaskHandOver* self;
      ~AtEnd() { self->end(); }
    } at_end{this};
    const std::unique_ptr<Task> task(begin());
    task->run();
  }

 private:
  Task* begin() const {
    Task* const task = task_;
    task_ = nullptr;
    acquire(task);
    return task;
  }
  void end() const {
    pool_->unended_.fetch_sub(1, std::memory_order_relaxed);
    release(pool_);
  }
  TaskPool* pool_;
  mutable Task* task_;
};

TaskPool::TaskPool(int threads)
    : threads_(std::max(1, threads)), wanted_(threads_ == 1 ? 0 : available(threads_)) {}

void TaskPool::spawn(std::unique_ptr<Task> task) {
  if (group_ == nullptr) return stack_.push_back(std::move(task));
  // oneTBB counts a task before it allocates it: where that fails, wait() would wait for ever. So
  // memory that runs out shall run out here.
  constexpr std::size_t kSpare = std::size_t{1} << 16U;
  const std::unique_ptr<char[]> spare(new char[kSpare]);
  static_cast<tbb::task_group*>(group_)->run(TaskHandOver(*this, std::move(task)));
}

void TaskPool::run() {
  try {
    threads_ == 1 ? run_here() : run_on_threads();
  } catch (...) {
    stack_.clear();
    throw;
  }
}

void TaskPool::run_here() {
  while (!stack_.empty()) {
    const std::unique_ptr<Task> task = std::move(stack_.back());
    stack_.pop_back();
    task->run();
  }
}

void TaskPool::run_on_threads() {
  Arena arena(threads_);
  arena.execute([&] {
    tbb::this_task_arena::isolate([&] {
      // Cancellation is for errors of these tasks alone: whoever cancels a caller's group stops
      // solve() by its deadline.
      tbb::task_group_context context(tbb::task_group_context::isolated);
      tbb::task_group group(context);
      group_ = &group;
      struct AtEnd {
        TaskPool& pool;
        ~AtEnd() {
          acquire(&pool);
          pool.group_ = nullptr;
        }
      } at_end{*this};
      std::vector<std::unique_ptr<Task>> first = std::move(stack_);
      stack_.clear();
      try {
        for (std::unique_ptr<Task>& task : first) spawn(std::move(task));
      } catch (...) {
        group.cancel();
        group.wait();
        throw;
      }
      group.wait();
    });
  });
}

}  // namespace clipbound::base
