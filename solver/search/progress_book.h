#pragma once
// Idea: one structure of progress for a whole run. Stages, root bounds and searches write what they
// find out; whoever asks gets a value at any time.
// Source: own.
// Guarantees: what SearchProgress says never falls does not fall. Safe from many threads; the
// statistics given are read only while the call lasts.
#include <limits>
#include <mutex>
#include <optional>
#include <vector>

#include "solver/search/progress.h"
#include "solver/search/subproblem.h"
#include "specs/query/query.h"

namespace clipbound::solver {

class SearchCounters;

class ProgressBook {
 public:
  explicit ProgressBook(const Query& query);
  ProgressBook(const ProgressBook&) = delete;
  ProgressBook& operator=(const ProgressBook&) = delete;

  /// What an earlier process has settled counts from the beginning.
  void resume(const SearchState& state);
  /// The run comes to a stage, having cost so much until then.
  void enter(Stage stage, double elapsed_s, const Statistics& so_far);
  Stage stage() const;
  /// A clause's whole box is bounded: it is refuted, or this row is the nearest to it. Better
  /// bounds of it may follow; searches that are still to come begin anew with them.
  void root_refuted(const Clause& clause);
  void root_open(const Clause& clause, std::size_t row, double bound);

  /// From now on `counters` tell of these clauses (by their numbers in the search), until end().
  /// One search at a time.
  void begin(const SearchCounters& counters, const std::vector<const Clause*>& clauses);
  /// While no worker runs.
  void end(const Statistics& so_far);

  SearchProgress now(double elapsed_s) const;
  /// Of the subproblems that no split makes smaller: the row that lacks the most; nothing where
  /// there are none, or no bounds of them.
  std::optional<OpenRow> given_up() const;

 private:
  struct ClauseFigures {
    bool bounded = false, refuted = false, searched = false;  ///< searched: by the search at hand
    double closed = 0.0;  ///< share of its tree, the most so far
    std::uint64_t open = 1;
    std::optional<OpenRow> root;  ///< its row that is nearest to being refuted
  };
  std::size_t number_of(const Clause& clause) const {
    return static_cast<std::size_t>(&clause - query_.clauses.data());
  }
  OpenRow in_query(OpenRow row) const;
  std::optional<OpenRow> weakest() const;
  std::optional<double> worst_bound() const;
  std::optional<OpenRow> if_open(const std::optional<OpenRow>& row) const;
  std::uint64_t subproblems() const;
  double settled() const;
  Statistics statistics(double elapsed_s) const;

  const Query& query_;
  mutable std::mutex mutex_;
  // Guarded by mutex_:
  Stage stage_ = Stage::lowering;
  double stage_begin_s_ = 0.0;
  std::optional<double> search_begin_s_;
  Statistics statistics_;
  std::vector<ClauseFigures> clauses_;
  const SearchCounters* search_ = nullptr;  ///< at hand
  std::vector<std::size_t> numbers_;        ///< its clauses
  std::uint64_t subproblems_before_ = 0;    ///< of `search_`, when it began
  std::uint64_t subproblems_ = 0;           ///< of searches that have ended
  std::optional<OpenRow> last_, given_up_;  ///< of searches that have ended
  mutable double settled_ = 0.0;            ///< the most so far
  mutable double worst_bound_ = -std::numeric_limits<double>::infinity();  ///< the highest so far
};

/// While it lives, the book (if there is one) follows a search.
class WatchedSearch {
 public:
  WatchedSearch(ProgressBook* book, const SearchCounters& counters,
                const std::vector<const Clause*>& clauses, const Statistics& statistics)
      : book_(book), statistics_(statistics) {
    if (book_ != nullptr) book_->begin(counters, clauses);
  }
  ~WatchedSearch() {
    if (book_ != nullptr) book_->end(statistics_);
  }
  WatchedSearch(const WatchedSearch&) = delete;
  WatchedSearch& operator=(const WatchedSearch&) = delete;

 private:
  ProgressBook* const book_;
  const Statistics& statistics_;
};

}  // namespace clipbound::solver
