#include "benchmarks/suite/merge.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"

namespace clipbound::suite {
namespace {

namespace fs = std::filesystem;

/// Which instances were selected may differ; how they were run may not.
void require_same_rules(const Run& first, const Run& other) {
  const std::set<std::string> selecting = {"folders", "filter", "stride",
                                           "limit",   "shard",  "version_folder"};
  const auto ours = describe(first.settings), theirs = describe(other.settings);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (selecting.contains(ours[i].first) || ours[i].second == theirs[i].second) continue;
    throw InputError(first.folder + " and " + other.folder + " differ in " + ours[i].first + ": " +
                     ours[i].second + " and " + theirs[i].second);
  }
}

/// Every part's first, then every part's second, ...: the order that a run without parts has.
/// Suites stay together.
std::vector<PlannedInstance> interleave(const std::vector<Run>& runs) {
  std::vector<std::string> suites;
  std::map<std::string, std::vector<PlannedInstance>> of_suite;
  std::set<std::string> seen;
  std::size_t longest = 0;
  for (const Run& run : runs) longest = std::max(longest, run.planned.size());
  for (std::size_t i = 0; i < longest; ++i) {
    for (const Run& run : runs) {
      if (i >= run.planned.size() || !seen.insert(run.planned[i].key()).second) continue;
      auto& list = of_suite[run.planned[i].suite];
      if (list.empty()) suites.push_back(run.planned[i].suite);
      list.push_back(run.planned[i]);
    }
  }
  std::vector<PlannedInstance> result;
  for (const std::string& suite : suites)
    result.insert(result.end(), of_suite[suite].begin(), of_suite[suite].end());
  return result;
}

template <typename Value>
void add_new(std::vector<Value>& list, const Value& value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

Run merged_settings(const std::vector<Run>& runs, const std::string& out) {
  Run merged = runs.front();
  merged.folder = out;
  merged.records.clear();
  merged.settings.folders.clear();
  merged.settings.plan.shard = {};
  merged.suites.clear();
  for (const Run& run : runs) {
    require_same_rules(runs.front(), run);
    for (const std::string& folder : run.settings.folders) add_new(merged.settings.folders, folder);
    for (const SuiteFolder& suite : run.suites) {
      const auto same = [&](const SuiteFolder& other) { return other.name == suite.name; };
      if (std::none_of(merged.suites.begin(), merged.suites.end(), same))
        merged.suites.push_back(suite);
    }
    if (merged.machine.find(run.machine) == std::string::npos) merged.machine += "; " + run.machine;
  }
  merged.planned = interleave(runs);
  return merged;
}

}  // namespace

Run merge_runs(const std::vector<std::string>& folders, const std::string& out) {
  std::vector<Run> runs;
  for (const std::string& folder : folders) runs.push_back(read_run(folder));
  std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) {
    return a.settings.plan.shard.index < b.settings.plan.shard.index;
  });
  Run merged = merged_settings(runs, out);
  std::map<std::string, std::string> owner;
  for (const Run& run : runs) {
    for (const Record& record : run.records) {
      const auto [other, fresh] = owner.emplace(record.key(), run.folder);
      if (fresh) continue;
      throw InputError(other->second + " and " + run.folder + " both have a record of " +
                       record.suite + " " + record.onnx + " " + record.vnnlib);
    }
  }
  RunWriter writer = RunWriter::begin(merged);
  for (const Run& run : runs) {
    for (const Record& record : run.records) {
      const std::string certificate = certificate_name(record);
      for (const std::string* file : {&record.counterexample, &record.trace, &certificate}) {
        if (file->empty()) continue;
        const fs::path source = fs::path(run.folder) / *file, target = fs::path(out) / *file;
        if (file == &certificate && !fs::exists(source)) continue;
        fs::create_directories(target.parent_path());
        fs::copy_file(source, target, fs::copy_options::overwrite_existing);
      }
      writer.append(record);
      merged.records.push_back(record);
    }
  }
  return merged;
}

}  // namespace clipbound::suite
