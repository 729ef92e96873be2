#pragma once
// Idea: a cut of a running search: all threads stop at the end of their batches, what is open is
// copied, and each goes on where it was. In between nothing is on its way from one thread to
// another, so that a cut has all of the tree exactly once. Cuts are what checkpoints are made of.
// Source: own; coordinated checkpoints as in Elnozahy et al., "A survey of rollback-recovery
// protocols in message-passing systems", ACM Computing Surveys 2002.
// Guarantees: cuts and checkpoints take at most kMostShare of the time, but for the last one. What a
// cut has of a clause adds up to 1, or the clause is left as it was (S10).
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include "base/deadline.h"
#include "base/stats.h"
#include "solver/search/state_keeper.h"

namespace clipbound::solver {

class Cuts {
 public:
  /// Takes a state, and what the workers of the search at hand have counted since it began.
  using Write = std::function<void(SearchState state, const Statistics& running)>;

  /// Writes every `every_s` seconds, or more seldom. The keeper outlives it.
  Cuts(const Deadline& deadline, StateKeeper& keeper, double every_s, Write write);

  /// True where it is time for a cut; the search's threads poll it. Its cost counts from here on.
  bool is_due() noexcept;
  /// Where it is time: writes what the keeper has. By the thread that runs the search, while no
  /// worker runs.
  void write_if_due(const Statistics& running = {});

  /// There is to be no cut now after all: the search is over.
  void call_off() noexcept { asked_s_.store(kNotAsked); }

  /// Has searches go breadth-first until so many subproblems are open, and end then by `stop`:
  /// what is open is to be divided. Before any search.
  void divide(std::size_t open, std::function<void()> stop) {
    open_wanted_ = open;
    stop_ = std::move(stop);
  }
  bool divides() const { return open_wanted_ != 0; }
  /// So many are open: stops the run where they suffice, and says so.
  bool suffices(std::size_t open) const {
    if (open < open_wanted_) return false;
    stop_();
    return true;
  }

  std::uint64_t written() const { return written_; }
  /// Seconds in which searches stood still.
  double cost_s() const { return cost_s_; }

 private:
  static constexpr double kMostShare = 0.01;     // of the time
  static constexpr double kFirstCost_s = 0.002;  // nothing is known before the first one
  static constexpr double kNotAsked = -1.0;
  double next_after(double now_s) const;

  const Deadline& deadline_;
  StateKeeper& keeper_;
  const double every_s_;
  const Write write_;
  std::atomic<double> asked_s_{kNotAsked};  // when the one at hand was found due
  std::size_t open_wanted_ = 0;
  std::function<void()> stop_;
  std::uint64_t written_ = 0;
  double cost_s_ = 0.0, last_cost_s_ = kFirstCost_s;
  std::atomic<double> due_s_;  // after what it is reckoned from
};

}  // namespace clipbound::solver
