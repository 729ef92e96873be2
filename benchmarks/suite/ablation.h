#pragma once
// Idea: what each part of clipping is worth, on a whole suite: every instance is decided with every
// configuration, in turn, and only instances that all of them finished are compared.
// Source: the shape of Table 1 of Zhou et al., Clip-and-Verify, NeurIPS 2025; ours also tells which
// instances one side decides alone. docs/ablation.md says how to read it.
// Guarantees: a configuration that says sat where another says unsat is reported, never averaged.
// Legend: C configurations, in the order asked for.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/suite/instances.h"
#include "clipbound/clipbound.h"

namespace clipbound::suite {

/// The configuration that the others are compared with.
inline constexpr const char* kBaselineConfiguration = "none";
inline constexpr const char* kAllConfigurations =
    "none,relaxed,relaxed-no-reorder,complete-1,complete-2,complete-8";

/// A row of the table: what differs from the common options.
struct Configuration {
  std::string name;
  std::vector<std::pair<std::string, std::string>> settings;  ///< option, value
};

/// The configurations of a comma-separated list of names: none, relaxed, relaxed-no-reorder,
/// complete-N (N passes). Throws InputError for another name, for N out of range and for a name
/// that stands there twice.
std::vector<Configuration> parse_configurations(const std::string& list);

/// What a user asks for.
struct AblationRequest {
  std::string suite;  ///< the folder
  Selection selection;
  double timeout_s = 0.0;      ///< per run; 0: the suite's, times timeout_scale
  double timeout_scale = 1.0;  ///< > 0
  std::string threads = "0";   ///< the option "threads"
  std::vector<Configuration> configurations = parse_configurations(kAllConfigurations);
};

/// One configuration on one instance.
struct Outcome {
  Verdict verdict = Verdict::unknown;
  std::string reason;
  double seconds = 0.0;  ///< wall clock of solve(): the files were read before
  std::uint64_t subproblems = 0;
  bool decided() const { return verdict == Verdict::sat || verdict == Verdict::unsat; }
};

/// Why an instance has no verdict, from harmless to grave.
enum class Failure : std::uint8_t { none, bad_input, unsupported, internal };

/// What is known of one instance.
struct AblatedInstance {
  Instance instance;
  double timeout_s = 0.0;
  std::vector<std::optional<Outcome>> outcomes;  ///< [C]; empty where it was not run
  std::string error;                             ///< why it has no verdict
  Failure failure = Failure::none;

  /// Only these count in the table, so that all of its rows speak of the same instances.
  bool complete() const {
    return error.empty() && std::all_of(outcomes.begin(), outcomes.end(),
                                        [](const auto& o) { return o.has_value(); });
  }
  bool said(Verdict verdict) const {
    return std::any_of(outcomes.begin(), outcomes.end(),
                       [&](const auto& o) { return o && o->verdict == verdict; });
  }
  bool contradictory() const { return said(Verdict::sat) && said(Verdict::unsat); }
};

/// A whole ablation.
struct AblationRun {
  AblationRequest request;
  std::vector<AblatedInstance> instances;
  bool interrupted = false;

  std::size_t complete_count() const {
    return static_cast<std::size_t>(
        std::count_if(instances.begin(), instances.end(),
                      [](const AblatedInstance& instance) { return instance.complete(); }));
  }
};

/// Reads the suite, without running anything. Throws InputError as read_suite() does.
AblationRun plan_ablation(AblationRequest request);

/// Runs what was planned, until `stopper` says so. `tell` hears a line per run and per failure.
void run_ablation(AblationRun& run, const Stopper& stopper,
                  const std::function<void(const std::string&)>& tell);

}  // namespace clipbound::suite
