#pragma once
// Decides a query on a network.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/options.h"
#include "base/stats.h"
#include "specs/network/network.h"
#include "specs/query/query.h"

namespace clipbound::solver {

enum class Verdict : std::uint8_t { unknown, timeout, sat, unsat };

/// How far a search is.
struct SearchProgress {
  double elapsed_s = 0.0;
  std::uint64_t subproblems = 0;  ///< bounded so far
  std::uint64_t open = 0;         ///< waiting
  double worst_bound =
      0.0;  ///< smallest lower bound minus threshold among what was last seen open (negative)
  double settled_share = 0.0;  ///< of the input volume, in [0, 1]
};

/// What the search may talk to. All members are optional; the object must outlive solve().
struct SolveContext {
  const Deadline* deadline = nullptr;
  std::function<void(const SearchProgress&)>
      progress;  ///< called now and then, from any worker, one at a time
  std::function<void(int level, const std::string&)>
      log;  ///< level 1 stages, 2 details, 3 everything
};

struct SolveResult {
  Verdict verdict = Verdict::unknown;
  std::string reason;          ///< why it is unknown/timeout, or by what it was decided
  std::vector<double> input;   ///< sat: the counterexample, on the grid of the network's input type
  std::vector<double> output;  ///< sat: the network's value there, natural order
  SearchProgress progress;     ///< at the end
  Statistics statistics;
};

/// Decides `query` on `network` (as read; solve simplifies by itself). Safe to call from many
/// threads at once. Throws InputError/Unsupported/ContractError; running out of time or memory is a
/// verdict, not an error.
SolveResult solve(std::shared_ptr<const Network> network, const Query& query,
                  const Options& options, const SolveContext& context);
/// The same without a proof: looks for a counterexample until the deadline, for ever where there is
/// none.
SolveResult search_counterexample(std::shared_ptr<const Network> network, const Query& query,
                                  const Options& options, const SolveContext& context);

}  // namespace clipbound::solver
