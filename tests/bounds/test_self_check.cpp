// The self-check: silent where bounds are right, loud where they were broken on purpose.
#include <gtest/gtest.h>

#include "base/error.h"
#include "bounds/lowering/lower_network.h"
#include "bounds/self_check.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"
#include "tests/support/random_network.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

/// Two layers of ReLUs on [-1, 1]^2, and its bounds.
struct Bounded {
  explicit Bounded(int seed = 3) {
    Dice dice(static_cast<std::uint64_t>(seed));
    network = simplify(random_tiny(dice, {2, 4, 4, 2}, false).build()).network;
    system = std::make_shared<const LayeredSystem>(
        lower_network(*network, std::vector{-1.0, -1.0}, std::vector{1.0, 1.0}));
    bounds = CrownBounder(system).bound_neurons({-1.0, -1.0}, {1.0, 1.0}, Deadline());
  }
  int check(const SelfCheckSettings& settings = {}) const {
    return self_check(*network, *system, bounds, settings);
  }

  std::shared_ptr<const Network> network;
  std::shared_ptr<const LayeredSystem> system;
  CrownBounder::Bounds bounds;
};

TEST(SelfCheck, IsSilentWhereBoundsAreRight) {
  for (int seed = 1; seed <= 20; ++seed)
    EXPECT_EQ(Bounded(seed).check({.points = 9, .seed = 7}), 9);
}

TEST(SelfCheck, HearsOfEveryNeuronWhoseBoundsLeaveOutTheTruth) {
  const Bounded right;
  const std::vector<EnclosedOutputs> at_centre =
      evaluate_all_enclosed(*right.network, std::vector{0.0, 0.0});
  for (std::size_t k = 0; k < right.system->layers.size(); ++k) {
    const EnclosedOutputs& truth = at_centre[index_of(right.system->layer_values[k])];
    for (std::size_t v = 0; v < truth.value.size(); ++v) {
      Bounded wrong = right;
      wrong.bounds.layers[k].lower[v] = truth.value[v] + 1e-9;
      EXPECT_THROW(wrong.check({.points = 1}), ContractError)
          << "lower bound of neuron " << v << " of layer " << k;
      wrong = right;
      wrong.bounds.layers[k].upper[v] = truth.value[v] - 1e-9;
      EXPECT_THROW(wrong.check({.points = 1}), ContractError)
          << "upper bound of neuron " << v << " of layer " << k;
    }
  }
}

TEST(SelfCheck, HearsOfActivationsThatMakeTheOutputsWrong) {
  Bounded wrong;
  for (auto& [source, interval] : wrong.bounds.sources) {
    if (source == kInputSource) continue;
    for (std::size_t v = 0; v < interval.lower.size(); ++v)
      interval.lower[v] = interval.upper[v] = 1000.0;
  }
  EXPECT_THROW(wrong.check({.points = 1}), ContractError);
}

TEST(SelfCheck, HearsOfAWrongLowering) {
  const Bounded right;
  auto system = std::make_shared<LayeredSystem>(*right.system);
  for (double& c : system->outputs.constant) c += 1e6;
  EXPECT_THROW(self_check(*right.network, *system, right.bounds), ContractError);
}

TEST(SelfCheck, NamesWhatIsWrong) {
  Bounded wrong;
  wrong.bounds.layers[1].lower[2] = 1e6;
  wrong.bounds.layers[1].upper[2] = 2e6;
  try {
    wrong.check();
    FAIL() << "nothing was heard";
  } catch (const ContractError& error) {
    EXPECT_NE(std::string(error.what()).find("element 2 of"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("layer 1"), std::string::npos) << error.what();
  }
}

TEST(SelfCheck, NaNAndInfinityAccuseNobody) {
  Bounded strange;
  strange.bounds.layers[0].lower[0] = std::nan("");
  strange.bounds.layers[0].upper[0] = HUGE_VAL;
  EXPECT_EQ(strange.check({.points = 2}), 2);
}

TEST(SelfCheck, LeavesOutWhatCostsTooMuch) {
  EXPECT_EQ(Bounded().check({.points = 100, .most_work = 10.0}), 0);
  EXPECT_LT(Bounded().check({.points = 100, .most_work = 1000.0}), 100);
  EXPECT_GT(Bounded().check({.points = 100, .most_work = 1000.0}), 0);
}

TEST(SelfCheck, IsSilentOnRandomNetworksOfEveryShape) {
  for (int seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(static_cast<std::uint64_t>(seed));
    const auto network = simplify(random_network(dice, NetworkTaste{})).network;
    const std::vector<double> lower(static_cast<std::size_t>(network->input_size()), -0.5),
        upper(lower.size(), 0.75);
    const auto system =
        std::make_shared<const LayeredSystem>(lower_network(*network, lower, upper));
    const CrownBounder::Bounds bounds =
        CrownBounder(system).bound_neurons(lower, upper, Deadline());
    EXPECT_GT(self_check(*network, *system, bounds, {.points = 6, .seed = 5}), 0);
  }
}

}  // namespace
}  // namespace clipbound::test
