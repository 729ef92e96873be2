#include "benchmarks/suite/certificates.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

#include "base/parallel.h"
#include "benchmarks/suite/child.h"

namespace clipbound::suite {

namespace {

namespace fs = std::filesystem;

void check_one(const Run& run, const PlannedInstance& instance, const Record& record,
               const std::string& checker, CheckedCertificate& result) {
  const std::string file = (fs::path(run.folder) / certificate_name(record)).string();
  std::error_code error;
  result.bytes = fs::file_size(file, error);
  result.exists = !error;
  if (!result.exists || instance.networks.size() != 1) return;
  constexpr double kNoLimit_s = 1e9;
  Record ended;
  Child child({checker, "--threads", "1", instance.networks[0].path, instance.vnnlib_path, file},
              {.wall_s = kNoLimit_s});
  while (!child.ended(ended)) {
    child.read();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  result.seconds = ended.seconds;
  result.verified = ended.ending == Ending::exited && ended.exit_code == 0;
  if (!result.verified) result.why_not = child.last_words();
}

}  // namespace

std::vector<CheckedCertificate> check_certificates(
    const Run& run, const std::string& checker, int jobs,
    const std::function<void(const CheckedCertificate&)>& tell) {
  struct Item {
    const PlannedInstance* instance;
    const Record* record;
  };
  std::vector<Item> items;
  std::vector<CheckedCertificate> results;
  const auto records = run.by_key();
  for (const PlannedInstance& instance : run.planned) {
    const auto found = records.find(instance.key());
    if (found == records.end() || found->second->outcome != Outcome::unsat) continue;
    items.push_back({&instance, found->second});
    results.push_back(
        {instance.suite, instance.key(), false, false, "", 0, 0.0, found->second->seconds});
  }
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  base::run_workers(jobs, [&](int) {
    for (std::size_t k = next++; k < items.size(); k = next++) {
      try {
        check_one(run, *items[k].instance, *items[k].record, checker, results[k]);
      } catch (const std::exception& error) {
        results[k].why_not = error.what();
      }
      const std::scoped_lock lock(mutex);
      if (tell) tell(results[k]);
    }
  });
  return results;
}

std::string certificates_table(const std::vector<CheckedCertificate>& checked) {
  struct Sums {
    std::size_t all = 0, exist = 0, verified = 0;
    std::uint64_t bytes = 0, largest = 0;
    double proved_s = 0.0, checked_s = 0.0, log_ratio = 0.0;
  };
  std::map<std::string, Sums> suites;
  for (const CheckedCertificate& one : checked) {
    for (Sums* sums : {&suites[one.suite], &suites["~ all"]}) {
      ++sums->all;
      if (!one.exists) continue;
      ++sums->exist;
      sums->verified += one.verified ? 1 : 0;
      sums->bytes += one.bytes;
      sums->largest = std::max(sums->largest, one.bytes);
      sums->proved_s += one.proved_in_s;
      sums->checked_s += one.seconds;
      constexpr double kLeast_s = 1e-3;
      sums->log_ratio +=
          std::log(std::max(one.seconds, kLeast_s) / std::max(one.proved_in_s, kLeast_s));
    }
  }
  std::string text =
      "suite                     unsat  with certificate  verified  MB in all  largest MB  "
      "proved s  checked s  ratio*\n";
  for (const auto& [name, s] : suites) {
    char line[256];
    std::snprintf(line, sizeof line, "%-25.25s %5zu %17zu %9zu %10.3f %11.3f %9.1f %10.1f %7.2f\n",
                  name == "~ all" ? "all" : name.c_str(), s.all, s.exist, s.verified,
                  static_cast<double>(s.bytes) * 1e-6, static_cast<double>(s.largest) * 1e-6,
                  s.proved_s, s.checked_s,
                  s.exist == 0 ? 0.0 : std::exp(s.log_ratio / static_cast<double>(s.exist)));
    text += line;
  }
  return text + "* geometric mean of checked / proved, with the certificate's writing\n";
}

}  // namespace clipbound::suite
