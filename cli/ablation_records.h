#pragma once
// What `clipbound ablation` runs and remembers: configurations, and what came of each instance.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/suite/instances.h"
#include "cli/command.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli::ablation {

using suite::Instance;

/// A row of the table: what differs from the common options.
struct Configuration {
  std::string name;
  std::vector<std::pair<std::string, std::string>> settings;  ///< option, value
};

/// One configuration on one instance.
struct Outcome {
  Verdict verdict = Verdict::unknown;
  std::string reason;
  double seconds = 0.0;  ///< wall clock of solve(): the files were read before
  std::uint64_t subproblems = 0;
  bool decided() const { return verdict == Verdict::sat || verdict == Verdict::unsat; }
};

/// What is known of one instance.
struct Record {
  Instance instance;
  double timeout_s = 0.0;
  std::vector<std::optional<Outcome>>
      outcomes;           ///< one per configuration; empty where it was not run
  std::string error;      ///< why it has no verdict
  int exit_code = kDone;  ///< what the error means for the whole

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

/// Sums over instances. Subproblems are those of unsat instances alone: in a sat one they tell how
/// lucky the attack was.
struct Summary {
  double seconds = 0.0;
  std::uint64_t subproblems = 0;
  int verified = 0, falsified = 0, open = 0;
  // Over the instances that this configuration and the baseline both show to be unsat.
  int common = 0;
  double seconds_here = 0.0, seconds_baseline = 0.0;
  std::uint64_t subproblems_here = 0, subproblems_baseline = 0;
};

/// The configurations of a list like "none,relaxed,complete-2". Throws InputError for other words,
/// and for one that comes twice.
std::vector<Configuration> parse_configurations(const std::string& list);

}  // namespace clipbound::cli::ablation
