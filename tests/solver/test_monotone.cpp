// Monotonicity of tiny networks: one network at two points that differ in one input, in a given
// order. The largest violation is known exactly from all activation patterns.
#include <gtest/gtest.h>

#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

/// Two copies of f over X_0, ..., X_n: the second one reads X_n in place of X_moved. Y is the
/// second output minus the first one.
struct Moved {
  TinyNetwork f;
  int moved = 0;

  int inputs() const { return f.sizes[0] + 1; }
  std::int64_t source(int copy, int i) const { return copy == 1 && i == moved ? f.sizes[0] : i; }

  std::shared_ptr<const Network> build() const {
    NetworkBuilder b;
    const ValueId x = b.input("x", {1, inputs()});
    std::vector<ValueId> outputs;
    for (const int copy : {0, 1}) {
      std::vector<std::int64_t> index;
      for (int i = 0; i < f.sizes[0]; ++i) index.push_back(source(copy, i));
      ValueId value = b.add("Gather", {x, b.integers(index)}, {{"axis", std::int64_t{1}}});
      for (std::size_t k = 0; k < f.weights.size(); ++k) {
        if (k > 0) value = b.add("Relu", {value});
        value = b.add("Gemm",
                      {value, b.constant({f.sizes[k + 1], f.sizes[k]}, f.weights[k]),
                       b.constant({f.sizes[k + 1]}, f.biases[k])},
                      {{"transB", std::int64_t{1}}});
      }
      outputs.push_back(value);
    }
    b.output(b.add("Sub", {outputs[1], outputs[0]}));
    return std::make_shared<const Network>(b.build());
  }

  /// The neurons of both copies in one network's layers.
  TinyNetwork joined() const {
    TinyNetwork net;
    net.sizes = f.sizes;
    net.sizes[0] = inputs();
    for (std::size_t k = 1; k < net.sizes.size(); ++k) net.sizes[k] *= 2;
    for (std::size_t k = 0; k < f.weights.size(); ++k) {
      const auto out = static_cast<std::size_t>(f.sizes[k + 1]),
                 in = static_cast<std::size_t>(f.sizes[k]), width = k == 0 ? in + 1 : 2 * in;
      std::vector<float> weights(2 * out * width, 0.0F), biases;
      for (const std::size_t copy : {std::size_t{0}, std::size_t{1}}) {
        for (std::size_t o = 0; o < out; ++o) {
          for (std::size_t i = 0; i < in; ++i) {
            const std::size_t column =
                k == 0
                    ? static_cast<std::size_t>(source(static_cast<int>(copy), static_cast<int>(i)))
                    : copy * in + i;
            weights[(copy * out + o) * width + column] = f.weights[k][o * in + i];
          }
          biases.push_back(f.biases[k][o]);
        }
      }
      net.weights.push_back(std::move(weights));
      net.biases.push_back(std::move(biases));
    }
    return net;
  }
};

TEST(Monotone, AgreesWithTheExactViolation) {
  const std::vector<std::vector<int>> shapes = {{2, 4, 1}, {2, 3, 3, 1}, {3, 4, 1}, {1, 3, 3, 1}};
  Dice dice(81);
  int decided = 0, asked = 0;
  for (int trial = 0; trial < 20; ++trial) {
    const auto& shape = shapes[static_cast<std::size_t>(trial) % shapes.size()];
    Moved pair{random_tiny(dice, shape, trial % 2 == 0), 0};
    pair.moved = dice.whole(0, shape[0] - 1);
    const auto inputs = static_cast<std::size_t>(pair.inputs());
    const auto network = pair.build();
    Property property;
    property.lower.assign(inputs, -1.0);
    property.upper.assign(inputs, 1.0);
    const TinyNetwork joined = pair.joined();
    const auto [minimum, point] =
        PatternSearch(joined, {Rational(-1), Rational(1)})
            .minimum(rationals(property.lower), rationals(property.upper));
    // The order in which the minimum's two points are.
    const std::string a = "X_" + std::to_string(pair.moved), b = "X_" + std::to_string(inputs - 1);
    const bool rises = point[static_cast<std::size_t>(pair.moved)] <= point[inputs - 1];
    const std::string order = rises ? "(<= " + a + " " + b + ")" : "(>= " + a + " " + b + ")";
    const double size = std::max(std::fabs(up(minimum)), 1e-3);
    for (const char* split : {"inputs", "auto"}) {
      for (const std::string& clipping : words_of("clipping")) {
        SCOPED_TRACE("trial " + std::to_string(trial) + " " + split + " " + clipping);
        const auto verdict = [&](double threshold, double seconds) {
          property.clauses = {{order, y_at_most(0, threshold)}};
          return solve_text(network, property.text(), {clipping, "auto", 1, false, seconds, split})
              .verdict;
        };
        const Verdict below = verdict(down(minimum) - 0.1 * size, 2.0);
        EXPECT_NE(name_of(below), "sat");
        decided += below == Verdict::unsat ? 1 : 0;
        ++asked;
        for (const double margin : {0.0, 1e-9, 0.05})
          EXPECT_NE(name_of(verdict(up(minimum) + margin * size, 0.1)), "unsat") << margin;
      }
    }
  }
  EXPECT_GT(decided, asked * 3 / 4);
  std::printf("%d of %d thresholds below the minimum are refuted\n", decided, asked);
}

}  // namespace
}  // namespace clipbound::test
