// Idea: Resize and Upsample. In mode nearest every output element copies one input element; in the
// modes linear and cubic, and where the value for extrapolation enters, it is a sum with constant
// weights, which is the form `interpolate`: one axis after the other.
// Source: ONNX operator specification, Resize and Upsample.
// Guarantees: copies are exact; float, double and Enclosed compute one template, whose running
// error covers every rounding (S1).
#include <algorithm>
#include <string_view>

#include "base/check.h"
#include "specs/ops/movement.h"
#include "specs/ops/ordered_sum.h"
#include "specs/ops/resize_axes.h"

namespace clipbound::specs {
namespace {

/// All output elements in order: where each begins, made of one offset per axis and position.
template <class Offset>
std::vector<std::int64_t> sums_of_offsets(const std::vector<ResizeAxis>& axes,
                                          const Offset& offset) {
  std::vector<std::int64_t> elements{0};
  for (std::size_t d = 0; d < axes.size(); ++d) {
    std::vector<std::int64_t> longer;
    for (const std::int64_t element : elements)
      for (std::int64_t i = 0; i < axes[d].to; ++i) longer.push_back(element + offset(d, i));
    elements = std::move(longer);
  }
  return elements;
}

Movement map(const Network& network, const Node& node) {
  const std::vector<ResizeAxis> axes = resize_axes(network, node);
  const std::vector<std::int64_t> strides = strides_of(input_of(network, node, 0).shape);
  Movement movement{{{}}};
  for (const std::int64_t element : sums_of_offsets(axes, [&](std::size_t d, std::int64_t i) {
         return axes[d].taps[static_cast<std::size_t>(i)].element * strides[d];
       }))
    movement.append(0, 0, element);
  return movement;
}

template <typename S>
S number(float weight) {
  if constexpr (std::is_same_v<S, Enclosed>)
    return Enclosed(static_cast<double>(weight));
  else
    return static_cast<S>(weight);
}

class InterpolationOp {
 public:
  InterpolationOp(const Network& network, const Node& node)
      : point_stride_(point_stride(network, node.inputs[0])),
        beyond_(static_cast<float>(extrapolation_value(node))) {
    Shape shape = input_of(network, node, 0).shape;
    const std::vector<ResizeAxis> axes = resize_axes(network, node);
    from_ = element_count(shape);
    for (std::size_t d = 0; d < axes.size(); ++d) {
      const auto place = static_cast<std::ptrdiff_t>(d);
      if (!axes[d].kept)
        passes_.push_back({axes[d], element_count(Shape(shape.begin(), shape.begin() + place)),
                           element_count(Shape(shape.begin() + place + 1, shape.end()))});
      shape[d] = axes[d].to;
    }
    to_ = element_count(shape);
    const std::vector<std::int64_t> outside =
        sums_of_offsets(axes, [&](std::size_t d, std::int64_t i) -> std::int64_t {
          return axes[d].outside[static_cast<std::size_t>(i)];
        });
    for (std::size_t i = 0; i < outside.size(); ++i)
      if (outside[i] > 0) outside_.push_back(i);
  }

  template <typename S>
  void run(const Arguments<S>& a) const {
    std::vector<S> current, next;
    for (std::int64_t b = 0; b < a.batch; ++b) {
      const S* x = a.inputs[0] + b * point_stride_;
      current.assign(x, x + from_);
      for (const Pass& pass : passes_) {
        next.assign(static_cast<std::size_t>(pass.outer * pass.axis.to * pass.inner), S(0));
        interpolate(pass, current.data(), next.data(), a.sums);
        std::swap(current, next);
      }
      for (const std::size_t i : outside_) current[i] = number<S>(beyond_);
      std::copy(current.begin(), current.end(), a.outputs[0] + b * to_);
    }
  }

  template <typename T>
  void pull(const Arguments<T>& a, const Gradients<T>& g) const {
    if (g.inputs[0] == nullptr) return;
    std::vector<T> current, next;
    for (std::int64_t b = 0; b < a.batch; ++b) {
      const T* y = g.outputs[0] + b * to_;
      current.assign(y, y + to_);
      for (const std::size_t i : outside_) current[i] = T(0);
      for (auto pass = passes_.rbegin(); pass != passes_.rend(); ++pass) {
        next.assign(static_cast<std::size_t>(pass->outer * pass->axis.from * pass->inner), T(0));
        spread(*pass, current.data(), next.data());
        std::swap(current, next);
      }
      T* x = g.inputs[0] + b * point_stride_;
      for (std::int64_t i = 0; i < from_; ++i) x[i] += current[static_cast<std::size_t>(i)];
    }
  }

 private:
  /// Along one axis: [outer, axis, inner].
  struct Pass {
    ResizeAxis axis;
    std::int64_t outer, inner;
  };

  template <typename S>
  static void interpolate(const Pass& pass, const S* x, S* y, Sums order) {
    const std::int64_t inner = pass.inner;
    for (std::int64_t o = 0; o < pass.outer; ++o, x += pass.axis.from * inner)
      for (std::size_t i = 0; i + 1 < pass.axis.begin.size(); ++i, y += inner) {
        const ResizeTap* tap = pass.axis.taps.data() + pass.axis.begin[i];
        const std::int64_t count = pass.axis.begin[i + 1] - pass.axis.begin[i];
        for (std::int64_t k = 0; k < inner; ++k)
          y[k] = ordered_sum<S>(
              count,
              [&](std::int64_t t) {
                return number<S>(tap[t].weight) * x[tap[t].element * inner + k];
              },
              order);
      }
  }

  template <typename T>
  static void spread(const Pass& pass, const T* y, T* x) {
    const std::int64_t inner = pass.inner;
    for (std::int64_t o = 0; o < pass.outer; ++o, x += pass.axis.from * inner)
      for (std::size_t i = 0; i + 1 < pass.axis.begin.size(); ++i, y += inner)
        for (std::int64_t t = pass.axis.begin[i]; t < pass.axis.begin[i + 1]; ++t) {
          const ResizeTap& tap = pass.axis.taps[static_cast<std::size_t>(t)];
          for (std::int64_t k = 0; k < inner; ++k)
            x[tap.element * inner + k] += static_cast<T>(tap.weight) * y[k];
        }
  }

  std::vector<Pass> passes_;
  std::vector<std::size_t> outside_;
  std::int64_t point_stride_, from_ = 0, to_ = 0;
  float beyond_;
};

void infer(Network& network, Node& node) {
  expect_arity(node, 1, 4);
  Shape shape;
  for (const ResizeAxis& axis : resize_axes(network, node)) shape.push_back(axis.to);
  const bool copies = resize_copies(node);
  const DataType type = input_of(network, node, 0).type;
  if (!copies && type != DataType::float32 && type != DataType::float64)
    throw Unsupported(std::string("an interpolation of ") + name_of(type));
  if (std::string_view(op_row(node.kind).onnx_name) == "Resize")
    node.kind = copies ? OpKind::resize : OpKind::interpolate;
  else
    node.kind = copies ? OpKind::upsample : OpKind::interpolate_upsample;
  set_output(network, node, 0, type, shape);
}

}  // namespace

OpVerbs verbs_of_resize() {
  return {infer, prepare_movement<map>};
}
OpVerbs verbs_of_upsample() {
  return {infer, prepare_movement<map>};
}
OpVerbs verbs_of_interpolate() {
  return {infer, prepare_as<InterpolationOp>};
}
OpVerbs verbs_of_interpolate_upsample() {
  return {infer, prepare_as<InterpolationOp>};
}

}  // namespace clipbound::specs
