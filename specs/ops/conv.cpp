// Idea: Conv and ConvTranspose: any number of spatial axes, groups, dilations, automatic pads, with
// or without bias. An input may hold several images (the ONNX batch dimension).
// Source: ONNX operator specification, Conv and ConvTranspose.
// Guarantees: float, double and Enclosed compute one template; the running error covers every
// rounding (S1).
#include "base/check.h"
#include "specs/ops/convolution.h"

namespace clipbound::specs {
namespace {

std::int64_t groups_of(const Node& node) {
  const std::int64_t groups = node.int_attribute("group", 1);
  if (groups < 1) throw InputError("group is " + std::to_string(groups));
  return groups;
}

/// Checks what both operators share; gives the spatial shape of the kernel.
Shape checked_kernel(const Network& network, const Node& node) {
  expect_floating(network, node, 0);
  expect_same_type(network, node, 0, 1);
  const Shape& x = input_of(network, node, 0).shape;
  const Shape& w = input_of(network, node, 1).shape;
  if (x.size() < 3 || w.size() != x.size())
    throw InputError("shapes " + to_string(x) + " and " + to_string(w) + " do not fit");
  const Shape kernel = spatial_shape(w);
  if (const auto* stated = node.ints_attribute("kernel_shape");
      stated != nullptr && *stated != kernel)
    throw InputError("kernel_shape is not the weights'");
  return kernel;
}

void check_bias(const Network& network, const Node& node, std::int64_t channels) {
  if (!has_input(node, 2)) return;
  expect_same_type(network, node, 0, 2);
  if (input_of(network, node, 2).shape != Shape{channels})
    throw InputError("bias of shape " + to_string(input_of(network, node, 2).shape));
}

/// Plan and geometry of a Conv node. The shapes are checked before they are taken apart.
WindowShape conv_windows(const Network& network, const Node& node) {
  const Shape kernel = checked_kernel(network, node);
  return windows_over(node, spatial_shape(input_of(network, node, 0).shape), kernel);
}
WindowShape transpose_windows(const Network& network, const Node& node) {
  const Shape kernel = checked_kernel(network, node);
  return windows_onto(node, spatial_shape(input_of(network, node, 0).shape), kernel);
}

/// Y is the positions of a Conv, the image of a ConvTranspose.
template <bool kTransposed>
class ConvOp {
 public:
  ConvOp(const Network& network, const Node& node)
      : images_(input_of(network, node, 0).shape[0]),
        x_stride_(point_stride(network, node.inputs[0])),
        weight_stride_(point_stride(network, node.inputs[1])),
        y_channels_(network.value(node.outputs[0]).shape[1]),
        y_area_(element_count(spatial_shape(network.value(node.outputs[0]).shape))),
        product_(plan(network, node),
                 kTransposed ? transpose_windows(network, node) : conv_windows(network, node)) {
    if (has_input(node, 2)) bias_stride_ = point_stride(network, node.inputs[2]);
  }

  template <typename S>
  void run(const Arguments<S>& a) const {
    if constexpr (std::is_same_v<S, std::int64_t>) {
      CLIPBOUND_CHECK_NOTE(false, "a convolution of integers");
    } else {
      write_bias(a);
      for_each_call(a.batch,
                    [&](std::int64_t images, std::int64_t x, std::int64_t w, std::int64_t y) {
                      forward(images, a.inputs[1] + w, a.inputs[0] + x, a.outputs[0] + y, a.sums);
                    });
    }
  }

  template <typename T>
  void pull(const Arguments<T>& a, const Gradients<T>& g) const {
    for_each_call(a.batch,
                  [&](std::int64_t images, std::int64_t x, std::int64_t w, std::int64_t y) {
                    const T* gy = g.outputs[0] + y;
                    const T* weights = a.inputs[1] + w;
                    if (g.inputs[0] != nullptr) {
                      if constexpr (kTransposed)
                        product_.to_positions(images, weights, gy, g.inputs[0] + x);
                      else
                        product_.to_image(images, weights, gy, g.inputs[0] + x);
                    }
                    if (g.inputs[1] == nullptr) return;
                    const T* from = a.inputs[0] + x;
                    product_.to_weights(images, kTransposed ? from : gy, kTransposed ? gy : from,
                                        g.inputs[1] + w);
                  });
    if (g.inputs.size() > 2 && g.inputs[2] != nullptr) pull_bias(a, g);
  }

 private:
  static ConvolutionPlan plan(const Network& network, const Node& node) {
    const std::int64_t x = input_of(network, node, 0).shape[1],
                       y = network.value(node.outputs[0]).shape[1];
    return {groups_of(node), kTransposed ? y : x, kTransposed ? x : y};
  }
  std::int64_t y_size() const {
    return kTransposed ? product_.image_size() : product_.position_size();
  }

  /// body(images, where they begin in x, in the weights, in y): one call for all where the weights
  /// are constant.
  template <typename Body>
  void for_each_call(std::int64_t batch, const Body& body) const {
    if (weight_stride_ == 0 && x_stride_ != 0) return body(batch * images_, 0, 0, 0);
    for (std::int64_t b = 0; b < batch; ++b)
      body(images_, b * x_stride_, b * weight_stride_, b * images_ * y_size());
  }

  template <typename S>
  void forward(std::int64_t images, const S* w, const S* x, S* y, Sums order) const {
    if constexpr (std::is_floating_point_v<S>) {
      if (order == Sums::fast) {
        if constexpr (kTransposed)
          return product_.to_image(images, w, x, y);
        else
          return product_.to_positions(images, w, x, y);
      }
    }
    if constexpr (kTransposed)
      product_.to_image_ordered(images, w, x, y, order);
    else
      product_.to_positions_ordered(images, w, x, y, order);
  }

  template <typename S>
  void write_bias(const Arguments<S>& a) const {
    const bool given = a.inputs.size() > 2 && a.inputs[2] != nullptr;
    for (std::int64_t b = 0; b < a.batch; ++b)
      for (std::int64_t i = 0; i < images_ * y_channels_; ++i)
        std::fill_n(a.outputs[0] + (b * images_ * y_channels_ + i) * y_area_, y_area_,
                    given ? a.inputs[2][b * bias_stride_ + i % y_channels_] : S(0));
  }
  template <typename T>
  void pull_bias(const Arguments<T>& a, const Gradients<T>& g) const {
    for (std::int64_t b = 0; b < a.batch; ++b)
      for (std::int64_t i = 0; i < images_ * y_channels_; ++i)
        for (std::int64_t j = 0; j < y_area_; ++j)
          g.inputs[2][b * bias_stride_ + i % y_channels_] +=
              g.outputs[0][(b * images_ * y_channels_ + i) * y_area_ + j];
  }

  std::int64_t images_, x_stride_, weight_stride_, bias_stride_ = 0, y_channels_, y_area_;
  Convolution product_;
};

[[noreturn]] void refuse_groups(const Shape& x, const Shape& w, std::int64_t groups) {
  throw InputError("input " + to_string(x) + ", weights " + to_string(w) + " and " +
                   std::to_string(groups) + " groups do not fit");
}

/// Of either: images of so many channels, on a grid of this shape.
void set_images(Network& network, Node& node, std::int64_t channels, const Shape& grid) {
  check_bias(network, node, channels);
  const Value& x = input_of(network, node, 0);
  Shape shape{x.shape[0], channels};
  shape.insert(shape.end(), grid.begin(), grid.end());
  set_output(network, node, 0, x.type, shape);
}

void infer_conv(Network& network, Node& node) {
  expect_arity(node, 2, 3);
  const WindowShape windows = conv_windows(network, node);
  const Shape& x = input_of(network, node, 0).shape;
  const Shape& w = input_of(network, node, 1).shape;
  const std::int64_t groups = groups_of(node);
  if (x[1] % groups != 0 || w[0] % groups != 0 || w[1] != x[1] / groups)
    refuse_groups(x, w, groups);
  set_images(network, node, w[0], windows.output);
}

void infer_transpose(Network& network, Node& node) {
  expect_arity(node, 2, 3);
  const WindowShape windows = transpose_windows(network, node);
  const Shape& x = input_of(network, node, 0).shape;
  const Shape& w = input_of(network, node, 1).shape;
  const std::int64_t groups = groups_of(node);
  if (x[1] % groups != 0 || w[0] != x[1]) refuse_groups(x, w, groups);
  std::int64_t channels = 0;
  if (__builtin_mul_overflow(w[1], groups, &channels)) throw InputError("absurd number of groups");
  set_images(network, node, channels, windows.image);
}

}  // namespace

OpVerbs verbs_of_conv() {
  return {infer_conv, prepare_as<ConvOp<false>>};
}
OpVerbs verbs_of_conv_transpose() {
  return {infer_transpose, prepare_as<ConvOp<true>>};
}

}  // namespace clipbound::specs
