#pragma once
// The real networks under ../shared, each with the smallest of its properties.
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace clipbound::test {

namespace fs = std::filesystem;

struct Entry {
  fs::path onnx;
  fs::path property;  ///< the smallest one; empty where there is none
};

/// The file, or the file with .gz; empty where neither is there.
inline fs::path present(const fs::path& path) {
  for (const char* suffix : {"", ".gz"})
    if (fs::exists(path.string() + suffix)) return path.string() + suffix;
  return {};
}

/// Of the networks whose names differ in numbers alone, the smallest file and the one in the
/// middle.
inline std::vector<Entry> sample_of(const std::vector<Entry>& entries) {
  std::map<std::string, std::vector<std::pair<std::uintmax_t, const Entry*>>> alike;
  for (const Entry& entry : entries) {
    std::string name;
    for (const char c : entry.onnx.string())
      if (std::isdigit(static_cast<unsigned char>(c)) == 0) name += c;
    alike[name].emplace_back(fs::file_size(entry.onnx), &entry);
  }
  std::vector<Entry> sample;
  for (auto& [name, group] : alike) {
    std::sort(group.begin(), group.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    sample.push_back(*group.front().second);
    if (group.size() > 1) sample.push_back(*group[group.size() / 2].second);
  }
  return sample;
}

/// The networks of a suite, each with the smallest of its properties: all of them, or a sample,
/// which is said.
inline std::vector<Entry> entries_of(const fs::path& suite, bool all) {
  std::map<fs::path, fs::path> smallest;
  for (const auto& file : fs::recursive_directory_iterator(suite))
    if (file.path().string().find(".onnx") != std::string::npos) smallest[file.path()];
  std::ifstream instances(suite / "instances.csv");
  for (std::string line; std::getline(instances, line);) {
    std::istringstream fields(line);
    std::string onnx, property;
    std::getline(fields, onnx, ',');
    std::getline(fields, property, ',');
    const fs::path network = present(suite / onnx), file = present(suite / property);
    if (network.empty() || file.empty()) continue;
    fs::path& best = smallest[network];
    if (best.empty() || fs::file_size(file) < fs::file_size(best)) best = file;
  }
  std::vector<Entry> entries;
  for (const auto& [onnx, property] : smallest) entries.push_back({onnx, property});
  if (all) return entries;
  const std::vector<Entry> sample = sample_of(entries);
  if (sample.size() < entries.size())
    std::printf("%s: %zu of %zu networks; CLIPBOUND_THOROUGH=1 takes all\n",
                suite.filename().c_str(), sample.size(), entries.size());
  return sample;
}

/// vnncomp/acasxu_2023, ..., papers/oval20_subset; empty where ../shared is absent.
inline std::vector<fs::path> suites() {
  std::vector<fs::path> found;
  for (const std::string collection : {"papers", "vnncomp"}) {
    const fs::path folder = fs::path(CLIPBOUND_SOURCE_DIR) / ".." / "shared" / collection;
    if (!fs::exists(folder)) continue;
    for (const auto& suite : fs::directory_iterator(folder))
      if (suite.is_directory()) found.push_back(suite.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace clipbound::test
