// A ConvolutionMap is the matrix that the operator's definition says, entry by entry: random
// geometries in one to three axes, shapes that go through every way of multiplying, parts of the
// output, and numbers that are not finite. Weights and columns are small integers, so that every
// sum is exact in any order and nothing needs a tolerance.
#include "bounds/layered/convolution_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Direction = ConvolutionMap::Direction;

struct Taste {
  std::int64_t axes = 2, side = 6, kernel = 3, channels = 3, groups = 2;
};

struct Case {
  Direction direction;
  specs::WindowShape windows;
  ConvolutionMap::Channels channels;
  std::vector<double> weights;
  bool are_float32 = false;  ///< as a file holds them
  /// Powers of two that the weights are divided by, and the map multiplied with, per row channel.
  std::vector<double> factor = {};

  ConvolutionMap map() const {
    std::vector<double> stored = weights;
    const auto length = static_cast<std::int64_t>(weights.size()) / channels.positions;
    for (std::int64_t i = 0; i < channels.positions && !factor.empty(); ++i) {
      for (std::int64_t j = 0; j < length; ++j) {
        const std::int64_t in = channels.image / channels.groups,
                           image =
                               i / (channels.positions / channels.groups) * in + j / (length / in),
                           row = direction == Direction::conv ? i : image;
        stored[static_cast<std::size_t>(i * length + j)] /= factor[static_cast<std::size_t>(row)];
      }
    }
    const ConvolutionMap map =
        are_float32 ? ConvolutionMap(
                          direction, windows, channels,
                          std::make_shared<const std::vector<float>>(stored.begin(), stored.end()))
                    : ConvolutionMap(direction, windows, channels,
                                     std::make_shared<const std::vector<double>>(stored));
    return factor.empty() ? map : map.scaled(factor);
  }
};

/// Pads larger than windows, strides longer than them, elements that no window reads: all of it.
Case random_case(Dice& dice, const Taste& taste) {
  const auto up_to = [&](std::int64_t least, std::int64_t most) {
    return static_cast<std::int64_t>(dice.whole(static_cast<int>(least), static_cast<int>(most)));
  };
  Case c{dice.chance(0.5) ? Direction::conv : Direction::conv_transpose, {}, {}, {}};
  specs::WindowShape& w = c.windows;
  for (std::int64_t axis = 0; axis < taste.axes; ++axis) {
    const std::int64_t kernel = up_to(1, taste.kernel), dilation = up_to(1, 3),
                       stride = dice.chance(0.4) ? 1 : up_to(1, 3), before = up_to(0, 3),
                       after = up_to(0, 3), span = dilation * (kernel - 1) + 1,
                       image = std::max(up_to(1, taste.side), span - before - after);
    w.image.push_back(image);
    w.kernel.push_back(kernel);
    w.strides.push_back(stride);
    w.dilations.push_back(dilation);
    w.pads_before.push_back(before);
    w.pads_after.push_back(after);
    w.output.push_back((image + before + after - span) / stride + 1);
  }
  const std::int64_t groups = up_to(1, taste.groups), image = up_to(1, taste.channels),
                     positions = up_to(1, taste.channels);
  c.channels = {groups * image, groups * positions, groups};
  c.weights.resize(
      static_cast<std::size_t>(groups * positions * image * specs::element_count(w.kernel)));
  for (double& x : c.weights) x = dice.chance(0.2) ? 0.0 : dice.whole(-9, 9);
  c.are_float32 = dice.chance(0.5);
  const std::int64_t rows =
      c.direction == Direction::conv ? c.channels.positions : c.channels.image;
  for (std::int64_t r = dice.chance(0.5) ? rows : 0; r > 0; --r)
    c.factor.push_back(std::ldexp(dice.chance(0.5) ? 1.0 : -1.0, dice.whole(-3, 3)));
  return c;
}

using Coordinates = std::vector<std::int64_t>;

/// Calls visit(coordinates, number in C order) for all elements of a box.
template <typename Visit>
void for_all(const Shape& box, const Visit& visit) {
  Coordinates at(box.size(), 0);
  const std::int64_t count = specs::element_count(box);
  for (std::int64_t i = 0; i < count; ++i) {
    visit(at, i);
    for (std::size_t d = box.size(); d-- > 0;) {
      if (++at[d] < box[d]) break;
      at[d] = 0;
    }
  }
}

/// (row, column) and coefficient, by the definition: the image element under a tap is position
/// times stride plus tap times dilation minus pad.
std::map<std::pair<std::int64_t, std::int64_t>, double> matrix_of(const Case& c) {
  std::map<std::pair<std::int64_t, std::int64_t>, double> matrix;
  const specs::WindowShape& w = c.windows;
  const std::int64_t taps = specs::element_count(w.kernel), image = specs::element_count(w.image),
                     positions = specs::element_count(w.output),
                     in = c.channels.image / c.channels.groups,
                     out = c.channels.positions / c.channels.groups;
  for_all(w.output, [&](const Coordinates& position, std::int64_t p) {
    for_all(w.kernel, [&](const Coordinates& tap, std::int64_t t) {
      std::int64_t element = 0;
      for (std::size_t d = 0; d < w.kernel.size(); ++d) {
        const std::int64_t x =
            position[d] * w.strides[d] + tap[d] * w.dilations[d] - w.pads_before[d];
        if (x < 0 || x >= w.image[d]) return;
        element = element * w.image[d] + x;
      }
      for (std::int64_t m = 0; m < c.channels.positions; ++m) {
        for (std::int64_t k = 0; k < in; ++k) {
          const std::int64_t at_image = (m / out * in + k) * image + element,
                             at_position = m * positions + p;
          const double weight = c.weights[static_cast<std::size_t>((m * in + k) * taps + t)];
          matrix[c.direction == Direction::conv ? std::pair(at_position, at_image)
                                                : std::pair(at_image, at_position)] = weight;
        }
      }
    });
  });
  return matrix;
}

std::vector<double> small_integers(Dice& dice, std::int64_t count, int least = -9) {
  std::vector<double> numbers(static_cast<std::size_t>(count));
  for (double& x : numbers) x = dice.whole(least, 9);
  return numbers;
}

using Matrix = std::map<std::pair<std::int64_t, std::int64_t>, double>;

/// All four products with B columns, added to what is there.
void expect_products(const ConvolutionMap& map, const Matrix& matrix, std::int64_t B, Dice& dice) {
  const std::int64_t R = map.rows(), C = map.columns();
  const std::vector<double> x = small_integers(dice, C * B), r = small_integers(dice, B * R);
  const bool add = dice.chance(0.5);
  const std::vector<double> y = small_integers(dice, R * B), z = small_integers(dice, B * C);
  std::vector<double> forward[2], back[2];
  for (const int magnitudes : {0, 1}) {
    forward[magnitudes] = add ? y : std::vector<double>(y.size(), 0.0);
    back[magnitudes] = add ? z : std::vector<double>(z.size(), 0.0);
  }
  for (const auto& [at, weight] : matrix) {
    for (std::int64_t b = 0; b < B; ++b) {
      for (const int magnitudes : {0, 1}) {
        const double w = magnitudes == 1 ? std::fabs(weight) : weight;
        forward[magnitudes][static_cast<std::size_t>(at.first * B + b)] +=
            w * x[static_cast<std::size_t>(at.second * B + b)];
        back[magnitudes][static_cast<std::size_t>(b * C + at.second)] +=
            w * r[static_cast<std::size_t>(b * R + at.first)];
      }
    }
  }
  std::vector<double> result = y;
  map.apply(x.data(), B, result.data(), add);
  ASSERT_EQ(result, forward[0]);
  result = y;
  map.apply_magnitudes(x.data(), B, result.data(), add);
  ASSERT_EQ(result, forward[1]);
  result = z;
  map.apply_transposed(r.data(), B, result.data(), add);
  ASSERT_EQ(result, back[0]);
  result = z;
  map.apply_transposed_magnitudes(r.data(), B, result.data(), add);
  ASSERT_EQ(result, back[1]);
}

void expect_counts(const ConvolutionMap& map, const Matrix& matrix) {
  std::vector<std::int64_t> of_row(static_cast<std::size_t>(map.rows()), 0),
      of_column(static_cast<std::size_t>(map.columns()), 0);
  for (const auto& [at, weight] : matrix) {
    ++of_row[static_cast<std::size_t>(at.first)];
    ++of_column[static_cast<std::size_t>(at.second)];
  }
  ASSERT_EQ(map.entries(), static_cast<std::int64_t>(matrix.size()));
  ASSERT_EQ(map.longest_row(), *std::max_element(of_row.begin(), of_row.end()));
  ASSERT_EQ(map.longest_column(), *std::max_element(of_column.begin(), of_column.end()));
}

void expect_rows(const ConvolutionMap& map, const Matrix& matrix, Dice& dice) {
  std::vector<char> marked, reading(static_cast<std::size_t>(map.rows()), 0);
  for (std::int64_t c = 0; c < map.columns(); ++c) marked.push_back(dice.chance(0.1) ? 1 : 0);
  std::vector<std::vector<std::int32_t>> columns(static_cast<std::size_t>(map.rows()));
  std::vector<std::vector<double>> values(columns.size());
  for (const auto& [at, weight] : matrix) {  // in order of rows, then columns
    const auto row = static_cast<std::size_t>(at.first);
    if (marked[static_cast<std::size_t>(at.second)] != 0) reading[row] = 1;
    if (weight == 0.0) continue;
    columns[row].push_back(static_cast<std::int32_t>(at.second));
    values[row].push_back(weight);
  }
  std::vector<std::int32_t> index{-7};
  std::vector<double> value{7.0};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    map.row(static_cast<std::int64_t>(i), index, value);
    ASSERT_EQ(index, columns[i]) << "row " << i;
    ASSERT_EQ(value, values[i]) << "row " << i;
  }
  ASSERT_EQ(map.rows_reading(marked), reading);
}

TEST(ConvolutionMap, IsTheMatrixOfItsDefinition) {
  Dice dice(21);
  for (int trial = 0; trial < 400; ++trial) {
    SCOPED_TRACE(trial);
    const std::int64_t axes = dice.whole(1, 3);
    const Case c = random_case(dice, {.axes = axes, .side = axes == 3 ? 4 : 7});
    const ConvolutionMap map = c.map();
    const Matrix matrix = matrix_of(c);
    ASSERT_NO_FATAL_FAILURE(expect_counts(map, matrix));
    ASSERT_NO_FATAL_FAILURE(expect_rows(map, matrix, dice));
    ASSERT_NO_FATAL_FAILURE(expect_products(map, matrix, dice.whole(1, 5), dice));
  }
}

/// Rows longer than a block, more columns than a block is wide, so many channels that they are read
/// in parts, wide groups and narrow ones, one tap, more taps than a block is deep.
TEST(ConvolutionMap, MultipliesInBlocks) {
  Dice dice(22);
  const Taste tastes[] = {{.axes = 1, .side = 1500, .kernel = 3, .channels = 4, .groups = 1},
                          {.axes = 2, .side = 40, .kernel = 3, .channels = 4, .groups = 2},
                          {.axes = 2, .side = 5, .kernel = 3, .channels = 90, .groups = 1},
                          {.axes = 1, .side = 900, .kernel = 700, .channels = 3, .groups = 1},
                          {.axes = 2, .side = 20, .kernel = 1, .channels = 20, .groups = 1},
                          {.axes = 2, .side = 20, .kernel = 3, .channels = 2, .groups = 6}};
  for (const Taste& taste : tastes) {
    for (int trial = 0; trial < 6; ++trial) {
      SCOPED_TRACE(testing::Message() << taste.axes << " " << taste.side << " " << taste.kernel
                                      << " " << taste.channels << " trial " << trial);
      Case c = random_case(dice, taste);
      const double size = static_cast<double>(matrix_of(c).size());
      const auto most = std::max(1, static_cast<int>(std::min(600.0, 1e6 / (size + 1.0))));
      ASSERT_NO_FATAL_FAILURE(expect_products(c.map(), matrix_of(c),
                                              dice.chance(0.3) ? most : dice.whole(1, most), dice));
    }
  }
}

/// The rows of a window, on the columns that it reads.
TEST(ConvolutionMap, RestrictedToAWindow) {
  Dice dice(23);
  for (int trial = 0; trial < 300; ++trial) {
    SCOPED_TRACE(trial);
    const Case c = random_case(dice, {.axes = dice.whole(1, 2), .side = 7, .groups = 3});
    const ConvolutionMap map = c.map();
    const Shape& area = c.direction == Direction::conv ? c.windows.output : c.windows.image;
    const Shape& from = c.direction == Direction::conv ? c.windows.image : c.windows.output;
    const std::int64_t out = map.row_channels() / map.groups();
    OutputWindow window;
    if (dice.chance(0.5)) {
      const int groups = static_cast<int>(map.groups()), first = dice.whole(0, groups - 1);
      window.first_channel = first * out;
      window.channels = dice.whole(1, groups - first) * out;
    } else {
      const int within = dice.whole(0, static_cast<int>(out) - 1);
      window.first_channel = dice.whole(0, static_cast<int>(map.groups()) - 1) * out + within;
      window.channels = dice.whole(1, static_cast<int>(out) - within);
    }
    for (const std::int64_t side : area) {
      window.first.push_back(dice.whole(0, static_cast<int>(side) - 1));
      window.extent.push_back(dice.whole(1, static_cast<int>(side - window.first.back())));
    }
    const ConvolutionMap::Restriction part = map.restricted_to(window);
    /// Numbers of the elements of a window of channels [.., area], in the whole.
    const auto numbers = [](const OutputWindow& of, const Shape& whole) {
      std::vector<std::int64_t> result;
      for (std::int64_t ch = of.first_channel; ch < of.first_channel + of.channels; ++ch) {
        for_all(of.extent, [&](const Coordinates& at, std::int64_t) {
          std::int64_t number = ch;
          for (std::size_t d = 0; d < whole.size(); ++d)
            number = number * whole[d] + of.first[d] + at[d];
          result.push_back(number);
        });
      }
      return result;
    };
    const std::vector<std::int64_t> rows = numbers(window, area),
                                    columns = numbers(part.read, from);
    ASSERT_EQ(part.map.rows(), static_cast<std::int64_t>(rows.size()));
    ASSERT_EQ(part.map.columns(), static_cast<std::int64_t>(columns.size()));
    Matrix expected;
    const Matrix whole = matrix_of(c);
    std::int64_t read = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t j = 0; j < columns.size(); ++j) {
        if (const auto found = whole.find({rows[i], columns[j]}); found != whole.end())
          expected[{static_cast<std::int64_t>(i), static_cast<std::int64_t>(j)}] = found->second;
      }
    }
    for (const auto& [at, weight] : whole)
      read += std::find(rows.begin(), rows.end(), at.first) != rows.end() ? 1 : 0;
    ASSERT_EQ(read, static_cast<std::int64_t>(expected.size())) << "columns outside of the window";
    if (!columns.empty()) {
      ASSERT_NO_FATAL_FAILURE(expect_counts(part.map, expected));
    }
    ASSERT_NO_FATAL_FAILURE(expect_rows(part.map, expected, dice));
    ASSERT_NO_FATAL_FAILURE(expect_products(part.map, expected, dice.whole(1, 3), dice));
  }
}

/// What is not finite spoils the rows that read it, and no others.
TEST(ConvolutionMap, NumbersThatAreNotFiniteStayInTheirRows) {
  Dice dice(24);
  constexpr double kBad[] = {std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN()};
  for (int trial = 0; trial < 200; ++trial) {
    SCOPED_TRACE(trial);
    const Case c = random_case(dice, {.side = 8, .channels = 6});
    const ConvolutionMap map = c.map();
    const Matrix matrix = matrix_of(c);
    const std::int64_t B = dice.whole(1, 3), R = map.rows(), C = map.columns();
    std::vector<double> x = small_integers(dice, C * B), clean(static_cast<std::size_t>(R * B));
    map.apply(x.data(), B, clean.data());
    const std::int64_t b = dice.whole(0, static_cast<int>(B) - 1);
    std::vector<char> bad(static_cast<std::size_t>(C), 0), spoilt(static_cast<std::size_t>(R), 0);
    for (std::int64_t e = 0; e < C; ++e) {
      if (!dice.chance(0.05)) continue;
      bad[static_cast<std::size_t>(e)] = 1;
      x[static_cast<std::size_t>(e * B + b)] = kBad[dice.whole(0, 2)];
    }
    for (const auto& [at, weight] : matrix) {
      if (weight != 0.0 && bad[static_cast<std::size_t>(at.second)] != 0)
        spoilt[static_cast<std::size_t>(at.first)] = 1;
    }
    const std::vector<char> reading = map.rows_reading(bad);
    std::vector<double> y(clean.size());
    map.apply(x.data(), B, y.data());
    for (std::int64_t i = 0; i < R; ++i) {
      for (std::int64_t k = 0; k < B; ++k) {
        const auto at = static_cast<std::size_t>(i * B + k);
        if (k != b || reading[static_cast<std::size_t>(i)] == 0) {
          ASSERT_EQ(y[at], clean[at]) << i;
        } else if (spoilt[static_cast<std::size_t>(i)] != 0) {
          ASSERT_FALSE(std::isfinite(y[at])) << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace clipbound::test
