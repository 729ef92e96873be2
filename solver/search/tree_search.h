#pragma once
// Idea: the one loop of branch-and-bound. Subtrees are tasks of oneTBB; a task dives depth-first in
// its own subtree with a worker that it checks out of a pool, and spawns a part of it where a
// thread is idle. What varies is in the worker: the input split, the activation split and
// the integer cases are fillings of it.
// Source: Algorithm 1 of Zhou et al., "Clip-and-Verify", NeurIPS 2025, and Bunel et al., JMLR 2020,
// as one; depth-first work sharing is own.
// Guarantees: what is open when a search ends, for whatever reason, is in its frontier again, or is
// lost and leaves its clause open (S10). A cut (cuts.h) changes neither what is searched nor, with
// one thread, in which order.
#include <functional>
#include <limits>
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
/// and something for at_cut() to see what is open between two batches. Of subtrees there is
///   singles_of(subtree) each of its subproblems as a subtree
template <typename Worker>
class TreeSearch {
 public:
  using Subtree = typename Worker::Subtree;
  using MakeWorker = std::function<std::unique_ptr<Worker>(SearchTeam&)>;
  /// What is open while the team is stopped.
  struct Stopped {
    std::vector<std::unique_ptr<Worker>>& paused;  ///< in the middle of their subtrees
    std::vector<Subtree>& waiting;                 ///< those that have not begun
  };
  using AtCut = std::function<void(const Stopped&)>;

  /// `number`: SearchContext::begin_traced().
  TreeSearch(const SearchContext& context, SearchCounters& counters, TimeSlice time_slice,
             AttackRhythm rhythm, std::uint16_t number, MakeWorker make)
      : context_(context),
        team_(context, counters, time_slice, rhythm, number),
        make_(std::move(make)),
        pool_(context.threads) {}

  /// Who is called at cuts, on the thread that calls run(), to tell the keeper what is open.
  void at_cut(AtCut at_cut) { at_cut_ = std::move(at_cut); }

  /// Searches all subtrees of the frontier, the first ones first, on the context's threads. What is
  /// open when the search has to end is in the frontier again. Exceptions of workers end it and are
  /// thrown here, but memory that runs out, which is noted with the deadline.
  void run(std::vector<Subtree>& frontier);

 private:
  class SubtreeTask;
  class PausedTask;
  /// False where it was stopped for a cut, and has to go on after it.
  bool dive(Worker& worker);
  bool in_breadth() const { return context_.cuts != nullptr && context_.cuts->divides(); }
  void work(std::unique_ptr<Worker> worker);
  void search(Subtree subtree);
  /// Runs part of a task. Errors end the search.
  template <typename Body>
  void guarded(const Body& body);
  void cut();
  /// Where the search is to be divided: the next round of a search in breadth; false where it is
  /// over.
  bool next_round();
  void spawn(Subtree subtree) {
    pool_.spawn(std::make_unique<SubtreeTask>(*this, std::move(subtree)));
  }
  /// The last one first.
  void spawn_all(std::vector<Subtree>& subtrees) {
    while (!subtrees.empty()) {
      Subtree last = std::move(subtrees.back());
      subtrees.pop_back();
      spawn(std::move(last));
    }
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
  std::vector<std::unique_ptr<Worker>> paused_;
  AtCut at_cut_;
  std::vector<Subtree> left_, interrupted_;  // those that never began, and parts of those that did
  TaskPool pool_;  // last: its tasks give their subtrees back when they are destroyed
};

template <typename Worker>
bool TreeSearch<Worker>::dive(Worker& worker) {
  // In breadth: one batch; entering a subtree for it is a step, as halving a coarse box is.
  int steps_left = in_breadth() ? 2 : std::numeric_limits<int>::max();
  bool batch = false;
  for (bool is_first = true; worker.has_open() && !team_.is_over(); is_first = false) {
    if (steps_left == 0 || (in_breadth() && batch)) break;
    // Between two cuts every worker does something, however often they are due.
    if (!is_first && team_.pauses()) return false;
    worker.between_batches();
    if (pool_.has_idle_threads()) {
      if (std::optional<Subtree> part = worker.share()) spawn(std::move(*part));
    }
    worker.stamp();
    if (!worker.take_batch()) {
      --steps_left;
      continue;
    }
    batch = true;
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
  return true;
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

/// A worker that goes on after a cut.
template <typename Worker>
class TreeSearch<Worker>::PausedTask final : public Task {
 public:
  PausedTask(TreeSearch& search, std::unique_ptr<Worker> worker)
      : search_(search), worker_(std::move(worker)) {}
  ~PausedTask() override {
    if (worker_ == nullptr) return;
    try {
      const std::lock_guard lock(search_.mutex_);
      search_.paused_.push_back(std::move(worker_));
    } catch (const std::bad_alloc&) {
      search_.context_.deadline.out_of_memory();  // its clauses stay open
    }
  }
  void run() override {
    search_.guarded([&] { search_.work(std::move(worker_)); });
  }

 private:
  TreeSearch& search_;
  std::unique_ptr<Worker> worker_;
};

template <typename Worker>
void TreeSearch<Worker>::work(std::unique_ptr<Worker> worker) {
  if (dive(*worker)) return check_in(std::move(worker));
  worker->hand_over();
  const std::lock_guard lock(mutex_);
  paused_.push_back(std::move(worker));
}

template <typename Worker>
void TreeSearch<Worker>::search(Subtree subtree) {
  guarded([&] {
    if (team_.is_over() || team_.pausing.load()) return put_back(std::move(subtree));
    std::unique_ptr<Worker> worker = check_out();
    worker->begin(std::move(subtree));
    work(std::move(worker));
  });
}

template <typename Worker>
template <typename Body>
void TreeSearch<Worker>::guarded(const Body& body) {
  try {
    body();
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
    spawn_all(frontier);
    pool_.run();
    for (;;) {
      if (team_.pausing.load()) {
        cut();
      } else if (!in_breadth() || !next_round()) {
        break;
      }
      pool_.run();
    }
  } catch (...) {
    collect(frontier);
    throw;
  }
  for (const std::unique_ptr<Worker>& worker : idle_) context_.statistics += worker->statistics;
  collect(frontier);
}

/// Lets all that is open be seen, and has everybody go on where they were.
template <typename Worker>
void TreeSearch<Worker>::cut() {
  // Where it is over, some workers have left their subtrees in the frontier already.
  if (!team_.is_over()) {
    Statistics running;
    for (const auto* workers : {&idle_, &paused_}) {
      for (const std::unique_ptr<Worker>& worker : *workers) running += worker->statistics;
    }
    try {
      if (at_cut_) at_cut_({paused_, left_});
    } catch (const std::bad_alloc&) {
      // What was known before is written once more.
    }
    context_.cuts->write_if_due(running);
  } else {
    context_.cuts->call_off();
  }
  team_.pausing.store(false);
  spawn_all(left_);
  // The newest task begins first: those that were at work. Where memory runs out on the way, a task
  // gives back what it was given.
  while (!paused_.empty()) {
    std::unique_ptr<Worker> worker = std::move(paused_.back());
    paused_.pop_back();
    pool_.spawn(std::make_unique<PausedTask>(*this, std::move(worker)));
  }
}

template <typename Worker>
bool TreeSearch<Worker>::next_round() {
  std::vector<Subtree> all, singles;
  collect(all);
  for (Subtree& subtree : all) {
    for (Subtree& single : singles_of(std::move(subtree))) singles.push_back(std::move(single));
  }
  left_ = std::move(singles);
  if (left_.empty() || team_.is_over() || context_.cuts->suffices(left_.size())) return false;
  spawn_all(left_);
  return true;
}

template <typename Worker>
void TreeSearch<Worker>::collect(std::vector<Subtree>& frontier) {
  for (const std::unique_ptr<Worker>& worker : paused_) {  // after an error
    for (Subtree& part : worker->rest()) interrupted_.push_back(std::move(part));
  }
  paused_.clear();
  // Next time those that have not had their turn come first.
  for (std::vector<Subtree>* part : {&left_, &interrupted_}) {
    for (Subtree& subtree : *part) frontier.push_back(std::move(subtree));
    part->clear();
  }
}

}  // namespace clipbound::solver
