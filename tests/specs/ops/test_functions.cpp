// Elementary functions: values from tables, enclosures of wide arguments, jumps.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "specs/evaluate/evaluate.h"
#include "specs/network/network_builder.h"
#include "specs/ops/enclosed_functions.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

struct Known {
  const char* op;
  double x, y;
  std::map<std::string, Attribute> attributes = {};
};

TEST(Functions, TabulatedValues) {
  const Known table[] = {
      {"Sigmoid", 1.0, 0.73105857863000487925},
      {"Sigmoid", -40.0, 4.2483542552915889953e-18},
      {"Sigmoid", 800.0, 1.0},
      {"Tanh", 0.5, 0.46211715726000975850},
      {"Softplus", 1.0, 1.3132616875182228340},
      {"Softplus", -40.0, 4.2483542552915889863e-18},
      {"Softplus", 1000.0, 1000.0},
      {"Softsign", -3.0, -0.75},
      {"Erf", 0.5, 0.52049987781304653768},
      {"Exp", 1.0, 2.7182818284590452354},
      {"Log", 2.0, 0.69314718055994530942},
      {"Sqrt", 2.0, 1.4142135623730950488},
      {"Reciprocal", -4.0, -0.25},
      {"Sin", 1.0, 0.84147098480789650665},
      {"Cos", 1.0, 0.54030230586813971740},
      {"Tan", 1.0, 1.5574077246549022305},
      {"Atan", 2.0, 1.1071487177940905030},
      {"Asinh", 1.0, 0.88137358701954302523},
      {"Asinh", 1e-10, 9.9999999999999999999833e-11},
      {"Asinh", -1e200, -461.21016577936908211},
      {"Asin", 0.5, 0.52359877559829887308},
      {"Asin", -1.0, -1.5707963267948966192},
      {"Acos", 0.5, 1.0471975511965977462},
      {"Acos", -0.75, 2.4188584057763776273},
      {"Sinh", 1.0, 1.1752011936438014569},
      {"Sinh", -20.0, -242582597.70489513795},
      {"Cosh", 1.0, 1.5430806348152437785},
      {"Cosh", -20.0, 242582597.70489514002},
      {"Acosh", 2.0, 1.3169578969248167086},
      {"Acosh", 1e200, 461.21016577936908208},
      {"Atanh", 0.5, 0.54930614433405484570},
      {"Atanh", 1e-10, 1.0000000000000000364e-10},
      {"Elu", -1.0, -0.63212055882855767840},
      {"Selu", -1.0, -1.1113307412864783067},
      {"Gelu", 1.0, 0.84134474606854294859},
      {"Gelu", 1.0, 0.84119199060827676, {{"approximate", std::string("tanh")}}},
      {"HardSwish", 1.0, 2.0 / 3.0},
      {"HardSigmoid", 1.0, 0.5 + static_cast<double>(0.2f)},
      {"LeakyRelu", -2.0, -2.0 * static_cast<double>(0.01f)},
      {"Round", -2.5, -2.0},
      {"Sign", 0.0, 0.0},
  };
  for (const Known& known : table) {
    NetworkBuilder b(20);
    b.output(b.add(known.op, {b.input("x", {1}, DataType::float64)}, known.attributes));
    const auto network = std::make_shared<const Network>(b.build());
    std::vector<double> y(1);
    Evaluator<double>(network).forward(std::vector<double>{known.x}, y);
    EXPECT_NEAR(y[0], known.y, 1e-14 * std::fabs(known.y)) << known.op << " at " << known.x;
    const auto enclosed = evaluate_enclosed(*network, std::vector<double>{known.x});
    EXPECT_LE(std::fabs(enclosed.value[0] - known.y),
              enclosed.error[0] + 2e-16 * std::fabs(known.y))
        << known.op;
  }
}

/// |exact f(t) - value| <= error for t anywhere in x, the exact function by long double (64-bit
/// mantissas).
template <class F, class Exact>
void expect_encloses(const char* name, double low, double high, const F& f, const Exact& exact) {
  std::mt19937 generator(9);
  std::uniform_real_distribution<double> place(low, high), exponent(-50.0, 1.0), inside(-1.0, 1.0);
  for (int round = 0; round < 4000; ++round) {
    const double v = place(generator), e = round % 4 == 0 ? 0.0 : std::exp2(exponent(generator));
    const Enclosed y = f(Enclosed(v, e));
    if (std::isinf(y.error)) continue;
    for (const double t :
         {-0.99, 0.99, 0.0, 0.99 * inside(generator)}) {  // long double rounds v + t * e, too
      const long double argument =
          static_cast<long double>(v) + static_cast<long double>(t) * static_cast<long double>(e);
      const long double truth = exact(argument);
      if (std::isnan(truth)) continue;  // outside the domain
      const long double distance = std::fabs(truth - static_cast<long double>(y.value));
      ASSERT_LE(distance, static_cast<long double>(y.error) + 1e-18L * std::fabs(truth))
          << name << " at " << v << " +- " << e << ", " << t;
    }
    if (e == 0.0 && std::isfinite(y.value)) {
      ASSERT_LE(y.error, 1e-13 * std::fabs(y.value) + 1e-300) << name << " at " << v;
    }
  }
}

using Long = long double;

TEST(Functions, EnclosuresHoldTheFunctionOnAllOfTheArgument) {
  expect_encloses(
      "exp", -20, 20, [](Enclosed x) { return exp(x); }, [](Long t) { return std::exp(t); });
  expect_encloses(
      "exp", -745, -700, [](Enclosed x) { return exp(x); }, [](Long t) { return std::exp(t); });
  expect_encloses(
      "log", 1e-3, 20, [](Enclosed x) { return log(x); }, [](Long t) { return std::log(t); });
  expect_encloses(
      "sqrt", 0, 20, [](Enclosed x) { return sqrt(x); }, [](Long t) { return std::sqrt(t); });
  expect_encloses(
      "sin", -20, 20, [](Enclosed x) { return sin(x); }, [](Long t) { return std::sin(t); });
  expect_encloses(
      "cos", -20, 20, [](Enclosed x) { return cos(x); }, [](Long t) { return std::cos(t); });
  expect_encloses(
      "tanh", -5, 5, [](Enclosed x) { return tanh(x); }, [](Long t) { return std::tanh(t); });
  expect_encloses(
      "atan", -5, 5, [](Enclosed x) { return atan(x); }, [](Long t) { return std::atan(t); });
  expect_encloses(
      "erf", -4, 4, [](Enclosed x) { return erf(x); }, [](Long t) { return std::erf(t); });
  expect_encloses(
      "abs", -2, 2, [](Enclosed x) { return abs(x); }, [](Long t) { return std::fabs(t); });
  const auto floor = [](double t) { return std::floor(t); };
  expect_encloses(
      "floor", -5, 5, [&](Enclosed x) { return step_function(x, floor); },
      [](Long t) { return std::floor(t); });
}

TEST(Functions, EnclosuresOfTwo) {
  EXPECT_EQ(maximum(Enclosed(3.0, 0.5), Enclosed(1.0, 0.5)).error, 0.5);
  const Enclosed larger = maximum(Enclosed(3.0, 0.5), Enclosed(1.0, 9.0));
  EXPECT_LE(lower_end(larger), 2.5);
  EXPECT_GE(upper_end(larger), 10.0);
  EXPECT_LE(larger.error, 9.0);
  EXPECT_EQ(minimum(Enclosed(3.0, 0.5), Enclosed(1.0, 0.25)).value, 1.0);
  const Enclosed either = hull(Enclosed(1.0, 0.5), Enclosed(4.0, 1.0));
  EXPECT_LE(lower_end(either), 0.5);
  EXPECT_GE(upper_end(either), 5.0);
  EXPECT_LE(either.error, 4.0 + 1e-12);
}

/// Of what may be no number nothing is said, also where the other one is known.
TEST(Functions, EnclosuresOfNoNumbers) {
  const double infinity = std::numeric_limits<double>::infinity(),
               nan = std::numeric_limits<double>::quiet_NaN();
  for (const Enclosed nothing : {Enclosed(nan, infinity), Enclosed(infinity, infinity),
                                 Enclosed(0.0, infinity), Enclosed(-infinity, infinity)}) {
    for (const Enclosed known : {Enclosed(0.0), Enclosed(-1.0, 0.5), Enclosed(2.0, 1e-3)}) {
      for (const Enclosed result :
           {maximum(known, nothing), maximum(nothing, known), minimum(known, nothing),
            minimum(nothing, known), hull(known, nothing), hull(nothing, known)})
        EXPECT_EQ(result.error, infinity);
    }
  }
}

/// Wide intervals lie as they are, not around one of their numbers.
TEST(Functions, EnclosuresReachAsFarAsTheyMust) {
  const Enclosed larger = maximum(Enclosed(0.5), Enclosed(0.0, 1.0)),
                 either = hull(Enclosed(0.0), Enclosed(1.0, 0.25));
  EXPECT_LE(lower_end(larger), 0.5);
  EXPECT_NEAR(lower_end(larger), 0.5, 1e-12);
  EXPECT_NEAR(upper_end(larger), 1.0, 1e-12);
  EXPECT_LE(lower_end(either), 0.0);
  EXPECT_NEAR(lower_end(either), 0.0, 1e-12);
  EXPECT_GE(upper_end(either), 1.25);
  EXPECT_NEAR(upper_end(either), 1.25, 1e-12);
}

TEST(Functions, EnclosuresKnowTheirDomain) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(log(Enclosed(1.0, 1.0)).error, infinity);
  EXPECT_EQ(sqrt(Enclosed(1.0, 2.0)).error, infinity);
  EXPECT_EQ(exp(Enclosed(710.0)).error, infinity) << "overflows";
  EXPECT_EQ(sin(Enclosed(infinity)).error, infinity);
  EXPECT_EQ((sin(Enclosed(1.5707963)) / cos(Enclosed(1.5707963, 1e-6))).error, infinity)
      << "a pole of tan";
  EXPECT_EQ(exp(Enclosed(std::numeric_limits<double>::quiet_NaN(), infinity)).error, infinity);
}

/// A value known to +-1e-3 before a jump at 0.
EnclosedOutputs after_blur(const std::string& op, double x,
                           std::map<std::string, Attribute> attributes = {}) {
  NetworkBuilder b;
  const ValueId shift = b.constant(Shape{}, {0x1p43f});
  const ValueId t = b.add("Sub", {b.add("Add", {b.input("x", {1}), shift}), shift});
  b.output(b.add(op, {t}, std::move(attributes)));
  return evaluate_enclosed(b.build(), std::vector<double>{x});
}

TEST(Functions, EnclosuresCoverBothSidesOfAJump) {
  const double near = 1e-5;
  EXPECT_GE(after_blur("Sign", near).error[0], 1.0);
  EXPECT_EQ(after_blur("Sign", 0.5).error[0], 0.0);
  EXPECT_GE(after_blur("Floor", 1.0 - near).error[0], 1.0);
  EXPECT_GE(after_blur("Round", 0.5 + near).error[0], 1.0);
  const EnclosedOutputs jump = after_blur("ThresholdedRelu", 1.0 + near);
  EXPECT_LE(jump.value[0] - jump.error[0], 0.0);
  EXPECT_GE(jump.value[0] + jump.error[0], 1.0);
  EXPECT_EQ(after_blur("Cast", near, {{"to", std::int64_t{7}}}).error[0], 0.0) << "0 on both sides";
  EXPECT_EQ(after_blur("Cast", near, {{"to", std::int64_t{9}}}).error[0], 1.0);
}

}  // namespace
}  // namespace clipbound::test
