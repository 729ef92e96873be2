#pragma once
// Random networks around convolutions of every geometry: one to three axes, strides, dilations,
// pads that differ from side to side, groups, transposed ones with output padding, sums of branches
// that read one source, lists, slices, transposes, pools, products. And boxes with points that like
// corners.
#include <cmath>
#include <map>
#include <string>

#include "specs/network/network_builder.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {

class FuzzedNetwork {
 public:
  /// `piecewise`: nothing but what ExactEvaluation knows.
  FuzzedNetwork(Dice& dice, bool piecewise)
      : dice_(dice), piecewise_(piecewise), axes_(static_cast<std::size_t>(dice.whole(1, 3))) {}

  std::shared_ptr<const Network> build() {
    Shape shape{1, dice_.whole(1, 3)};
    for (std::size_t d = 0; d < axes_; ++d) shape.push_back(dice_.whole(3, axes_ == 3 ? 4 : 6));
    ValueId x = b_.input("x", shape);
    x = convolve(x);
    for (int k = dice_.whole(1, 5); k > 0; --k) x = step(x);
    if (dice_.chance(0.5)) {
      const std::int64_t n = b_.network().value(x).size();
      x = b_.add("Reshape", {x, b_.integers({1, n})});
      x = b_.add("Gemm", {x, b_.constant({n, 3}, numbers(3 * n, 0.5))});
    }
    b_.output(x);  // often a convolution's own
    return std::make_shared<const Network>(b_.build());
  }

 private:
  using Ints = std::vector<std::int64_t>;

  const Shape& shape_of(ValueId x) const { return b_.network().value(x).shape; }
  std::int64_t channels(ValueId x) const { return shape_of(x)[1]; }
  std::vector<float> numbers(std::int64_t count, double size, double mean = 0.0) {
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& v : values)
      v = dice_.chance(0.1) ? 0.0F : static_cast<float>(mean + dice_.normal() * size);
    return values;
  }
  ValueId relu(ValueId x) { return b_.add("Relu", {x}); }

  struct Geometry {
    Ints kernel, strides, dilations, pads;
  };
  /// Windows that fit the image. `same`: the output is of the image's size.
  Geometry geometry_for(ValueId x, bool same) {
    Geometry g;
    Ints after;
    for (std::size_t d = 0; d < axes_; ++d) {
      const std::int64_t side = shape_of(x)[2 + d];
      std::int64_t kernel = dice_.whole(1, 3), dilation = dice_.whole(1, 2),
                   before = dice_.whole(0, 2), end = dice_.whole(0, 2),
                   stride = dice_.chance(0.5) ? 1 : dice_.whole(1, 3);
      if (side + before + end < dilation * (kernel - 1) + 1) kernel = 1;
      if (same) {
        stride = 1;
        const std::int64_t room = dilation * (kernel - 1);
        before = dice_.whole(0, static_cast<int>(room));
        end = room - before;
      }
      g.kernel.push_back(kernel);
      g.strides.push_back(stride);
      g.dilations.push_back(dilation);
      g.pads.push_back(before);
      after.push_back(end);
    }
    g.pads.insert(g.pads.end(), after.begin(), after.end());
    return g;
  }
  ValueId convolve(ValueId x, bool same = false, std::int64_t out_channels = 0) {
    const Geometry g = geometry_for(x, same);
    const std::int64_t in = channels(x);
    std::int64_t groups = dice_.chance(0.4) ? in : in % 2 == 0 && dice_.chance(0.3) ? 2 : 1;
    std::int64_t out =
        out_channels > 0 ? out_channels : groups * dice_.whole(1, groups > 2 ? 1 : 3);
    if (out % groups != 0) groups = 1;
    Shape w{out, in / groups};
    w.insert(w.end(), g.kernel.begin(), g.kernel.end());
    std::map<std::string, Attribute> attributes{
        {"strides", g.strides}, {"dilations", g.dilations}, {"group", groups}};
    // Automatic pads: strides beyond the windows are refused, where the pads are not clear.
    const bool automatic = !same && dice_.chance(0.2);
    if (automatic) {
      attributes["strides"] = Ints(axes_, 1);
      attributes["auto_pad"] = std::string(dice_.chance(0.5) ? "SAME_UPPER" : "SAME_LOWER");
    } else {
      attributes["pads"] = g.pads;
    }
    std::vector<ValueId> inputs{x, b_.constant(w, numbers(element_count(w), 0.5))};
    if (dice_.chance(0.6)) inputs.push_back(b_.constant({out}, numbers(out, 0.3)));
    return b_.add("Conv", inputs, std::move(attributes));
  }
  ValueId transposed(ValueId x) {
    Ints kernel, strides, dilations, more, pads(2 * axes_, 0);
    for (std::size_t d = 0; d < axes_; ++d) {
      kernel.push_back(dice_.whole(1, 3));
      strides.push_back(dice_.whole(1, 2));
      dilations.push_back(dice_.whole(1, 2));
      more.push_back(dice_.whole(0, static_cast<int>(strides.back()) - 1));
      const std::int64_t covered = (shape_of(x)[2 + d] - 1) * strides.back() +
                                   dilations.back() * (kernel.back() - 1) + 1 + more.back();
      for (const std::size_t at : {d, axes_ + d}) {
        if (covered > 3) pads[at] = dice_.whole(0, 1);
      }
    }
    const std::int64_t in = channels(x), groups = dice_.chance(0.4) ? in : 1,
                       each = dice_.whole(1, groups > 2 ? 1 : 2);
    Shape w{in, each};
    w.insert(w.end(), kernel.begin(), kernel.end());
    std::vector<ValueId> inputs{x, b_.constant(w, numbers(element_count(w), 0.5))};
    if (dice_.chance(0.6))
      inputs.push_back(b_.constant({each * groups}, numbers(each * groups, 0.3)));
    return b_.add("ConvTranspose", inputs,
                  {{"strides", strides},
                   {"dilations", dilations},
                   {"pads", pads},
                   {"output_padding", more},
                   {"group", groups}});
  }
  ValueId normalise(ValueId x) {
    const std::int64_t c = channels(x);
    std::vector<float> variance = numbers(c, 0.3, 1.0);
    for (float& v : variance) v = std::fabs(v) + 0.1F;
    return b_.add("BatchNormalization",
                  {x, b_.constant({c}, numbers(c, 0.5, 1.0)), b_.constant({c}, numbers(c, 0.3)),
                   b_.constant({c}, numbers(c, 0.3)), b_.constant({c}, variance)});
  }
  ValueId nonlinear(ValueId x) {
    constexpr const char* kCurves[] = {"Sigmoid", "Tanh", "Softplus", "Erf", "Exp"};
    return b_.add(kCurves[dice_.whole(0, 4)], {b_.add("Clip", {x, scalar(-3.0F), scalar(3.0F)})});
  }
  ValueId scalar(float x) { return b_.constant(Shape{}, {x}); }
  ValueId pool(ValueId x) {
    if (dice_.chance(0.5)) {
      return b_.add("AveragePool", {x},
                    {{"kernel_shape", Ints(axes_, 2)}, {"pads", Ints(2 * axes_, 1)}});
    }
    return b_.add("MaxPool", {x}, {{"kernel_shape", Ints(axes_, 2)}, {"pads", Ints(2 * axes_, 1)}});
  }
  ValueId move(ValueId x) {
    switch (dice_.whole(piecewise_ ? 1 : 0, 4)) {
      case 0: {
        Ints pads(2 * (axes_ + 2), 0);
        pads[2] = 1;
        pads.back() = 1;
        return b_.add("Pad", {x, b_.integers(pads), scalar(0.25F)});
      }
      case 1: {
        Ints order{0, 1};
        for (std::size_t d = axes_ + 2; d-- > 2;) order.push_back(static_cast<std::int64_t>(d));
        return b_.add("Transpose", {x}, {{"perm", order}});
      }
      case 2: {
        const std::int64_t last = shape_of(x).back();
        return b_.add("Slice", {x, b_.integers({last - 1}), b_.integers({-last - 1}),
                                b_.integers({static_cast<std::int64_t>(axes_) + 1}),
                                b_.integers({last > 3 ? -2 : -1})});
      }
      case 3: {
        Ints scales(axes_ + 2, 1);
        scales[1] = 2;
        return b_.add("Tile", {x, b_.integers(scales)});
      }
      default: {
        const ValueId first = convolve(x, true), second = convolve(x, true);
        return b_.add("Concat", {first, dice_.chance(0.5) ? x : second, first},
                      {{"axis", std::int64_t{1}}});
      }
    }
  }
  ValueId sum(ValueId x) {
    const std::int64_t c = channels(x);
    const ValueId first = convolve(x, true, c);
    const char* const name = dice_.chance(0.5) ? "Add" : "Sub";
    switch (dice_.whole(0, piecewise_ ? 3 : 4)) {
      case 0: return b_.add(name, {first, x});
      case 1: return b_.add(name, {first, convolve(x, true, c)});
      case 2: return b_.add(name, {first, first});
      case 3: return b_.add(name, {convolve(relu(first), true, c), x});
      default: {
        Shape one(axes_ + 2, 1);
        one[1] = c;
        return b_.add(name, {b_.constant(one, numbers(c, 0.5)), first});
      }
    }
  }
  ValueId scale(ValueId x) {
    switch (dice_.whole(0, piecewise_ ? 1 : 2)) {
      case 0: return b_.add("Mul", {convolve(x), scalar(-0.5F)});
      case 1: return b_.add("Neg", {convolve(x)});
      default: {
        const std::int64_t c = channels(x);
        return b_.add("Mul", {convolve(x, true, c), convolve(x, true, c)});
      }
    }
  }
  ValueId step(ValueId x) {
    // Images and channels stay small.
    if (b_.network().value(x).size() > 200) {
      return relu(b_.add("Conv",
                         {x, b_.constant(
                                 [&] {
                                   Shape w(axes_ + 2, 1);
                                   w[0] = 2;
                                   w[1] = channels(x);
                                   return w;
                                 }(),
                                 numbers(2 * channels(x), 0.5))},
                         {{"strides", Ints(axes_, 2)}}));
    }
    switch (dice_.whole(0, piecewise_ ? 6 : 9)) {
      case 0: return relu(convolve(x));
      case 1: return relu(transposed(x));
      case 2: return relu(sum(x));
      case 3: return sum(x);
      case 4: return move(dice_.chance(0.5) ? convolve(x) : transposed(x));
      case 5: return scale(x);
      case 7: return relu(normalise(convolve(x)));
      case 8: return normalise(move(convolve(x)));
      case 9: return pool(convolve(x));
      default:
        if (piecewise_) return b_.add("LeakyRelu", {convolve(x)}, {{"alpha", 0.25}});
        return nonlinear(convolve(x));
    }
  }

  Dice& dice_;
  const bool piecewise_;
  const std::size_t axes_;
  NetworkBuilder b_;
};

struct Box {
  std::vector<double> lower, upper;
};
inline Box random_box(Dice& dice, std::int64_t inputs, double fixed) {
  Box box;
  for (std::int64_t i = 0; i < inputs; ++i) {
    const double a = dice.chance(0.1) ? 0.0 : dice.normal(),
                 width = dice.chance(fixed) ? 0.0 : dice.uniform(0.0, 0.3);
    box.lower.push_back(a);
    box.upper.push_back(a + width);
  }
  return box;
}
inline std::vector<double> point_in(Dice& dice, const Box& box) {
  std::vector<double> x;
  for (std::size_t i = 0; i < box.lower.size(); ++i)
    x.push_back(dice.endpoint(box.lower[i], box.upper[i]));
  return x;
}

}  // namespace clipbound::test
