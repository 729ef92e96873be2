// A structured map is the matrix of its rows: products with it, its rows one at a time, and all of
// them written, for random convolutions some of whose rows were picked and into whose image only
// some elements of the source were put.
#include "bounds/layered/structured_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/rounding.h"
#include "bounds/layered/affine_form.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"
#include "tests/support/random_windows.h"

namespace clipbound::test {
namespace {

ConvolutionMap random_convolution(Dice& dice) {
  using Direction = ConvolutionMap::Direction;
  const specs::WindowShape w = random_windows(dice, 6);
  const std::int64_t groups = dice.whole(1, 2), c = dice.whole(1, 3), m = dice.whole(1, 3);
  std::vector<double> weights(
      static_cast<std::size_t>(groups * m * c * specs::element_count(w.kernel)));
  for (double& x : weights) x = dice.chance(0.2) ? 0.0 : static_cast<float>(dice.normal());
  const auto numbers = [&]() -> ConvolutionMap::Weights {
    if (dice.chance(0.5))
      return std::make_shared<const std::vector<float>>(weights.begin(), weights.end());
    return std::make_shared<const std::vector<double>>(weights);
  };
  return {dice.chance(0.5) ? Direction::conv : Direction::conv_transpose,
          std::move(w),
          {groups * c, groups * m, groups},
          numbers()};
}

/// A source whose elements are some of the image's, and some that stand nowhere.
std::vector<std::int32_t> random_places(Dice& dice, std::int64_t image) {
  std::vector<std::int32_t> places;
  for (std::int32_t e = 0; e < image; ++e) {
    while (dice.chance(0.2)) places.push_back(-1);
    if (dice.chance(0.7)) places.push_back(e);
  }
  if (places.empty()) places.push_back(-1);
  return places;
}

std::shared_ptr<const StructuredMap> random_map(Dice& dice) {
  const ConvolutionMap convolution = random_convolution(dice);
  auto map = dice.chance(0.5) ? std::make_shared<const StructuredMap>(convolution)
                              : std::make_shared<const StructuredMap>(
                                    convolution, random_places(dice, convolution.columns()));
  for (int times = dice.whole(0, 2); times > 0; --times) {
    std::vector<std::int32_t> picks;
    for (int i = dice.whole(1, 12); i > 0; --i)
      picks.push_back(dice.chance(0.2) ? -1 : dice.whole(0, static_cast<int>(map->rows()) - 1));
    map = map->picked(picks);
  }
  return map;
}

/// [rows, cols] of the written rows.
std::vector<double> matrix_of(const SparseRows& rows) {
  std::vector<double> matrix(static_cast<std::size_t>(rows.rows() * rows.cols), 0.0);
  for (std::int64_t r = 0; r < rows.rows(); ++r) {
    for (std::size_t j = 0; j < rows.indices(r).size(); ++j)
      matrix[static_cast<std::size_t>(r * rows.cols + rows.indices(r)[j])] = rows.values(r)[j];
  }
  return matrix;
}

std::vector<double> random_numbers(Dice& dice, std::int64_t count) {
  std::vector<double> numbers(static_cast<std::size_t>(count));
  for (double& x : numbers) x = dice.chance(0.2) ? 0.0 : dice.normal();
  return numbers;
}

TEST(StructuredMap, WritesTheRowsThatItGivesOneByOne) {
  Dice dice(1);
  for (int trial = 0; trial < 300; ++trial) {
    const auto map = random_map(dice);
    const SparseRows& rows = map->written();
    ASSERT_EQ(rows.rows(), map->rows());
    ASSERT_EQ(rows.cols, map->cols());
    std::vector<std::int32_t> columns;
    std::vector<double> values;
    for (std::int64_t r = 0; r < rows.rows(); ++r) {
      map->row(r, columns, values);
      const auto index = rows.indices(r);
      ASSERT_TRUE(std::is_sorted(index.begin(), index.end()));
      std::vector<std::int32_t> not_zero;
      std::vector<double> theirs;
      for (std::size_t j = 0; j < index.size(); ++j) {
        if (rows.values(r)[j] == 0.0) continue;
        not_zero.push_back(index[j]);
        theirs.push_back(rows.values(r)[j]);
      }
      ASSERT_EQ(not_zero, columns) << "row " << r;
      ASSERT_EQ(theirs, values) << "row " << r;
    }
  }
}

TEST(StructuredMap, ProductsAreThoseOfTheWrittenRows) {
  Dice dice(2);
  for (int trial = 0; trial < 200; ++trial) {
    const auto map = random_map(dice);
    const std::vector<double> matrix = matrix_of(map->written());
    const std::int64_t R = map->rows(), C = map->cols(), B = dice.whole(1, 3);
    const std::vector<double> x = random_numbers(dice, C * B), r = random_numbers(dice, B * R);
    std::vector<double> y = random_numbers(dice, R * B), sizes(y.size()),
                        back = random_numbers(dice, B * C);
    const std::vector<double> y_before = y, back_before = back;
    map->apply(x.data(), B, y.data(), true);
    std::vector<double> magnitudes(x.size());
    std::transform(x.begin(), x.end(), magnitudes.begin(), [](double v) { return std::fabs(v); });
    map->apply_magnitudes(magnitudes.data(), B, sizes.data());
    map->add_transposed(r.data(), B, back.data());
    for (std::int64_t i = 0; i < R; ++i) {
      for (std::int64_t b = 0; b < B; ++b) {
        double sum = y_before[static_cast<std::size_t>(i * B + b)], size = 0.0;
        for (std::int64_t c = 0; c < C; ++c) {
          const double term =
              matrix[static_cast<std::size_t>(i * C + c)] * x[static_cast<std::size_t>(c * B + b)];
          sum += term;
          size += std::fabs(term);
        }
        ASSERT_NEAR(y[static_cast<std::size_t>(i * B + b)], sum, 1e-13 * (1.0 + size));
        ASSERT_NEAR(sizes[static_cast<std::size_t>(i * B + b)], size, 1e-13 * (1.0 + size));
      }
    }
    for (std::int64_t b = 0; b < B; ++b) {
      for (std::int64_t c = 0; c < C; ++c) {
        double sum = back_before[static_cast<std::size_t>(b * C + c)];
        for (std::int64_t i = 0; i < R; ++i)
          sum +=
              r[static_cast<std::size_t>(b * R + i)] * matrix[static_cast<std::size_t>(i * C + c)];
        ASSERT_NEAR(back[static_cast<std::size_t>(b * C + c)], sum, 1e-12);
      }
    }
  }
}

/// Which rows and columns meet: as the written rows say it, zeros included.
TEST(StructuredMap, KnowsWhatItsRowsRead) {
  Dice dice(3);
  for (int trial = 0; trial < 300; ++trial) {
    const auto map = random_map(dice);
    const SparseRows& rows = map->written();
    std::vector<char> marked, read(static_cast<std::size_t>(map->cols()), 0), expected(read);
    const std::vector<char> varies = map->rows_with_entries();
    for (std::int64_t r = 0; r < rows.rows(); ++r) {
      ASSERT_EQ(varies[static_cast<std::size_t>(r)] != 0, !rows.indices(r).empty());
      marked.push_back(dice.chance(0.3) ? 1 : 0);
      for (const std::int32_t c : rows.indices(r)) {
        if (marked.back() != 0) expected[static_cast<std::size_t>(c)] = 1;
      }
    }
    map->mark_read(marked, read);
    ASSERT_EQ(read, expected);
    const std::vector<double> ones(static_cast<std::size_t>(map->cols()), 1.0);
    const std::vector<double> sizes = map->sizes(ones);
    for (std::int64_t r = 0; r < rows.rows(); ++r) {
      Rational sum = 0;
      for (const double v : rows.values(r)) sum += Rational(std::fabs(v));
      ASSERT_TRUE(Rational(sizes[static_cast<std::size_t>(r)]) >= sum);
    }
  }
}

/// What is alike is stored once: lists of columns by position, of values by channel and border.
TEST(StructuredMap, WritesWhatIsAlikeOnce) {
  constexpr std::int64_t kSide = 12, kChannels = 5;
  specs::WindowShape w{{kSide, kSide}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {kSide, kSide}};
  std::vector<double> weights(static_cast<std::size_t>(kChannels * 2 * 9));
  std::iota(weights.begin(), weights.end(), 1.0);
  const StructuredMap map(ConvolutionMap(ConvolutionMap::Direction::conv, w, {2, kChannels, 1},
                                         std::make_shared<const std::vector<double>>(weights)));
  std::set<std::int64_t> columns, values;
  const SparseRows& rows = map.written();
  for (std::int64_t r = 0; r < rows.rows(); ++r) {
    columns.insert(rows.list_of_indices(r));
    values.insert(rows.list_of_values(r));
  }
  EXPECT_EQ(columns.size(), static_cast<std::size_t>(kSide * kSide));
  EXPECT_EQ(values.size(), static_cast<std::size_t>(9 * kChannels)) << "nine kinds of border";
}

/// Eight of nine pixels of such an image are constants; a list of one of the others is none.
TEST(StructuredMap, AFewPicksOfAThinMapStayInTheForm) {
  constexpr std::int64_t kSide = 4, kStride = 3, kImage = kStride * (kSide - 1) + 1;
  const specs::WindowShape w{{kImage, kImage}, {1, 1}, {kStride, kStride}, {1, 1},
                             {0, 0},           {0, 0}, {kSide, kSide}};
  AffineForm form =
      AffineForm::of_constant(std::vector<double>(static_cast<std::size_t>(kImage * kImage), 0.0));
  form.terms.emplace(0, Coefficients(std::make_shared<const StructuredMap>(
                            ConvolutionMap(ConvolutionMap::Direction::conv_transpose, w, {1, 1, 1},
                                           std::make_shared<const std::vector<double>>(1, 2.0)))));
  const AffineForm one = gather({&form}, {Pick{0, 0}}), none = gather({&form}, {Pick{-1, 0}});
  ASSERT_TRUE(one.terms.contains(0));
  EXPECT_EQ(one.terms.at(0).values(0)[0], 2.0);
  EXPECT_FALSE(none.terms.contains(0));
}

/// Once, and what was scaled again: by numbers, or by signs.
TEST(StructuredMap, ScalesChannelByChannel) {
  Dice dice(4);
  for (int trial = 0; trial < 150; ++trial) {
    auto map = random_map(dice);
    const auto random_factor = [&] {
      const bool signs = dice.chance(0.3);
      std::vector<double> factor;
      for (std::int64_t ch = 0; ch < map->convolution().row_channels(); ++ch)
        factor.push_back(signs ? (dice.chance(0.5) ? 1.0 : -1.0) : dice.normal());
      return factor;
    };
    for (int times = dice.whole(0, 2); times > 0; --times) map = map->scaled(random_factor());
    const std::vector<double> factor = random_factor();
    const auto scaled = map->scaled(factor);
    for (std::int64_t r = 0; r < map->rows(); ++r) {
      const std::int64_t row = map->has_all_rows() ? r : map->picks()[static_cast<std::size_t>(r)];
      for (std::size_t j = 0; j < map->written().values(r).size(); ++j) {
        ASSERT_EQ(scaled->written().values(r)[j],
                  map->written().values(r)[j] *
                      factor[static_cast<std::size_t>(row / map->convolution().row_area())]);
      }
    }
  }
}

}  // namespace
}  // namespace clipbound::test
