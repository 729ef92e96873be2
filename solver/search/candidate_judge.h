#pragma once
// Idea: from "this point looks like a counterexample" to `sat`: the point is moved onto the input
// type's grid and into the clause's box, and the network as read is evaluated there.
// Source: own.
// Guarantees: what is kept holds in three summation orders (S11). Safe from many threads.
// Legend: n inputs of the network as read.
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "specs/evaluate/counterexample.h"
#include "specs/network/network.h"
#include "specs/query/definition.h"
#include "specs/query/query.h"

namespace clipbound::solver {

class CandidateJudge {
 public:
  /// Network and query as read. Where the search sees fewer inputs (specs/simplify), `definitions`
  /// give the others, and x and the clauses below are those of the search.
  CandidateJudge(std::shared_ptr<const Network> network, const Query& query,
                 std::vector<InputDefinition> definitions = {});

  /// The point of the input's grid nearest to x [n] that lies in the clause's box: inside the
  /// decimals' own interval where the grid has a point there, in that of their roundings always.
  std::vector<double> snap(const Clause& clause, std::span<const double> x) const;

  /// Replays x (snapped to the clause's box, pulled into the query's ball). True where it is a
  /// counterexample, which is then kept.
  bool offer(const Clause& clause, std::span<const double> x);

  /// Of the network's inputs.
  DataType input_type() const { return input_type_; }

  bool found() const { return found_.load(std::memory_order_acquire); }
  std::uint64_t replayed() const { return replayed_.load(std::memory_order_relaxed); }
  /// Of the points that were offered and are no counterexamples: how many, and why most of them are
  /// none, in words. Empty where there are none.
  std::string why_not() const;
  /// After found().
  const std::vector<double>& input() const { return input_; }
  const std::vector<double>& output() const { return output_; }

 private:
  /// The point of the grid on the way from the ball's centre to x that lies in the ball, where the
  /// grid is fine enough for that.
  std::vector<double> snap_into_ball(const Clause& clause, std::span<const double> x) const;

  std::shared_ptr<const Network> network_;
  const Query& query_;
  const std::vector<InputDefinition> definitions_;
  DataType input_type_;
  std::atomic<bool> found_{false};
  std::atomic<std::uint64_t> replayed_{0};
  mutable std::mutex mutex_;
  std::vector<double> input_, output_;
  std::map<std::string, std::uint64_t> why_not_;  ///< the judge's words, and how often
};

}  // namespace clipbound::solver
