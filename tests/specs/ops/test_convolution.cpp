// Convolutions as products of columns: one example per way that a block can be taken, every number
// by hand. (Random shapes and large ones: test_window_operators.cpp.)
#include "specs/ops/convolution.h"

#include <gtest/gtest.h>

#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Integers = std::vector<std::int64_t>;
using Numbers = std::vector<double>;

Convolution convolution(const ConvolutionPlan& plan, const Shape& image, const Shape& kernel,
                        const Shape& pads = {}) {
  Node node{OpKind{}, "n", 18, {}, {}, {}};
  if (!pads.empty()) node.attributes["pads"] = pads;
  return {plan, windows_over(node, image, kernel)};
}

/// What is added to positions of zeros, by BLAS and in order: both must say the same.
Numbers positions_of(const Convolution& conv, const Numbers& weights, const Numbers& image,
                     std::int64_t batch = 1) {
  Numbers fast(static_cast<std::size_t>(batch * conv.position_size())), ordered = fast;
  conv.to_positions(batch, weights.data(), image.data(), fast.data());
  conv.to_positions_ordered(batch, weights.data(), image.data(), ordered.data(), Sums::natural);
  EXPECT_EQ(fast, ordered);
  return fast;
}

Numbers image_of(const Convolution& conv, const Numbers& weights, const Numbers& positions,
                 std::int64_t batch = 1) {
  Numbers fast(static_cast<std::size_t>(batch * conv.image_size())), ordered = fast;
  conv.to_image(batch, weights.data(), positions.data(), fast.data());
  conv.to_image_ordered(batch, weights.data(), positions.data(), ordered.data(), Sums::natural);
  EXPECT_EQ(fast, ordered);
  return fast;
}

Numbers weights_of(const Convolution& conv, std::size_t size, const Numbers& positions,
                   const Numbers& image, std::int64_t batch = 1) {
  Numbers weights(size);
  conv.to_weights(batch, positions.data(), image.data(), weights.data());
  return weights;
}

// One channel, (10, 1) over (1, 2, 3).
TEST(Convolution, OfOneChannel) {
  const Convolution conv = convolution({1, 1, 1}, {3}, {2});
  EXPECT_EQ(conv.image_size(), 3);
  EXPECT_EQ(conv.position_size(), 2);
  EXPECT_EQ(positions_of(conv, {10, 1}, {1, 2, 3}), (Numbers{12, 23}));
  EXPECT_EQ(image_of(conv, {10, 1}, {1, 2}), (Numbers{10, 21, 2}));
  EXPECT_EQ(weights_of(conv, 2, {1, 2}, {1, 2, 3}), (Numbers{5, 8}));
}

TEST(Convolution, AddsToWhatIsThere) {
  const Convolution conv = convolution({1, 1, 1}, {3}, {2});
  const Numbers weights = {10, 1}, image = {1, 2, 3}, positions = {1, 2};
  Numbers to_positions = {100, 200}, to_image = {100, 200, 300}, to_weights = {1000, 2000};
  conv.to_positions(1, weights.data(), image.data(), to_positions.data());
  conv.to_positions_ordered(1, weights.data(), image.data(), to_positions.data(), Sums::reversed);
  EXPECT_EQ(to_positions, (Numbers{124, 246}));
  conv.to_image(1, weights.data(), positions.data(), to_image.data());
  conv.to_image_ordered(1, weights.data(), positions.data(), to_image.data(), Sums::reversed);
  EXPECT_EQ(to_image, (Numbers{120, 242, 304}));
  conv.to_weights(1, positions.data(), image.data(), to_weights.data());
  EXPECT_EQ(to_weights, (Numbers{1005, 2008}));
}

// Two filters over two channels of two elements: filter 0 is (1 2 | 3 4), filter 1 (0 1 | -1 0).
TEST(Convolution, OfSeveralChannelsAndPoints) {
  const Convolution conv = convolution({1, 2, 2}, {2}, {2});
  const Numbers weights = {1, 2, 3, 4, 0, 1, -1, 0};
  EXPECT_EQ(positions_of(conv, weights, {1, 2, 3, 4}), (Numbers{30, -1}));
  EXPECT_EQ(positions_of(conv, weights, {1, 2, 3, 4, 1, 0, 0, 1}, 2), (Numbers{30, -1, 5, 0}));
  EXPECT_EQ(image_of(conv, weights, {1, 10}), (Numbers{1, 12, -7, 4}));
  EXPECT_EQ(image_of(conv, weights, {1, 10, 1, 0}, 2), (Numbers{1, 12, -7, 4, 1, 2, 3, 4}));
  EXPECT_EQ(weights_of(conv, 8, {1, 10}, {1, 2, 3, 4}), (Numbers{1, 2, 3, 4, 10, 20, 30, 40}));
  EXPECT_EQ(weights_of(conv, 8, {1, 10, 1, 0}, {1, 2, 3, 4, 1, 0, 0, 1}, 2),
            (Numbers{2, 2, 3, 5, 10, 20, 30, 40}));
}

TEST(Convolution, OfSeveralPositionsAndPoints) {
  const Convolution conv = convolution({1, 2, 1}, {3}, {2});
  const Numbers weights = {1, 10, 100, 1000};
  const Numbers image = {1, 2, 3, 4, 5, 6, 1, 0, 0, 0, 0, 1};
  EXPECT_EQ(positions_of(conv, weights, image, 2), (Numbers{5421, 6532, 1, 1000}));
  EXPECT_EQ(image_of(conv, weights, {1, 2, 0, 1}, 2),
            (Numbers{1, 12, 20, 100, 1200, 2000, 0, 1, 10, 0, 100, 1000}));
}

TEST(Convolution, WithOneTapIsAProductWithTheImage) {
  const Convolution conv = convolution({1, 2, 1}, {2}, {1});
  EXPECT_EQ(positions_of(conv, {2, 3}, {1, 2, 10, 20}), (Numbers{32, 64}));
  EXPECT_EQ(positions_of(conv, {2, 3}, {1, 2, 10, 20, 0, 1, 1, 0}, 2), (Numbers{32, 64, 3, 2}));
  EXPECT_EQ(image_of(conv, {2, 3}, {1, 10}), (Numbers{2, 20, 3, 30}));
}

TEST(Convolution, GroupsSeeTheirOwnChannels) {
  const Convolution conv = convolution({2, 4, 2}, {1}, {1});
  const Numbers weights = {1, 10, 2, 20};
  EXPECT_EQ(positions_of(conv, weights, {1, 2, 3, 4}), (Numbers{21, 86}));
  EXPECT_EQ(positions_of(conv, weights, {1, 2, 3, 4, 0, 1, 1, 0}, 2), (Numbers{21, 86, 10, 2}));
  EXPECT_EQ(image_of(conv, weights, {1, 2}), (Numbers{1, 10, 4, 40}));
  EXPECT_EQ(weights_of(conv, 4, {1, 2}, {1, 2, 3, 4}), (Numbers{1, 2, 6, 8}));
}

TEST(Convolution, DepthwiseHasSeveralFiltersPerChannel) {
  const Convolution conv = convolution({2, 2, 4}, {1}, {1});
  const Numbers weights = {1, 2, 3, 4};
  EXPECT_EQ(positions_of(conv, weights, {5, 7}), (Numbers{5, 10, 21, 28}));
  EXPECT_EQ(image_of(conv, weights, {1, 1, 1, 10}), (Numbers{3, 43}));
  EXPECT_EQ(weights_of(conv, 4, {1, 2, 3, 4}, {5, 7}), (Numbers{5, 10, 21, 28}));
}

TEST(Convolution, PadsLargerThanImageAndWindowGiveZeros) {
  const Convolution one = convolution({1, 1, 1}, {1}, {1}, {2, 3});
  EXPECT_EQ(positions_of(one, {3}, {7}), (Numbers{0, 0, 21, 0, 0, 0}));
  EXPECT_EQ(image_of(one, {3}, {1, 2, 4, 8, 16, 32}), Numbers{12});
  EXPECT_EQ(weights_of(one, 1, {1, 2, 4, 8, 16, 32}, {7}), Numbers{28});
  const Convolution two = convolution({1, 2, 1}, {1}, {1}, {1, 1});
  EXPECT_EQ(positions_of(two, {3, 5}, {7, 1}), (Numbers{0, 26, 0}));
}

TEST(Convolution, OfAnImageWithRows) {
  const Convolution conv = convolution({1, 1, 1}, {2, 2}, {2, 2}, {1, 0, 0, 0});
  // The rows 0 0 / 1 2 / 3 4 under 1 10 / 100 1000.
  EXPECT_EQ(positions_of(conv, {1, 10, 100, 1000}, {1, 2, 3, 4}), (Numbers{2100, 4321}));
}

TEST(Convolution, SumsAreTakenInTheOrderAskedFor) {
  const Convolution gathers = convolution({1, 3, 1}, {1}, {1}),
                    spreads = convolution({1, 1, 3}, {1}, {1});
  const std::vector<float> terms = {1.0F, 0x1p-24F, 0x1p-24F}, ones(3, 1.0F);
  for (const auto& [order, expected] :
       {std::pair(Sums::natural, 1.0F), std::pair(Sums::reversed, 1.0F + 0x1p-23F)}) {
    float position = 0.0F, image = 0.0F;
    gathers.to_positions_ordered(1, ones.data(), terms.data(), &position, order);
    EXPECT_EQ(position, expected);
    spreads.to_image_ordered(1, ones.data(), terms.data(), &image, order);
    EXPECT_EQ(image, expected);
  }
}

TEST(Convolution, ComputesIntegersAndEnclosures) {
  const Convolution conv = convolution({1, 1, 1}, {3}, {2});
  const Integers weights = {10, 1}, image = {1, 2, 3};
  Integers positions(2);
  conv.to_positions_ordered(1, weights.data(), image.data(), positions.data(), Sums::blocked);
  EXPECT_EQ(positions, (Integers{12, 23}));
  const std::vector<Enclosed> w = {10.0, 1.0}, x = {Enclosed(1.0, 0.25), 2.0, 3.0};
  std::vector<Enclosed> y(2);
  conv.to_positions_ordered(1, w.data(), x.data(), y.data(), Sums::natural);
  EXPECT_EQ(y[0].value, 12.0);
  EXPECT_GE(y[0].error, 2.5);
  EXPECT_LE(y[0].error, 2.5 + 1e-12);
  EXPECT_EQ(y[1].value, 23.0);
  EXPECT_LE(y[1].error, 1e-12);
}

}  // namespace
}  // namespace clipbound::test
