// The matrix
//   [ 1 2 . ]
//   [ . . . ]
//   [ 1 2 . ]
//   [ 3 . 4 ]
// holds two different lists of columns and two of values.
#include "bounds/layered/sparse_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

void append(SparseRows& rows, const std::vector<std::int32_t>& columns,
            const std::vector<double>& values) {
  rows.append(columns, values);
  rows.end_row();
}
SparseRows small() {
  SparseRows rows;
  rows.cols = 3;
  append(rows, {0, 1}, {1.0, 2.0});
  rows.end_row();
  append(rows, {0, 1}, {1.0, 2.0});
  append(rows, {0, 2}, {3.0, 4.0});
  return rows;
}

TEST(SparseRows, GivesBackWhatWasAppended) {
  const SparseRows rows = small();
  ASSERT_EQ(rows.rows(), 4);
  EXPECT_EQ(rows.entries(), 6);
  EXPECT_DOUBLE_EQ(rows.density(), 0.5);
  EXPECT_TRUE(rows.indices(1).empty());
  EXPECT_EQ(std::vector<double>(rows.values(3).begin(), rows.values(3).end()),
            (std::vector<double>{3.0, 4.0}));
  EXPECT_EQ(rows.indices(3)[1], 2);
}

TEST(SparseRows, SharesEqualLists) {
  const SparseRows rows = small();
  EXPECT_EQ(rows.list_of_indices(0), rows.list_of_indices(2));
  EXPECT_EQ(rows.list_of_values(0), rows.list_of_values(2));
  EXPECT_NE(rows.list_of_indices(0), rows.list_of_indices(3));
  EXPECT_EQ(rows.all_indices().size(), 4U) << "two lists of two columns";
}

/// Of long lists parts alone are hashed: lists that differ elsewhere are still different ones.
TEST(SparseRows, TellsLongListsApart) {
  constexpr int kLength = 3001;
  SparseRows rows;
  rows.cols = kLength + 40;
  std::vector<std::int32_t> columns(kLength);
  for (int j = 0; j < kLength; ++j) columns[static_cast<std::size_t>(j)] = j;
  std::vector<double> values(kLength, 1.5);
  for (int r = 0; r < 40; ++r) {
    std::vector<double> other = values;
    other[static_cast<std::size_t>(75 * r + 1)] = 2.5 + r;
    append(rows, columns, other);
    append(rows, columns, values);
    append(rows, columns, other);
  }
  EXPECT_EQ(rows.all_indices().size(), static_cast<std::size_t>(kLength));
  for (int r = 0; r < 40; ++r) {
    EXPECT_EQ(rows.values(3 * r)[static_cast<std::size_t>(75 * r + 1)], 2.5 + r);
    EXPECT_EQ(rows.list_of_values(3 * r), rows.list_of_values(3 * r + 2));
    EXPECT_EQ(rows.list_of_values(3 * r + 1), rows.list_of_values(1));
    EXPECT_EQ(rows.values(3 * r + 1)[static_cast<std::size_t>(75 * r + 1)], 1.5);
  }
}

TEST(SparseRows, TakesBackARowThatHasNotEnded) {
  SparseRows rows = small();
  rows.append(2, 9.0);
  rows.drop_row();
  append(rows, {1}, {-1.0});
  ASSERT_EQ(rows.rows(), 5);
  EXPECT_EQ(rows.indices(4)[0], 1);
  EXPECT_EQ(rows.entries(), 7);
}

TEST(SparseRows, KnowsUnitMatrices) {
  SparseRows rows;
  rows.cols = 2;
  append(rows, {0, 1}, {1.0, -1.0});
  EXPECT_TRUE(rows.is_unit());
  append(rows, {0}, {0.5});
  EXPECT_FALSE(rows.is_unit());
}

TEST(SparseRows, HoldsManyRowsOfFewKinds) {
  std::mt19937 random(3);
  SparseRows rows;
  rows.cols = 8;
  std::vector<std::vector<std::int32_t>> columns;
  std::vector<std::vector<double>> values;
  for (int r = 0; r < 2000; ++r) {
    columns.emplace_back();
    values.emplace_back();
    for (std::int32_t c = 0; c < 8; ++c) {
      if (random() % 3 != 0) continue;
      columns.back().push_back(c);
      values.back().push_back(static_cast<double>(random() % 2) + 1.0);
    }
    append(rows, columns.back(), values.back());
  }
  for (std::int64_t r = 0; r < rows.rows(); ++r) {
    const auto i = static_cast<std::size_t>(r);
    ASSERT_TRUE(std::ranges::equal(rows.indices(r), columns[i])) << r;
    ASSERT_TRUE(std::ranges::equal(rows.values(r), values[i])) << r;
  }
  EXPECT_LE(rows.all_indices().size(), 8U * 256U) << "at most 2^8 lists";
}

}  // namespace
}  // namespace clipbound::test
