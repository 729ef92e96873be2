// Conv, ConvTranspose and MaxPool: operators whose windows slide over an image.
#include <limits>
#include <optional>

#include "base/error.h"
#include "bounds/lowering/ops/lower_op.h"
#include "specs/network/op_table.h"
#include "specs/ops/windows.h"

namespace clipbound::bounds {

namespace {

Shape spatial(const Shape& shape) {
  return Shape(shape.begin() + 2, shape.end());
}

/// Calls visit(position, tap, image element) for all taps that lie inside the image.
template <typename Visit>
void for_each_tap(const Windows& windows, const Visit& visit) {
  for (std::int64_t row = 0; row < windows.rows(); ++row) {
    for (std::int64_t tap = 0; tap < windows.taps(); ++tap) {
      const Windows::Stretch& s = windows.stretch(tap, row);
      for (std::int64_t j = s.first; j < s.last; ++j)
        visit(row * windows.width() + j, tap, s.source + j * windows.step());
    }
  }
}

/// A tap of a window and the place on the other side of it.
struct Tap {
  std::int64_t tap, place;
};

/// For every position its taps and the image elements under them; transposed, for every image
/// element the taps and positions over it.
std::vector<std::vector<Tap>> taps_of(const Windows& windows, std::int64_t outputs,
                                      bool transposed) {
  std::vector<std::vector<Tap>> taps(static_cast<std::size_t>(outputs));
  for_each_tap(windows, [&](std::int64_t position, std::int64_t tap, std::int64_t element) {
    taps[static_cast<std::size_t>(transposed ? element : position)].push_back(
        {tap, transposed ? position : element});
  });
  return taps;
}

std::vector<AffineForm> lower_convolution(const LowerContext& context, const Node& node,
                                          bool transposed) {
  const Network& network = context.network;
  if (!network.is_constant(node.inputs[1]))
    throw Unsupported(network.source + ": " + describe(node) + ": bounds need constant weights");
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
  const std::vector<std::vector<Tap>> under = taps_of(windows, y_area, transposed);
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
        if (kernel[t.tap] != 0.0) terms.push_back({0, first + t.place, kernel[t.tap]});
      }
    }
    if (biased) terms.push_back({1, channel, 1.0});
  };
  return {linear_map(forms, make,
                     std::vector<double>(static_cast<std::size_t>(element_count(y)), 0.0),
                     context.magnitudes)};
}

}  // namespace

std::vector<AffineForm> lower_conv(const LowerContext& context, const Node& node) {
  return lower_convolution(context, node, false);
}
std::vector<AffineForm> lower_conv_transpose(const LowerContext& context, const Node& node) {
  return lower_convolution(context, node, true);
}

/// MaxPool by halving the window: max(a, b) = a + relu(b - a) for all positions at once.
std::vector<AffineForm> lower_max_pool(const LowerContext& context, const Node& node) {
  const Network& network = context.network;
  if (node.outputs.size() > 1)
    throw Unsupported(network.source + ": " + describe(node) +
                      ": bounds of the indices of a maximum");
  const auto* kernel = node.ints_attribute("kernel_shape");
  const Shape& x = network.value(node.inputs[0]).shape;
  const Windows windows(windows_over(node, spatial(x), *kernel));
  AffineForm scratch;
  const AffineForm& form = form_of(context, node.inputs[0], scratch);
  const std::int64_t channels = x[0] * x[1], positions = windows.positions();
  // One candidate per position and tap; -1 where the window reaches over the edge.
  std::vector<std::vector<Pick>> picks(
      static_cast<std::size_t>(windows.taps()),
      std::vector<Pick>(static_cast<std::size_t>(channels * positions), Pick{-1, 0}));
  for_each_tap(windows, [&](std::int64_t position, std::int64_t tap, std::int64_t element) {
    for (std::int64_t ch = 0; ch < channels; ++ch) {
      picks[static_cast<std::size_t>(tap)][static_cast<std::size_t>(ch * positions + position)] = {
          0, ch * windows.image_size() + element};
    }
  });
  // Let a tap that is missing repeat one that is there: the maximum stays the same. Of a window
  // that lies between the elements (a dilated one on a small image) nothing is known: it has no
  // maximum.
  AffineForm unknown = AffineForm::of_constant({0.0});
  unknown.radius[0] = std::numeric_limits<double>::infinity();
  std::vector<Pick> place;
  for (std::size_t i = 0; i < static_cast<std::size_t>(channels * positions); ++i) {
    Pick present{-1, 0};
    for (const auto& tap : picks) present = tap[i].input >= 0 ? tap[i] : present;
    place.push_back(present.input >= 0 ? Pick{0, static_cast<std::int64_t>(i)} : Pick{1, 0});
    for (auto& tap : picks) tap[i] = tap[i].input >= 0 ? tap[i] : present;
  }
  std::vector<AffineForm> candidates;
  for (const auto& tap : picks) candidates.push_back(gather({&form}, tap));
  const AffineForm largest = extreme_of(context, std::move(candidates), true);
  return {gather({&largest, &unknown}, place)};
}

}  // namespace clipbound::bounds
