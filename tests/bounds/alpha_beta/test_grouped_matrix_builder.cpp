// Grouped matrices against the sum over the entries, where rows share columns and values, and where
// rows and columns are missing.
#include <gtest/gtest.h>
#include <Eigen/SparseCore>

#include <cmath>
#include <random>

#include "base/eigen.h"
#include "bounds/alpha_beta/grouped_matrix_builder.h"
#include "bounds/layered/enclose.h"
#include "bounds/layered/linear_map.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

constexpr std::int32_t kNowhere = -1;

/// A convolution along a line of pixels, `channels` onto `filters`, whose window is cut at both
/// ends: tiles of three kinds.
SparseRows convolution(std::mt19937_64& random, int pixels, int channels, int filters) {
  std::normal_distribution<double> number;
  std::vector<double> kernel(static_cast<std::size_t>(filters * channels * 3));
  for (double& w : kernel) w = number(random);
  SparseRows rows;
  rows.cols = pixels * channels;
  for (int f = 0; f < filters; ++f) {
    for (int p = 0; p < pixels; ++p) {
      for (int c = 0; c < channels; ++c) {
        for (int t = -1; t <= 1; ++t) {
          if (p + t >= 0 && p + t < pixels)
            rows.append(c * pixels + p + t,
                        kernel[static_cast<std::size_t>((f * channels + c) * 3 + t + 1)]);
        }
      }
      rows.end_row();
    }
  }
  return rows;
}

/// Rows of any lengths, some of them empty, some of them equal in their columns or in their values
/// alone.
SparseRows irregular(std::mt19937_64& random, int rows, int cols) {
  SparseRows result;
  result.cols = cols;
  for (int r = 0; r < rows; ++r) {
    const auto kind = random() % 4;
    for (int c = 0; c < cols; ++c) {
      if (kind == 0 ? random() % 3 == 0 : kind == 1 && c % 2 == 0)
        result.append(
            c, kind == 0 ? 1.0 + static_cast<double>(random() % 3) : static_cast<double>(r + c));
      if (kind == 2 && c < 3) result.append(c + static_cast<int>(random() % 2), 0.5);
      if (kind == 2 && c < 3) break;
    }
    result.end_row();
  }
  return result;
}

/// Places for a share of some elements, in a random order, from `first` on.
std::vector<std::int32_t> places_for(std::mt19937_64& random, std::int64_t count,
                                     std::int32_t first, int per_cent) {
  std::vector<std::int32_t> places(static_cast<std::size_t>(count), kNowhere), free;
  for (std::int32_t k = 0; k < count; ++k) free.push_back(first + k);
  std::shuffle(free.begin(), free.end(), random);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (static_cast<int>(random() % 100) < per_cent) places[i] = free[i];
  }
  return places;
}

void accumulate_all(const GroupedMatrix& matrix, const std::vector<Vec>& x, std::vector<Vec>& y,
                    bool in_parts) {
  for (std::int32_t g = 0; g < matrix.groups(); ++g) {
    const GroupedMatrix::Segment whole = matrix.whole(g);
    if (!in_parts) {
      matrix.accumulate(whole, x.data(), y.data());
      continue;
    }
    std::int32_t begin = whole.begin;
    for (const GroupedMatrix::Part& part : matrix.parts(g)) {
      matrix.accumulate({g, begin, part.end}, x.data(), y.data());
      begin = part.end;
    }
    EXPECT_EQ(begin, whole.end);
  }
}

/// The entries of rows and columns that have a place, there: [spare, spare].
Eigen::SparseMatrix<double> matrix_of(const SparseRows& rows,
                                      const std::vector<std::int32_t>& of_rows,
                                      const std::vector<std::int32_t>& columns,
                                      const std::vector<double>& factor, std::int32_t spare) {
  std::vector<Eigen::Triplet<double>> entries;
  for (std::int64_t r = 0; r < rows.rows(); ++r) {
    for (std::size_t j = 0; j < rows.indices(r).size(); ++j) {
      const auto c = static_cast<std::size_t>(rows.indices(r)[j]);
      const std::int32_t to = of_rows[static_cast<std::size_t>(r)], from = columns[c];
      if (to == kNowhere || from == kNowhere) continue;
      entries.emplace_back(to, from, rows.values(r)[j] * (factor.empty() ? 1.0 : factor[c]));
    }
  }
  Eigen::SparseMatrix<double> matrix(spare, spare);
  matrix.setFromTriplets(entries.begin(), entries.end());
  return matrix;
}

/// The first elements as a matrix, [count, kLanes].
auto lanes_of(const std::vector<Vec>& x, std::int32_t count) {
  return Eigen::Map<const RowMajorMatrix<double>>(reinterpret_cast<const double*>(x.data()), count,
                                                  kLanes);
}

void check(std::mt19937_64& random, const SparseRows& rows, int per_cent, bool factors,
           bool in_parts) {
  const auto spare = static_cast<std::int32_t>(rows.cols + rows.rows());
  const std::vector<std::int32_t> columns = places_for(random, rows.cols, 0, per_cent),
                                  of_rows =
                                      places_for(random, rows.rows(),
                                                 static_cast<std::int32_t>(rows.cols), per_cent);
  std::vector<double> factor;
  for (std::int64_t c = 0; factors && c < rows.cols; ++c)
    factor.push_back(random() % 2 == 0 ? 1.0 : 4.0);
  const GroupedMatrixBuilder builder(rows, of_rows, columns, factor, spare);
  std::vector<Vec> x(static_cast<std::size_t>(spare) + 1), forward(x.size()), backward(x.size());
  for (Vec& v : x) {
    for (int lane = 0; lane < kLanes; ++lane) v[lane] = static_cast<double>(random() % 64) - 32.0;
  }
  const Eigen::SparseMatrix<double> entries = matrix_of(rows, of_rows, columns, factor, spare);
  const auto lanes = lanes_of(x, spare);
  accumulate_all(builder.forward(spare), x, forward, in_parts);
  accumulate_all(builder.backward(spare), x, backward, in_parts);
  const double worst_forward = (lanes_of(forward, spare) - entries * lanes)
                                   .cwiseAbs()
                                   .maxCoeff<Eigen::PropagateNaN>(),
               worst_backward = (lanes_of(backward, spare) - entries.transpose() * lanes)
                                    .cwiseAbs()
                                    .maxCoeff<Eigen::PropagateNaN>();
  ASSERT_LE(worst_forward, 1e-9);
  ASSERT_LE(worst_backward, 1e-9);
}

TEST(GroupedMatrixBuilder, MakesTheSumsOfTheEntries) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 60; ++trial) {
    const SparseRows conv =
        convolution(random, 2 + static_cast<int>(random() % 7), 1 + static_cast<int>(random() % 11),
                    1 + static_cast<int>(random() % 19));
    const SparseRows other =
        irregular(random, 1 + static_cast<int>(random() % 40), 6 + static_cast<int>(random() % 20));
    for (const int per_cent : {100, 60, 10}) {
      check(random, conv, per_cent, trial % 3 == 0, trial % 2 == 0);
      check(random, other, per_cent, trial % 3 == 0, trial % 2 == 0);
    }
  }
}

TEST(GroupedMatrixBuilder, GroupsReadOnlyWhatLives) {
  std::mt19937_64 random(2);
  const SparseRows rows = convolution(random, 9, 6, 20);
  const auto spare = static_cast<std::int32_t>(rows.cols + rows.rows());
  const std::vector<std::int32_t> columns = places_for(random, rows.cols, 0, 50),
                                  of_rows = places_for(random, rows.rows(),
                                                       static_cast<std::int32_t>(rows.cols), 50);
  const GroupedMatrixBuilder builder(rows, of_rows, columns, {}, spare);
  for (const GroupedMatrix& matrix : {builder.forward(spare), builder.backward(spare)}) {
    for (std::int32_t g = 0; g < matrix.groups(); ++g) {
      for (const GroupedMatrix::Ref& ref : matrix.refs(g)) {
        const auto& places = ref.column < rows.cols ? columns : of_rows;
        EXPECT_NE(std::find(places.begin(), places.end(), ref.column), places.end());
      }
    }
  }
}

TEST(SparseRows, ShareListsAndKeepRows) {
  std::mt19937_64 random(3);
  SparseRows rows;
  rows.cols = 50;
  std::vector<std::vector<std::int32_t>> index;
  std::vector<std::vector<double>> value;
  for (int r = 0; r < 500; ++r) {
    index.emplace_back();
    value.emplace_back();
    const bool old = r > 0 && random() % 2 == 0;
    if (old) index.back() = index[random() % static_cast<std::size_t>(r)];
    for (std::int32_t c = 0; !old && c < 50; ++c) {
      if (random() % 8 == 0) index.back().push_back(c);
    }
    for (std::size_t j = 0; j < index.back().size(); ++j)
      value.back().push_back(static_cast<double>(random() % 2) - 0.5);
    if (random() % 4 == 0) {
      rows.append(7, 7.0);
      rows.drop_row();
    }
    rows.append(index.back(), value.back());
    rows.end_row();
  }
  std::int64_t entries = 0;
  for (std::int64_t r = 0; r < rows.rows(); ++r) {
    const auto i = static_cast<std::size_t>(r);
    entries += static_cast<std::int64_t>(index[i].size());
    EXPECT_TRUE(std::equal(index[i].begin(), index[i].end(), rows.indices(r).begin(),
                           rows.indices(r).end()));
    EXPECT_TRUE(
        std::equal(value[i].begin(), value[i].end(), rows.values(r).begin(), rows.values(r).end()));
    for (std::size_t k = 0; k < i; ++k) {
      if (index[k].empty() || index[k].size() != index[i].size()) continue;
      const auto s = static_cast<std::int64_t>(k);
      EXPECT_EQ(index[k] == index[i], rows.list_of_indices(s) == rows.list_of_indices(r));
      EXPECT_EQ(value[k] == value[i], rows.list_of_values(s) == rows.list_of_values(r));
    }
  }
  EXPECT_EQ(rows.entries(), entries);
  EXPECT_LT(static_cast<std::int64_t>(rows.all_indices().size()), entries);
}

TEST(Enclose, LeavesOutWhatIsNotAskedFor) {
  std::mt19937_64 random(4);
  AffineForm form = AffineForm::of_constant(std::vector<double>(40, 0.25));
  form.terms.emplace(kInputSource, irregular(random, 40, 19));
  const std::map<int, IntervalVector> sources{
      {kInputSource, {std::vector<double>(19, -1.0), std::vector<double>(19, 2.0)}}};
  std::vector<char> which;
  for (int i = 0; i < 40; ++i) which.push_back(static_cast<char>(random() % 2));
  std::vector<double> sizes, some_sizes;
  const IntervalVector all = enclose(form, sources, &sizes),
                       some = enclose(form, sources, &some_sizes, &which);
  for (std::size_t i = 0; i < which.size(); ++i) {
    double lower = 0.25, upper = 0.25;
    for (const double w : form.terms.at(kInputSource).values(static_cast<std::int64_t>(i))) {
      lower += std::min(-w, 2.0 * w);
      upper += std::max(-w, 2.0 * w);
    }
    EXPECT_LE(all.lower[i], lower);
    EXPECT_GE(all.upper[i], upper);
    EXPECT_NEAR(all.lower[i], lower, 1e-9);
    EXPECT_NEAR(all.upper[i], upper, 1e-9);
    EXPECT_EQ(some.lower[i],
              which[i] != 0 ? all.lower[i] : -std::numeric_limits<double>::infinity());
    EXPECT_EQ(some.upper[i],
              which[i] != 0 ? all.upper[i] : std::numeric_limits<double>::infinity());
    if (which[i] != 0) {
      EXPECT_EQ(some_sizes[i], sizes[i]);
    }
  }
}

/// Copies, products that are rounded, and sums in one column: whichever way linear_map() takes,
/// nothing is lost.
TEST(LinearMap, WaysAgree) {
  std::mt19937_64 random(5);
  const AffineForm plain = AffineForm::of_source(0, 12, 0, 12);
  AffineForm scaled = plain;
  scaled.terms.clear();
  SparseRows rows;
  rows.cols = 12;
  for (std::int32_t i = 0; i < 12; ++i) {
    rows.append(i, 1.0 / 3.0);
    rows.end_row();
  }
  scaled.terms.emplace(0, std::move(rows));
  const SourceMagnitudes magnitudes{{0, std::vector<double>(12, 5.0)}};
  for (int trial = 0; trial < 200; ++trial) {
    const bool copies = random() % 2 == 0, ascending = random() % 2 == 0;
    std::vector<WeightedTerm> terms;
    std::vector<double> expected(12, 0.0);
    for (std::int64_t e = 0; e < 12; ++e) {
      const std::int64_t element = ascending ? e : static_cast<std::int64_t>(random() % 12);
      const double weight = static_cast<double>(random() % 7) / 8.0;
      if (random() % 3 == 0) continue;
      terms.push_back({0, element, weight});
      expected[static_cast<std::size_t>(element)] += copies ? weight : weight / 3.0;
    }
    const AffineForm result =
        linear_map({copies ? &plain : &scaled}, {0, static_cast<std::int64_t>(terms.size())}, terms,
                   {0.0}, magnitudes);
    std::vector<double> found(12, 0.0);
    if (result.terms.contains(0)) {
      const SparseRows& row = result.terms.at(0).written();
      for (std::size_t j = 0; j < row.indices(0).size(); ++j)
        found[static_cast<std::size_t>(row.indices(0)[j])] = row.values(0)[j];
    }
    for (std::size_t c = 0; c < 12; ++c) EXPECT_NEAR(found[c], expected[c], 1e-14);
    if (copies && ascending) {
      EXPECT_EQ(result.radius[0], 0.0) << "nothing was rounded";
    }
    // Powers of two round nothing; the others here do.
    const bool some = std::any_of(terms.begin(), terms.end(), [](const WeightedTerm& t) {
      int exponent = 0;
      return t.weight != 0.0 && std::frexp(t.weight, &exponent) != 0.5;
    });
    if (!copies && some) {
      EXPECT_GT(result.radius[0], 0.0) << "products were rounded";
    }
    if (!copies && ascending && !some) {
      EXPECT_EQ(result.radius[0], 0.0) << "nothing was rounded";
    }
  }
}

}  // namespace
}  // namespace clipbound::test
