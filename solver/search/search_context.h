#pragma once
// Idea: what all searches of one solve() share, passed down by reference as one thing.
// Source: own (Bitwuzla's Env).
// Guarantees: none of its own; a counterexample counts only once the judge has replayed it (S11).
#include <functional>
#include <string>

#include "base/deadline.h"
#include "base/options.h"
#include "base/stats.h"
#include "solver/search/candidate_judge.h"
#include "solver/search/cuts.h"
#include "solver/search/progress_book.h"
#include "solver/search/search_trace.h"
#include "solver/search/state_keeper.h"

namespace clipbound::solver {

/// Looks for counterexamples for so many seconds on the calling thread and offers them to the
/// judge. One call at a time.
using SideAttack = std::function<void(double seconds, Statistics& statistics)>;

/// The surroundings of a search. What it refers to outlives the search. A search inside a search
/// gets a copy with other threads, or without callbacks and book.
struct SearchContext {
  const Options& options;
  const Deadline& deadline;
  CandidateJudge& judge;
  Statistics& statistics;            ///< only the thread that starts searches adds to it
  int threads = 1;                   ///< of oneTBB that a search may use
  SideAttack attack;                 ///< now and then, beside the search; empty: none
  ProgressBook* progress = nullptr;  ///< of the whole run; nullptr: a search inside another one
  LogCallback log;                   ///< empty: nobody listens
  StateKeeper* keeper = nullptr;     ///< of what is left at the end; nullptr: nobody asks
  Cuts* cuts = nullptr;              ///< while it runs; only with a keeper; nullptr: nobody asks
  SearchTrace* trace = nullptr;      ///< of the whole run; nullptr: nobody looks, or as `progress`

  /// True where a search has to end, whatever it has reached: a counterexample is known, or the
  /// deadline has come.
  bool ended() const { return judge.found() || deadline.expired(); }
  /// Tells book and keeper that nothing of a clause is open.
  void keep_refuted(const Clause& clause) const {
    if (progress != nullptr) progress->root_refuted(clause);
    if (keeper != nullptr) keeper->keep_refuted(clause);
  }
  /// Writes what the keeper has where it is time; while no worker runs.
  void write_if_due() const {
    if (cuts != nullptr) cuts->write_if_due();
  }
  /// A number for the trace, of a search of these clauses.
  std::uint16_t begin_traced(const char* kind, const std::vector<const Clause*>& clauses) const {
    return trace == nullptr ? std::uint16_t{0} : trace->begin_search(kind, clauses);
  }
  void say(int level, const std::string& message) const {
    if (log) log(level, message);
  }
};

}  // namespace clipbound::solver
