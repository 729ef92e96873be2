// Networks that have no bounds because a number of theirs is none: an error, never a bound.
#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "bounds/layered/layered_system.h"
#include "bounds/lowering/lower_network.h"
#include "specs/network/network_builder.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Attributes = std::map<std::string, Attribute>;
constexpr double kInfinity = std::numeric_limits<double>::infinity(),
                 kNan = std::numeric_limits<double>::quiet_NaN();

/// What lowering one operator of x [2] and constants says on the box [-1, 1]; "" where it has
/// bounds.
std::string refusal_of(const std::string& op, const Attributes& attributes,
                       const std::vector<Tensor>& constants = {}, int opset = 18) {
  NetworkBuilder b(opset);
  std::vector<ValueId> inputs{b.input("x", {1, 2})};
  for (const Tensor& constant : constants) inputs.push_back(b.constant(constant));
  b.output(b.add(op, inputs, attributes));
  try {
    lower_network(b.build(), std::vector<double>(2, -1.0), std::vector<double>(2, 1.0));
    return "";
  } catch (const InputError& e) {
    return e.what();
  }
}

Tensor number(double x) {
  return Tensor{{}, std::vector<float>{static_cast<float>(x)}};
}

TEST(LoweringRefuses, AttributesThatAreNoNumbers) {
  for (const double bad : {kNan, kInfinity, -kInfinity}) {
    for (const char* op : {"LeakyRelu", "Elu", "Selu", "HardSigmoid"}) {
      EXPECT_NE(refusal_of(op, {{"alpha", bad}}).find("attribute 'alpha' is not a finite number"),
                std::string::npos)
          << op << " " << bad;
      EXPECT_EQ(refusal_of(op, {{"alpha", 0.25}}), "") << op;
    }
    const Tensor weights{{2, 2}, std::vector<float>{1, 2, 3, 4}};
    EXPECT_NE(refusal_of("Gemm", {{"beta", bad}}, {weights}).find("attribute 'beta'"),
              std::string::npos)
        << bad;
  }
}

TEST(LoweringRefuses, LimitsThatAreNoNumbers) {
  // Where a limit is no number, no row holds, but that would be no proof.
  EXPECT_NE(
      refusal_of("Clip", {}, {number(kNan), number(1.0)}).find("a limit that is not a number"),
      std::string::npos);
  EXPECT_NE(
      refusal_of("Clip", {}, {number(-1.0), number(kNan)}).find("a limit that is not a number"),
      std::string::npos);
  EXPECT_NE(refusal_of("Clip", {{"min", kNan}}, {}, 6).find("attribute 'min'"), std::string::npos);
  EXPECT_EQ(refusal_of("Clip", {}, {number(-kInfinity), number(kInfinity)}), "");
  EXPECT_EQ(refusal_of("Clip", {{"min", -kInfinity}, {"max", 0.5}}, {}, 6), "");
}

TEST(LoweringRefuses, WeightsThatAreNoNumbers) {
  for (const double bad : {kNan, kInfinity}) {
    const Tensor weights{{2, 2}, std::vector<float>{1, static_cast<float>(bad), 3, 4}};
    EXPECT_NE(refusal_of("Gemm", {}, {weights}).find("not finite"), std::string::npos);
    EXPECT_NE(refusal_of("Add", {}, {weights}).find("not finite"), std::string::npos);
    EXPECT_NE(refusal_of("Max", {}, {number(bad)}).find("not finite"), std::string::npos);
  }
}

}  // namespace
}  // namespace clipbound::test
