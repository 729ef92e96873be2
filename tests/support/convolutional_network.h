#pragma once
// Small random residual networks of convolutions: neurons that read only some of what comes before
// them, unlike those of dense layers.
#include <memory>

#include "specs/network/network_builder.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {

struct ConvolutionalTaste {
  int side = 6, channels = 4, blocks = 2, outputs = 2;
  double scale = 1.4;  ///< of the weights, on top of 1 / sqrt(terms)
};

/// Image {1, 2, side, side}; a strided convolution, blocks of two convolutions with a shortcut, a
/// dense layer, outputs.
class ConvolutionalNetwork {
 public:
  ConvolutionalNetwork(Dice& dice, const ConvolutionalTaste& taste) : dice_(dice), taste_(taste) {}

  std::shared_ptr<const Network> build() {
    ValueId x = b_.input("x", {1, 2, taste_.side, taste_.side});
    x = relu(convolve(x, taste_.channels, 3, dice_.chance(0.7) ? 2 : 1));
    for (int k = 0; k < taste_.blocks; ++k) x = block(x);
    const std::int64_t n = element_count(b_.network().value(x).shape);
    x = b_.add("Reshape", {x, b_.integers({1, n})});
    x = relu(dense(x, n, 6));
    b_.output(dense(x, 6, taste_.outputs));
    return std::make_shared<const Network>(b_.build());
  }

 private:
  std::vector<float> numbers(std::int64_t count, double size) {
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& v : values)
      v = dice_.chance(0.1) ? 0.0F : static_cast<float>(dice_.normal() * size);
    return values;
  }
  ValueId relu(ValueId x) { return b_.add("Relu", {x}); }
  ValueId convolve(ValueId x, std::int64_t channels, std::int64_t kernel, std::int64_t stride) {
    const std::int64_t from = b_.network().value(x).shape[1], pad = kernel / 2,
                       terms = from * kernel * kernel;
    const ValueId w = b_.constant(
        {channels, from, kernel, kernel},
        numbers(channels * terms, taste_.scale / std::sqrt(static_cast<double>(terms))));
    using Ints = std::vector<std::int64_t>;
    return b_.add("Conv", {x, w, b_.constant({channels}, numbers(channels, 0.3))},
                  {{"pads", Ints{pad, pad, pad, pad}}, {"strides", Ints{stride, stride}}});
  }
  ValueId block(ValueId x) {
    const std::int64_t channels = b_.network().value(x).shape[1];
    const ValueId inner = convolve(relu(convolve(x, channels, 3, 1)), channels, 3, 1);
    return relu(b_.add("Add", {inner, dice_.chance(0.5) ? convolve(x, channels, 1, 1) : x}));
  }
  ValueId dense(ValueId x, std::int64_t n, std::int64_t outputs) {
    return b_.add(
        "Gemm",
        {x,
         b_.constant({n, outputs},
                     numbers(n * outputs, taste_.scale / std::sqrt(static_cast<double>(n)))),
         b_.constant({outputs}, numbers(outputs, 0.3))});
  }

  Dice& dice_;
  ConvolutionalTaste taste_;
  NetworkBuilder b_;
};

}  // namespace clipbound::test
