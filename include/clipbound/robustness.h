#pragma once
// Idea: robustness(): how far a classifier's input may be changed before its label changes;
// check_robustness(): whether it may be changed so far.
// Source: bisection over solve(), by bounds first.
// Guarantees: a radius is one that was proved; docs/soundness.md.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clipbound/errors.h"
#include "clipbound/network.h"
#include "clipbound/options.h"
#include "clipbound/solve.h"

namespace clipbound {

/// How the distance of two inputs is measured.
enum class Norm : std::uint8_t {
  inf,  ///< the largest difference of a number
  l1,   ///< the sum of all differences
  l2    ///< the root of the sum of their squares
};
/// "inf", "l1" or "l2".
CLIPBOUND_API const char* name_of(Norm norm) noexcept;
/// The norm of that name. Throws InputError where there is none.
CLIPBOUND_API Norm norm_of(std::string_view name);

/// Settings of robustness() and check_robustness().
struct RobustnessSettings {
  double radius_max = 1.0;  ///< no radius beyond it is tried
  /// Ends once the two radii differ by less than this share of the larger one.
  double tolerance = 1e-3;
  double time_limit_s = 1e30;  ///< of the whole search
  /// Of the longest query; the first ones are short. A radius not decided by then counts as open.
  double step_limit_s = 60.0;
  std::optional<double> lowest = {};   ///< numbers of x never fall below: 0 for pixels
  std::optional<double> highest = {};  ///< numbers of x never rise above
  /// Of differences between points as x is given, before mean and std. For l1 and l2 bounds are
  /// taken over ball and limits together. The radii above are in this norm: those of l1 and l2 are
  /// larger numbers than those of inf.
  Norm norm = Norm::inf;
  /// The network reads (x - mean) / std. One number, one for each channel (the network's input is
  /// [1, channels, ...] or [..., channels]), or one for each input; nothing: 0.
  std::vector<double> mean = {};
  /// The same: one number, one for each channel or one for each input, positive; nothing: 1.
  std::vector<double> std = {};
};

/// What robustness() found. With r = robust_radius: every x' with |x' - x| <= r in the norm (and
/// within the limits) has Y_label(x') > Y_j(x') for all j != label, in exact real arithmetic.
struct Robustness {
  /// Proved; 0 where nothing was, negative where x itself has another label.
  double robust_radius = 0.0;
  /// Smallest radius at which one is known: an upper bound.
  std::optional<double> counterexample_radius;
  /// [inputs] Y_j >= Y_label for some j there: what the network reads, after mean and std.
  /// Replayed; but where x itself has another label it is x, of which that is proved in exact real
  /// arithmetic and nothing is replayed. Empty where none is known.
  std::vector<double> counterexample;
  /// [inputs] the same as x is given, before mean and std, rounded: for looking at.
  std::vector<double> counterexample_x;
  std::size_t counterexample_label = 0;  ///< that j
  int queries = 0;                       ///< radii that were tried
  std::string reason;                    ///< why it ended
};

/// Finds, by bounds first and then by searches that get longer, the radius of the largest ball
/// around x ([input_size()]) on which `label` has the strictly largest output. Callbacks as for
/// solve(): their stopper ends the search with what is known. Throws InputError where x or label do
/// not fit the network, Unsupported as solve() does.
CLIPBOUND_API Robustness robustness(const Network& network, std::span<const double> x,
                                    std::size_t label, const RobustnessSettings& settings = {},
                                    const Options& options = {}, const Callbacks& callbacks = {});

/// Whether a label holds on a ball.
enum class RobustnessAnswer : std::uint8_t {
  robust,      ///< yes, proved
  not_robust,  ///< no, here is a counterexample
  unknown      ///< neither was shown in time
};
/// "robust", "not robust" or "unknown".
CLIPBOUND_API const char* name_of(RobustnessAnswer answer) noexcept;

/// What check_robustness() found.
struct RobustnessCheck {
  RobustnessAnswer answer = RobustnessAnswer::unknown;  ///< yes, no, or neither
  std::size_t predicted = 0;  ///< number of the largest output at x, the first of several
  /// [inputs] where not robust: what the network reads, after mean and std; Y_j >= Y_label there.
  /// Replayed; but where x itself has another label it is x, of which that is proved in exact real
  /// arithmetic and nothing is replayed (`distance` is 0 then).
  std::vector<double> counterexample;
  /// [inputs] the same as x is given, before mean and std, rounded: for looking at.
  std::vector<double> counterexample_x;
  std::size_t counterexample_label = 0;  ///< that j
  double distance = 0.0;                 ///< of the counterexample from x, at most
  std::string reason;                    ///< by what it was decided, or why it is unknown
};

/// Does every x' with |x' - x| <= epsilon in the norm (and within the limits) have Y_label(x') >
/// Y_j(x') for all j != label? `robust` is proved in exact real arithmetic. Of the settings the
/// time limit, the limits of inputs, norm, mean and std count. Throws InputError where x, label,
/// epsilon or settings do not fit the network, Unsupported as solve() does.
CLIPBOUND_API RobustnessCheck check_robustness(const Network& network, std::span<const double> x,
                                               std::size_t label, double epsilon,
                                               const RobustnessSettings& settings = {},
                                               const Options& options = {},
                                               const Callbacks& callbacks = {});

}  // namespace clipbound
