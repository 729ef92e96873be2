#pragma once
// Idea: the one loop of branch-and-bound. Subtrees are tasks of oneTBB; a task dives depth-first in
// its own subtree with a worker that it checks out of a pool, and spawns a part of it where a
// thread is idle. What varies is in the worker: the input split, the activation split and
// the integer cases are fillings of it.
// Source: Algorithm 1 of Zhou et al., "Clip-and-Verify", NeurIPS 2025, and Bunel et al., JMLR 2020,
// as one; depth-first work sharing is own.
// Guarantees: what is open when a search ends, for whatever reason, is in its frontier again, or is
// lost and leaves its clause open (S10).
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "solver/search/search_worker.h"

namespace clipbound::solver {

/// Worker has a type Subtree (moved, never copied) and the steps that dive() names:
///   begin(subtree)      what it works on from now on
///   has_open()          whether anything is left of it
///   between_batches()   attacks, watches memory
///   share()             a large part of its subproblems as a subtree, or nothing if it has too few
///   take_batch()        the newest subproblems; false where that took another step instead
///   bound(), prune()    prune() is false where the whole batch is refuted
///   try_points()        offers candidates to the judge
///   branch(), clip(), split()
///   rest()              everything that is open, as subtrees
template <typename Worker>
class TreeSearch {
 public:
  using Subtree = typename Worker::Subtree;
  using MakeWorker = std::function<std::unique_ptr<Worker>(SearchTeam&)>;

  /// `number`: SearchContext::begin_traced().
  TreeSearch(const SearchContext& context, SearchCounters& counters, TimeSlice time_slice,
             AttackRhythm rhythm, std::uint16_t number, MakeWorker make)
      : context_(context),
        team_(context, counters, time_slice, rhythm, number),
        make_(std::move(make)),
        pool_(context.threads) {}

  /// Searches all subtrees of the frontier, the first ones first, on the context's threads. What is
  /// open when the search has to end is in the frontier again. Exceptions of workers end it and are
  /// thrown here, but memory that runs out, which is noted with the deadline.
  void run(std::vector<Subtree>& frontier);

 private:
  class SubtreeTask;
  void dive(Worker& worker, Subtree subtree);
  void search(Subtree subtree);
  void spawn(Subtree subtree) {
    pool_.spawn(std::make_unique<SubtreeTask>(*this, std::move(subtree)));
  }
  void put_back(Subtree subtree) {
    const std::lock_guard lock(mutex_);
    left_.push_back(std::move(subtree));
  }
  /// What is open, after a run.
  void collect(std::vector<Subtree>& frontier);
  std::unique_ptr<Worker> check_out();
  void check_in(std::unique_ptr<Worker> worker);

  const SearchContext& context_;
  SearchTeam team_;
  const MakeWorker make_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> idle_;
  std::vector<Subtree> left_, interrupted_;  // those that never began, and parts of those that did
  TaskPool pool_;  // last: its tasks give their subtrees back when they are destroyed
};

template <typename Worker>
void TreeSearch<Worker>::dive(Worker& worker, Subtree subtree) {
  worker.begin(std::move(subtree));
  while (worker.has_open() && !team_.is_over()) {
    worker.between_batches();
    if (pool_.has_idle_threads()) {
      if (std::optional<Subtree> part = worker.share()) spawn(std::move(*part));
    }
    worker.stamp();
    if (!worker.take_batch()) continue;
    worker.bound();
    worker.stamp();
    if (!worker.prune()) continue;
    worker.try_points();
    if (team_.context.judge.found()) break;
    worker.branch();
    worker.clip();
    worker.split();
  }
  std::vector<Subtree> rest = worker.rest();
  const std::lock_guard lock(mutex_);
  for (Subtree& part : rest) interrupted_.push_back(std::move(part));
}

/// Gives its subtree back where it never ran.
template <typename Worker>
class TreeSearch<Worker>::SubtreeTask final : public Task {
 public:
  SubtreeTask(TreeSearch& search, Subtree subtree)
      : search_(search), subtree_(std::move(subtree)) {}
  ~SubtreeTask() override {
    if (began_) return;
    try {
      search_.put_back(std::move(subtree_));
    } catch (const std::bad_alloc&) {
      search_.context_.deadline.out_of_memory();  // it is lost: its clauses stay open
    }
  }
  void run() override {
    began_ = true;
    search_.search(std::move(subtree_));
  }

 private:
  TreeSearch& search_;
  Subtree subtree_;
  bool began_ = false;
};

template <typename Worker>
void TreeSearch<Worker>::search(Subtree subtree) {
  try {
    if (team_.is_over()) return put_back(std::move(subtree));
    std::unique_ptr<Worker> worker = check_out();
    dive(*worker, std::move(subtree));
    check_in(std::move(worker));
  } catch (const std::bad_alloc&) {
    // Its subproblems are lost, and their shares with them: their clauses stay open.
    context_.deadline.out_of_memory();
  } catch (...) {
    team_.stopped.store(true);
    throw;
  }
}

template <typename Worker>
std::unique_ptr<Worker> TreeSearch<Worker>::check_out() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Worker> worker = std::move(idle_.back());
      idle_.pop_back();
      return worker;
    }
  }
  return make_(team_);
}

template <typename Worker>
void TreeSearch<Worker>::check_in(std::unique_ptr<Worker> worker) {
  worker->hand_over();
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(worker));
}

template <typename Worker>
void TreeSearch<Worker>::run(std::vector<Subtree>& frontier) {
  try {
    // The newest task begins first.
    for (; !frontier.empty(); frontier.pop_back()) spawn(std::move(frontier.back()));
    pool_.run();
  } catch (...) {
    collect(frontier);
    throw;
  }
  for (const std::unique_ptr<Worker>& worker : idle_) context_.statistics += worker->statistics;
  collect(frontier);
}

template <typename Worker>
void TreeSearch<Worker>::collect(std::vector<Subtree>& frontier) {
  // Next time those that have not had their turn come first.
  for (std::vector<Subtree>* part : {&left_, &interrupted_}) {
    for (Subtree& subtree : *part) frontier.push_back(std::move(subtree));
    part->clear();
  }
}

}  // namespace clipbound::solver
