// Idea: Conv and ConvTranspose with constant weights.
// Source: own.
// Guarantees: exact weights; roundings go into radii (S1).
#include "base/error.h"
#include "bounds/lowering/ops/lower_op.h"
#include "bounds/lowering/ops/taps.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

enum class Direction { forward, transposed };

/// A tap of a window and the other on the other side of it.
struct Tap {
  std::int64_t tap, other;
};

/// For every position its taps and the image elements under them; transposed, for every image
/// element the taps and positions over it.
std::vector<std::vector<Tap>> taps_of(const Windows& windows, std::int64_t outputs,
                                      Direction direction) {
  const bool transposed = direction == Direction::transposed;
  std::vector<std::vector<Tap>> taps(static_cast<std::size_t>(outputs));
  for_each_tap(windows, [&](std::int64_t position, std::int64_t tap, std::int64_t element) {
    taps[static_cast<std::size_t>(transposed ? element : position)].push_back(
        {tap, transposed ? position : element});
  });
  return taps;
}

std::vector<AffineForm> lower_convolution(LowerContext& context, const Node& node,
                                          Direction direction) {
  const bool transposed = direction == Direction::transposed;
  const Network& network = context.network();
  if (!network.is_constant(node.inputs[1])) throw Unsupported("bounds need constant weights");
  const Shape& x = network.value(node.inputs[0]).shape;
  const Shape& w = network.value(node.inputs[1]).shape;
  const Shape& y = network.value(node.outputs[0]).shape;
  const Windows windows(transposed ? windows_onto(node, spatial(x), spatial(w))
                                   : windows_over(node, spatial(x), spatial(w)));
  const std::vector<double> weights = constant_of(context, node, node.inputs[1]);
  const std::int64_t groups = node.int_attribute("group", 1), taps = windows.taps();
  const std::int64_t x_area = element_count(spatial(x)), y_area = element_count(spatial(y));
  // weights [M, c, T]: M channels of the positions, c = image channels per group. Output channel
  // `out` of a group reads `in` channels.
  const std::int64_t M = w[0], c = w[1], m = M / groups, in = transposed ? m : c,
                     out = transposed ? c : m;
  const std::vector<std::vector<Tap>> under = taps_of(windows, y_area, direction);
  AffineForm scratch, scratch_bias;
  std::vector<const AffineForm*> forms = {
      &form_to_compose(context, node.inputs[0], element_count(y), in * taps, scratch)};
  const bool biased = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
  if (biased) forms.push_back(&form_of(context, node.inputs[2], scratch_bias));
  const auto make = [&](std::size_t e, std::vector<WeightedTerm>& terms) {
    const auto i = static_cast<std::int64_t>(e);
    const std::int64_t image = i / (y[1] * y_area), channel = i / y_area % y[1],
                       group = channel / out;
    for (std::int64_t k = 0; k < in; ++k) {
      const std::int64_t row = transposed ? (group * m + k) * c + channel % out : channel * c + k;
      const double* kernel = weights.data() + row * taps;
      const std::int64_t first = (image * x[1] + group * in + k) * x_area;
      for (const Tap& t : under[static_cast<std::size_t>(i % y_area)]) {
        if (kernel[t.tap] != 0.0) terms.push_back({0, first + t.other, kernel[t.tap]});
      }
    }
    if (biased) terms.push_back({1, channel, 1.0});
  };
  return {linear_map(forms, make,
                     std::vector<double>(static_cast<std::size_t>(element_count(y)), 0.0),
                     context.magnitudes())};
}

}  // namespace

std::vector<AffineForm> lower_conv(LowerContext& context, const Node& node) {
  return lower_convolution(context, node, Direction::forward);
}
std::vector<AffineForm> lower_conv_transpose(LowerContext& context, const Node& node) {
  return lower_convolution(context, node, Direction::transposed);
}

}  // namespace clipbound::bounds
