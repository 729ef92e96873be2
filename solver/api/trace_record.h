#pragma once
// Idea: what a public Trace holds: the searches' own record, and what only solve() knows beside it.
// Source: own.
// Guarantees: bounded memory, whatever is solved.
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "clipbound/solve.h"
#include "solver/search/progress.h"
#include "solver/search/search_trace.h"
#include "specs/network/network.h"
#include "specs/query/query.h"

namespace clipbound {

struct Trace::Implementation {
  /// A box of the query and the clauses on it.
  struct BoxOfClauses {
    std::vector<double> lower, upper;
    std::vector<std::size_t> clauses;
  };
  struct Point {
    double elapsed_s = 0.0;
    std::optional<double> worst_bound;
    double settled_share = 0.0;
    std::uint64_t subproblems = 0;
    std::optional<std::uint64_t> open;
    Stage stage = Stage::reading;
  };

  solver::SearchTrace search;
  std::vector<std::vector<std::int64_t>> shapes;  ///< of the network's inputs
  std::vector<BoxOfClauses> boxes;
  std::vector<Point> curve;
  std::size_t stride = 1, seen = 0;  ///< every stride-th report is a point

  void begin(const specs::Network& network, const specs::Query& query);
  /// One call at a time.
  void saw(const solver::SearchProgress& progress, Stage stage);
  /// The end is always a point.
  void saw_last(const solver::SearchProgress& progress, Stage stage) {
    seen = 0;
    saw(progress, stage);
  }
};

}  // namespace clipbound
