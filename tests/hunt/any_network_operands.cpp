// Operands that other networks have as constants, sizes as values, constants that are not finite;
// and operators as old opsets had them.
#include <limits>

#include "tests/hunt/any_network.h"

namespace clipbound::test {

namespace {

using Ints = std::vector<std::int64_t>;
using Attributes = std::map<std::string, Attribute>;
constexpr float kInfinite = std::numeric_limits<float>::infinity();
// Constants of Max and Min that are not finite are refused.
constexpr float kHuge = 1e30F;
const Attributes kAlongRow{{"axis", std::int64_t{1}}};

}  // namespace

/// Weights of a convolution, limits, slopes, exponents, the values of a OneHot: all computed.
ValueId AnyNetwork::computed(ValueId x) {
  const std::int64_t w = width_of(x);
  const auto scalar_of = [&](ValueId v) {
    return node("Reshape", {affine(v, 1), b_.integers({})});
  };
  switch (dice_.whole(0, 4)) {
    case 0: {
      const std::int64_t channels = dice_.whole(1, 2), rows = dice_.whole(2, 3);
      const ValueId image =
          node("Reshape", {affine(x, channels * rows * 3), b_.integers({1, channels, rows, 3})});
      const ValueId weights = node("Reshape", {node("Tanh", {affine(earlier(w), 2 * channels * 4)}),
                                               b_.integers({2, channels, 2, 2})});
      return node("Flatten", {node("Conv", {image, weights}, some_windows(false))});
    }
    case 1: {
      const ValueId low = node("Neg", {node("Sigmoid", {scalar_of(x)})});
      return node("Clip", {x, low, dice_.chance(0.5) ? node("Sigmoid", {scalar_of(x)}) : kNoValue});
    }
    case 2: return node("PRelu", {x, dice_.chance(0.5) ? earlier(w) : affine(x, w)});
    case 3: {
      const ValueId index =
          node("ArgMax", {x}, {{"axis", std::int64_t{1}}, {"keepdims", std::int64_t{0}}});
      const ValueId values = node("Reshape", {affine(x, 2), b_.integers({2})});
      return node("Mul", {x, node("OneHot", {index, b_.integers({w}), values})});
    }
    default: return node("Pow", {positive(x), node("Tanh", {earlier(w)})});
  }
}

/// Sizes of tensors as numbers; they are constants by the time that the network is built.
ValueId AnyNetwork::counted(ValueId x) {
  const auto as_float = [&](ValueId v) { return node("Cast", {v}, {{"to", std::int64_t{1}}}); };
  switch (dice_.whole(0, 3)) {
    case 0: return node("Div", {x, as_float(node("Size", {x}))});
    case 1:
      return node("Sub", {x, as_float(node("Gather", {node("Shape", {x}), b_.integers({1})}))});
    case 2: {
      const Tensor value{{1}, std::vector<float>{0.25F}};
      return node("Add", {x, node("ConstantOfShape", {node("Shape", {x})}, {{"value", value}})});
    }
    default: {
      const auto whole = [&](std::int64_t k) {
        return b_.constant(Tensor{Shape{}, std::vector<std::int64_t>{k}});
      };
      const std::int64_t w = width_of(x);
      return node("Mul", {x, as_float(node("Range", {whole(w), whole(0), whole(-1)}))});
    }
  }
}

/// Infinite constants, as masks and limits have them.
ValueId AnyNetwork::masked(ValueId x) {
  const std::int64_t w = width_of(x);
  const auto with_some = [&](float infinite) {
    std::vector<float> values(static_cast<std::size_t>(w));
    for (float& v : values) v = dice_.chance(0.4) ? infinite : static_cast<float>(dice_.normal());
    return b_.constant({1, w}, std::move(values));
  };
  switch (dice_.whole(0, 4)) {
    case 0: {
      const ValueId shown =
          node("Where", {node("Greater", {x, number(dice_.normal())}), x, number(-HUGE_VAL)});
      const ValueId zero = b_.constant({1, 1}, {0.0F});
      return node("Softmax", {node("Concat", {shown, zero}, kAlongRow)}, kAlongRow);
    }
    case 1: return node("Max", {x, with_some(-kHuge)});
    case 2: return node("Min", {x, with_some(kHuge)});
    case 3:
      return node("Clip", {x, scalar(-kInfinite), scalar(dice_.chance(0.5) ? kInfinite : 0.5F)});
    default: {
      const ValueId far = node("Where", {node("Less", {x, number(0.3)}), x, number(HUGE_VAL)});
      return node("Min", {far, earlier(w)});
    }
  }
}

namespace {

/// Rows {1, w} between the operators, as AnyNetwork has them.
class OldNetwork {
 public:
  OldNetwork(Dice& dice, int inputs)
      : dice_(dice), inputs_(inputs), opset_(dice.whole(7, 9)), b_(opset_) {}

  std::shared_ptr<const Network> build() {
    ValueId x = affine(b_.input("x", {1, inputs_}), dice_.whole(2, 6));
    const int depth = dice_.whole(1, 5);
    for (int k = 0; k < depth; ++k) {
      x = something(x);
      if (width_of(x) > 12) x = affine(x, 4);
    }
    b_.output(affine(x, dice_.whole(1, 3)));
    return std::make_shared<const Network>(b_.build());
  }

 private:
  std::int64_t width_of(ValueId x) const { return b_.network().value(x).shape.back(); }
  ValueId node(const char* op, std::vector<ValueId> inputs, Attributes attributes = {}) {
    return b_.add(op, std::move(inputs), std::move(attributes));
  }
  ValueId numbers(Shape shape, double size) {
    std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
    for (float& v : values) v = static_cast<float>(dice_.normal() * size);
    return b_.constant(std::move(shape), std::move(values));
  }
  ValueId affine(ValueId x, std::int64_t outputs) {
    const std::int64_t n = width_of(x);
    return node("Gemm", {x, numbers({n, outputs}, 1.2 / std::sqrt(static_cast<double>(n))),
                         numbers({outputs}, 0.5)});
  }
  ValueId image_of(ValueId x) { return node("Reshape", {affine(x, 8), b_.integers({1, 2, 2, 2})}); }
  ValueId upsampled(ValueId image) {
    const std::vector<double> scales{1.0, 1.0, 2.0, dice_.chance(0.5) ? 1.0 : 3.0};
    if (opset_ < 9) return node("Upsample", {image}, {{"scales", scales}});
    return node("Upsample",
                {image, b_.constant({4}, std::vector<float>(scales.begin(), scales.end()))});
  }
  ValueId of_image(ValueId image) {
    switch (dice_.whole(0, 3)) {
      case 0: image = upsampled(image); break;
      case 1:
        image = node("Pad", {image}, {{"pads", Ints{0, 0, 1, 0, 0, 0, 0, 1}}, {"value", 0.3}});
        break;
      case 2:
        image = node("BatchNormalization", {image, numbers({2}, 1.0), numbers({2}, 0.3),
                                            numbers({2}, 0.3), b_.constant({2}, {0.5F, 2.0F})});
        break;
      default:
        image = node(dice_.chance(0.5) ? "MaxPool" : "AveragePool", {image},
                     {{"kernel_shape", Ints{2, 2}}, {"pads", Ints{0, 1, 0, 1}}});
    }
    return node("Flatten", {image});
  }
  ValueId something(ValueId x) {
    static constexpr const char* kFunctions[] = {"Relu", "Sigmoid", "Tanh", "Elu", "Softplus"};
    const std::int64_t w = width_of(x);
    switch (dice_.whole(0, 9)) {
      case 0: return node("Clip", {x}, {{"min", -0.5}, {"max", 0.75}});
      case 1:
        return node("Slice", {x}, {{"axes", Ints{1}}, {"starts", Ints{0}}, {"ends", Ints{-1}}});
      case 2:
        return node("Squeeze", {node("Unsqueeze", {x}, {{"axes", Ints{2}}})}, {{"axes", Ints{2}}});
      case 3:
        return node("Sub", {x, node("ReduceMean", {x},
                                    {{"axes", Ints{1}}, {"keepdims", std::int64_t{1}}})});
      case 4: return node("Softmax", {x}, kAlongRow);
      case 5: {
        const std::vector<ValueId> parts =
            b_.add("Split", {affine(x, 4)}, {{"axis", std::int64_t{1}}, {"split", Ints{1, 3}}}, 2);
        return node("Concat", {parts[1], node("Relu", {parts[0]})}, kAlongRow);
      }
      case 6: return of_image(image_of(x));
      case 7: return node("Mul", {x, node("Sigmoid", {affine(x, w)})});
      default: return node(kFunctions[dice_.whole(0, 4)], {affine(x, dice_.whole(2, 6))});
    }
  }

  Dice& dice_;
  int inputs_, opset_;
  NetworkBuilder b_;
};

}  // namespace

std::shared_ptr<const Network> old_network(Dice& dice, int inputs) {
  return OldNetwork(dice, inputs).build();
}

}  // namespace clipbound::test
