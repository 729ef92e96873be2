#pragma once
// Idea: how far a search is, as a value, and who is told.
// Source: own.
// Guarantees: figures for people; nothing is proved or decided by them.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/floors.h"
#include "base/stats.h"

namespace clipbound::solver {

/// What a run is at, in the order in which it comes there first; attacks come again.
enum class Stage : std::uint8_t {
  reading,   ///< files; solve() does not know this one
  attack,    ///< looking for a counterexample
  lowering,  ///< simplifying the network, and making layers of it
  root,      ///< bounding the clauses' whole boxes
  search,    ///< branch-and-bound
};

/// A row of a clause that is not refuted.
struct OpenRow {
  std::size_t clause = 0;  ///< its number in the query, or in a search
  std::size_t row = 0;     ///< among the clause's
  double bound = 0.0;      ///< lower bound minus threshold: what it lacks, negative
};

/// How far a run is. Nothing stands where nothing is known.
struct SearchProgress {
  double elapsed_s = 0.0;  ///< never falls
  Stage stage = Stage::reading;
  std::uint64_t clauses = 0;          ///< of the query
  std::uint64_t bounded = 0;          ///< of these, on their whole boxes; never falls
  std::uint64_t refuted = 0;          ///< of these; never falls
  std::uint64_t subproblems = 0;      ///< bounded so far; never falls
  std::optional<std::uint64_t> open;  ///< subproblems that are not refuted
  /// A lower bound, over everything that is open, of the best row's value minus its threshold, so
  /// of the whole query; never falls. At most 2^-5 of itself below the least of what was bounded.
  std::optional<double> worst_bound;
  std::optional<OpenRow> weakest;  ///< of what was last seen open
  std::string weakest_text;        ///< the same in words; empty: nothing is known
  /// The largest share of the clauses' trees that was closed at one time, in [0, 1]; never falls,
  /// and is 1 only where nothing is open.
  double settled_share = 0.0;
  Statistics statistics;  ///< so far; searches that go on have handed in their subproblems alone
};

/// Called now and then, from any thread, one call at a time.
using ProgressCallback = std::function<void(const SearchProgress&)>;
/// Called with level 1 for stages, 2 for details, 3 for everything.
using LogCallback = std::function<void(int level, const std::string& message)>;

}  // namespace clipbound::solver
