// The loss of a clause and its derivatives, and which coordinates vary.
#include <gtest/gtest.h>

#include <cmath>

#include "solver/attack/target.h"
#include "tests/solver/attack/funnel.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(AttackTarget, TheLossIsTheSumOfTheViolatedRows) {
  const Query query = parse_vnnlib(
      unit_box(2, {{y_at_most(0, 1.0), y_at_least(1, 3.0)}, {y_at_most(0, 4.0)}, {"(<= X_0 Y_1)"}},
               2)
          .text(),
      "t");
  NetworkBuilder b;
  b.output(b.add("Relu", {b.input("x", {1, 2})}));
  const CandidateJudge judge(std::make_shared<const Network>(b.build()), query);
  const AttackTarget target(query, {0, 1, 2}, judge);
  const Floats x = {0.5F, 0.25F}, y = {5.0F, 1.0F};
  EXPECT_EQ(target.loss(x.data(), y.data(), 0, 0.0F).value, 6.0F);
  EXPECT_EQ(target.loss(x.data(), y.data(), 1, 0.0F).value, 1.0F);
  EXPECT_EQ(target.loss(x.data(), y.data(), -1, 0.0F).clause, 2);
  EXPECT_EQ(target.loss(x.data(), y.data(), 2, 1.0F).value, 0.5F);
  const Floats bad = {NAN, 1.0F};
  EXPECT_EQ(target.loss(x.data(), bad.data(), 0, 0.0F).value, HUGE_VALF);
  Floats cotangent(2), direct(2);
  target.pull(x.data(), y.data(), 0, 0.0F, ViolatedRows::all, cotangent.data(), direct.data());
  EXPECT_EQ(cotangent, (Floats{1.0F, -1.0F}));
  std::fill(cotangent.begin(), cotangent.end(), 0.0F);
  target.pull(x.data(), y.data(), 0, 0.0F, ViolatedRows::worst, cotangent.data(), direct.data());
  EXPECT_EQ(cotangent, (Floats{1.0F, 0.0F}));
  target.pull(x.data(), y.data(), 2, 1.0F, ViolatedRows::worst, cotangent.data(), direct.data());
  EXPECT_EQ(cotangent, (Floats{1.0F, -1.0F}));
  EXPECT_EQ(direct, (Floats{1.0F, 0.0F}));
}

TEST(AttackTarget, MarginsAreUnitsInTheLastPlace) {
  const Query query = parse_vnnlib(unit_box(1, {{y_at_most(0, 1024.0)}}).text(), "t");
  const CandidateJudge judge(funnel({0.5F}), query);
  const AttackTarget target(query, {0}, judge);
  const Floats x = {0.5F}, y = {2.0F};
  const float margin = target.least_margin(x.data(), y.data(), 0);
  EXPECT_GE(margin, 0x1p-13F);  // an ulp of 1024
  EXPECT_LE(margin, 0x1p-10F);
}

}  // namespace
}  // namespace clipbound::test
