#pragma once
// Idea: the shares of a subproblem that stands for several clauses on one box, searched together: of
// each clause whose rows are not excluded there yet, one.
// Source: own.
// Guarantees: those of Share, clause by clause (S10).
#include <utility>
#include <vector>

#include "solver/search/share.h"

namespace clipbound::solver {

/// Mostly of one clause, without memory of its own.
class TreeShares {
 public:
  TreeShares() = default;  ///< none
  TreeShares(Share only) : first_(std::move(only)) {}
  /// Of so many whole clauses.
  static TreeShares whole(std::size_t clauses) {
    TreeShares shares(Share::whole());
    for (std::size_t m = 1; m < clauses; ++m) shares.others_.push_back(Share::whole());
    return shares;
  }
  std::size_t clauses() const { return 1 + others_.size(); }
  /// Of the m-th clause; it may not exist.
  Share& of(std::size_t m) { return m == 0 ? first_ : others_[m - 1]; }
  const Share& of(std::size_t m) const { return m == 0 ? first_ : others_[m - 1]; }
  /// How many exist.
  std::size_t count() const {
    std::size_t existing = 0;
    for (std::size_t m = 0; m < clauses(); ++m) existing += of(m).exists() ? 1 : 0;
    return existing;
  }
  /// Where there is one clause alone.
  std::uint32_t depth() const { return first_.depth(); }
  /// Keeps one half of each, made by `split` (a Share& -> Share), and returns the other.
  template <typename Split>
  TreeShares split(Split&& split) {
    TreeShares other;
    if (first_.exists()) other.first_ = split(first_);
    for (Share& share : others_) {
      other.others_.emplace_back();
      if (share.exists()) other.others_.back() = split(share);
    }
    return other;
  }

 private:
  Share first_;
  std::vector<Share> others_;
};

}  // namespace clipbound::solver
