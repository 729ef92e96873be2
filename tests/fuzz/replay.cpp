// Runs a fuzz target on files and on the files of folders, without libFuzzer: in every test run,
// and on whatever somebody found.
//
//   fuzz_replay_onnx FILE|FOLDER...
//
// A file that takes more than 5 s is a finding as well.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/target.h"

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(int argc, char** argv) {
  std::vector<fs::path> files;
  for (int k = 1; k < argc; ++k) {
    if (!fs::is_directory(argv[k])) {
      files.emplace_back(argv[k]);
      continue;
    }
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(argv[k]))
      if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// True where the target said nothing else than no, in time.
bool replay(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto start = std::chrono::steady_clock::now();
  try {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  } catch (const std::exception& error) {
    std::printf("%s: %s\n", path.c_str(), error.what());
    return false;
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  if (taken.count() < 5.0) return true;
  std::printf("%s: took %.1f s\n", path.c_str(), taken.count());
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<fs::path> files = files_of(argc, argv);
  int bad = 0;
  for (const fs::path& path : files) {
    std::printf("%s\n", path.c_str());  // the last name is the one that crashed
    std::fflush(stdout);
    if (!replay(path)) ++bad;
  }
  std::printf("%zu files, %d findings\n", files.size(), bad);
  return bad > 0 || files.empty() ? 1 : 0;
}
