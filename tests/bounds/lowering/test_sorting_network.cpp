// The network sorts every list of zeros and ones, hence every list (Knuth, The Art of Computer
// Programming 3, 5.3.4, theorem Z); its stages touch every place once at most.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "bounds/lowering/ops/sorting_network.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(SortingNetwork, SortsEveryListOfZerosAndOnes) {
  for (std::size_t n = 1; n <= 11; ++n) {
    for (std::size_t k = 1; k <= n; ++k) {
      const auto stages = sorting_network(n, k);
      for (std::size_t bits = 0; bits < (std::size_t{1} << n); ++bits) {
        std::vector<int> list(n);
        for (std::size_t i = 0; i < n; ++i) list[i] = static_cast<int>((bits >> i) & 1U);
        std::vector<int> sorted = list;
        std::sort(sorted.rbegin(), sorted.rend());
        for (const auto& stage : stages) {
          for (const Comparison& c : stage) {
            if (list[c.second] > list[c.first]) std::swap(list[c.first], list[c.second]);
          }
        }
        ASSERT_TRUE(
            std::equal(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(k), sorted.begin()))
            << n << " places, the first " << k << ", list " << bits;
      }
    }
  }
}

TEST(SortingNetwork, StagesTouchAPlaceOnce) {
  for (const std::size_t n : {2u, 7u, 16u, 33u}) {
    std::size_t comparisons = 0;
    for (const auto& stage : sorting_network(n, n)) {
      std::set<std::size_t> touched;
      for (const Comparison& c : stage) {
        EXPECT_LT(c.first, c.second);
        EXPECT_LT(c.second, n);
        EXPECT_TRUE(touched.insert(c.first).second && touched.insert(c.second).second);
        ++comparisons;
      }
    }
    EXPECT_GE(comparisons, n - 1);
  }
  EXPECT_TRUE(sorting_network(1, 1).empty());
  std::size_t best_alone = 0;
  for (const auto& stage : sorting_network(16, 1)) best_alone += stage.size();
  EXPECT_EQ(best_alone, 15u) << "the largest of 16 takes 15 comparisons";
}

}  // namespace
}  // namespace clipbound::test
