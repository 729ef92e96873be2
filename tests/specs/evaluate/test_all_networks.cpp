// Networks under ../shared: each loads, its shape arithmetic folds away, and float32 evaluation
// at points of its property's box agrees with ONNX Runtime, whatever the order of the sums. Prints
// a table.
//
// Two points per network by default, of those whose names differ in numbers alone two networks;
// CLIPBOUND_POINTS=20 takes twenty, and CLIPBOUND_THOROUGH=1 every network.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>

#include "specs/evaluate/evaluate.h"
#include "specs/network/op_table.h"
#include "specs/onnx/onnx_reader.h"
#include "specs/simplify/simplify.h"
#include "specs/vnnlib/vnnlib.h"
#include "tests/specs/evaluate/ort.h"
#include "tests/support/floors.h"
#include "tests/support/shared_networks.h"
#include "tests/support/thorough.h"

namespace clipbound::test {
namespace {

using Point = std::vector<float>;

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
      const Ends ends = box ? (*box)[i].ends_in(DataType::float32) : Ends{0.0, 1.0};
      const auto low = static_cast<float>(ends.lower), high = static_cast<float>(ends.upper);
      const float kind = uniform(generator), t = uniform(generator);
      x[i] = kind < 0.4f ? low : kind < 0.8f ? high : std::clamp(low + t * (high - low), low, high);
    }
  return points;
}

constexpr double kTolerance = 1e-5;

struct Compared {
  double forward = 0.0, replay = 0.0,
         simplified = 0.0;  ///< largest difference over the largest output
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
    for (const auto order :
         {SummationOrder::natural, SummationOrder::reversed, SummationOrder::blocked}) {
      read.replay(xs[p], order, one);
      widen(result.replay, difference(one, ys[p]));
    }
  }
  return result;
}

/// How far float32 evaluations of this network may be off at these points, over the largest output,
/// and how far ONNX Runtime is. The running error of float64 grows with its unit roundoff, 2^-53;
/// that of float32 with 2^-24.
struct Conditioning {
  double possible = 0.0, of_onnx_runtime = 0.0;
};
Conditioning conditioning_of(const Network& network, const std::vector<Point>& xs,
                             const std::vector<std::vector<double>>& ys) {
  Conditioning result;
  for (std::size_t p = 0; p < xs.size(); ++p) {
    const auto exact = evaluate_enclosed(network, std::vector<double>(xs[p].begin(), xs[p].end()));
    double scale = 1e-30, possible = 0.0, off = 0.0;
    for (std::size_t j = 0; j < ys[p].size(); ++j) {
      scale = std::max(scale, std::fabs(ys[p][j]));
      possible = std::max(possible, exact.error[j] * 0x1p29);
      off = std::max(off, std::fabs(exact.value[j] - ys[p][j]));
    }
    result.possible = std::max(result.possible, possible / scale);
    result.of_onnx_runtime = std::max(result.of_onnx_runtime, off / scale);
  }
  return result;
}

/// What must not be left of a network: operators that only compute shapes.
void expect_no_shape_arithmetic(const Network& network, const std::string& name) {
  for (const Node& node : network.nodes)
    for (const OpKind kind :
         {OpKind::shape, OpKind::constant_of_shape, OpKind::range, OpKind::size})
      EXPECT_NE(node.kind, kind) << name << ": " << node.name;
}

/// Prints a line. A difference above the tolerance needs a reason: outputs that are small
/// differences of large numbers, of which float32 keeps no more digits.
void report(const std::string& name, const Network& network, const OracleRequest& request,
            const std::vector<std::vector<double>>& ys) {
  const Compared found = compare(std::make_shared<const Network>(network), request.xs, ys);
  std::printf("%-100s %6lld %6lld  %8.1e %8.1e %8.1e", name.c_str(),
              static_cast<long long>(network.input_size()),
              static_cast<long long>(network.output_size()), found.forward, found.replay,
              found.simplified);
  if (found.worst() <= kTolerance) {
    std::printf("\n");
    return;
  }
  const Conditioning limits = conditioning_of(network, request.xs, ys);
  std::printf(
      "  ill-conditioned: ONNX Runtime is %.1e off the exact value, float32 may be %.1e off\n",
      limits.of_onnx_runtime, limits.possible);
  EXPECT_LE(found.worst(), 2.0 * limits.possible) << name;
  // Sums without BLAS may be much worse; with it, both should suffer alike.
  EXPECT_LE(std::max(found.forward, found.simplified), 100.0 * limits.of_onnx_runtime)
      << name << ": it is ours alone";
}

TEST(AllNetworks, AgreeWithOnnxRuntime) {
  if (suites().empty()) GTEST_SKIP() << "../shared is absent";
  const char* wanted = std::getenv("CLIPBOUND_POINTS");
  const std::size_t count =
      wanted != nullptr ? static_cast<std::size_t>(std::max(1, std::atoi(wanted))) : 2;
  std::vector<std::string> names;
  std::vector<std::shared_ptr<const Network>> networks;
  std::vector<OracleRequest> requests;
  for (const fs::path& suite : suites())
    for (const Entry& entry : entries_of(suite, thorough())) {
      names.push_back(fs::relative(entry.onnx, suite.parent_path()).string());
      networks.push_back(std::make_shared<const Network>(read_onnx(entry.onnx.string())));
      expect_no_shape_arithmetic(*simplify(networks.back()).network, names.back());
      const auto inputs = static_cast<std::size_t>(networks.back()->input_size());
      requests.push_back({entry.onnx.string(), points_of(entry, inputs, count)});
    }
  if (const auto why = oracle_missing(); !why.empty()) GTEST_SKIP() << "all networks load; " << why;
  const auto replies = ask_oracle(requests);
  std::printf("%-100s %6s %6s  %8s %8s %8s\n",
              "largest difference to ONNX Runtime, over the largest output", "in", "out", "forward",
              "replay", "rewritten");
  for (std::size_t i = 0; i < networks.size(); ++i) {
    ASSERT_TRUE(replies[i].ys) << names[i] << ": " << replies[i].error;
    report(names[i], *networks[i], requests[i], *replies[i].ys);
  }
}

}  // namespace
}  // namespace clipbound::test
