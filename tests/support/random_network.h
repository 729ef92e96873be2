#pragma once
// Random networks of affine operators and ReLUs, in many shapes and scales.
#include <memory>

#include "specs/network/network_builder.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {

struct NetworkTaste {
  int inputs = 3, layers = 3, width = 8, outputs = 2;
  double scale = 1.0;  ///< of the weights, on top of 1 / sqrt(width)
  double input_size =
      1.0;  ///< what the inputs are about as large as: biases are chosen to go with it
  bool structured =
      true;           ///< residual sums, Concat, Slice, Transpose, Sub, Mul, Div between the layers
  bool wild = false;  ///< weights of one matrix differ by up to 2^60
  bool nonlinear =
      false;  ///< Sigmoid, Tanh, Exp, squares, products and their like take the place of some ReLUs
  double far =
      0.0;  ///< inputs lie about so far from 0, and the network begins by taking that away again
};

class RandomNetwork {
 public:
  RandomNetwork(Dice& dice, const NetworkTaste& taste)
      : dice_(dice), taste_(taste), size_(taste.input_size) {}

  std::shared_ptr<const Network> build() {
    ValueId value = b_.input("x", {1, taste_.inputs});
    for (int i = 0; i < taste_.inputs; ++i)
      centre_.push_back(static_cast<float>(dice_.normal() * taste_.far));
    if (taste_.far > 0.0) value = b_.add("Sub", {value, b_.constant({1, taste_.inputs}, centre_)});
    for (int k = 0; k < taste_.layers; ++k) {
      value = activated(affine(value, taste_.width));
      if (taste_.structured) value = mix(value);
      earlier_.push_back(value);
    }
    b_.output(affine(value, taste_.outputs));
    return std::make_shared<const Network>(b_.build());
  }

  /// Where the inputs lie, after build().
  const std::vector<float>& centre() const { return centre_; }

 private:
  std::int64_t width_of(ValueId value) const { return b_.network().value(value).shape.back(); }
  float weight(std::int64_t fan_in) {
    double w = dice_.normal() * taste_.scale / std::sqrt(static_cast<double>(fan_in));
    if (taste_.wild) w = std::ldexp(w, dice_.whole(-30, 30));
    return dice_.chance(0.1) ? 0.0F : static_cast<float>(w);
  }
  std::vector<float> weights(std::int64_t rows, std::int64_t fan_in) {
    std::vector<float> values(static_cast<std::size_t>(rows * fan_in));
    for (float& w : values) w = weight(fan_in);
    return values;
  }
  /// Numbers of about the size that the values have here.
  std::vector<float> offsets(std::int64_t count) {
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& w : values)
      w = static_cast<float>(std::clamp(0.5 * dice_.normal() * size_, -1e38, 1e38));
    return values;
  }
  std::vector<float> factors(std::int64_t count) {
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& w : values)
      w = static_cast<float>((dice_.chance(0.5) ? 1.0 : -1.0) * dice_.uniform(0.3, 3.0));
    return values;
  }

  ValueId activated(ValueId z) {
    if (!taste_.nonlinear) return b_.add("Relu", {z});
    switch (dice_.whole(0, 10)) {
      case 0:
      case 1: return b_.add("Sigmoid", {z});
      case 2: return b_.add("Tanh", {z});
      case 3: return b_.add("Exp", {b_.add("Tanh", {z})});
      case 4: return b_.add("Sin", {z});
      case 5: return b_.add("Mul", {b_.add("Sigmoid", {z}), z});
      case 6: {
        const ValueId y = b_.add("Tanh", {z});
        return b_.add("Mul", {y, y});
      }
      case 7: return b_.add("Reciprocal", {b_.add("Softplus", {z})});
      case 8: return b_.add("Softmax", {z}, {{"axis", std::int64_t{1}}});
      default: return b_.add("Relu", {z});
    }
  }

  ValueId affine(ValueId x, std::int64_t outputs) {
    const std::int64_t n = width_of(x);
    size_ *= taste_.scale;
    if (taste_.wild) size_ *= 0x1p25;
    switch (dice_.whole(0, 3)) {
      case 0:
        return b_.add("Gemm", {x, b_.constant({n, outputs}, weights(n, outputs)),
                               b_.constant({outputs}, offsets(outputs))});
      case 1:
        return b_.add("Gemm",
                      {x, b_.constant({outputs, n}, weights(outputs, n)),
                       b_.constant({1, outputs}, offsets(outputs))},
                      {{"transB", std::int64_t{1}},
                       {"alpha", static_cast<double>(0.7F)},
                       {"beta", static_cast<double>(1.3F)}});
      case 2: {
        const ValueId column = b_.add("Reshape", {x, b_.integers({n, 1})});
        const ValueId product =
            b_.add("MatMul", {b_.constant({outputs, n}, weights(outputs, n)), column});
        return b_.add("Add", {b_.constant({1, outputs}, offsets(outputs)),
                              b_.add("Transpose", {product}, {{"perm", Ints{1, 0}}})});
      }
      default:
        return b_.add("Add", {b_.add("MatMul", {x, b_.constant({n, outputs}, weights(n, outputs))}),
                              b_.constant({outputs}, offsets(outputs))});
    }
  }

  /// Something between two layers that keeps the shape {1, w}.
  ValueId mix(ValueId x) {
    const std::int64_t w = width_of(x);
    switch (dice_.whole(0, 7)) {
      case 0: return with_earlier(x, "Add");
      case 1: return with_earlier(x, "Sub");
      case 2: return b_.add("Mul", {b_.constant({1, w}, factors(w)), x});
      case 3: return b_.add("Div", {x, b_.constant({w}, factors(w))});
      case 4: return b_.add("Sub", {b_.constant({1, 1}, offsets(1)), x});
      case 5: {
        const ValueId other = earlier_.empty() ? x
                                               : earlier_[static_cast<std::size_t>(dice_.whole(
                                                     0, static_cast<int>(earlier_.size()) - 1))];
        const ValueId both = b_.add("Concat", {other, x}, {{"axis", std::int64_t{1}}});
        return b_.add("Slice",
                      {both, b_.integers({width_of(both) - 1}),
                       b_.integers({width_of(both) - 1 - w}), b_.integers({1}), b_.integers({-1})});
      }
      case 6: {
        if (w % 2 != 0) return x;
        const ValueId square = b_.add("Reshape", {x, b_.integers({2, w / 2})});
        return b_.add("Reshape",
                      {b_.add("Transpose", {square}, {{"perm", Ints{1, 0}}}), b_.integers({1, w})});
      }
      default: return x;
    }
  }
  ValueId with_earlier(ValueId x, const std::string& op) {
    for (auto other = earlier_.rbegin(); other != earlier_.rend(); ++other) {
      if (width_of(*other) == width_of(x)) return b_.add(op, {x, *other});
    }
    return b_.add(op, {x, x});
  }

  using Ints = std::vector<std::int64_t>;
  Dice& dice_;
  NetworkTaste taste_;
  double size_;
  std::vector<float> centre_;
  NetworkBuilder b_;
  std::vector<ValueId> earlier_;
};

inline std::shared_ptr<const Network> random_network(Dice& dice, const NetworkTaste& taste) {
  return RandomNetwork(dice, taste).build();
}

}  // namespace clipbound::test
