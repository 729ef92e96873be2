// Idea: Conv and ConvTranspose with constant weights.
// Source: own.
// Guarantees: exact weights; roundings go into radii (S1).

#include "base/error.h"
#include "bounds/lowering/ops/lower_op.h"
#include "bounds/lowering/ops/structured.h"
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

/// The coefficients of all outputs, padding included.
double count_coefficients(const Network& network, const Node& node) {
  const Value& w = network.value(node.inputs[1]);
  const Value& positions =
      network.value(node.kind == OpKind::conv_transpose ? node.inputs[0] : node.outputs[0]);
  return static_cast<double>(positions.size()) * static_cast<double>(w.size() / w.shape[0]);
}

/// The map of a node.
ConvolutionMap map_of(LowerContext& context, const Node& node, Direction direction) {
  const Network& network = context.network();
  const bool transposed = direction == Direction::transposed;
  const Shape &x = network.value(node.inputs[0]).shape, &w = network.value(node.inputs[1]).shape,
              &y = network.value(node.outputs[0]).shape;
  return {transposed ? ConvolutionMap::Direction::conv_transpose : ConvolutionMap::Direction::conv,
          transposed ? windows_onto(node, spatial(x), spatial(w))
                     : windows_over(node, spatial(x), spatial(w)),
          {transposed ? y[1] : x[1], w[0], node.int_attribute("group", 1)},
          weights_of(context, node, node.inputs[1])};
}

AffineForm lower_structured(LowerContext& context, const Node& node, Direction direction) {
  const bool biased = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
  return apply_map(context, map_of(context, node, direction), node.inputs[0],
                   biased ? constant_of(context, node, node.inputs[2]) : std::vector<double>());
}

std::vector<AffineForm> lower_convolution(LowerContext& context, const Node& node,
                                          Direction direction) {
  const bool transposed = direction == Direction::transposed;
  const Network& network = context.network();
  if (!network.is_constant(node.inputs[1])) throw Unsupported("bounds need constant weights");
  if (stays_structured(context, node)) return {lower_structured(context, node, direction)};
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

double coefficients_of_convolutions(const Network& network) {
  double all = 0.0;
  for (const Node& node : network.nodes) {
    if (node.kind == OpKind::conv || node.kind == OpKind::conv_transpose)
      all += count_coefficients(network, node);
  }
  return all;
}

bool stays_structured(const LowerContext& context, const Node& node) {
  if (node.kind != OpKind::conv && node.kind != OpKind::conv_transpose) return false;
  const Network& network = context.network();
  const bool biased = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
  if (network.value(node.inputs[0]).shape[0] != 1 || !network.is_constant(node.inputs[1]) ||
      (biased && !network.is_constant(node.inputs[2])))
    return false;
  return pays_structured(context, count_coefficients(network, node));
}

std::vector<AffineForm> lower_conv(LowerContext& context, const Node& node) {
  return lower_convolution(context, node, Direction::forward);
}
std::vector<AffineForm> lower_conv_transpose(LowerContext& context, const Node& node) {
  return lower_convolution(context, node, Direction::transposed);
}

}  // namespace clipbound::bounds
