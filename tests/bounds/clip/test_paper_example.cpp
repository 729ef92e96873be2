// The two-neuron example of the Clip-and-Verify paper, with every number checked against its exact
// value, and a case that only complete clipping proves.
#include <gtest/gtest.h>

#include "bounds/clip/relaxed_clipping.h"
#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"

namespace clipbound::test {
namespace {

constexpr double kClose = 4e-12;  // outward rounding, times a multiplier of 5 in complete clipping

/// The bound lies on the sound side of the exact value, and close to it.
void expect_lower(double bound, const Rational& exact, const char* what) {
  EXPECT_LE(Rational(bound), exact) << what;
  EXPECT_NEAR(bound, exact.get_d(), kClose) << what;
}
void expect_upper(double bound, const Rational& exact, const char* what) {
  EXPECT_GE(Rational(bound), exact) << what;
  EXPECT_NEAR(bound, exact.get_d(), kClose) << what;
}

/// y = relu(z1) - relu(z2), z = [[1, -7], [5, -1]] x + [6, -7], unsafe where y <= -0.1.
Lowered paper_example() {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  const ValueId z = b.add("Gemm", {x, b.constant({2, 2}, {1, -7, 5, -1}), b.constant({2}, {6, -7})},
                          {{"transB", std::int64_t{1}}});
  b.output(b.add("MatMul", {b.add("Relu", {z}), b.constant({2, 1}, {1, -1})}));
  Clause clause;
  clause.rows.push_back(output_row({1}, Rational(-1, 10)));
  return {std::make_shared<const Network>(b.build()), {-1, -2}, {2, 1}, clause};
}

/// Row 0 says y + 0.1.
Rational row(const Rational& y) {
  return y + Rational(1, 10);
}

TEST(PaperExample, RootBounds) {
  const Lowered example = paper_example();
  const IntervalVector& z = example.bounds.layers.at(0);
  expect_lower(z.lower[0], -2, "z1");
  expect_upper(z.upper[0], 22, "z1");
  expect_lower(z.lower[1], -13, "z2");
  expect_upper(z.upper[1], 5, "z2");
  expect_lower(example.row_bounds().at(0), row(Rational(-19, 6)), "y");
  Batch lanes = example.lanes();
  lanes.bound({});
  expect_lower(lanes.lower[0][0], row(Rational(-19, 6)), "y in a lane");
  // relu(z1) >= z1 and -relu(z2) >= -5/18 (z2 + 13): y >= -7/18 x1 - 121/18 x2 + 78/18.
  expect_lower(lanes.linear_bound[0][0] + lanes.linear_bound[1][0] + lanes.linear_bound[2][0],
               row(Rational(-7 - 121 + 78, 18)), "the plane at (1, 1)");
  EXPECT_NEAR(lanes.linear_bound[0][0], -7.0 / 18, kClose);
  EXPECT_NEAR(lanes.linear_bound[1][0], -121.0 / 18, kClose);
  EXPECT_FALSE(any(lanes.refuted));
}

/// z1 <= 0 as g x + h <= 0.
void set_half(std::vector<Vec>& halfspace) {
  halfspace[0] = broadcast(1), halfspace[1] = broadcast(-7), halfspace[2] = broadcast(6);
}

TEST(PaperExample, RelaxedClippingRefutesTheHalf) {
  const Lowered example = paper_example();
  Batch lanes = example.lanes();
  std::vector<Vec> halfspace(3);
  set_half(halfspace);
  EXPECT_FALSE(
      any(clip_boxes(2, lanes.lower_x.data(), lanes.upper_x.data(), 1, halfspace.data(), 1)));
  expect_lower(lanes.lower_x[0][0], -1, "x1");
  expect_upper(lanes.upper_x[0][0], 1, "x1");
  expect_lower(lanes.lower_x[1][0], Rational(5, 7), "x2");
  expect_upper(lanes.upper_x[1][0], 1, "x2");
  lanes.upper_z[0] = Vec{};  // the half is z1 <= 0; the box alone only says z1 <= 2
  lanes.bound({});
  expect_upper(lanes.upper_z[1][0], Rational(-19, 7), "z2");
  EXPECT_TRUE(all(lanes.refuted));
  expect_lower(lanes.lower[0][0], row(0), "y");
}

TEST(PaperExample, CompleteClippingRefutesTheHalf) {
  const Lowered example = paper_example();
  Batch lanes = example.lanes(1);
  set_half(lanes.halfspaces);
  lanes.bound({});
  expect_upper(lanes.upper_z[0][0], 0, "z1");
  expect_upper(lanes.upper_z[1][0], -3, "z2");
  EXPECT_TRUE(all(lanes.refuted));
  expect_lower(lanes.lower[0][0], row(0), "y");
}

// -- ours: z1 = x1 - x2, z2 = x2 - x1, y = 1 - relu(z1) - relu(z2) on [-1, 1]^2, unsafe y <= 0.9.
// -------------------------- The two half-spaces  x1 - x2 <= 0.05  and  x2 - x1 <= 0.05  leave a
// diagonal band: it reaches every side of the box, so relaxed clipping cuts nothing, while on it
// both neurons are at most 0.05 and y >= 0.9 or so.

Lowered diagonal_band() {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  const ValueId z = b.add("MatMul", {x, b.constant({2, 2}, {1, -1, -1, 1})});
  const ValueId sum = b.add("MatMul", {b.add("Relu", {z}), b.constant({2, 1}, {-1, -1})});
  b.output(b.add("Add", {sum, b.constant({1}, {1})}));
  Clause clause;
  clause.rows.push_back(output_row({1}, Rational(9, 10)));
  return {std::make_shared<const Network>(b.build()), {-1, -1}, {1, 1}, clause};
}

TEST(CompleteClipping, ProvesWhatRelaxedClippingCannot) {
  const Lowered example = diagonal_band();
  Batch lanes = example.lanes(2);
  const double band[2][3] = {{1, -1, -0.03125}, {-1, 1, -0.03125}};
  for (std::size_t k = 0; k < 2; ++k) {
    for (std::size_t i = 0; i < 3; ++i) lanes.halfspaces[k * 3 + i] = broadcast(band[k][i]);
  }
  for (int sweep = 0; sweep < 5; ++sweep) {
    EXPECT_FALSE(any(
        clip_boxes(2, lanes.lower_x.data(), lanes.upper_x.data(), 2, lanes.halfspaces.data(), 1)));
  }
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(lanes.lower_x[i][0], -1.0);
    EXPECT_EQ(lanes.upper_x[i][0], 1.0);
  }
  Clipping relaxed;
  relaxed.complete = false;
  lanes.bound(relaxed);
  EXPECT_FALSE(any(lanes.refuted));
  lanes.bound({});
  for (std::size_t v = 0; v < 2; ++v)
    expect_upper(lanes.upper_z[v][0], Rational(1, 32), "a neuron on the band");
  EXPECT_TRUE(all(lanes.refuted));
}

}  // namespace
}  // namespace clipbound::test
