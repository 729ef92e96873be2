// Every network under ../shared: it loads, its shape arithmetic folds away, and float32 evaluation at points of its
// property's box agrees with ONNX Runtime, whatever the order of the sums. Prints a table.
//
// Two points per network by default; CLIPBOUND_POINTS=20 takes twenty.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "specs/evaluate.h"
#include "specs/onnx_reader.h"
#include "specs/op_table.h"
#include "specs/simplify.h"
#include "specs/vnnlib.h"
#include "tests/network/ort.h"

namespace clipbound::test {
namespace {

namespace fs = std::filesystem;
using Point = std::vector<float>;

struct Entry {
  fs::path onnx;
  fs::path property;  ///< the smallest one; empty where there is none
};

/// The file, or the file with .gz; empty where neither is there.
fs::path present(const fs::path& path) {
  for (const char* suffix : {"", ".gz"})
    if (fs::exists(path.string() + suffix)) return path.string() + suffix;
  return {};
}

/// Every network of a suite, with the smallest of its properties.
std::vector<Entry> entries_of(const fs::path& suite) {
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

/// Points of the property's first box: mostly ends of its intervals. Of [0, 1] without a property.
std::vector<Point> points_of(const Entry& entry, std::size_t inputs, std::size_t count) {
  std::shared_ptr<const Box> box;
  if (!entry.property.empty()) {
    const Query query = read_vnnlib(entry.property.string());
    if (!query.clauses.empty()) box = query.clauses.front().box;
  }
  std::mt19937 generator(5);
  std::uniform_real_distribution<float> uniform(0.0f, 1.0f);
  std::vector<Point> points(count, Point(inputs));
  for (Point& x : points)
    for (std::size_t i = 0; i < inputs; ++i) {
      const float low = box ? (*box)[i].attack_lower : 0.0f, high = box ? (*box)[i].attack_upper : 1.0f;
      const float kind = uniform(generator), t = uniform(generator);
      x[i] = kind < 0.4f ? low : kind < 0.8f ? high : std::clamp(low + t * (high - low), low, high);
    }
  return points;
}

/// Where float32 evaluations may differ by more than 1e-5 of the largest output, and why.
const char* reason_of(const std::string&) {
  return nullptr;
}

struct Compared {
  double forward = 0.0, replay = 0.0, simplified = 0.0;  ///< largest difference over the largest output
  double worst() const { return std::max({forward, replay, simplified}); }
};

double difference(std::span<const float> ours, const std::vector<double>& theirs) {
  double scale = 0.0, worst = 0.0;
  for (const double v : theirs) scale = std::max(scale, std::fabs(v));
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    const double d = std::fabs(static_cast<double>(ours[i]) - theirs[i]);
    const bool both_undefined = std::isnan(theirs[i]) && !std::isfinite(ours[i]);
    if (!both_undefined && !(d <= worst)) worst = d;  // NaN stays
  }
  return scale > 0.0 ? worst / scale : worst;
}

Compared compare(const std::shared_ptr<const Network>& network, const std::vector<Point>& xs,
                 const std::vector<std::vector<double>>& ys) {
  Compared result;
  Evaluator<float> read(network), simplified(simplify(network).network);
  const auto m = static_cast<std::size_t>(network->output_size());
  std::vector<float> all;
  for (const Point& x : xs) all.insert(all.end(), x.begin(), x.end());
  std::vector<float> forward(xs.size() * m), rewritten(xs.size() * m), one(m);
  read.forward(all, forward);
  simplified.forward(all, rewritten);
  const auto widen = [](double& worst, double d) {
    if (!(d <= worst)) worst = d;
  };
  for (std::size_t p = 0; p < xs.size(); ++p) {
    if (ys[p].size() != m) {
      ADD_FAILURE() << "ONNX Runtime gives " << ys[p].size() << " outputs";
      continue;
    }
    widen(result.forward, difference(std::span(forward).subspan(p * m, m), ys[p]));
    widen(result.simplified, difference(std::span(rewritten).subspan(p * m, m), ys[p]));
    for (const auto order : {SummationOrder::natural, SummationOrder::reversed, SummationOrder::blocked}) {
      read.replay(xs[p], order, one);
      widen(result.replay, difference(one, ys[p]));
    }
  }
  return result;
}

/// What must not be left of a network: operators that only compute shapes.
void expect_no_shape_arithmetic(const Network& network, const std::string& name) {
  for (const Node& node : network.nodes)
    for (const OpKind kind : {OpKind::shape, OpKind::constant_of_shape, OpKind::range, OpKind::size})
      EXPECT_NE(node.kind, kind) << name << ": " << node.name;
}

class AllNetworks : public testing::TestWithParam<std::string> {};

TEST_P(AllNetworks, AgreeWithOnnxRuntime) {
  const fs::path suite = fs::path(CLIPBOUND_SOURCE_DIR) / ".." / "shared" / GetParam();
  const char* wanted = std::getenv("CLIPBOUND_POINTS");
  const std::size_t count = wanted != nullptr ? static_cast<std::size_t>(std::max(1, std::atoi(wanted))) : 2;
  const std::string no_oracle = oracle_missing();
  std::vector<std::shared_ptr<const Network>> networks;
  std::vector<OracleRequest> requests;
  for (const Entry& entry : entries_of(suite)) {
    const auto network = std::make_shared<const Network>(read_onnx(entry.onnx.string()));
    expect_no_shape_arithmetic(*simplify(network).network, entry.onnx.string());
    requests.push_back({entry.onnx.string(), points_of(entry, static_cast<std::size_t>(network->input_size()), count)});
    networks.push_back(network);
  }
  EXPECT_FALSE(networks.empty());
  if (!no_oracle.empty()) GTEST_SKIP() << "all networks load; " << no_oracle;
  const auto replies = ask_oracle(requests);
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const std::string name = fs::relative(requests[i].onnx, suite.parent_path()).string();
    ASSERT_TRUE(replies[i].ys) << name << ": " << replies[i].error;
    const Compared found = compare(networks[i], requests[i].xs, *replies[i].ys);
    const char* reason = found.worst() > 1e-5 ? reason_of(name) : nullptr;
    std::printf("%-100s %6lld %6lld  %8.1e %8.1e %8.1e %s\n", name.c_str(),
                static_cast<long long>(networks[i]->input_size()), static_cast<long long>(networks[i]->output_size()),
                found.forward, found.replay, found.simplified, reason != nullptr ? reason : "");
    if (reason == nullptr) {
      EXPECT_LE(found.worst(), 1e-5) << name;
      EXPECT_FALSE(std::isnan(found.forward + found.replay + found.simplified)) << name;
    }
  }
}

std::vector<std::string> suites() {
  std::vector<std::string> found;
  for (const std::string collection : {"vnncomp", "papers"}) {
    const fs::path folder = fs::path(CLIPBOUND_SOURCE_DIR) / ".." / "shared" / collection;
    if (!fs::exists(folder)) continue;
    for (const auto& suite : fs::directory_iterator(folder))
      if (suite.is_directory()) found.push_back(collection + "/" + suite.path().filename().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AllNetworks);
INSTANTIATE_TEST_SUITE_P(Suites, AllNetworks, testing::ValuesIn(suites()), [](const auto& test) {
  std::string name = test.param;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
});

TEST(AllNetworksHere, SkippedWithoutThem) {
  if (suites().empty()) GTEST_SKIP() << "../shared is absent";
}

}  // namespace
}  // namespace clipbound::test
