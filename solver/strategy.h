#pragma once
// Idea: what decides how a query is searched, in one place: which split, which form products get,
// which engine bounds boxes, and how the time is divided. Every threshold has a name and says what
// measured it; "decision 29" is a row of docs/decisions.md.
// Source: own.
// Guarantees: none; whatever is chosen, every engine's bounds hold (S1-S9) and splits cover (S10).
//
// A family of boxes is planned before its network is lowered, because the form of products depends
// on the split, and once more with what the lowering tells: only it knows whether boxes will
// surely be bounded by forward bounds, for which products are lowered as pairs of factors. Then,
// and only then, the network is lowered a second time.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/options.h"
#include "bounds/layered/layered_system.h"
#include "bounds/limits.h"
#include "bounds/lowering/lowering_options.h"

namespace clipbound::solver {

/// How often one of a search's workers interrupts its search for an attack, and for how long.
struct AttackRhythm {
  double every_s, seconds;
};

/// Thresholds and shares of time, beside those of bounds/limits.h.
namespace strategy {

// Engines. A network of ReLUs alone becomes small enough for a reduced network as its boxes shrink,
// unless it has more coefficients than this. Not measured.
inline constexpr std::size_t kLargeNetwork = 3000000;

// Exact arithmetic (decision 48): additions of rationals, some 0.3 us each. Networks with more
// coefficients than the second number are not looked at. Up to it the root is asked by ranges, and
// subproblems of the input split that may be open by rounding alone by forms; up to the first
// number the root by forms, too.
inline constexpr std::int64_t kTinyNetwork = 1000, kExactNetwork = 20000;
inline constexpr std::int64_t kRootExactWork = 20000, kExactWork = 200000;
inline constexpr std::size_t kMostExactRoots = 256;  // clauses of one query

// Attacks. Before the root bounds most violated properties show at once, and large networks' root
// bounds take longer than an attack with so many points; after them the attack gets a share of
// what they took. The search brings its own attack. Not measured but for decision 36.
inline constexpr double kFirstAttackPoints = 800.0, kWorkPerSecond = 2e9;
inline constexpr double kShortestFirstAttack_s = 0.002, kLongestFirstAttack_s = 1.5;
inline constexpr double kRootAttackShare = 0.25;  // of the root bounds' time
inline constexpr double kShortestAttack_s = 0.008, kLongestAttack_s = 10.0;
inline constexpr double kCaseAttackShare = 0.1;        // of the time that is left (decision 36)
inline constexpr double kLongestBlindAttack_s = 60.0;  // where no proof is possible
inline constexpr AttackRhythm kInputSplitAttack = {0.05, 0.015},
                              kActivationSplitAttack = {0.2, 0.05};
inline constexpr double kReplayWork = 1e6;    // operations of one, where work is counted
inline constexpr double kReplayShare = 0.05;  // of the activation split's time, for its corners

// Boxes of networks whose lowering takes no more work are bounded by plain intervals, too: well
// below a millisecond each. Not measured.
inline constexpr double kSmallWork = 1e6;

// Backward passes by windows: all neurons, then the slopes of rows, of the time that is left. What
// they leave open is searched where the sparse network has no more coefficients (decision 63).
inline constexpr double kWindowShare = 0.7, kLongestWindows_s = 600.0, kAscentShare = 0.3;
inline constexpr int kWindowIterations = 20;
inline constexpr std::size_t kMostSparseWeights = 200000000;

// Families. They are lowered apart where that takes at most this share of the time that is left.
// Not measured; that lowering apart pays is decision 24.
inline constexpr double kLoweringShare = 0.25;
// The bounds of so many first boxes are checked at sample points. Not measured.
inline constexpr int kCheckedBoxes = 4;

// Portfolio of both splits (decision 30). The input split's first time slice, or as long as the
// root bounds took if that is longer; then slices double. Not measured but for decision 35.
inline constexpr double kFirstInputSlice_s = 1.0;
inline constexpr std::size_t kMostPortfolioBoxes = 8;  // each has a sparse network of its own
inline constexpr double kFirstActivationSlice = 2.0;   // in times of its first bounds
inline constexpr double kCoarseShare = 0.25;           // of slices that coarse boxes get
inline constexpr double kSmallestShare = 0.125;        // of slices that bring nothing (decision 35)
inline constexpr double kProgress = 0.9;  // gaps and trees must shrink to this part to count

// Activation split: passes over the neurons and searches between them. Not measured but for
// decisions 33 and 34.
inline constexpr double kPassShare = 0.15, kLongestPass_s = 60.0;  // of the time that is left
inline constexpr double kCrownShare = 0.3;        // layers not done by then keep interval bounds
inline constexpr double kPassAttackShare = 0.25;  // of what passes took
inline constexpr double kFirstSearch = 2.0;       // of what CROWN took (decision 33)
inline constexpr double kFirstSearches = 2.0;     // so often that, where it promises an end
inline constexpr double kShortestSearch_s = 1.0;
inline constexpr int kMostRounds = 64, kMostStepRounds = 1024;  // per neuron (decision 34)
inline constexpr double kNarrowRefineWidth = 1e-2;              // of integer cases' narrow tails

// Clauses over phases, of networks of ReLUs alone (decision 59).
inline constexpr int kMostPhaseNeurons = 4000;
inline constexpr std::int64_t kMostProgramEntries = 400000;
inline constexpr double kFirstPhaseShare = 0.05, kPhaseShare = 4.0;  // of what the rest has taken
inline constexpr double kLongestFirstPhases_s = 2.0;  // by then it has to show that it is worth it
inline constexpr double kLeafProgram_s = 2.0;         // of one subproblem that nothing can split

}  // namespace strategy

/// What a search decides in its subproblems.
enum class Split : std::uint8_t {
  inputs,       ///< boxes are halved
  portfolio,    ///< boxes are halved; in time slices in between, phases are set
  activations,  ///< phases are set
};

/// What bounds subproblems.
enum class Engine : std::uint8_t {
  alpha_beta,  ///< alpha-beta-CROWN on the sparse network
  reduced,     ///< CROWN on a reduced network
  forward,     ///< forward bounds, with Taylor models where they pay
  coarse,      ///< CROWN on the whole network, box by box
  by_box,      ///< engine_for() chooses reduced, forward or coarse once a box's bounds are known
};

/// What is known of a network. Before it is lowered nothing is.
struct NetworkFeatures {
  bool lowered = false;
  std::size_t layers = 0;
  std::int64_t neurons = 0;       ///< elements of layers other than the identity
  std::int64_t never_stable = 0;  ///< of these, others than ReLUs: no split makes them linear
  std::size_t weights = 0;        ///< coefficients of all layers
};
NetworkFeatures features_of(const LayeredSystem& system);
/// Operations of making the system, and of CROWN over all of it, about: what Deadline::work()
/// counts.
double lowering_work(const LayeredSystem& system);
double crown_work(const LayeredSystem& system);

/// What is known of a box, or of the hull of a family.
struct BoxFeatures {
  std::size_t varying_inputs = 0;
  bool has_rows = true;  ///< every clause has rows (the hull's: rows do not matter to a lowering)
};

/// A choice, and the rule that made it.
template <typename T>
struct Chosen {
  T value;
  const char* because;
};

/// How the time is divided between the splits.
struct Budgets {
  double first_input_slice_s = 1e30;  ///< of the portfolio
  bool as_long_as_root = false;       ///< at least, that is
  double first_slice_s(double root_s) const {
    return as_long_as_root ? std::max(first_input_slice_s, root_s) : first_input_slice_s;
  }
};

struct Plan {
  Chosen<Split> split;
  Chosen<ProductForm> products;
  Chosen<Engine> engine;
  Budgets budgets;
};

/// The plan for a box, or for the lowering of a family (the box is its hull then).
Plan plan_for(const NetworkFeatures& network, const BoxFeatures& box, const Options& options);

/// What bounds a box of the input split on which so many neurons are unstable.
Engine engine_for(const NetworkFeatures& network, std::size_t varying_inputs,
                  std::int64_t unstable);

/// Seconds of the attack before the root bounds, by the multiplications that one point takes.
double first_attack_s(double multiplications);
/// After root bounds that took `root_s`.
double root_attack_s(double root_s);
double case_attack_s(double remaining_s);
double blind_attack_s(double remaining_s);

/// The plan in words: one line each for features, split, products, engine and budgets, with the
/// rule that decided, and one that names the choices that depend on time.
std::vector<std::string> explain(const Plan& plan, const NetworkFeatures& network,
                                 const BoxFeatures& box, const Options& options);
const char* name_of(Split split);
const char* name_of(Engine engine);

}  // namespace clipbound::solver
