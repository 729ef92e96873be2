// Operators on tensors that are no rows: windows, axes, integers, matrices, indices.
#include "tests/hunt/any_network.h"

namespace clipbound::test {

namespace {

using Ints = std::vector<std::int64_t>;
const std::map<std::string, Attribute> kAlongRow{{"axis", std::int64_t{1}}};
const std::map<std::string, Attribute> kKeepRow{{"keepdims", std::int64_t{1}}};

}  // namespace

/// Strides, dilations, pads in two dimensions, now and then so wide apart that windows miss the
/// image.
AnyNetwork::Attributes AnyNetwork::some_windows(bool pool) {
  Attributes attributes{{"strides", Ints{dice_.whole(1, 2), dice_.whole(1, 3)}}};
  if (pool) attributes["kernel_shape"] = Ints{2, 2};
  const std::int64_t dilation = dice_.chance(0.3) ? dice_.whole(2, 4) : 1;
  if (dilation > 1) attributes["dilations"] = Ints{1, dilation};
  if (dice_.chance(0.1)) {
    attributes["auto_pad"] = std::string(dice_.chance(0.5) ? "SAME_UPPER" : "SAME_LOWER");
  } else if (dice_.chance(0.6)) {
    attributes["pads"] = Ints{dice_.whole(0, 1), dice_.whole(0, static_cast<int>(dilation)),
                              dice_.whole(0, 1), dice_.whole(0, static_cast<int>(dilation))};
  }
  if (pool && dice_.chance(0.3)) attributes["ceil_mode"] = std::int64_t{1};
  return attributes;
}

ValueId AnyNetwork::pooled(ValueId image) {
  const std::int64_t channels = b_.network().value(image).shape[1];
  switch (dice_.whole(0, 5)) {
    case 0:
    case 1: return node("MaxPool", {image}, some_windows(true));
    case 2: {
      Attributes attributes = some_windows(true);
      attributes["count_include_pad"] = std::int64_t{dice_.whole(0, 1)};
      return node("AveragePool", {image}, attributes);
    }
    case 3: {
      std::vector<float> variances;
      for (std::int64_t c = 0; c < channels; ++c)
        variances.push_back(static_cast<float>(dice_.uniform(0.01, 2.0)));
      return node("BatchNormalization",
                  {image, numbers({channels}, 1.0), numbers({channels}, 0.3),
                   numbers({channels}, 0.3), b_.constant({channels}, variances)});
    }
    case 4: return node(dice_.chance(0.5) ? "GlobalAveragePool" : "GlobalMaxPool", {image});
    default: return resized(image);
  }
}

ValueId AnyNetwork::resized(ValueId image) {
  const Shape shape = b_.network().value(image).shape;
  if (dice_.chance(0.5)) {
    const ValueId sizes = b_.integers(
        {1, shape[1], shape[2] + dice_.whole(0, 2), std::max<std::int64_t>(1, shape[3] - 1)});
    return node("Resize", {image, kNoValue, kNoValue, sizes}, {{"mode", std::string("nearest")}});
  }
  const ValueId wide = node("Tile", {image, b_.integers({1, 1, 2, 1})});
  return node("Transpose", {wide}, {{"perm", Ints{0, 1, 3, 2}}});
}

/// Convolutions and pools on what becomes a small image.
ValueId AnyNetwork::windows(ValueId x) {
  const std::int64_t rows = dice_.whole(2, 4), columns = dice_.whole(1, 4),
                     channels = dice_.whole(1, 2);
  ValueId image = node(
      "Reshape", {affine(x, channels * rows * columns), b_.integers({1, channels, rows, columns})});
  const int kind = dice_.whole(0, 3);
  if (kind == 0) {
    const std::int64_t groups = dice_.chance(0.5) ? channels : 1;
    Attributes attributes = some_windows(false);
    attributes["group"] = groups;
    image = node("Conv", {image, numbers({2, channels / groups, 2, 2}, 0.7), numbers({2}, 0.3)},
                 attributes);
  } else if (kind == 1) {
    image = node("ConvTranspose", {image, numbers({channels, 2, 2, 2}, 0.7)}, some_windows(false));
  }
  if (dice_.chance(0.3)) image = some_function(image);
  image = pooled(image);
  if (dice_.chance(0.3)) image = node("Clip", {image, scalar(-1.0F), scalar(1.0F)});
  return node("Flatten", {image});
}

/// Lists along other axes of a cube, and reductions of several axes.
ValueId AnyNetwork::along_axes(ValueId x) {
  const std::int64_t a = dice_.whole(1, 3), c = dice_.whole(2, 3);
  ValueId cube = node("Reshape", {affine(x, a * 2 * c), b_.integers({1, a, 2, c})});
  static constexpr const char* kReductions[] = {"ReduceMax", "ReduceMin", "ReduceSum",
                                                "ReduceMean"};
  switch (dice_.whole(0, 3)) {
    case 0: cube = node("Softmax", {cube}, {{"axis", std::int64_t{dice_.whole(1, 3)}}}); break;
    case 1: cube = node("LogSoftmax", {cube}, {{"axis", std::int64_t{dice_.whole(-3, -1)}}}); break;
    case 2: {
      const std::int64_t axis = dice_.whole(1, 3);
      const Shape inner = axis == 1 ? Shape{a, 2, c} : axis == 2 ? Shape{2, c} : Shape{c};
      cube = node("LayerNormalization", {cube, numbers(inner, 1.0)},
                  {{"axis", axis}, {"epsilon", static_cast<double>(1e-2F)}});
      break;
    }
    default: {
      const Ints axes = dice_.chance(0.5) ? Ints{2} : dice_.chance(0.5) ? Ints{1, 3} : Ints{-1, -2};
      cube = node(kReductions[dice_.whole(0, 3)], {cube, b_.integers(axes)},
                  {{"keepdims", std::int64_t{dice_.whole(0, 1)}}});
      break;
    }
  }
  return node("Reshape", {cube, b_.integers({1, -1})});
}

/// Whole numbers: cut, divided, compared, and numbers again.
ValueId AnyNetwork::integers(ValueId x) {
  const std::int64_t w = width_of(x);
  const auto whole = [&](ValueId v) {
    return node("Cast", {node("Mul", {v, number(2.0)})}, {{"to", std::int64_t{7}}});
  };
  ValueId k = whole(x);
  switch (dice_.whole(0, 6)) {
    case 0: k = node("Div", {k, b_.integers({dice_.chance(0.5) ? 2 : -2})}); break;
    case 1: k = node("Mul", {k, whole(earlier(w))}); break;
    case 2: k = node("Equal", {k, b_.integers({dice_.whole(-1, 1)})}); break;
    case 3: k = node("LessOrEqual", {k, whole(earlier(w))}); break;
    case 4:
      k = node("Xor", {node("Greater", {k, b_.integers({0})}), node("Less", {x, earlier(w)})});
      break;
    case 5: k = node("Not", {node("GreaterOrEqual", {k, b_.integers({1})})}); break;
    default: k = node("Add", {k, b_.integers({-1})}); break;
  }
  return node("Cast", {k}, {{"to", std::int64_t{1}}});
}

/// A product of two matrices of variables, attention in small.
ValueId AnyNetwork::matrices(ValueId x) {
  const std::int64_t rows = dice_.whole(1, 3), inner = dice_.whole(1, 3),
                     columns = dice_.whole(1, 3);
  const ValueId left =
      node("Reshape", {smooth(affine(x, rows * inner)), b_.integers({rows, inner})});
  const ValueId right =
      node("Reshape", {affine(dice_.chance(0.5) ? x : earlier(width_of(x)), inner * columns),
                       b_.integers({inner, columns})});
  ValueId product = node("MatMul", {left, right});
  if (dice_.chance(0.5)) {
    const ValueId share = node("Softmax", {product}, kAlongRow);
    product = node("MatMul",
                   {share, node("Reshape", {affine(x, columns * 2), b_.integers({columns, 2})})});
  }
  return node("Reshape", {product, b_.integers({1, -1})});
}

/// A number that scales a whole tensor, which is multiplied with constants and variables
/// afterwards.
ValueId AnyNetwork::scaled_tensor(ValueId x) {
  const ValueId v = dice_.chance(0.5) ? node("Sigmoid", {affine(x, 1)}) : affine(x, 1);
  const ValueId factor = dice_.chance(0.5) ? node("Mul", {v, node("Sub", {number(1.0), v})}) : v;
  ValueId y = node("Mul", {dice_.chance(0.5) ? x : numbers({1, width_of(x)}, 1.0), factor});
  const int steps = dice_.whole(1, 3);
  for (int k = 0; k < steps; ++k) {
    switch (dice_.whole(0, 3)) {
      case 0: y = node("MatMul", {y, numbers({width_of(y), dice_.whole(2, 4)}, 0.7)}); break;
      case 1: y = node("Mul", {y, earlier(width_of(y))}); break;
      case 2: y = node("Div", {y, positive(earlier(width_of(y)))}); break;
      default: y = node("Neg", {y}); break;
    }
  }
  return dice_.chance(0.5) ? node("ReduceSum", {y, b_.integers({1})}, kKeepRow) : y;
}

/// A part of a list taken from where the first input says, or a number put there.
ValueId AnyNetwork::placed(ValueId x) {
  const std::int64_t length = dice_.whole(3, 6), count = dice_.whole(1, 2);
  most_of_first_ = static_cast<int>(length - count);
  ValueId first = node(
      "Reshape",
      {node("Slice", {x, b_.integers({0}), b_.integers({1}), b_.integers({1})}), b_.integers({1})});
  if (dice_.chance(0.5)) first = node(dice_.chance(0.5) ? "Floor" : "Ceil", {first});
  const ValueId index = node("Cast", {first}, {{"to", std::int64_t{7}}});
  const ValueId list =
      dice_.chance(0.5) ? node("Reshape", {some_function(affine(x, length)), b_.integers({length})})
                        : numbers({length}, 1.0);
  if (dice_.chance(0.5)) {
    const ValueId end = node("Add", {index, b_.integers({count})});
    return node("Reshape",
                {node("Slice", {list, index, end, b_.integers({0})}), b_.integers({1, count})});
  }
  const ValueId put =
      node("ScatterND",
           {list, node("Reshape", {index, b_.integers({1, 1})}),
            dice_.chance(0.5) ? node("Reshape", {affine(x, 1), b_.integers({1})}) : number(-2.0)});
  return node("Reshape", {put, b_.integers({1, length})});
}

/// What moves or repeats elements: axes of length 1, parts of a list, blocks of an image.
ValueId AnyNetwork::rearranged(ValueId x) {
  const std::int64_t w = width_of(x);
  switch (dice_.whole(0, 6)) {
    case 0:
      return node("Squeeze",
                  {some_function(node("Unsqueeze", {x, b_.integers({2})})), b_.integers({2})});
    case 1: {
      const ValueId even = affine(x, 4);
      const std::vector<ValueId> parts = b_.add("Split", {even, b_.integers({1, 3})}, kAlongRow, 2);
      return node("Concat", {parts[1], some_function(parts[0])}, kAlongRow);
    }
    case 2: return node("Add", {x, node("Expand", {affine(x, 1), b_.integers({1, w})})});
    case 3: {
      const std::map<std::string, Attribute> blocks{{"blocksize", std::int64_t{2}}};
      const ValueId image = node("Reshape", {affine(x, 8), b_.integers({1, 4, 1, 2})});
      const ValueId wide = some_function(node("DepthToSpace", {image}, blocks));
      return node("Flatten", {dice_.chance(0.5) ? wide : node("SpaceToDepth", {wide}, blocks)});
    }
    case 4: {
      const ValueId between =
          node("And", {node("Greater", {x, number(-0.5)}), node("Less", {x, earlier(w)})});
      return node("Mul", {x, node("Cast", {between}, {{"to", std::int64_t{1}}})});
    }
    case 5: return node("Dropout", {node("Identity", {x})});
    default:
      return node(
          "Mul",
          {x,
           node("Cast", {node("Range", {b_.integers({1}), b_.integers({w + 1}), b_.integers({1})})},
                {{"to", std::int64_t{1}}})});
  }
}

}  // namespace clipbound::test
