// Boxes that fix factors of products: grouped by those factors' values, and nothing lost by it.
#include <gtest/gtest.h>

#include "bounds/lowering/lower_network.h"
#include "solver/box_families.h"
#include "specs/network/network_builder.h"
#include "specs/simplify/simplify.h"
#include "specs/vnnlib/vnnlib.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"

namespace clipbound::test {
namespace {

/// Two rows of two numbers each and a mask: the mean of relu(row) over the rows that are there; a
/// label goes by without being multiplied.
std::shared_ptr<const Network> masked_mean() {
  NetworkBuilder b;
  const ValueId in = b.input("X", {7});
  const auto part = [&](std::int64_t from, std::int64_t to) {
    return b.add("Slice", {in, b.integers({from}), b.integers({to}), b.integers({0})});
  };
  const ValueId rows = b.add("Reshape", {part(0, 4), b.integers({2, 2})}),
                mask = b.add("Reshape", {part(4, 6), b.integers({2, 1})});
  const ValueId kept = b.add("Mul", {b.add("Relu", {rows}), mask});
  const ValueId sum = b.add("ReduceSum", {kept, b.integers({0})}, {{"keepdims", std::int64_t{0}}});
  const ValueId count =
      b.add("ReduceSum", {part(4, 6), b.integers({0})}, {{"keepdims", std::int64_t{1}}});
  b.output(b.add("Add", {b.add("Div", {sum, count}), part(6, 7)}));
  return std::make_shared<const Network>(b.build());
}

struct Case {
  double m0, m1, label;
  std::string row;
};

/// One clause per case: numbers in [-1, 1], mask and label fixed.
std::string text_of(const std::vector<Case>& cases) {
  std::string text;
  for (int i = 0; i < 7; ++i) text += "(declare-const X_" + std::to_string(i) + " Real)\n";
  text += "(declare-const Y_0 Real)\n(declare-const Y_1 Real)\n(assert (or\n";
  for (const Case& c : cases) {
    text += "(and";
    for (int i = 0; i < 4; ++i)
      text += " (>= X_" + std::to_string(i) + " -1) (<= X_" + std::to_string(i) + " 1)";
    const double fixed[] = {c.m0, c.m1, c.label};
    for (int i = 0; i < 3; ++i) {
      const std::string x = "X_" + std::to_string(4 + i) + " " + decimal(fixed[i]);
      text += " (>= " + x + ") (<= " + x + ")";
    }
    text += " " + c.row + ")\n";
  }
  return text + "))\n";
}

BoxFamily whole(const Query& query) {
  return family_of(group_by_box(query, DataType::float32),
                   static_cast<std::size_t>(query.input_size));
}

std::vector<BoxFamily> families_of(const std::vector<Case>& cases) {
  const Query query = parse_vnnlib(text_of(cases), "test.vnnlib");
  const BoxFamily all = whole(query);
  const LayeredSystem system =
      lower_network(*simplify(masked_mean()).network, all.lower, all.upper);
  return split_by_factors(all, system);
}

TEST(BoxFamilies, SplitByTheMaskAlone) {
  // Four masks, of which two share a family; labels differ everywhere and do not count.
  const std::string row = "(>= Y_0 9)";
  const std::vector<BoxFamily> families =
      families_of({{1, 0, 0.5, row}, {0, 1, 0.25, row}, {1, 0, 0.75, row}, {1, 1, 1, row}});
  ASSERT_EQ(families.size(), 3U);
  EXPECT_EQ(families[0].groups.size(), 2U);
  EXPECT_EQ(families[0].lower[4], 1.0);
  EXPECT_EQ(families[0].upper[4], 1.0);
  EXPECT_EQ(families[0].lower[6], 0.5);
  EXPECT_EQ(families[0].upper[6], 0.75);
  std::vector<std::size_t> clauses;
  for (const BoxFamily& family : families) {
    for (const BoxGroup& group : family.groups)
      clauses.insert(clauses.end(), group.clauses.begin(), group.clauses.end());
  }
  std::sort(clauses.begin(), clauses.end());
  EXPECT_EQ(clauses, (std::vector<std::size_t>{0, 1, 2, 3}));
}

TEST(BoxFamilies, OneWhereNothingDiffers) {
  const std::string row = "(>= Y_0 9)";
  EXPECT_EQ(families_of({{1, 1, 0.5, row}, {1, 1, 0.25, row}}).size(), 1U);
  // 0.3 is no float32: the box has the width of its rounding, and is fixed all the same.
  EXPECT_EQ(families_of({{0.3, 1, 0.5, row}, {0.3, 1, 0.25, row}}).size(), 1U);
  EXPECT_EQ(families_of({{0.3, 1, 0.5, row}, {0.7, 1, 0.25, row}}).size(), 2U);
}

/// With mask (1, 0) the mean of Y_0 is relu(X_0) <= 1; a family must not be judged by another's
/// mask.
TEST(BoxFamilies, EveryClauseIsAsked) {
  const std::vector<Case> impossible = {{1, 0, 0.5, "(>= Y_0 1.51)"},
                                        {0, 1, 0.25, "(>= Y_0 1.26)"},
                                        {0.5, 0.5, 0.75, "(>= Y_0 1.76)"},
                                        {1, 1, 1, "(>= Y_1 2.01)"}};
  for (const int threads : {1, 2}) {
    const Way way{.threads = threads, .seconds = 120.0};
    EXPECT_EQ(name_of(solve_text(masked_mean(), text_of(impossible), way).verdict), "unsat");
    for (std::size_t k = 0; k < impossible.size(); ++k) {
      std::vector<Case> cases = impossible;
      cases[k].row = "(>= Y_0 " + decimal(cases[k].label + 0.99) + ")";
      const SolveResult result = solve_text(masked_mean(), text_of(cases), way);
      ASSERT_EQ(name_of(result.verdict), "sat") << "clause " << k;
      EXPECT_EQ(result.input[4], static_cast<float>(cases[k].m0));
    }
  }
}

}  // namespace
}  // namespace clipbound::test
