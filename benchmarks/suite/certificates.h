#pragma once
// Idea: has clipbound-check look at every certificate of a run.
// Source: own; docs/certificate.md.
// Guarantees: a certificate counts as verified only where the checker's exit code says so.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "benchmarks/suite/run_folder.h"

namespace clipbound::suite {

/// One `unsat` of a run.
struct CheckedCertificate {
  std::string suite, key;
  bool exists = false, verified = false;
  std::string why_not;       ///< of one that exists and is not verified
  std::uint64_t bytes = 0;   ///< of its file
  double seconds = 0.0;      ///< of the checker's process
  double proved_in_s = 0.0;  ///< of the process that wrote it
};

/// The `unsat` of a run that was asked for certificates, in the order of its instances; `jobs`
/// checkers at a time, one thread each. `tell` hears of each as it is done, one at a time.
std::vector<CheckedCertificate> check_certificates(
    const Run& run, const std::string& checker, int jobs,
    const std::function<void(const CheckedCertificate&)>& tell);

/// A table, a row per suite: how many, how many verified, sizes and times.
std::string certificates_table(const std::vector<CheckedCertificate>& checked);

}  // namespace clipbound::suite
