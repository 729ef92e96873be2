#pragma once
// Idea: the only caller of oneTBB.
// Source: oneTBB.
// Guarantees: a worker's exception reaches the caller.
#include <cstdint>
#include <functional>

#include "base/floors.h"

namespace clipbound::base {

/// Hardware threads that this process may use (its CPU affinity), at least 1.
int available_threads();

/// Runs body(worker) for worker = 0..workers-1 at the same time, on exactly that many threads, and
/// waits for all. The first exception that a body throws is rethrown here after all have ended.
void run_workers(int workers, const std::function<void(int)>& body);

/// body(i) for i in [0, count), on up to `threads` threads, in chunks.
void parallel_for(int threads, std::int64_t count, const std::function<void(std::int64_t)>& body);

}  // namespace clipbound::base
