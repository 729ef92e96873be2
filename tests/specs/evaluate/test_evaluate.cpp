// The contract of the evaluator; what operators compute is tested in tests/specs/ops.
#include <gtest/gtest.h>

#include <random>

#include "base/check.h"
#include "specs/evaluate/evaluate.h"
#include "tests/specs/network/two_layers.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(Evaluate, InsistsOnSizesAndOrder) {
  Evaluator<float> evaluator(std::make_shared<const Network>(two_layers()));
  std::vector<float> x(4), y(2), g(4);
  EXPECT_THROW(evaluator.backward(y, g), ContractError);
  EXPECT_THROW(evaluator.forward(std::span(x).first(3), y), ContractError);
  EXPECT_THROW(evaluator.forward(x, std::span(y).first(1)), ContractError);
  evaluator.forward(x, y);
  evaluator.backward(y, g);
  evaluator.replay(std::span(x).first(2), SummationOrder::natural, std::span(y).first(1));
  EXPECT_THROW(evaluator.backward(y, g), ContractError) << "replay() has overwritten the buffers";
}

TEST(Evaluate, PointsDoNotDependOnTheirBatch) {
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  Evaluator<float> evaluator(std::make_shared<const Network>(two_layers()));
  for (const std::size_t batch : {1u, 7u, 3u, 100u, 64u}) {
    std::vector<float> x(batch * 2), y(batch);
    for (float& v : x) v = uniform(generator);
    evaluator.forward(x, y);
    for (std::size_t p = 0; p < batch; ++p) {
      const float s = x[2 * p] + x[2 * p + 1];
      EXPECT_FLOAT_EQ(y[p], s > 0 ? 2 * s : -3 * s);
    }
  }
}

}  // namespace
}  // namespace clipbound::test
