// The networks of ../shared, as the checker reads them, against ONNX Runtime, which shares no code
// with anything here: at a point the checker's elements have ONNX Runtime's values but for
// float32's rounding. Skipped where ../shared or ONNX Runtime (../shared/tools/setup) is absent.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <random>
#include <sstream>

#include "checker/reader/files.h"
#include "tests/checker/models.h"
#include "tests/cli/child.h"

namespace clipcheck {
namespace {

namespace fs = std::filesystem;

const std::string kShared = std::string(CLIPBOUND_SOURCE_DIR) + "/../shared";
const char* const kSuites[] = {"vnncomp/acasxu_2023",      "vnncomp/rl_benchmarks",
                               "vnncomp/linearizenn_2024", "vnncomp/collins_rul_cnn_2022",
                               "vnncomp/metaroom_2023",    "vnncomp/safenlp_2024",
                               "vnncomp/oval21",           "vnncomp/cifar10_resnet",
                               "papers/mnist_cnn_a_adv",   "papers/cifar_cnn_a_adv"};

std::vector<std::string> networks_of(const std::string& suite) {
  std::vector<std::string> result;
  if (!fs::exists(kShared + "/" + suite + "/onnx")) return result;
  for (const auto& entry : fs::recursive_directory_iterator(kShared + "/" + suite + "/onnx"))
    if (entry.path().string().find(".onnx") != std::string::npos && entry.is_regular_file())
      result.push_back(entry.path().string());
  std::sort(result.begin(), result.end());
  return result;
}

/// A network at some points: a line for the oracle.
std::string request(const std::string& path, const std::vector<std::vector<double>>& points) {
  std::ostringstream line;
  line.precision(9);
  line << R"({"onnx": ")" << path << R"(", "xs": [)";
  for (std::size_t k = 0; k < points.size(); ++k) {
    line << (k == 0 ? "[" : ", [");
    for (std::size_t i = 0; i < points[k].size(); ++i) line << (i == 0 ? "" : ",") << points[k][i];
    line << "]";
  }
  line << "]}\n";
  return line.str();
}

/// All numbers of "y": [[...], ...], one after the other.
std::vector<double> values_of(const std::string& reply) {
  std::vector<double> result;
  const std::size_t begin = reply.find("\"y\":");
  if (begin == std::string::npos) return result;
  const std::string text = reply.substr(begin + 4, reply.find("]]", begin) - begin - 4);
  for (std::size_t at = 0; at < text.size();) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str() + at, &end);
    const auto next = static_cast<std::size_t>(end - text.c_str());
    if (next > at) result.push_back(value);
    at = std::max(next, at + 1);
  }
  return result;
}

/// Why ONNX Runtime cannot be asked; "" where it can.
std::string missing() {
  const char* home = std::getenv("HOME");
  if (!fs::exists(kShared + "/tools/ort_replay.mjs")) return "../shared/tools is absent";
  if (home == nullptr ||
      !fs::exists(std::string(home) + "/.cache/verdict-oracle/node_modules/onnxruntime-node"))
    return "ONNX Runtime for Node is absent: ../shared/tools/setup installs it";
  return std::system("node --version > /dev/null 2>&1") == 0 ? "" : "node is absent";
}

class SharedNetworks : public testing::TestWithParam<const char*> {};

TEST_P(SharedNetworks, HaveOnnxRuntimesValues) {
  std::fesetround(FE_TONEAREST);
  const std::vector<std::string> paths = networks_of(GetParam());
  if (paths.empty()) GTEST_SKIP() << kShared << "/" << GetParam() << " is absent";
  if (const std::string why = missing(); !why.empty()) GTEST_SKIP() << why;
  std::mt19937_64 random(7);
  std::string requests;
  std::vector<std::vector<std::pair<double, double>>> enclosures;
  for (const std::string& path : paths) {
    const CheckedNetwork network = read_onnx(read_file(path).bytes, folder_of(path));
    auto& enclosed = enclosures.emplace_back();
    std::vector<std::vector<double>> points(2);
    for (std::vector<double>& x : points) {
      for (Index i = 0; i < network.system.inputs(); ++i)
        x.push_back(static_cast<double>(random() % 1025) / 1024.0);
      for (const auto& range : enclosed_at(network, x)) enclosed.push_back(range);
    }
    requests += request(path, points);
  }
  const clipbound::test::Scratch scratch;
  const std::string file = scratch.write("requests", requests), replies = scratch / "replies";
  ASSERT_EQ(std::system(("node '" + kShared + "/tools/ort_replay.mjs' < '" + file + "' > '" +
                         replies + "' 2> /dev/null")
                            .c_str()),
            0);
  std::istringstream lines(clipbound::test::contents_of(replies));
  std::string line;
  for (std::size_t k = 0; k < paths.size(); ++k) {
    ASSERT_TRUE(std::getline(lines, line)) << paths[k];
    const std::vector<double> y = values_of(line);
    ASSERT_EQ(y.size(), enclosures[k].size()) << paths[k] << line.substr(0, 200);
    double largest = 1.0;
    for (const double value : y) largest = std::max(largest, std::fabs(value));
    for (std::size_t j = 0; j < y.size(); ++j) {
      const auto& [low, high] = enclosures[k][j];
      EXPECT_LE(low, high);
      EXPECT_LE(high - low, 1e-6 * largest) << paths[k];
      EXPECT_NEAR(y[j], (low + high) / 2, 2e-5 * largest) << paths[k];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, SharedNetworks, testing::ValuesIn(kSuites), [](const auto& instance) {
  const std::string suite = instance.param;
  return suite.substr(suite.rfind('/') + 1);
});

}  // namespace
}  // namespace clipcheck
