#pragma once
// The real networks under ../shared, each with the smallest of its properties.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
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

/// Every network of a suite, with the smallest of its properties.
inline std::vector<Entry> entries_of(const fs::path& suite) {
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
  return entries;
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
