#pragma once
// Idea: the worst bound among all open subproblems, at any time, without a queue that is ordered by
// bounds: how many are open at each level of bounds. The lowest level that is not empty bounds the
// whole search from below.
// Source: own; the global dual bound of branch-and-bound for integer programs.
// Guarantees: lower_end(level_of(b)) <= b, less by a part of 2^-5 at most. While workers write, what
// worst() says is at most the least bound of what is open: increments are visible before the
// decrements of the same figures, and it reads upwards. A figure for people; nothing is proved by
// it.
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace clipbound::solver {

inline constexpr std::size_t kBoundLevels = std::size_t{1} << 13U;

/// The level of a bound: 0 of -infinity and NaN, the last one of 0 and above; it never falls where
/// bounds rise.
std::uint16_t level_of(double bound);
/// No bound of this level is lower; -infinity of level 0.
double lower_end(std::uint16_t level);

class OpenBounds;

/// What one worker has changed since it last told.
class OpenBoundsChanges {
 public:
  void add(std::uint16_t level, std::int32_t count) {
    if (change_.empty()) change_.resize(kBoundLevels);
    if (change_[level] == 0) touched_.push_back(level);
    change_[level] += count;
  }

 private:
  friend class OpenBounds;
  std::vector<std::int32_t> change_;
  std::vector<std::uint16_t> touched_;  // some of them twice, where they came back to 0
};

/// Shared by the workers of a search.
class OpenBounds {
 public:
  /// So many open subproblems of which no bound is known.
  explicit OpenBounds(std::int64_t unknown);
  void add_unknown(std::int64_t count) { count_[0].fetch_add(count); }
  /// Takes over what a worker has changed, which has changed nothing then. Safe from many threads.
  /// A worker tells before a subproblem leaves it.
  void take(OpenBoundsChanges& changes);
  /// A lower end of the bounds of everything open; +infinity: nothing is.
  double worst() const;

 private:
  std::unique_ptr<std::atomic<std::int64_t>[]> count_;  // [kBoundLevels]
};

}  // namespace clipbound::solver
