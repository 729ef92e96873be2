#pragma once
// What the search of one clause carries: its root, how its columns map to the network's inputs, and
// open subproblems.
#include <cstdint>
#include <memory>
#include <vector>

#include "bounds/crown/crown_bounder.h"
#include "bounds/reduced/reduced_network.h"
#include "specs/query/query.h"

namespace clipbound::solver {

inline constexpr int kMostConstraints =
    8;  ///< rows beyond these still refute and clip, but are not inherited
inline constexpr int kMemory =
    4;  ///< half-spaces of grandparents and before that a subproblem keeps
inline constexpr int kMostHalfspaces = kMostConstraints + kMemory;

/// Constant over the search of one clause, or of a part of its box.
struct ClauseRoot {
  const Clause* clause = nullptr;
  std::shared_ptr<const CrownBounder>
      bounder;      ///< null once the network is reduced: large, and of no more use
  AffineForm rows;  ///< left sides minus thresholds
  std::vector<std::uint8_t> strict;  ///< [S]
  std::vector<int> kept;             ///< column -> input number
  std::vector<double> lower, upper;  ///< [n] the clause's box
  std::vector<double> width;         ///< [N] of the kept columns of the clause's box

  // Of the box that this root is for: all of it, or the part at which the coarse phase ended.
  std::shared_ptr<const ReducedNetwork> network;
  std::vector<double> lower_z, upper_z;  ///< [U] of `network`; no rows entered them
};

/// Open subproblems as records of one fixed size, newest last: a stack that is one block of memory.
/// A record holds: lower x [N], upper x [N], lower z [U], upper z [U], K half-spaces [K, N + 1].
class SubproblemStack {
 public:
  SubproblemStack() = default;
  SubproblemStack(int inputs, int neurons, int constraints)
      : size_(static_cast<std::size_t>(2 * inputs + 2 * neurons + constraints * (inputs + 1))) {}

  std::size_t count() const { return size_ == 0 ? 0 : data_.size() / size_; }
  bool empty() const { return data_.empty(); }
  std::size_t record_size() const { return size_; }
  double* push() {
    data_.resize(data_.size() + size_);
    return data_.data() + data_.size() - size_;
  }
  const double* from_top(std::size_t k) const {
    return data_.data() + data_.size() - (k + 1) * size_;
  }
  void pop(std::size_t k) { data_.resize(data_.size() - k * size_); }
  /// Removes the k oldest and returns them as a stack of their own.
  SubproblemStack take_oldest(std::size_t k) {
    SubproblemStack part;
    part.size_ = size_;
    const auto end = data_.begin() + static_cast<std::ptrdiff_t>(k * size_);
    part.data_.assign(data_.begin(), end);
    data_.erase(data_.begin(), end);
    return part;
  }

 private:
  std::size_t size_ = 0;
  std::vector<double> data_;
};

/// A subtree to be searched. Without a network it is a coarse one: a box [lower, upper] (kept
/// columns) on which the whole network still has to be bounded.
struct BoxSubproblems {
  std::shared_ptr<const ClauseRoot> root;
  std::vector<double> lower, upper;
  std::shared_ptr<const ReducedNetwork> network;
  SubproblemStack open;
  int constraints = 0;  ///< K of the records
  bool plain =
      false;  ///< bound neurons without the clause's rows (see InputSplitWorker::start_afresh)
};

/// A task with one subproblem: the box [lower, upper] (kept columns) on the root's network.
BoxSubproblems root_task(std::shared_ptr<const ClauseRoot> root, const std::vector<double>& lower,
                         const std::vector<double>& upper);

}  // namespace clipbound::solver
