// Shapes and constant tensors.
#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"
#include "specs/network/tensor.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(Shapes, CountAndText) {
  EXPECT_EQ(element_count({}), 1);
  EXPECT_EQ(element_count({2, 0, 3}), 0);
  EXPECT_EQ(to_string(Shape{1, 3, 32}), "[1,3,32]");
  EXPECT_EQ(to_string(Shape{}), "[]");
  EXPECT_THROW(element_count({-1}), InputError);
  EXPECT_THROW(element_count({std::int64_t{1} << 40, std::int64_t{1} << 40}), InputError);
}

TEST(Tensors, ReadInEveryType) {
  const Tensor t{{2}, std::vector<std::int64_t>{3, -4}};
  EXPECT_EQ(t.type(), DataType::int64);
  EXPECT_EQ(t.at(1), -4.0);
  EXPECT_EQ(t.as_float64(), (std::vector<double>{3, -4}));
  EXPECT_THROW((Tensor{{1}, std::vector<float>{1}}.as_int64()), InputError);
}

TEST(Tensors, NameTheirTypes) {
  EXPECT_STREQ(name_of(Tensor{{1}, std::vector<float>{1}}.type()), "float32");
  EXPECT_STREQ(name_of(Tensor{{1}, std::vector<double>{1}}.type()), "float64");
  EXPECT_STREQ(name_of(Tensor{{1}, std::vector<std::int64_t>{1}}.type()), "int64");
  const Tensor truth{{2}, std::vector<std::uint8_t>{1, 0}};
  EXPECT_STREQ(name_of(truth.type()), "boolean");
  EXPECT_EQ(truth.as_int64(), (std::vector<std::int64_t>{1, 0}));
}

}  // namespace
}  // namespace clipbound::test
