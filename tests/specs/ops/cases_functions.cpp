// Functions of one and of two numbers.
#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

namespace clipbound::test {

namespace {

using Change = std::function<void(onnx::NodeProto&)>;

const Change kPlain = [](onnx::NodeProto&) {};

/// A function of x - 2.75, which has both signs and no kink nearby; of x^2 + 1/2, which is
/// positive; of 0.9 tanh(x), between -1 and 1; of x^2 + 5/4.
enum class Domain { all, positive, unit, above_one };

void write_argument(OnnxWriter& w, Domain domain) {
  w.input("x", {2, 3});
  if (domain == Domain::unit) {
    w.floats("part", {}, {0.9f});
    w.node("Tanh", {"x"}, {"share"});
    w.node("Mul", {"share", "part"}, {"t"});
    return;
  }
  w.floats("shift", {},
           {domain == Domain::all        ? 2.75f
            : domain == Domain::positive ? -0.5f
                                         : -1.25f});
  if (domain != Domain::all) w.node("Mul", {"x", "x"}, {"square"});
  w.node("Sub", {domain == Domain::all ? "x" : "square", "shift"}, {"t"});
}

void add_one(std::vector<OperatorCase>& cases, const std::string& name, const std::string& op,
             int opset = 13, Domain domain = Domain::all, const Change& change = kPlain,
             std::vector<float> expected = {}) {
  cases.push_back({name,
                   [=](OnnxWriter& w) {
                     write_argument(w, domain);
                     change(w.node(op, {"t"}, {"y"}));
                   },
                   opset, std::move(expected)});
}

Change with_float(const std::string& key, float value) {
  return [=](onnx::NodeProto& n) { set_float(n, key, value); };
}

void add_smooth(std::vector<OperatorCase>& cases) {
  for (const std::string op : {"Sigmoid", "Tanh", "Softplus", "Softsign", "Erf", "Exp", "Sin",
                               "Cos", "Atan", "Asinh", "Sinh", "Cosh", "Elu", "Selu"})
    add_one(cases, op, op);
  for (const std::string op : {"Asin", "Acos", "Atanh"}) add_one(cases, op, op, 13, Domain::unit);
  add_one(cases, "Acosh", "Acosh", 13, Domain::above_one);
  add_one(cases, "Tan", "Tan", 13, Domain::positive);
  add_one(cases, "Log", "Log", 13, Domain::positive);
  add_one(cases, "Sqrt", "Sqrt", 13, Domain::positive);
  add_one(cases, "Reciprocal", "Reciprocal");
  add_one(cases, "ReciprocalPositive", "Reciprocal", 13, Domain::positive);
  add_one(cases, "EluAlpha", "Elu", 13, Domain::all, with_float("alpha", 0.3f));
  add_one(cases, "SeluBoth", "Selu", 13, Domain::all, [](onnx::NodeProto& n) {
    set_float(n, "alpha", 1.5f);
    set_float(n, "gamma", -0.7f);
  });
  add_one(cases, "Gelu", "Gelu", 20);
  add_one(cases, "GeluTanh", "Gelu", 20, Domain::all,
          [](onnx::NodeProto& n) { set_string(n, "approximate", "tanh"); });
}

void add_kinked(std::vector<OperatorCase>& cases) {
  // t = -1.75, -0.75, 0.25, 1.25, 2.25, 3.25
  add_one(cases, "Neg", "Neg", 13, Domain::all, kPlain, {1.75, 0.75, -0.25, -1.25, -2.25, -3.25});
  add_one(cases, "Abs", "Abs", 13, Domain::all, kPlain, {1.75, 0.75, 0.25, 1.25, 2.25, 3.25});
  add_one(cases, "Sign", "Sign", 13, Domain::all, kPlain, {-1, -1, 1, 1, 1, 1});
  add_one(cases, "Floor", "Floor", 13, Domain::all, kPlain, {-2, -1, 0, 1, 2, 3});
  add_one(cases, "Ceil", "Ceil", 13, Domain::all, kPlain, {-1, 0, 1, 2, 3, 4});
  add_one(cases, "Round", "Round", 13, Domain::all, kPlain, {-2, -1, 0, 1, 2, 3});
  add_one(cases, "LeakyRelu", "LeakyRelu");
  add_one(cases, "LeakyReluAlpha", "LeakyRelu", 13, Domain::all, with_float("alpha", 0.5f),
          {-0.875, -0.375, 0.25, 1.25, 2.25, 3.25});
  add_one(cases, "LeakyReluSteep", "LeakyRelu", 13, Domain::all, with_float("alpha", -2.0f),
          {3.5, 1.5, 0.25, 1.25, 2.25, 3.25});
  add_one(cases, "ThresholdedRelu", "ThresholdedRelu", 13, Domain::all, kPlain,
          {0, 0, 0, 1.25, 2.25, 3.25});
  add_one(cases, "HardSigmoid", "HardSigmoid");
  add_one(cases, "HardSigmoidBoth", "HardSigmoid", 13, Domain::all,
          [](onnx::NodeProto& n) {
            set_float(n, "alpha", 0.5f);
            set_float(n, "beta", 0.25f);
          },
          {0, 0, 0.375, 0.875, 1, 1});
  add_one(cases, "HardSwish", "HardSwish", 14);
  add_one(cases, "ClipAttributes", "Clip", 6, Domain::all,
          [](onnx::NodeProto& n) {
            set_float(n, "min", -1.0f);
            set_float(n, "max", 1.0f);
          },
          {-1, -0.75, 0.25, 1, 1, 1});
  add_one(cases, "ClipOneAttribute", "Clip", 6, Domain::all, with_float("max", 1.0f),
          {-1.75, -0.75, 0.25, 1, 1, 1});
}

void add_borders(std::vector<OperatorCase>& cases) {
  cases.push_back({"RoundHalves",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 4}).floats("half", {}, {0.5f});
                     w.node("Sub", {"x", "half"}, {"t"});
                     w.node("Round", {"t"}, {"y"});
                   },
                   13,
                   {0, 2, 2, 4}});
  cases.push_back({"SignOfZero",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 3}).floats("two", {}, {2.0f});
                     w.node("Sub", {"x", "two"}, {"t"});
                     w.node("Sign", {"t"}, {"y"});
                   },
                   13,
                   {-1, 0, 1}});
  cases.push_back({"ClipInputs",
                   [](OnnxWriter& w) {
                     write_argument(w, Domain::all);
                     w.floats("low", {}, {-1}).floats("high", {}, {1});
                     w.node("Clip", {"t", "low", "high"}, {"y"});
                   },
                   13,
                   {-1, -0.75, 0.25, 1, 1, 1}});
  cases.push_back({"ClipUpperInput",
                   [](OnnxWriter& w) {
                     write_argument(w, Domain::all);
                     w.floats("high", {}, {1});
                     w.node("Clip", {"t", "", "high"}, {"y"});
                   },
                   13,
                   {-1.75, -0.75, 0.25, 1, 1, 1}});
  cases.push_back({"ClipOfConstant",
                   [](OnnxWriter& w) {
                     w.input("x", {}).floats("c", {4}, {-2, 0.25f, 0.5f, 4}).floats("two", {}, {2});
                     w.node("Add", {"x", "two"}, {"high"});
                     w.node("Clip", {"c", "", "high"}, {"y"});
                   },
                   13,
                   {-2, 0.25, 0.5, 3}});
  cases.push_back({"ClipVariableBorder", [](OnnxWriter& w) {
                     w.input("x", {4}).input("z", {});
                     w.node("Clip", {"x", "z"}, {"y"});
                   }});
}

void add_powers(std::vector<OperatorCase>& cases) {
  const auto power = [&](const std::string& name, Domain domain, float exponent,
                         std::vector<float> expected) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       write_argument(w, domain);
                       w.floats("e", {}, {exponent});
                       w.node("Pow", {"t", "e"}, {"y"});
                     },
                     13, std::move(expected)});
  };
  power("PowSquare", Domain::all, 2.0f, {3.0625, 0.5625, 0.0625, 1.5625, 5.0625, 10.5625});
  power("PowCube", Domain::all, 3.0f, {});
  power("PowFourth", Domain::all, 4.0f, {});
  power("PowFifth", Domain::all, 5.0f, {});
  power("PowZero", Domain::all, 0.0f, {1, 1, 1, 1, 1, 1});
  power("PowOne", Domain::all, 1.0f, {-1.75, -0.75, 0.25, 1.25, 2.25, 3.25});
  power("PowMinusOne", Domain::all, -1.0f, {});
  power("PowMinusTwo", Domain::positive, -2.0f, {});
  power("PowRoot", Domain::positive, 0.5f, {});
  power("PowFraction", Domain::positive, 1.75f, {});
  cases.push_back({"PowIntegerExponents", [](OnnxWriter& w) {
                     w.input("x", {2, 3}).ints("e", {1, 2, 3});
                     w.node("Pow", {"x", "e"}, {"y"});
                   }});
  cases.push_back({"PowVariables", [](OnnxWriter& w) {
                     write_argument(w, Domain::positive);
                     w.input("z", {3});
                     w.node("Pow", {"t", "z"}, {"y"});
                   }});
  cases.push_back({"PowOfConstant", [](OnnxWriter& w) {
                     w.input("x", {2, 3}).floats("base", {2, 1}, {2.0f, 0.5f});
                     w.node("Pow", {"base", "x"}, {"y"});
                   }});
}

void add_prelu(std::vector<OperatorCase>& cases) {
  const auto prelu = [&](const std::string& name, const std::vector<std::int64_t>& dims) {
    cases.push_back({name, [=](OnnxWriter& w) {
                       write_argument(w, Domain::all);
                       std::size_t size = 1;
                       for (const auto d : dims) size *= static_cast<std::size_t>(d);
                       w.floats("slope", dims, some_numbers(size));
                       w.node("PRelu", {"t", "slope"}, {"y"});
                     }});
  };
  prelu("PRelu", {2, 3});
  prelu("PReluBroadcast", {2, 1});
  prelu("PReluOne", {1});
  cases.push_back(
      {"PReluPerChannel",
       [](OnnxWriter& w) {
         w.input("x", {1, 2, 3}).floats("slope", {2}, {0.5f, 2.0f}).floats("c", {}, {2.5f});
         w.node("Sub", {"x", "c"}, {"t"});
         w.node("PRelu", {"t", "slope"}, {"y"});
       },
       6,
       {-0.75, -0.25, 0.5, 1.5, 2.5, 3.5}});
  cases.push_back({"PReluVariableSlope", [](OnnxWriter& w) {
                     write_argument(w, Domain::all);
                     w.input("z", {3});
                     w.node("PRelu", {"t", "z"}, {"y"});
                   }});
}

void add_extremes(std::vector<OperatorCase>& cases) {
  const auto extreme = [&](const std::string& op, std::vector<float> expected) {
    cases.push_back({op,
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 2}).floats("c", {2}, {2.5f, 1.5f}).floats("d", {}, {3.25f});
                       w.node(op, {"x", "c", "d"}, {"y"});
                     },
                     13, std::move(expected)});
    cases.push_back({op + "Variables", [=](OnnxWriter& w) {
                       w.input("x", {2, 2}).input("z", {2, 1});
                       w.node(op, {"x", "z"}, {"y"});
                     }});
    cases.push_back({op + "OfOne",
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 2});
                       w.node(op, {"x"}, {"y"});
                     },
                     13,
                     {1, 2, 3, 4}});
  };
  extreme("Max", {3.25, 3.25, 3.25, 4});
  extreme("Min", {1, 1.5, 2.5, 1.5});
}

}  // namespace

void add_function_cases(std::vector<OperatorCase>& cases) {
  add_smooth(cases);
  add_kinked(cases);
  add_borders(cases);
  add_powers(cases);
  add_prelu(cases);
  add_extremes(cases);
}

}  // namespace clipbound::test
