#pragma once
// Idea: what the public classes of include/clipbound/clipbound.h hold. Only solver/api includes
// this: the one place that sees both the public classes and the inner ones of the same names.
// Source: own.
// Guarantees: copies of public classes share what they hold, which nobody changes.
#include "clipbound/clipbound.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <list>
#include <memory>
#include <mutex>

#include "base/cpu.h"
#include "base/deadline.h"
#include "base/options.h"
#include "specs/network/network.h"
#include "specs/query/query.h"
#include "specs/vnnlib/joint_query.h"

namespace clipbound {

/// solve() by an attack and the bounds of whole boxes alone: `unknown` where these do not decide.
Result solve_at_root(const Network& network, const Query& query, const Options& options,
                     const Callbacks& callbacks);

inline constexpr std::size_t kMostVariables = std::numeric_limits<std::int32_t>::max();

struct Network::Implementation {
  std::shared_ptr<const specs::Network> network;

  static Network holding(std::shared_ptr<const specs::Network> network) {
    return Network(std::make_shared<const Implementation>(Implementation{std::move(network)}));
  }
};

struct Query::Implementation {
  /// Where the query is joined to its models: as it is about the joint network.
  specs::Query query;
  /// As read, of VNN-LIB 2.0; else null.
  std::shared_ptr<const specs::JointQuery> joint = {};
  bool joined = false;  ///< to its models: it needs the network that it was joined with
  std::vector<FileInfo> files = {};  ///< of these models

  static Query holding(Implementation implementation) {
    return Query(std::make_shared<Implementation>(std::move(implementation)));
  }
};

struct Options::Implementation {
  base::Options values;
};

/// Deadlines of the running solves. They live as long as the state and are only ever appended, so
/// that stop(), which may run in a signal handler, walks the list without a lock; ended solves
/// leave theirs to the next.
struct Stopper::Implementation {
  struct Entry {
    base::Deadline deadline;
    Entry* next = nullptr;
    bool busy = true;  // guarded by mutex
  };
  std::atomic<bool> stopped{false};
  std::atomic<Entry*> first{nullptr};
  std::mutex mutex;
  std::list<Entry> entries;  // guarded by mutex

  static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<Entry*>::is_always_lock_free);

  Entry& enter(const base::Deadline& deadline) {
    const std::lock_guard lock(mutex);
    auto free = std::find_if(entries.begin(), entries.end(),
                             [](const Entry& entry) { return !entry.busy; });
    if (free == entries.end()) {
      Entry& entry = entries.emplace_back();
      entry.next = first.load(std::memory_order_relaxed);
      entry.deadline = deadline;
      first.store(&entry, std::memory_order_release);
      free = std::prev(entries.end());
    } else {
      free->deadline = deadline;
      free->busy = true;
    }
    // Either stop() sees this entry, or this sees its flag: the fence pairs with the one in stop().
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (stopped.load(std::memory_order_relaxed)) free->deadline.interrupt();
    return *free;
  }

  void leave(Entry& entry) {
    const std::lock_guard lock(mutex);
    entry.busy = false;
  }
};

}  // namespace clipbound
