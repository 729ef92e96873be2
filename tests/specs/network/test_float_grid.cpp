// The numbers of floating-point types: all of float16, those of the others by their bits.
#include "specs/network/float_grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"
#include "specs/network/half.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// All finite float16 numbers, ascending.
std::vector<double> all_halves() {
  std::vector<double> numbers;
  for (int bits = 0; bits < 1 << 16; ++bits) {
    const double x = from_float16_bits(static_cast<std::uint16_t>(bits));
    if (std::isfinite(x) && !(x == 0.0 && std::signbit(x))) numbers.push_back(x);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

TEST(FloatGrid, Float16IsAllOfItsNumbers) {
  const std::vector<double> numbers = all_halves();
  ASSERT_EQ(numbers.size(), 63487U);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    ASSERT_TRUE(is_number_of(DataType::float16, numbers[i]));
    if (i + 1 == numbers.size()) continue;
    const double x = numbers[i], next = numbers[i + 1], middle = 0.5 * (x + next);
    ASSERT_EQ(next_up_in(DataType::float16, x), next) << x;
    ASSERT_EQ(next_down_in(DataType::float16, next), x) << x;
    ASSERT_FALSE(is_number_of(DataType::float16, middle));
    ASSERT_EQ(nearest_in(DataType::float16, std::nextafter(middle, -HUGE_VAL)), x);
    ASSERT_EQ(nearest_in(DataType::float16, std::nextafter(middle, HUGE_VAL)), next);
    const double even = nearest_in(DataType::float16, middle);
    ASSERT_EQ(even, nearest_half(Half::float16, static_cast<float>(middle)));
    ASSERT_TRUE(even == x || even == next);
  }
}

TEST(FloatGrid, Float16Ends) {
  const auto nearest = [](double x) { return nearest_in(DataType::float16, x); };
  EXPECT_EQ(nearest(65519.999), 65504.0);
  EXPECT_EQ(nearest(65520.0), HUGE_VAL);
  EXPECT_EQ(nearest(-1e300), -HUGE_VAL);
  EXPECT_TRUE(std::isnan(nearest(NAN)));
  EXPECT_EQ(nearest(0x1p-25), 0.0);
  EXPECT_EQ(nearest(std::nextafter(0x1p-25, 1.0)), 0x1p-24);
  EXPECT_EQ(next_up_in(DataType::float16, 65504.0), HUGE_VAL);
  EXPECT_EQ(next_up_in(DataType::float16, -HUGE_VAL), -65504.0);
}

TEST(FloatGrid, OtherTypes) {
  EXPECT_EQ(nearest_in(DataType::float32, 0.1), static_cast<double>(0.1F));
  EXPECT_EQ(nearest_in(DataType::float64, 0.1), 0.1);
  EXPECT_EQ(next_up_in(DataType::float32, 1.0), 1.0 + 0x1p-23);
  EXPECT_EQ(next_down_in(DataType::float32, 1.0), 1.0 - 0x1p-24);
  EXPECT_EQ(next_up_in(DataType::float64, 1.0), 1.0 + 0x1p-52);
  EXPECT_FALSE(is_number_of(DataType::float32, 0.1));
  EXPECT_TRUE(is_number_of(DataType::float64, 0.1));
  for (const DataType type : {DataType::float16, DataType::float32, DataType::float64}) {
    EXPECT_FALSE(is_number_of(type, HUGE_VAL));
    EXPECT_FALSE(is_number_of(type, NAN));
  }
  for (const DataType type : {DataType::int64, DataType::boolean}) {
    EXPECT_THROW(nearest_in(type, 1.0), Unsupported);
    EXPECT_THROW(next_up_in(type, 1.0), Unsupported);
  }
}

}  // namespace
}  // namespace clipbound::test
