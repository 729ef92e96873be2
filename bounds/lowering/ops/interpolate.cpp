// Idea: Resize and Upsample in the modes linear and cubic: one linear map per axis, whose weights
// are those of the evaluation.
// Source: own.
// Guarantees: the weights are exact numbers; roundings go into radii (S1).
#include <algorithm>

#include "bounds/lowering/ops/lower_op.h"
#include "specs/ops/resize_axes.h"

namespace clipbound::bounds {

namespace {

/// The map along axis d of a form of `shape`.
AffineForm along_axis(const LowerContext& context, const AffineForm& x, const Shape& shape,
                      std::size_t d, const ResizeAxis& axis) {
  const auto place = static_cast<std::ptrdiff_t>(d);
  const std::int64_t outer = element_count(Shape(shape.begin(), shape.begin() + place)),
                     inner = element_count(Shape(shape.begin() + place + 1, shape.end()));
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::size_t i = 0; i + 1 < axis.begin.size(); ++i) {
      for (std::int64_t k = 0; k < inner; ++k) {
        for (std::int64_t t = axis.begin[i]; t < axis.begin[i + 1]; ++t) {
          const ResizeTap& tap = axis.taps[static_cast<std::size_t>(t)];
          terms.push_back(
              {0, (o * axis.from + tap.element) * inner + k, static_cast<double>(tap.weight)});
        }
        begin.push_back(static_cast<std::int64_t>(terms.size()));
      }
    }
  }
  return linear_map({&x}, begin, terms, std::vector<double>(begin.size() - 1, 0.0),
                    context.magnitudes());
}

/// Which output elements lie outside of the input along some axis.
std::vector<char> elements_outside(const std::vector<ResizeAxis>& axes) {
  std::vector<char> outside{0};
  for (const ResizeAxis& axis : axes) {
    std::vector<char> longer;
    for (const char before : outside) {
      for (const char here : axis.outside) longer.push_back(before != 0 || here != 0 ? 1 : 0);
    }
    outside = std::move(longer);
  }
  return outside;
}

}  // namespace

std::vector<AffineForm> lower_interpolate(LowerContext& context, const Node& node) {
  const Network& network = context.network();
  const std::vector<ResizeAxis> axes = resize_axes(network, node);
  std::int64_t reads = 1;
  for (const ResizeAxis& axis : axes)
    reads *= std::max<std::int64_t>(1, static_cast<std::int64_t>(axis.taps.size()) / axis.to);
  AffineForm scratch;
  AffineForm form = form_to_compose(context, node.inputs[0], network.value(node.outputs[0]).size(),
                                    reads, scratch);
  Shape shape = network.value(node.inputs[0]).shape;
  for (std::size_t d = 0; d < axes.size(); ++d) {
    if (!axes[d].kept) form = along_axis(context, form, shape, d, axes[d]);
    shape[d] = axes[d].to;
  }
  // Weights are float32 numbers, and so is what stands outside.
  const AffineForm beyond =
      AffineForm::of_constant({static_cast<double>(static_cast<float>(extrapolation_value(node)))});
  const std::vector<char> outside = elements_outside(axes);
  std::vector<Pick> picks;
  for (std::size_t i = 0; i < outside.size(); ++i)
    picks.push_back(outside[i] != 0 ? Pick{1, 0} : Pick{0, static_cast<std::int64_t>(i)});
  return {gather({&form, &beyond}, picks)};
}

}  // namespace clipbound::bounds
