// Networks built in memory.
#include <gtest/gtest.h>

#include "base/error.h"
#include "specs/network/network_builder.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(Builder, RefusesAndStaysUsable) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  EXPECT_THROW(b.add("Unique", {x}), Unsupported);
  EXPECT_THROW(b.add("Einsum", {x}), InputError) << "it has no equation";
  EXPECT_THROW(b.add("MatMul", {x, b.constant({3, 1}, {1, 2, 3})}), InputError);
  EXPECT_THROW(b.add("Relu", {}), InputError);
  EXPECT_THROW(b.add("Relu", {ValueId{55}}), InputError);
  EXPECT_THROW(b.constant({2}, {1}), InputError);
  EXPECT_THROW(b.input("z", {0}), InputError);
  b.output(b.add("Relu", {x}));
  EXPECT_EQ(b.build().nodes.size(), 1u);
  EXPECT_THROW(b.build(), InputError) << "it is empty now";
}

TEST(Builder, SplitsIntoSeveralOutputs) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 4});
  const auto parts = b.add("Split", {x, b.integers({1, 3})}, {{"axis", std::int64_t{1}}}, 2);
  b.output(parts[1]);
  b.output(parts[0]);
  EXPECT_EQ(b.build().value(parts[1]).shape, (Shape{1, 3}));
}

}  // namespace
}  // namespace clipbound::test
