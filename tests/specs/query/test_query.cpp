// The exact judge parts: rows and box at a point.
#include <random>

#include "base/rounding.h"
#include "specs/network/float_grid.h"
#include "tests/specs/vnnlib/helpers.h"

namespace {

using namespace testing_vnnlib;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
using clipbound::base::kInfinity;

bool holds(const std::string& formula, std::vector<double> x, std::vector<double> y) {
  const Query query = parse(
      boxed(static_cast<int>(x.size()), static_cast<int>(y.size()), "(assert " + formula + ")"));
  EXPECT_EQ(query.clauses.size(), 1U) << formula;
  return rows_hold(query.clauses.at(0), x, y);
}

TEST(RowsHold, ThresholdsAreTheDecimalsExactly) {
  const double tenth = 0.1, below = std::nextafter(0.1, 0.0);  // float64 0.1 lies above the decimal
  EXPECT_FALSE(holds("(<= Y_0 0.1)", {0}, {tenth}));
  EXPECT_TRUE(holds("(<= Y_0 0.1)", {0}, {below}));
  EXPECT_TRUE(holds("(>= Y_0 0.1)", {0}, {tenth}));
  EXPECT_FALSE(holds("(>= Y_0 0.1)", {0}, {below}));
  EXPECT_FALSE(holds("(= Y_0 0.1)", {0}, {tenth}));
  EXPECT_TRUE(holds("(= Y_0 0.5)", {0}, {0.5}));
  EXPECT_TRUE(holds("(<= Y_0 0.5)", {0}, {0.5}));
  EXPECT_FALSE(holds("(< Y_0 0.5)", {0}, {0.5}));
  EXPECT_TRUE(holds("(> Y_0 Y_1)", {0}, {0x1p-1074, 0.0}));
  EXPECT_FALSE(holds("(> Y_0 Y_1)", {0}, {1.0, 1.0}));
  EXPECT_TRUE(holds("(>= Y_0 Y_1)", {0}, {1.0, 1.0}));
  // Cancellation that float64 would lose.
  EXPECT_TRUE(holds("(>= (- (+ Y_0 Y_1) Y_2) 1e-30)", {0}, {1e30, 1e-30, 1e30}));
  EXPECT_FALSE(holds("(>= (- (+ Y_0 Y_1) Y_2) 1e-29)", {0}, {1e30, 1e-30, 1e30}));
}

TEST(RowsHold, NothingHoldsForNanAndInfinity) {
  for (const double bad : {kNan, kInfinity, -kInfinity}) {
    for (const char* formula :
         {"(<= Y_0 1)", "(>= Y_0 1)", "(< Y_0 1)", "(> Y_0 1)", "(= Y_0 1)", "(<= Y_0 Y_1)",
          "(>= Y_0 Y_1)", "(<= (+ Y_0 Y_1) 0)", "(>= (* 2 Y_0) Y_1)", "(<= (+ X_0 Y_0) 1)"}) {
      EXPECT_FALSE(holds(formula, {0}, {bad, 0.0})) << formula << bad;
    }
    EXPECT_FALSE(holds("(<= Y_0 Y_1)", {0}, {bad, bad}));
  }
}

TEST(InsideBox, ComparesInTheTypeOfTheInputs) {
  const Query query = parse(declarations(1, 1) + "(assert (= X_0 0.1))(assert (>= Y_0 0))");
  ASSERT_EQ(query.clauses.size(), 1U);
  const auto inside = [&](DataType type, double x) {
    return inside_box(query.clauses[0], type, std::vector<double>{x});
  };
  EXPECT_TRUE(inside(DataType::float32, static_cast<double>(0.1F)));
  EXPECT_FALSE(inside(DataType::float32, static_cast<double>(std::nextafterf(0.1F, 1.0F))));
  EXPECT_FALSE(inside(DataType::float32, static_cast<double>(std::nextafterf(0.1F, 0.0F))));
  EXPECT_FALSE(inside(DataType::float64, static_cast<double>(0.1F)));
  EXPECT_TRUE(inside(DataType::float64, 0.1));
  EXPECT_FALSE(inside(DataType::float64, std::nextafter(0.1, 1.0)));
  EXPECT_FALSE(inside(DataType::float64, std::nextafter(0.1, 0.0)));
  const double half = nearest_in(DataType::float16, 0.1);
  EXPECT_TRUE(inside(DataType::float16, half));
  EXPECT_FALSE(inside(DataType::float16, static_cast<double>(0.1F)));
  EXPECT_FALSE(inside(DataType::float16, next_up_in(DataType::float16, half)));
  for (const DataType type : {DataType::float16, DataType::float32, DataType::float64}) {
    EXPECT_FALSE(inside(type, kNan));
    EXPECT_FALSE(inside(type, kInfinity));
    EXPECT_THROW(inside_box(query.clauses[0], type, std::vector<double>{0.1, 0.1}), ContractError);
  }
  EXPECT_THROW(inside(DataType::int64, 0.1), Unsupported);
}

TEST(InsideBox, InfinityIsNeverInside) {
  const Query query = parse(declarations(1, 1) +
                            "(assert (<= X_0 1e100))(assert (>= X_0 -1e100))(assert (>= Y_0 0))");
  for (const DataType type : {DataType::float32, DataType::float64}) {
    for (const double x : {kInfinity, -kInfinity, kNan})
      EXPECT_FALSE(inside_box(query.clauses.at(0), type, std::vector<double>{x}));
    EXPECT_TRUE(inside_box(query.clauses.at(0), type, std::vector<double>{3e38}));
  }
  EXPECT_FALSE(inside_box(query.clauses[0], DataType::float32, std::vector<double>{1e39}));
  EXPECT_TRUE(inside_box(query.clauses[0], DataType::float64, std::vector<double>{1e100}));
}

TEST(Box, MayBeEmptyForOneTypeOfInputs) {
  // Between the decimals lies no number, but both are rounded to the same float32.
  const Query query =
      parse(declarations(1, 1) + "(assert (>= X_0 0.30000000001))(assert (<= X_0 0.3))");
  ASSERT_EQ(query.clauses.size(), 1U);
  const Box& box = *query.clauses[0].box;
  EXPECT_FALSE(is_empty(box, DataType::float32));
  EXPECT_TRUE(is_empty(box, DataType::float64));
  EXPECT_FALSE(box[0].is_empty());
  EXPECT_TRUE(inside_box(query.clauses[0], DataType::float32,
                         std::vector<double>{static_cast<double>(0.3F)}));
  EXPECT_FALSE(inside_box(query.clauses[0], DataType::float64, std::vector<double>{0.3}));
}

}  // namespace
