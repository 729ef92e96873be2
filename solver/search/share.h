#pragma once
// Idea: which part of a clause's tree a subproblem stands for: 2^-depth, because every split halves
// it, whatever the sizes of the children. A clause is refuted once the shares that were closed add
// up to 1, and nothing else says so: a subproblem that gets lost on the way leaves its clause open.
// Source: own.
// Guarantees: exact. A share is closed at most once, because it cannot be copied (S10).
#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/floors.h"

namespace clipbound::solver {

class Share;

/// A sum of shares, exact: how many of each depth.
class ShareSum {
 public:
  void add(const ShareSum& other);
  void add(std::uint32_t depth, std::uint64_t times = 1) {
    if (counts_.size() <= depth) counts_.resize(depth + 1, 0);
    counts_[depth] += times;
  }
  enum class Is : std::uint8_t { less, one, more };
  bool is_zero() const { return counts_.empty(); }
  /// Compares with 1, exactly.
  Is sum_is() const;
  /// Exactly 1. Throws ContractError where it is more: something was closed twice.
  bool is_one() const;
  /// What is left without another sum's shares, depth by depth; nothing where it has not all of
  /// them.
  std::optional<ShareSum> without(const ShareSum& other) const;
  /// For people: rounded to double.
  double value() const;
  /// [depths] how many shares of each depth.
  std::span<const std::uint64_t> counts() const { return counts_; }

 private:
  std::vector<std::uint64_t> counts_;  // no zero at the end
};

/// What figures for people know a subproblem by; nothing is proved by them.
struct ShareMarks {
  std::uint32_t node = 0;   ///< of a SearchTrace; 0: none
  std::uint16_t level = 0;  ///< of OpenBounds
};

/// A subproblem's share. Moved, never copied; what is moved from is no share any more.
class Share {
 public:
  Share() = default;  ///< none
  /// A whole clause.
  static Share whole() { return Share(0); }
  /// As read from a file that was checked to add up (state_file.h).
  static Share restored(std::uint32_t depth) { return Share(static_cast<std::int32_t>(depth)); }

  Share(Share&& other) noexcept : marks(other.marks), depth_(std::exchange(other.depth_, kNone)) {}
  Share& operator=(Share&& other) noexcept {
    marks = other.marks;
    depth_ = std::exchange(other.depth_, kNone);
    return *this;
  }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share() = default;

  bool exists() const { return depth_ != kNone; }
  /// The share is 2^-depth.
  std::uint32_t depth() const {
    CLIPBOUND_CHECK(exists());
    return static_cast<std::uint32_t>(depth_);
  }
  /// Keeps one half and returns the other, with the same marks.
  Share split() {
    CLIPBOUND_CHECK(exists());
    Share other(++depth_);
    other.marks = marks;
    return other;
  }
  /// Counts it in `sum`; it is no share any more.
  void close(ShareSum& sum) {
    sum.add(depth());
    depth_ = kNone;
  }

  ShareMarks marks;

 private:
  static constexpr std::int32_t kNone = -1;
  explicit Share(std::int32_t depth) : depth_(depth) {}
  std::int32_t depth_ = kNone;
};

/// 2^-depth, 0 where that is less than any double.
double share_of_depth(std::uint32_t depth);

}  // namespace clipbound::solver
