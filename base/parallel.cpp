#include "base/parallel.h"

#include <sched.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace clipbound::base {

int available_threads() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void run_workers(int workers, const std::function<void(int)>& body) {
  if (workers <= 1) return body(0);
  // Workers of the search talk to each other while they run, so each must really have a thread of
  // its own: TBB's tasks promise progress, not concurrency. Hence threads here, and TBB for loops.
  std::exception_ptr first;
  std::mutex mutex;
  const auto guarded = [&](int worker) {
    try {
      body(worker);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!first) first = std::current_exception();
    }
  };
  std::vector<std::jthread> threads;
  threads.reserve(static_cast<std::size_t>(workers) - 1);
  for (int worker = 1; worker < workers; ++worker) threads.emplace_back(guarded, worker);
  guarded(0);
  threads.clear();
  if (first) std::rethrow_exception(first);
}

void parallel_for(int threads, std::int64_t count, const std::function<void(std::int64_t)>& body) {
  if (threads <= 1 || count <= 1) {
    for (std::int64_t i = 0; i < count; ++i) body(i);
    return;
  }
  tbb::task_arena arena(threads);
  arena.execute([&] { tbb::parallel_for(std::int64_t{0}, count, body); });
}

}  // namespace clipbound::base
