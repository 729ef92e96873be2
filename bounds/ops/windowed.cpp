// Conv, ConvTranspose and MaxPool: operators whose windows slide over an image.
#include <optional>

#include "base/error.h"
#include "bounds/ops/lower_op.h"
#include "specs/op_table.h"
#include "specs/ops/windows.h"

namespace clipbound {

namespace {

Shape spatial(const Shape& shape) { return Shape(shape.begin() + 2, shape.end()); }

/// Calls visit(position, tap, image element) for all taps that lie inside the image.
template <typename Visit>
void for_each_tap(const Windows& windows, const Visit& visit) {
  for (std::int64_t row = 0; row < windows.rows(); ++row) {
    for (std::int64_t tap = 0; tap < windows.taps(); ++tap) {
      const Windows::Stretch& s = windows.stretch(tap, row);
      for (std::int64_t j = s.first; j < s.last; ++j) visit(row * windows.width() + j, tap, s.source + j * windows.step());
    }
  }
}

/// Terms of output elements in any order, put into rows at the end.
struct ScatteredTerms {
  explicit ScatteredTerms(std::int64_t size) : rows(static_cast<std::size_t>(size)) {}
  std::vector<std::vector<WeightedTerm>> rows;
  AffineForm map(const LowerContext& context, const std::vector<const AffineForm*>& forms) const {
    std::vector<std::int64_t> begin{0};
    std::vector<WeightedTerm> terms;
    for (const auto& row : rows) {
      terms.insert(terms.end(), row.begin(), row.end());
      begin.push_back(static_cast<std::int64_t>(terms.size()));
    }
    return linear_map(forms, begin, terms, std::vector<double>(rows.size(), 0.0), context.magnitudes);
  }
};

std::vector<AffineForm> lower_convolution(const LowerContext& context, const Node& node, bool transposed) {
  const Network& network = context.network;
  if (!network.is_constant(node.inputs[1])) throw Unsupported(network.source + ": " + describe(node) + ": bounds need constant weights");
  const Shape& x = network.value(node.inputs[0]).shape;
  const Shape& w = network.value(node.inputs[1]).shape;
  const Shape& y = network.value(node.outputs[0]).shape;
  const Windows windows(transposed ? windows_onto(node, spatial(x), spatial(w)) : windows_over(node, spatial(x), spatial(w)));
  const std::vector<double> weights = constant_of(context, node, node.inputs[1]);
  const std::int64_t groups = node.int_attribute("group", 1), taps = windows.taps();
  const std::int64_t x_area = element_count(spatial(x)), y_area = element_count(spatial(y));
  // weights [M, c, T]: M channels of the positions, c = image channels per group.
  const std::int64_t M = w[0], c = w[1], m = M / groups;
  ScatteredTerms terms(element_count(y));
  for (std::int64_t image = 0; image < x[0]; ++image) {
    for (std::int64_t p = 0; p < M; ++p) {
      for (std::int64_t q = 0; q < c; ++q) {
        const std::int64_t image_channel = p / m * c + q;
        const double* kernel = weights.data() + (p * c + q) * taps;
        for_each_tap(windows, [&](std::int64_t position, std::int64_t tap, std::int64_t element) {
          if (kernel[tap] == 0.0) return;
          const std::int64_t on_positions = (image * M + p) * (transposed ? x_area : y_area) + position;
          const std::int64_t on_image = (image * (transposed ? y[1] : x[1]) + image_channel) * (transposed ? y_area : x_area) + element;
          terms.rows[static_cast<std::size_t>(transposed ? on_image : on_positions)].push_back(
              {0, transposed ? on_positions : on_image, kernel[tap]});
        });
      }
    }
  }
  AffineForm scratch, scratch_bias;
  std::vector<const AffineForm*> forms = {&form_to_compose(context, node.inputs[0], element_count(y), (transposed ? m : c) * taps, scratch)};
  if (node.inputs.size() > 2 && node.inputs[2] != kNoValue) {
    forms.push_back(&form_of(context, node.inputs[2], scratch_bias));
    for (std::size_t i = 0; i < terms.rows.size(); ++i) terms.rows[i].push_back({1, static_cast<std::int64_t>(i) / y_area % y[1], 1.0});
  }
  return {terms.map(context, forms)};
}

}  // namespace

std::vector<AffineForm> lower_conv(const LowerContext& context, const Node& node) { return lower_convolution(context, node, false); }
std::vector<AffineForm> lower_conv_transpose(const LowerContext& context, const Node& node) { return lower_convolution(context, node, true); }

/// MaxPool by halving the window: max(a, b) = a + relu(b - a) for all positions at once.
std::vector<AffineForm> lower_max_pool(const LowerContext& context, const Node& node) {
  const Network& network = context.network;
  if (node.outputs.size() > 1) throw Unsupported(network.source + ": " + describe(node) + ": bounds of the indices of a maximum");
  const auto* kernel = node.ints_attribute("kernel_shape");
  const Shape& x = network.value(node.inputs[0]).shape;
  const Windows windows(windows_over(node, spatial(x), *kernel));
  AffineForm scratch;
  const AffineForm& form = form_of(context, node.inputs[0], scratch);
  const std::int64_t channels = x[0] * x[1], positions = windows.positions();
  // One candidate per position and tap; -1 where the window reaches over the edge.
  std::vector<std::vector<Pick>> picks(static_cast<std::size_t>(windows.taps()), std::vector<Pick>(static_cast<std::size_t>(channels * positions), Pick{-1, 0}));
  for_each_tap(windows, [&](std::int64_t position, std::int64_t tap, std::int64_t element) {
    for (std::int64_t ch = 0; ch < channels; ++ch) {
      picks[static_cast<std::size_t>(tap)][static_cast<std::size_t>(ch * positions + position)] = {0, ch * windows.image_size() + element};
    }
  });
  // Let a tap that is missing repeat one that is there: the maximum stays the same.
  for (std::size_t i = 0; i < static_cast<std::size_t>(channels * positions); ++i) {
    Pick present{-1, 0};
    for (const auto& tap : picks) present = tap[i].input >= 0 ? tap[i] : present;
    for (auto& tap : picks) tap[i] = tap[i].input >= 0 ? tap[i] : present;
  }
  std::vector<AffineForm> candidates;
  for (const auto& tap : picks) candidates.push_back(gather({&form}, tap));
  return {extreme_of(context, std::move(candidates), true)};
}

}  // namespace clipbound
