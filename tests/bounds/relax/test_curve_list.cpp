// The table of curves: names lead back to their curves, kinds say what engines assume, and every
// curve is tried by the tests of this folder.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "bounds/relax/activation.h"
#include "tests/bounds/relax/intervals.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

constexpr Curve kCurves[] = {
#define CLIPBOUND_CURVE(id, name, kind, verbs) Curve::id,
#include "bounds/relax/curve_list.def"
};

TEST(CurveList, NamesLeadBackToTheirCurves) {
  std::set<std::string> names;
  for (const Curve curve : kCurves) {
    EXPECT_EQ(curve_named(name_of(curve)), curve);
    EXPECT_TRUE(names.insert(name_of(curve)).second) << name_of(curve) << " twice";
  }
  EXPECT_EQ(curve_named("no curve"), std::nullopt);
}

TEST(CurveList, EveryCurveIsTried) {
  const std::vector<reference::Case> cases = reference::cases();
  for (const Curve curve : kCurves) {
    EXPECT_TRUE(std::any_of(cases.begin(), cases.end(),
                            [&](const auto& c) { return c.activation.curve == curve; }))
        << name_of(curve) << " has no row in tests/bounds/relax/intervals.cpp";
  }
}

/// What has jumps has slope 0 everywhere, and nothing else has.
TEST(CurveList, KindsAreWhatTheCurvesAre) {
  for (const Curve curve : kCurves) {
    bool flat = true;
    for (const double z : {0.3, 0.7, 1.3}) flat = flat && slope_of({curve, 3.0}, z) == 0.0;
    EXPECT_EQ(has_jumps(curve), flat) << name_of(curve);
    EXPECT_FALSE(has_jumps(curve) && is_smooth(curve)) << name_of(curve);
  }
  EXPECT_TRUE(is_second_factor(kSecondFactor));
  EXPECT_FALSE(is_second_factor({Curve::product}));
  EXPECT_TRUE(is_unbounded_identity({Curve::identity}));
  EXPECT_FALSE(is_unbounded_identity(kBoundedIdentity));
}

}  // namespace
}  // namespace clipbound::test
