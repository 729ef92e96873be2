// Boxes narrowed by rows over inputs: no point that satisfies the rows is lost, boxes without such
// a point are empty, rows that say nothing change nothing.
#include <gtest/gtest.h>

#include "specs/simplify/input_rows.h"
#include "specs/vnnlib/vnnlib.h"
#include "tests/support/floors.h"
#include "tests/support/random_network.h"

namespace clipbound::test {
namespace {

std::string declared(int inputs) {
  std::string text;
  for (int i = 0; i < inputs; ++i) text += "(declare-const X_" + std::to_string(i) + " Real)\n";
  text += "(declare-const Y_0 Real)\n";
  for (int i = 0; i < inputs; ++i) {
    const std::string x = "X_" + std::to_string(i);
    text += "(assert (>= " + x + " -1))(assert (<= " + x + " 1))\n";
  }
  return text;
}
Query query_of(int inputs, const std::string& asserts) {
  return specs::parse_vnnlib(declared(inputs) + asserts, "q");
}
bool is_refuted(int inputs, const std::string& asserts) {
  const auto narrowed = specs::narrow_boxes(query_of(inputs, asserts), specs::DataType::float32);
  return narrowed && specs::is_empty(*narrowed->clauses.at(0).box, specs::DataType::float32) &&
         specs::is_empty(*narrowed->clauses.at(0).box, specs::DataType::float64);
}

TEST(InputRows, NoPointIsLost) {
  Dice dice(1);
  int kept = 0;
  for (int round = 0; round < 300; ++round) {
    std::string asserts;
    for (int r = 0; r < 3; ++r) {
      asserts += "(assert (<= (+";
      for (int i = 0; i < 3; ++i)
        asserts += " (* " + std::to_string(dice.uniform(-2, 2)) + " X_" + std::to_string(i) + ")";
      asserts += ") " + std::to_string(dice.uniform(-1.5, 1.0)) + "))\n";
    }
    const Query query = query_of(3, asserts);
    const auto narrowed = specs::narrow_boxes(query, specs::DataType::float32);
    if (!narrowed) continue;
    for (int s = 0; s < 200; ++s) {
      // Ends and corners as often as what is between.
      std::vector<double> x(3);
      for (double& v : x) {
        v = static_cast<float>(dice.uniform(-1, 1));
        if (s % 3 == 0 && dice.uniform(0, 1) < 0.5) v = v < 0 ? -1.0 : 1.0;
      }
      if (!rows_hold(query.clauses[0], x, std::vector<double>{0.0})) continue;
      ++kept;
      EXPECT_TRUE(inside_box(narrowed->clauses[0], specs::DataType::float32, x)) << asserts;
      for (std::size_t i = 0; i < 3; ++i) {
        const specs::Ends proof = (*narrowed->clauses[0].box)[i].proof_in(specs::DataType::float32);
        EXPECT_TRUE(proof.lower <= x[i] && x[i] <= proof.upper) << asserts;
      }
    }
  }
  EXPECT_GT(kept, 1000);
}

TEST(InputRows, SidesBecomeShorter) {
  const Query query = query_of(2, "(assert (<= (+ X_0 X_1) -1.5))\n");
  const auto narrowed = specs::narrow_boxes(query, specs::DataType::float32);
  ASSERT_TRUE(narrowed.has_value());
  for (const specs::InputInterval& interval : *narrowed->clauses[0].box) {
    EXPECT_EQ(interval.hull.lower, -1.0);
    EXPECT_EQ(interval.hull.upper, -0.5);
    EXPECT_EQ(interval.rounded32.upper, -0.5);
  }
}

TEST(InputRows, EmptySetsAreRefuted) {
  EXPECT_TRUE(is_refuted(2, "(assert (<= (+ X_0 X_1) -2.5))\n"));
  EXPECT_TRUE(is_refuted(2, "(assert (< (+ X_0 X_1) -2.0))\n"));
  EXPECT_FALSE(is_refuted(2, "(assert (<= (+ X_0 X_1) -2.0))\n"));
  // No row by itself says so.
  EXPECT_TRUE(is_refuted(3,
                         "(assert (<= (+ X_0 X_1) 0.5))(assert (<= (- X_2 X_1) -0.25))"
                         "(assert (>= (+ X_0 X_2) 0.5))\n"));
  EXPECT_FALSE(is_refuted(3,
                          "(assert (<= (+ X_0 X_1) 0.5))(assert (<= (- X_2 X_1) -0.25))"
                          "(assert (>= (+ X_0 X_2) 0.25))\n"));
}

TEST(InputRows, WhatSaysNothingChangesNothing) {
  EXPECT_FALSE(specs::narrow_boxes(query_of(2, "(assert (<= Y_0 0))"), specs::DataType::float32));
  EXPECT_FALSE(
      specs::narrow_boxes(query_of(2, "(assert (<= (+ X_0 X_1) 2))"), specs::DataType::float32));
}

/// Clauses on one box keep sharing it where their input rows are alike.
TEST(InputRows, BoxesStayShared) {
  const auto narrowed = specs::narrow_boxes(
      query_of(2, "(assert (<= (+ X_0 X_1) -1))(assert (or (<= Y_0 0) (>= Y_0 1)))"),
      specs::DataType::float32);
  ASSERT_TRUE(narrowed.has_value());
  ASSERT_EQ(narrowed->clauses.size(), 2U);
  EXPECT_EQ(narrowed->clauses[0].box, narrowed->clauses[1].box);
}

}  // namespace
}  // namespace clipbound::test
