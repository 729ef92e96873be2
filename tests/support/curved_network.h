#pragma once
// Small random networks of everything that is not piecewise linear.
#include <memory>
#include <random>
#include <vector>

#include "specs/network/network_builder.h"
#include "tests/support/floors.h"

namespace clipbound::test {

/// Makes networks of curved neurons, products, quotients and softmax; and the dice that they come
/// from.
class CurvedNetwork {
 public:
  explicit CurvedNetwork(unsigned seed) : random_(seed) {}

  /// inputs -> affine -> function -> affine -> products, quotients, softmax -> affine -> 2 outputs.
  std::shared_ptr<const Network> build(std::int64_t inputs) {
    NetworkBuilder b;
    const std::int64_t width = 4;
    ValueId x = b.input("x", {1, inputs});
    x = affine(b, x, inputs, width);
    const char* const functions[] = {"Sigmoid", "Tanh", "Sin",      "Cos", "Exp", "Relu",
                                     "Erf",     "Atan", "Softplus", "Elu", "Gelu"};
    const ValueId left = b.add(functions[whole(11)], {affine(b, x, width, width)});
    const ValueId right = b.add(functions[whole(11)], {affine(b, x, width, width)});
    ValueId y = left;
    switch (whole(7)) {
      case 0: y = b.add("Mul", {left, right}); break;
      case 1:
        y = b.add("Div", {left, b.add("Add", {b.add("Exp", {right}), b.constant({1}, {0.5F})})});
        break;
      case 2:
        y = b.add("Softmax", {b.add("Add", {left, right})}, {{"axis", std::int64_t{1}}});
        break;
      case 3: y = b.add("Mul", {b.add("Pow", {left, b.constant({1}, {3.0F})}), right}); break;
      case 4:
        y = b.add("Reshape", {b.add("MatMul", {b.add("Reshape", {left, b.integers({2, 2})}),
                                               b.add("Reshape", {right, b.integers({2, 2})})}),
                              b.integers({1, 4})});
        break;
      // A factor that is saturated in most boxes and steep in some: squares have no scale that
      // suits all of them.
      case 5:
        y = b.add("Mul", {b.add("Tanh", {b.add("Mul", {left, b.constant({1}, {40.0F})})}), right});
        break;
      default: y = b.add("Sub", {b.add("Mul", {left, left}), b.add("Mul", {right, x})}); break;
    }
    b.output(affine(b, b.add("Relu", {affine(b, y, width, width)}), width, 2));
    return std::make_shared<const Network>(b.build());
  }

  std::int64_t whole(std::int64_t n) {
    return static_cast<std::int64_t>(random_() % static_cast<unsigned long>(n));
  }
  double uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

 private:
  ValueId affine(NetworkBuilder& b, ValueId x, std::int64_t from, std::int64_t to) {
    std::vector<float> w, c;
    for (std::int64_t i = 0; i < from * to; ++i)
      w.push_back(static_cast<float>(2.0 * uniform() - 1.0));
    for (std::int64_t i = 0; i < to; ++i) c.push_back(static_cast<float>(uniform() - 0.5));
    return b.add("Gemm", {x, b.constant({from, to}, w), b.constant({to}, c)});
  }
  std::mt19937_64 random_;
};

}  // namespace clipbound::test
