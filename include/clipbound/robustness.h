#pragma once
// Idea: robustness(): how far a classifier's input may be changed before its label changes.
// Source: bisection over solve(), by bounds first.
// Guarantees: a radius is one that was proved; docs/soundness.md.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clipbound/errors.h"
#include "clipbound/network.h"
#include "clipbound/options.h"
#include "clipbound/solve.h"

namespace clipbound {

/// Settings of robustness().
struct RobustnessSettings {
  double radius_max = 1.0;  ///< no radius beyond it is tried
  /// Ends once the two radii differ by less than this share of the larger one.
  double tolerance = 1e-3;
  double time_limit_s = 1e30;  ///< of the whole search
  /// Of the longest query; the first ones are short. A radius not decided by then counts as open.
  double step_limit_s = 60.0;
  std::optional<double> lowest = {};   ///< inputs never fall below: 0 for pixels
  std::optional<double> highest = {};  ///< inputs never rise above
};

/// What robustness() found. With r = robust_radius: every x' with |x'_i - x_i| <= r for all i (and
/// within the limits) has Y_label(x') > Y_j(x') for all j != label, in exact real arithmetic.
struct Robustness {
  /// Proved; 0 where nothing was, negative where x itself has another label.
  double robust_radius = 0.0;
  /// Smallest radius at which one is known: an upper bound.
  std::optional<double> counterexample_radius;
  std::vector<double> counterexample;    ///< [inputs] Y_j >= Y_label for some j there, replayed;
                                         ///< empty where none is known
  std::size_t counterexample_label = 0;  ///< that j
  int queries = 0;                       ///< radii that were tried
  std::string reason;                    ///< why it ended
};

/// Finds, by bounds first and then by searches that get longer, the radius of the largest box
/// around x ([input_size()]) on which `label` has the strictly largest output. Callbacks as for
/// solve(): their stopper ends the search with what is known. Throws InputError where x or label do
/// not fit the network, Unsupported as solve() does.
CLIPBOUND_API Robustness robustness(const Network& network, std::span<const double> x,
                                    std::size_t label, const RobustnessSettings& settings = {},
                                    const Options& options = {}, const Callbacks& callbacks = {});

}  // namespace clipbound
