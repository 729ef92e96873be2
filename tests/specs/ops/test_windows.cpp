// The geometry of windows, and what their taps read: small images, every number by hand. (The
// operators that are made of them: test_window_operators.cpp.)
#include "specs/ops/windows.h"

#include <gtest/gtest.h>

#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Integers = std::vector<std::int64_t>;
using Numbers = std::vector<double>;
using Attributes = std::map<std::string, Attribute>;

Node node_with(Attributes attributes) {
  return {OpKind{}, "n", 18, {}, {}, std::move(attributes)};
}

WindowShape over(const Shape& image, const Shape& kernel, Attributes attributes = {}) {
  return windows_over(node_with(std::move(attributes)), image, kernel);
}

WindowShape onto(const Shape& positions, const Shape& kernel, Attributes attributes = {}) {
  return windows_onto(node_with(std::move(attributes)), positions, kernel);
}

template <class Body>
std::string error_of(const Body& body) {
  try {
    body();
  } catch (const InputError& error) {
    return error.what();
  } catch (const Unsupported& error) {
    return error.what();
  }
  return "";
}

/// All columns of an image, [taps, positions].
Numbers columns_of(const Windows& windows, const Numbers& image) {
  Numbers columns(static_cast<std::size_t>(windows.taps() * windows.positions()), -99.0);
  windows.read(image.data(), 0, windows.rows(), columns.data(), windows.positions());
  return columns;
}

/// What columns add to an image of zeros.
Numbers image_of(const Windows& windows, const Numbers& columns) {
  Numbers image(static_cast<std::size_t>(windows.image_size()));
  windows.add(columns.data(), windows.positions(), 0, windows.rows(), image.data());
  return image;
}

Integers stretch_of(const Windows& windows, std::int64_t tap, std::int64_t row = 0) {
  const Windows::Stretch& s = windows.stretch(tap, row);
  return {s.source, s.first, s.last};
}

const std::string kSameUpper = "SAME_UPPER", kSameLower = "SAME_LOWER", kValid = "VALID";

TEST(WindowsOver, WithoutAttributesSlideByOne) {
  const WindowShape w = over({5}, {3});
  EXPECT_EQ(w.output, Shape{3});
  EXPECT_EQ(w.strides, Shape{1});
  EXPECT_EQ(w.dilations, Shape{1});
  EXPECT_EQ(w.pads_before, Shape{0});
  EXPECT_EQ(w.pads_after, Shape{0});
  EXPECT_EQ(over({3}, {3}).output, Shape{1});
}

TEST(WindowsOver, PadsAreAllBeginningsThenAllEnds) {
  const WindowShape w = over(
      {5, 4}, {3, 2},
      {{"strides", Integers{2, 1}}, {"dilations", Integers{2, 1}}, {"pads", Integers{1, 0, 2, 3}}});
  EXPECT_EQ(w.pads_before, (Shape{1, 0}));
  EXPECT_EQ(w.pads_after, (Shape{2, 3}));
  EXPECT_EQ(w.output, (Shape{2, 6}));  // (8 - 5) / 2 + 1, (7 - 2) / 1 + 1
}

TEST(WindowsOver, PadsMayBeLargerThanWindowAndImage) {
  EXPECT_EQ(over({1}, {1}, {{"pads", Integers{5, 5}}}).output, Shape{11});
  EXPECT_EQ(over({1}, {4}, {{"pads", Integers{0, 3}}}).output, Shape{1});
}

TEST(WindowsOver, SamePadsGiveTheOddOneToTheirEnd) {
  const WindowShape upper = over({4}, {2}, {{"auto_pad", kSameUpper}});
  EXPECT_EQ(upper.pads_before, Shape{0});
  EXPECT_EQ(upper.pads_after, Shape{1});
  EXPECT_EQ(upper.output, Shape{4});
  const WindowShape lower = over({4}, {2}, {{"auto_pad", kSameLower}});
  EXPECT_EQ(lower.pads_before, Shape{1});
  EXPECT_EQ(lower.pads_after, Shape{0});
  const WindowShape even = over({5}, {3}, {{"auto_pad", kSameUpper}, {"strides", Integers{2}}});
  EXPECT_EQ(even.pads_before, Shape{1});
  EXPECT_EQ(even.pads_after, Shape{1});
  EXPECT_EQ(even.output, Shape{3});
  const WindowShape sparse = over({5}, {1}, {{"auto_pad", kSameUpper}, {"strides", Integers{3}}});
  EXPECT_EQ(sparse.pads_after, Shape{0});
  EXPECT_EQ(sparse.output, Shape{2});
}

TEST(WindowsOver, ValidHasNoPads) {
  const WindowShape w = over({4}, {2}, {{"auto_pad", kValid}, {"pads", Integers{1, 1}}});
  EXPECT_EQ(w.pads_before, Shape{0});
  EXPECT_EQ(w.pads_after, Shape{0});
  EXPECT_EQ(w.output, Shape{3});
}

TEST(WindowsOver, CeilModeAddsAPartialWindowThatBeginsInTheImage) {
  const Attributes by_two = {{"strides", Integers{2}}, {"ceil_mode", std::int64_t{1}}};
  EXPECT_EQ(over({4}, {3}, {{"strides", Integers{2}}}).output, Shape{1});
  EXPECT_EQ(over({4}, {3}, by_two).output, Shape{2});
  EXPECT_EQ(over({5}, {3}, by_two).output, Shape{2});
  EXPECT_EQ(over({2}, {1}, by_two).output, Shape{1}) << "the second would begin behind the image";
}

TEST(WindowsOver, RefusesWhatDoesNotFit) {
  EXPECT_EQ(error_of([] { over({2}, {3}); }), "window [3] is larger than the padded image [2]");
  EXPECT_EQ(error_of([] {
              over({4}, {2}, {{"dilations", Integers{4}}});
            }),
            "window [2] is larger than the padded image [4]");
  EXPECT_EQ(error_of([] { over({4}, {0}); }), "kernel [0]");
  EXPECT_EQ(error_of([] {
              over({4}, {2}, {{"strides", Integers{1, 1}}});
            }),
            "attribute 'strides' has not one number per axis");
  EXPECT_EQ(error_of([] {
              over({4}, {2}, {{"pads", Integers{1}}});
            }),
            "attribute 'pads' has not one number per axis");
  EXPECT_EQ(error_of([] {
              over({4}, {2}, {{"strides", Integers{0}}});
            }),
            "attribute 'strides' holds 0");
  EXPECT_EQ(error_of([] {
              over({4}, {2}, {{"pads", Integers{-1, 0}}});
            }),
            "attribute 'pads' holds -1");
  EXPECT_EQ(error_of([] {
              over({4}, {2}, {{"auto_pad", std::string("SAME")}});
            }),
            "auto_pad 'SAME'");
  EXPECT_EQ(error_of([] { over({1 << 28}, {1 << 28}); }),
            "absurd window [268435456] over [268435456]");
}

TEST(WindowsOnto, CoverAnImage) {
  const Attributes by_two = {{"strides", Integers{2}}};
  EXPECT_EQ(onto({3}, {3}, by_two).image, Shape{7});
  EXPECT_EQ(onto({3}, {3}, by_two).output, Shape{3});
  EXPECT_EQ(onto({3}, {3}, {{"strides", Integers{2}}, {"output_padding", Integers{1}}}).image,
            Shape{8});
  EXPECT_EQ(onto({3}, {3}, {{"strides", Integers{2}}, {"pads", Integers{1, 1}}}).image, Shape{5});
  EXPECT_EQ(onto({3}, {2}, {{"dilations", Integers{3}}}).image, Shape{6});
  EXPECT_EQ(onto({1}, {1}).image, Shape{1});
}

TEST(WindowsOnto, AWantedImageDecidesThePads) {
  const auto wanted = [](std::int64_t size, const std::string& mode) {
    return onto({3}, {3},
                {{"strides", Integers{2}}, {"output_shape", Integers{size}}, {"auto_pad", mode}});
  };
  EXPECT_EQ(wanted(6, "NOTSET").image, Shape{6});
  EXPECT_EQ(wanted(6, "NOTSET").pads_before, Shape{1});
  EXPECT_EQ(wanted(6, "NOTSET").pads_after, Shape{0});
  EXPECT_EQ(wanted(6, kSameUpper).pads_before, Shape{0});
  EXPECT_EQ(wanted(6, kSameUpper).pads_after, Shape{1});
  // Larger than what the windows cover: the rest is reached by none.
  EXPECT_EQ(wanted(8, "NOTSET").image, Shape{8});
  EXPECT_EQ(wanted(8, "NOTSET").pads_before, Shape{0});
  EXPECT_EQ(wanted(8, "NOTSET").pads_after, Shape{0});
}

/// There ONNX Runtime adds products where none belong (2-D), and the standard wants less.
TEST(WindowsOnto, RefusesAStrideMoreThanTheWindowsCover) {
  const auto error = [](Attributes attributes) {
    return error_of([&] { onto({3}, {2}, std::move(attributes)); });
  };
  for (const std::int64_t stride : {1, 2, 3}) {
    const Integers strides{stride};
    EXPECT_EQ(error({{"strides", strides}, {"output_padding", Integers{stride - 1}}}), "");
    EXPECT_NE(error({{"strides", strides}, {"output_padding", Integers{stride}}}).find("settled"),
              std::string::npos);
    const std::int64_t covered = 2 * stride + 2;
    EXPECT_EQ(error({{"strides", strides}, {"output_shape", Integers{covered + stride - 1}}}), "");
    EXPECT_NE(
        error({{"strides", strides}, {"output_shape", Integers{covered + stride}}}).find("settled"),
        std::string::npos);
  }
  EXPECT_NE(error({{"dilations", Integers{3}}, {"output_padding", Integers{1}}}).find("settled"),
            std::string::npos);
}

/// One element fewer than windows and strides need is left out at the end, everybody agrees; of
/// two, ONNX Runtime's pools leave one out at the beginning.
TEST(WindowsOver, RefusesStridesFarBeyondTheWindows) {
  for (const std::string& mode : {kSameUpper, kSameLower}) {
    const WindowShape w = over({8}, {1}, {{"auto_pad", mode}, {"strides", Integers{3}}});
    EXPECT_EQ(w.output, Shape{3});
    EXPECT_EQ(w.pads_before, Shape{0});
    for (const auto& [image, stride] : {std::pair(9, 3), std::pair(8, 4)}) {
      EXPECT_NE(error_of([&] {
                  over({image}, {1}, {{"auto_pad", mode}, {"strides", Integers{stride}}});
                }).find("not settled"),
                std::string::npos)
          << image << " by " << stride;
    }
  }
}

TEST(WindowsOnto, SamePadsMakeTheImageAMultiple) {
  for (const std::string& mode : {kSameUpper, kSameLower}) {
    const WindowShape w = onto({3}, {3}, {{"strides", Integers{2}}, {"auto_pad", mode}});
    EXPECT_EQ(w.image, Shape{6}) << mode;
    EXPECT_EQ(w.pads_before, Shape{mode == kSameLower ? 1 : 0}) << mode;
    EXPECT_EQ(w.pads_after, Shape{mode == kSameLower ? 0 : 1}) << mode;
  }
  EXPECT_EQ(onto({3}, {3}, {{"auto_pad", kValid}, {"pads", Integers{1, 1}}}).image, Shape{5});
}

TEST(WindowsOnto, RefusesWhatDoesNotFit) {
  EXPECT_EQ(error_of([] {
              onto({1}, {1}, {{"pads", Integers{1, 0}}});
            }),
            "its output would be empty");
  EXPECT_EQ(error_of([] {
              onto({3}, {3}, {{"output_shape", Integers{0}}});
            }),
            "its output would be empty");
  EXPECT_EQ(error_of([] {
              onto({3}, {3}, {{"output_shape", Integers{5, 5}}});
            }),
            "output_shape has not one number per axis");
  EXPECT_EQ(error_of([] {
              onto({3}, {3}, {{"output_padding", Integers{-1}}});
            }),
            "attribute 'output_padding' holds -1");
}

TEST(Windows, PadsAreReadAsZeros) {
  const Windows windows(over({3}, {2}, {{"pads", Integers{1, 1}}}));
  EXPECT_EQ(windows.taps(), 2);
  EXPECT_EQ(windows.positions(), 4);
  EXPECT_EQ(stretch_of(windows, 0), (Integers{-1, 1, 4}));
  EXPECT_EQ(stretch_of(windows, 1), (Integers{0, 0, 3}));
  EXPECT_EQ(columns_of(windows, {1, 2, 3}), (Numbers{0, 1, 2, 3, 1, 2, 3, 0}));
  EXPECT_EQ(image_of(windows, {1, 2, 3, 4, 10, 20, 30, 40}), (Numbers{12, 23, 34}));
}

TEST(Windows, PadsLargerThanTheWindowAreReadAsZeros) {
  const Windows windows(over({1}, {1}, {{"pads", Integers{3, 2}}}));
  EXPECT_EQ(stretch_of(windows, 0), (Integers{-3, 3, 4}));
  EXPECT_EQ(columns_of(windows, {7}), (Numbers{0, 0, 0, 7, 0, 0}));
  EXPECT_EQ(image_of(windows, {1, 2, 3, 4, 5, 6}), Numbers{4});
}

TEST(Windows, DilatedTapsReachOverTheImage) {
  const Windows windows(over({2}, {2}, {{"dilations", Integers{3}}, {"pads", Integers{2, 2}}}));
  EXPECT_EQ(stretch_of(windows, 0), (Integers{-2, 2, 3}));
  EXPECT_EQ(stretch_of(windows, 1), (Integers{1, 0, 1}));
  EXPECT_EQ(columns_of(windows, {5, 6}), (Numbers{0, 0, 5, 6, 0, 0}));
}

TEST(Windows, ATapThatNeverMeetsTheImageReadsZeros) {
  const Windows windows(over({1}, {2}, {{"pads", Integers{0, 1}}}));
  EXPECT_EQ(stretch_of(windows, 1), (Integers{1, 0, 0}));
  EXPECT_EQ(columns_of(windows, {7}), (Numbers{7, 0}));
  EXPECT_EQ(image_of(windows, {1, 10}), Numbers{1});
}

TEST(Windows, StridesStepOverElements) {
  const Windows windows(over({5}, {2}, {{"strides", Integers{3}}, {"pads", Integers{1, 0}}}));
  EXPECT_EQ(windows.step(), 3);
  EXPECT_EQ(columns_of(windows, {1, 2, 3, 4, 5}), (Numbers{0, 3, 1, 4}));
  EXPECT_EQ(image_of(windows, {9, 20, 10, 40}), (Numbers{10, 0, 20, 40, 0}));
}

TEST(Windows, RowsOutsideTheImageReadZeros) {
  const Windows windows(over({1, 2}, {2, 1}, {{"pads", Integers{1, 0, 1, 0}}}));
  EXPECT_EQ(windows.rows(), 2);
  EXPECT_EQ(windows.width(), 2);
  EXPECT_EQ(stretch_of(windows, 0, 0), (Integers{0, 0, 0}));
  EXPECT_EQ(columns_of(windows, {5, 6}), (Numbers{0, 0, 5, 6, 5, 6, 0, 0}));
  EXPECT_EQ(image_of(windows, {1, 2, 3, 4, 5, 6, 7, 8}), (Numbers{8, 10}));
}

TEST(Windows, SomeRowsAreReadIntoLongerColumns) {
  const Windows windows(over({2, 3}, {1, 2}, {{"strides", Integers{1, 2}}}));
  const Numbers image = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(columns_of(windows, image), (Numbers{1, 4, 2, 5}));
  Numbers columns(6, -1.0);
  windows.read(image.data(), 1, 1, columns.data(), 3);
  EXPECT_EQ(columns, (Numbers{4, -1, -1, 5, -1, -1}));
  Numbers sums(6, 100.0);
  windows.add(columns.data(), 3, 1, 1, sums.data());
  EXPECT_EQ(sums, (Numbers{100, 100, 100, 104, 105, 100}));
}

TEST(Windows, TapsAreAddedInTheOrderAskedFor) {
  const Windows windows(over({1}, {3}, {{"pads", Integers{2, 2}}}));
  const std::vector<float> columns = {0, 0, 0x1p24F, 0, 1, 0, 1, 0, 0};
  float natural = 0.0F, reversed = 0.0F;
  windows.add(columns.data(), 3, 0, 1, &natural);
  windows.add(columns.data(), 3, 0, 1, &reversed, true);
  EXPECT_EQ(natural, 0x1p24F);
  EXPECT_EQ(reversed, 0x1p24F + 2.0F);
}

TEST(Windows, OneTapPerElementInOrderIsTheImage) {
  EXPECT_TRUE(Windows(over({2, 3}, {1, 1})).is_image());
  EXPECT_FALSE(Windows(over({2, 3}, {1, 1}, {{"strides", Integers{1, 2}}})).is_image());
  EXPECT_FALSE(Windows(over({2, 3}, {1, 2})).is_image());
  EXPECT_FALSE(Windows(over({3}, {1}, {{"pads", Integers{0, 1}}})).is_image());
  EXPECT_FALSE(Windows(over({3}, {1}, {{"pads", Integers{1, 0}}})).is_image());
}

}  // namespace
}  // namespace clipbound::test
