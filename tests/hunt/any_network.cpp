#include "tests/hunt/any_network.h"
#include "tests/support/floors.h"

#include <cmath>

namespace clipbound::test {

namespace {

const std::map<std::string, Attribute> kAlongRow{{"axis", std::int64_t{1}}};
const std::map<std::string, Attribute> kKeepRow{{"keepdims", std::int64_t{1}}};

}  // namespace

/// Weights without a pattern; now and then exact ones, zeros, or of sizes far apart.
ValueId AnyNetwork::numbers(Shape shape, double size) {
  std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
  const bool wild = dice_.chance(0.04), round = dice_.chance(0.1);
  for (float& v : values) {
    double x = dice_.normal() * size;
    if (wild) x = std::ldexp(x, dice_.whole(-20, 10));
    if (round) x = std::round(4.0 * x) / 4.0;
    v = dice_.chance(0.08) ? 0.0F : static_cast<float>(x);
  }
  return b_.constant(std::move(shape), std::move(values));
}

/// All inputs in one row: one input, or two that are joined, perhaps brought back from far out.
ValueId AnyNetwork::begin() {
  ValueId x;
  if (inputs_ > 1 && dice_.chance(0.25)) {
    const int first = dice_.whole(1, inputs_ - 1);
    const ValueId a = b_.input("a", {1, first}), b = b_.input("b", {1, inputs_ - first});
    x = node("Concat", {a, b}, kAlongRow);
  } else {
    x = b_.input("x", {1, inputs_});
  }
  if (!dice_.chance(0.06)) return x;
  shift_ = static_cast<float>(dice_.normal() * std::exp(dice_.uniform(2.0, 12.0)));
  return node("Sub", {x, number(shift_)});
}

ValueId AnyNetwork::affine(ValueId x, std::int64_t outputs) {
  const std::int64_t n = width_of(x);
  double size = 1.2 / std::sqrt(static_cast<double>(n));
  if (dice_.chance(0.1)) size *= std::exp(dice_.uniform(-6.0, 5.0));
  const double offset = dice_.chance(0.2) ? 0.0 : 0.5;
  switch (dice_.whole(0, 2)) {
    case 0:
      return node("Gemm", {x, numbers({outputs, n}, size), numbers({outputs}, offset)},
                  {{"transB", std::int64_t{1}}});
    case 1:
      return node(
          "Add", {node("MatMul", {x, numbers({n, outputs}, size)}), numbers({1, outputs}, offset)});
    default:
      return node("Gemm", {x, numbers({n, outputs}, size), numbers({outputs}, offset)},
                  {{"alpha", static_cast<double>(0.7F)}, {"beta", static_cast<double>(1.3F)}});
  }
}

ValueId AnyNetwork::positive(ValueId x) {
  const ValueId least = number(dice_.chance(0.2) ? 0.03 : 0.5);
  switch (dice_.whole(0, 4)) {
    case 0: return node("Add", {node("Softplus", {x}), least});
    case 1: return node("Add", {node("Mul", {x, x}), least});
    case 2: return node("Add", {node("Abs", {x}), least});
    case 3: return node("Exp", {node("Tanh", {x})});
    default: return node("Add", {node("Sigmoid", {x}), least});
  }
}

ValueId AnyNetwork::smooth(ValueId x) {
  static constexpr const char* kPlain[] = {"Sigmoid",  "Tanh", "Tanh", "Sigmoid",
                                           "Sin",      "Cos",  "Atan", "Erf",
                                           "Softplus", "Elu",  "Selu", "Softsign"};
  switch (dice_.whole(0, 12)) {
    case 0:
      return node("Exp", {dice_.chance(0.5) ? node("Tanh", {x}) : node("Mul", {x, number(0.3)})});
    case 1: return node("Log", {positive(x)});
    case 2: return node("Sqrt", {positive(x)});
    case 3: return node("Reciprocal", {positive(x)});
    case 4: return node("Pow", {x, number(dice_.chance(0.6) ? 2.0 : 3.0)});
    case 5:
      return node("Pow", {positive(x), number(dice_.chance(0.5)   ? 2.5
                                              : dice_.chance(0.5) ? -2.0
                                                                  : 0.3)});
    case 6:
      return node("Gelu", {x}, {{"approximate", std::string(dice_.chance(0.5) ? "none" : "tanh")}});
    case 7: return node("Tan", {node("Tanh", {x})});
    case 8: return node("Elu", {x}, {{"alpha", dice_.uniform(-1.0, 2.0)}});
    default: return node(kPlain[dice_.whole(0, 11)], {x});
  }
}

ValueId AnyNetwork::piecewise(ValueId x) {
  const std::int64_t w = width_of(x);
  switch (dice_.whole(0, 9)) {
    case 0:
      return node("LeakyRelu", {x},
                  {{"alpha", static_cast<double>(dice_.chance(0.5) ? 0.01F : -0.4F)}});
    case 1: return node("Abs", {x});
    case 2: return node("Clip", {x, scalar(-0.3F), scalar(0.8F)});
    case 3: return node("HardSigmoid", {x}, {{"alpha", dice_.normal()}, {"beta", dice_.normal()}});
    case 4: return node("HardSwish", {x});
    case 5: return node("PRelu", {x, numbers({1, w}, 0.5)});
    case 6: return node("Max", {x, numbers({1, w}, 0.5)});
    case 7: return node("Min", {x, earlier(w)});
    default: return node("Relu", {x});
  }
}

ValueId AnyNetwork::stepwise(ValueId x) {
  static constexpr const char* kSteps[] = {"Sign", "Floor", "Ceil", "Round"};
  switch (dice_.whole(0, 3)) {
    case 0:
      return node("Cast", {node("Greater", {x, number(dice_.normal())})},
                  {{"to", std::int64_t{1}}});
    case 1:
      return node("Cast",
                  {node("Cast", {node("Mul", {x, number(3.0)})}, {{"to", std::int64_t{7}}})},
                  {{"to", std::int64_t{1}}});
    case 2: return node("ThresholdedRelu", {x}, {{"alpha", 0.25}});
    default: return node(kSteps[dice_.whole(0, 3)], {node("Mul", {x, number(2.0)})});
  }
}

ValueId AnyNetwork::some_function(ValueId x) {
  const double kind = dice_.uniform(0.0, 1.0);
  return kind < 0.5 ? smooth(x) : kind < 0.94 ? piecewise(x) : stepwise(x);
}

/// A value of that width from before, or a function of one made anew.
ValueId AnyNetwork::earlier(std::int64_t width) {
  std::vector<ValueId> fitting;
  for (const ValueId e : earlier_) {
    if (width_of(e) == width) fitting.push_back(e);
  }
  if (!fitting.empty() && dice_.chance(0.6))
    return fitting[static_cast<std::size_t>(dice_.whole(0, static_cast<int>(fitting.size()) - 1))];
  const ValueId from =
      earlier_[static_cast<std::size_t>(dice_.whole(0, static_cast<int>(earlier_.size()) - 1))];
  const ValueId made = affine(from, width);
  return dice_.chance(0.5) ? made : smooth(made);
}

ValueId AnyNetwork::binary(ValueId x) {
  const ValueId y = earlier(width_of(x));
  switch (dice_.whole(0, 7)) {
    case 0: return node("Add", {x, y});
    case 1: return node("Sub", {x, y});
    case 2: return node("Div", {x, positive(y)});
    case 3: return node("Max", {x, y});
    case 4: return node("Min", {x, y});
    default: return node("Mul", {x, y});
  }
}

/// Products whose factors read one neuron: derivatives by the chain rule, squares of waves, t (a t
/// + b).
ValueId AnyNetwork::product_of_one(ValueId x) {
  static constexpr const char* kFunctions[] = {"Tanh", "Sigmoid", "Sin", "Cos"};
  const ValueId scaled =
      dice_.chance(0.4) ? node("Mul", {x, number(std::exp(dice_.uniform(-3.0, 4.0)))}) : x;
  const ValueId t = node(kFunctions[dice_.whole(0, 3)], {scaled});
  const ValueId moved = node(
      "Add", {node("Mul", {t, numbers({1, width_of(t)}, 1.5)}), numbers({1, width_of(t)}, 1.0)});
  switch (dice_.whole(0, 5)) {
    case 0: return node("Mul", {t, t});
    case 1: return node("Mul", {t, node("Sub", {number(1.0), t})});
    case 2: return node("Sub", {number(1.0), node("Pow", {t, number(2.0)})});
    case 3: return node("Mul", {moved, t});
    case 4: return node("Mul", {moved, node("Sub", {t, numbers({1, width_of(t)}, 0.5)})});
    default:
      return node("Mul", {node("Sub", {number(1.0), node("Mul", {t, t})}), earlier(width_of(t))});
  }
}

ValueId AnyNetwork::whole_list(ValueId x) {
  const std::int64_t w = width_of(x);
  switch (dice_.whole(0, 3)) {
    case 0: return node("LogSoftmax", {x}, kAlongRow);
    case 1:
      return node("LayerNormalization", {x, numbers({w}, 1.0), numbers({w}, 0.3)},
                  {{"axis", std::int64_t{-1}},
                   {"epsilon", static_cast<double>(dice_.chance(0.5) ? 1e-5F : 0.1F)}});
    default:
      return node("Softmax", {dice_.chance(0.3) ? node("Mul", {x, number(8.0)}) : x}, kAlongRow);
  }
}

/// A number made of all elements, and what it does to them.
ValueId AnyNetwork::reduced(ValueId x) {
  static constexpr const char* kReductions[] = {"ReduceMax", "ReduceMin", "ReduceSum",
                                                "ReduceMean"};
  const ValueId one = node(kReductions[dice_.whole(0, 3)], {x, b_.integers({1})}, kKeepRow);
  switch (dice_.whole(0, 4)) {
    case 0: return node("Sub", {x, one});
    case 1: return node("Mul", {x, one});
    case 2: return node("Div", {x, positive(one)});
    case 3: return node("Concat", {x, one}, kAlongRow);
    default: return node("Add", {x, node("Mul", {one, numbers({1, width_of(x)}, 1.0)})});
  }
}

/// Comparisons, indices, choices on data.
ValueId AnyNetwork::chosen(ValueId x) {
  const std::int64_t w = width_of(x);
  const auto as_float = [&](ValueId v) { return node("Cast", {v}, {{"to", std::int64_t{1}}}); };
  switch (dice_.whole(0, 4)) {
    case 0: return node("Where", {node("Less", {x, earlier(w)}), x, earlier(w)});
    case 1:
      return node("Concat",
                  {x, as_float(node("ArgMax", {x},
                                    {{"axis", std::int64_t{1}}, {"keepdims", std::int64_t{1}}}))},
                  kAlongRow);
    case 2: {
      const ValueId index =
          node("ArgMin", {x}, {{"axis", std::int64_t{1}}, {"keepdims", std::int64_t{0}}});
      return node("Mul",
                  {x, node("OneHot", {index, b_.integers({w}), b_.constant({2}, {0.0F, 1.5F})})});
    }
    case 3:
      return node(
          "Concat",
          {x, node("ReduceSum", {as_float(node("Greater", {x, number(0.1)})), b_.integers({1})},
                   kKeepRow)},
          kAlongRow);
    default:
      return node("Mul", {x, as_float(node("Or", {node("Greater", {x, number(0.2)}),
                                                  node("Less", {x, earlier(w)})}))});
  }
}

ValueId AnyNetwork::moved(ValueId x) {
  const std::int64_t w = width_of(x);
  switch (dice_.whole(0, 4)) {
    case 0: return node("Concat", {x, earlier(w)}, kAlongRow);
    case 1:
      return node("Slice", {x, b_.integers({w - 1}), b_.integers({-w - 1}), b_.integers({1}),
                            b_.integers({-1})});
    case 2: return node("Pad", {x, b_.integers({0, 1, 0, 1}), scalar(0.4F)});
    case 3: return node("Gather", {x, b_.integers({w - 1, 0, w / 2})}, kAlongRow);
    default: return node("Neg", {x});
  }
}

ValueId AnyNetwork::something(ValueId x) {
  const int kind = wide_ > 1 ? dice_.whole(0, 11) : dice_.whole(0, 23);
  if (kind < 5) return some_function(affine(x, some_width()));
  if (kind < 7) return some_function(x);
  if (kind < 10) return binary(x);
  if (kind < 12) return product_of_one(x);
  if (kind < 14) return whole_list(width_of(x) > 1 ? x : affine(x, 3));
  if (kind < 15) return reduced(x);
  if (kind < 16)
    return dice_.chance(0.4) ? chosen(x) : dice_.chance(0.3) ? integers(x) : along_axes(x);
  if (kind < 17) return moved(x);
  if (kind < 18) return windows(x);
  if (kind < 19) return matrices(x);
  if (kind < 20) return scaled_tensor(x);
  if (kind < 21) return rearranged(x);
  if (kind < 22) return computed(x);
  return kind < 23 ? counted(x) : masked(x);
}

std::shared_ptr<const Network> AnyNetwork::build() {
  ValueId x = begin();
  earlier_.push_back(x);
  if (inputs_ > 8 || dice_.chance(0.7)) x = affine(x, some_width());
  if (wide_ == 1 && shift_ == 0.0 && dice_.chance(0.04)) {
    const ValueId row = placed(earlier_[0]);
    x = dice_.chance(0.5) ? node("Concat", {x, row}, kAlongRow)
                          : node("Mul", {affine(x, width_of(row)), row});
    earlier_.push_back(x);
  }
  const int depth = wide_ > 1 ? dice_.whole(6, 9) : dice_.whole(1, 6);
  for (int k = 0; k < depth; ++k) {
    x = something(x);
    if (width_of(x) > 12 * wide_) x = affine(x, some_width());
    earlier_.push_back(x);
  }
  b_.output(dice_.chance(0.8) ? affine(x, dice_.whole(1, 3)) : x);
  if (dice_.chance(0.1)) b_.output(earlier(dice_.whole(1, 2)));
  return std::make_shared<const Network>(b_.build());
}

}  // namespace clipbound::test
