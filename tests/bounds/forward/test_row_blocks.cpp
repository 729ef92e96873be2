// Sparse rows times columns of Vec, and transposed: every shape of a block against sums written
// out.
#include <gtest/gtest.h>

#include <random>

#include "bounds/forward/row_blocks.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// Whole numbers, so that any order of summation gives the same.
struct Dice {
  std::mt19937_64 random{7};
  double whole() { return static_cast<double>(std::uniform_int_distribution<int>(-9, 9)(random)); }
  std::vector<Vec> vectors(std::size_t count) {
    std::vector<Vec> result(count);
    for (Vec& v : result) {
      for (int lane = 0; lane < kLanes; ++lane) v[lane] = whole();
    }
    return result;
  }
};

/// Rows that read all elements, none, every second one in turn, or a few of their own.
SparseRows make_rows(Dice& dice, std::int64_t count, int cols, int kind) {
  SparseRows rows;
  rows.cols = cols;
  for (std::int64_t r = 0; r < count; ++r) {
    for (int c = 0; c < cols; ++c) {
      const bool reads =
          kind == 0 || (kind == 1 && (r + c) % 2 == 0) || (kind == 2 && dice.whole() > 0.0);
      if (reads) rows.append(c, dice.whole());
    }
    rows.end_row();
  }
  return rows;
}

bool same(const std::vector<Vec>& a, const std::vector<Vec>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!all(a[i] == b[i])) return false;
  }
  return a.size() == b.size();
}

TEST(LaneRows, EveryBlockAndItsTransposed) {
  Dice dice;
  for (const int kind : {0, 1, 2, 3}) {
    for (const std::int64_t count : {1, 2, 3, 4, 5, 7, 8, 19}) {
      for (std::size_t columns = 1; columns <= 14; ++columns) {
        constexpr int kCols = 11;
        AffineForm form =
            AffineForm::of_constant(std::vector<double>(static_cast<std::size_t>(count), 0.0));
        form.terms.emplace(0, make_rows(dice, count, kCols, kind));
        const SparseRows& rows = form.terms.at(0).written();
        const std::vector<Vec> from = dice.vectors(kCols * columns),
                               back = dice.vectors(static_cast<std::size_t>(count) * columns);
        std::vector<Vec> to(kCols * columns), expected_to = to;
        std::int64_t next = 0;
        for (const RowBlock& block : row_blocks(form)) {
          ASSERT_EQ(block.first, next);
          next += block.count;
          for (const RowWeights weights : {RowWeights::coefficients, RowWeights::magnitudes}) {
            std::vector<Vec> sums = dice.vectors(kBlockRows * columns), expected = sums;
            for (int r = 0; r < block.count; ++r) {
              const auto index = rows.indices(block.first + r);
              const auto value = rows.values(block.first + r);
              for (std::size_t j = 0; j < index.size(); ++j) {
                for (std::size_t c = 0; c < columns; ++c) {
                  const double weight =
                      weights == RowWeights::magnitudes ? std::fabs(value[j]) : value[j];
                  expected[static_cast<std::size_t>(r) * columns + c] +=
                      weight * from[static_cast<std::size_t>(index[j]) * columns + c];
                }
              }
            }
            accumulate_rows(rows, block, weights, from.data(), columns, sums.data());
            ASSERT_TRUE(same(sums, expected)) << kind << " " << count << " " << columns;
          }
          const Vec* part = back.data() + static_cast<std::size_t>(block.first) * columns;
          scatter_rows(rows, block, part, columns, to.data());
          for (int r = 0; r < block.count; ++r) {
            const auto index = rows.indices(block.first + r);
            const auto value = rows.values(block.first + r);
            for (std::size_t j = 0; j < index.size(); ++j) {
              for (std::size_t c = 0; c < columns; ++c) {
                expected_to[static_cast<std::size_t>(index[j]) * columns + c] +=
                    value[j] * part[static_cast<std::size_t>(r) * columns + c];
              }
            }
          }
        }
        ASSERT_EQ(next, count);
        ASSERT_TRUE(same(to, expected_to)) << kind << " " << count << " " << columns;
      }
    }
  }
}

}  // namespace
}  // namespace clipbound::test
