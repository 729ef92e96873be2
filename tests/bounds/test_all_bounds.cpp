// Networks under ../shared: the bounds of each on its property's box contain the network's values
// at every layer that is one of its tensors. Prints a table.
//
// By default the smaller networks, of those whose names differ in numbers alone two, and 20 points;
// CLIPBOUND_THOROUGH=1 takes all of the smaller ones, CLIPBOUND_POINTS=1000 all networks and a
// thousand points:
//   CLIPBOUND_POINTS=1000 build/native/tests/test_solver --gtest_filter='AllNetworks.*'
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/blas.h"
#include "base/error.h"
#include "bounds/crown/crown_bounder.h"
#include "bounds/lowering/lower_network.h"
#include "bounds/self_check.h"
#include "specs/onnx/onnx_reader.h"
#include "specs/simplify/simplify.h"
#include "specs/vnnlib/vnnlib.h"
#include "tests/support/floors.h"
#include "tests/support/shared_networks.h"
#include "tests/support/thorough.h"

namespace clipbound::test {
namespace {

/// The first box of the property, as a proof takes it; [0, 1] without one.
void box_of(const Entry& entry, std::size_t inputs, std::vector<double>& lower,
            std::vector<double>& upper) {
  lower.assign(inputs, 0.0);
  upper.assign(inputs, 1.0);
  if (entry.property.empty()) return;
  const Query query = read_vnnlib(entry.property.string());
  if (query.clauses.empty()) return;
  for (std::size_t i = 0; i < inputs; ++i) {
    lower[i] = (*query.clauses.front().box)[i].proof_in(DataType::float32).lower;
    upper[i] = (*query.clauses.front().box)[i].proof_in(DataType::float32).upper;
  }
}

/// Values that one evaluation computes: what says how large a network is before it is lowered.
double size_of(const Network& network) {
  double size = 0.0;
  for (const Value& value : network.values) size += static_cast<double>(value.size());
  return size;
}

struct Line {
  std::size_t layers = 0, neurons = 0;
  std::int64_t undecided = 0;
  int points = 0;
  double seconds = 0.0;
};

/// Bounds the network on the box, a few seconds long, and tries it at points; throws ContractError
/// where a bound is wrong.
Line check(const Network& network, const std::vector<double>& lower,
           const std::vector<double>& upper, int points) {
  const Deadline deadline(Deadline::Clock::now(), 10.0, 0.0);
  const auto system = std::make_shared<const LayeredSystem>(lower_network(network, lower, upper));
  const CrownBounder bounder(system);
  const CrownBounder::Bounds bounds = bounder.bound_neurons(lower, upper, deadline);
  Line line{system->layers.size(), 0, bounds.unstable, 0, 0.0};
  for (const AffineForm& layer : system->layers)
    line.neurons += static_cast<std::size_t>(layer.size());
  line.points =
      self_check(network, *system, bounds, {.points = points, .seed = 7, .most_work = 1e18});
  line.seconds = deadline.elapsed_s();
  return line;
}

TEST(AllNetworks, BoundsContainTheValuesOfEveryLayer) {
  if (suites().empty()) GTEST_SKIP() << "../shared is absent";
  initialise_blas();
  const char* wanted = std::getenv("CLIPBOUND_POINTS");
  const int points = wanted != nullptr ? std::max(1, std::atoi(wanted)) : 20;
  constexpr double kSmall = 500000.0;
  int checked = 0;
  std::printf("%-90s %6s %8s %9s %6s %8s\n", "network", "layers", "neurons", "undecided", "points",
              "seconds");
  for (const fs::path& suite : suites()) {
    for (const Entry& entry : entries_of(suite, wanted != nullptr || thorough())) {
      const std::string name = fs::relative(entry.onnx, suite.parent_path()).string();
      const auto network =
          simplify(std::make_shared<const Network>(read_onnx(entry.onnx.string()))).network;
      if (wanted == nullptr && size_of(*network) > kSmall) continue;
      std::vector<double> lower, upper;
      box_of(entry, static_cast<std::size_t>(network->input_size()), lower, upper);
      try {
        const Line line = check(*network, lower, upper, points);
        std::printf("%-90s %6zu %8zu %9lld %6d %8.2f\n", name.c_str(), line.layers, line.neurons,
                    static_cast<long long>(line.undecided), line.points, line.seconds);
        EXPECT_EQ(line.points, points) << name;
        ++checked;
      } catch (const Unsupported& error) {
        std::printf("%-90s no bounds: %s\n", name.c_str(), error.what());
      }
    }
  }
  EXPECT_GT(checked, 50);
}

}  // namespace
}  // namespace clipbound::test
