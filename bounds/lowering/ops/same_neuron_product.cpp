#include "bounds/lowering/ops/same_neuron_product.h"

#include <cmath>

#include "base/rounding.h"
#include "bounds/layered/linear_map.h"

namespace clipbound::bounds {

namespace {

/// slope t + constant, t the activation of a neuron; layer < 0: the element is not of this kind.
struct OneNeuron {
  int layer = kInputSource;
  std::int32_t neuron = 0;
  double slope = 0.0, constant = 0.0, radius = 0.0;
};

/// t^2 = constant + linear t + scale g(z_scale z).
struct SquareOf {
  Activation g;
  double z_scale, scale, constant, linear;
};

/// nullptr where there is none.
const SquareOf* square_of(Curve curve) {
  static constexpr SquareOf kTanh{{Curve::tanh_slope}, 1.0, -1.0, 1.0, 0.0},
      kSigmoid{{Curve::tanh_slope}, 0.5, -0.25, 0.0, 1.0};
  static constexpr SquareOf kSin{{Curve::cos}, 2.0, -0.5, 0.5, 0.0},
      kCos{{Curve::cos}, 2.0, 0.5, 0.5, 0.0};
  switch (curve) {
    case Curve::tanh: return &kTanh;
    case Curve::sigmoid: return &kSigmoid;
    case Curve::sin: return &kSin;
    case Curve::cos: return &kCos;
    default: return nullptr;
  }
}

OneNeuron neuron_of(LowerContext& context, const AffineForm& form, std::int64_t i) {
  OneNeuron result;
  std::size_t terms = 0;
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& rows = coefficients.written();
    const auto index = rows.indices(i);
    terms += index.size();
    if (index.size() == 1)
      result.layer = source, result.neuron = index[0], result.slope = rows.values(i)[0];
  }
  if (terms != 1 || result.layer < 0 ||
      square_of(context.activations()[static_cast<std::size_t>(result.layer)].curve) == nullptr)
    return {};
  result.constant = form.constant[static_cast<std::size_t>(i)];
  result.radius = form.radius[static_cast<std::size_t>(i)];
  return result;
}

/// g(z_scale z) for the neurons of one layer: one layer more, on the same pre-activations.
AffineForm second_function(LowerContext& context, int layer, const std::vector<Pick>& neurons) {
  const AffineForm z = gather({&context.layers()[static_cast<std::size_t>(layer)]}, neurons);
  const SquareOf& square = *square_of(context.activations()[static_cast<std::size_t>(layer)].curve);
  return context.add_layer(square.z_scale == 1.0 ? z : combine(context, {&z}, {square.z_scale}),
                           square.g, kNoValue);
}

/// The products of the elements `which`, whose neurons are all of one layer. |t| <= 1, whatever the
/// function.
AffineForm multiply_in_layer(LowerContext& context, const std::vector<OneNeuron>& x,
                             const std::vector<OneNeuron>& y,
                             const std::vector<std::size_t>& which) {
  const int layer = x[which[0]].layer;
  const auto source = static_cast<std::size_t>(layer);
  const SquareOf& square = *square_of(context.activations()[source].curve);
  std::vector<Pick> neurons;
  for (const std::size_t i : which) neurons.push_back({0, x[i].neuron});
  const AffineForm g = second_function(context, layer, neurons);
  const std::int64_t size = context.layers()[source].size();
  const AffineForm t = AffineForm::of_source(layer, size, 0, size);
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  std::vector<double> offset;
  for (std::size_t k = 0; k < which.size(); ++k) {
    const OneNeuron &a = x[which[k]], &b = y[which[k]];
    const double quadratic = a.slope * b.slope,
                 linear = a.slope * b.constant + a.constant * b.slope + quadratic * square.linear;
    terms.push_back({0, static_cast<std::int64_t>(k), quadratic * square.scale});
    if (linear != 0.0) terms.push_back({1, a.neuron, linear});
    begin.push_back(static_cast<std::int64_t>(terms.size()));
    offset.push_back(a.constant * b.constant + quadratic * square.constant);
  }
  AffineForm result = linear_map({&g, &t}, begin, terms, offset, context.magnitudes());
  for (std::size_t k = 0; k < which.size(); ++k) {
    // The three coefficients and the constant round a handful of times, each relative to the
    // product of both sizes.
    const OneNeuron &a = x[which[k]], &b = y[which[k]];
    const double a_size = std::fabs(a.slope) + std::fabs(a.constant),
                 b_size = std::fabs(b.slope) + std::fabs(b.constant);
    const double error =
        32.0 * kUnitRoundoff * a_size * b_size + a.radius * (b_size + b.radius) + b.radius * a_size;
    result.radius[k] = add_up(result.radius[k], error * (1.0 + 0x1p-40) + 0x1p-1000);
  }
  return result;
}

}  // namespace

std::vector<char> of_same_neuron(LowerContext& context, const AffineForm& x, const AffineForm& y) {
  std::vector<char> result;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const OneNeuron a = neuron_of(context, x, i), b = neuron_of(context, y, i);
    result.push_back(a.layer >= 0 && a.layer == b.layer && a.neuron == b.neuron ? 1 : 0);
  }
  return result;
}

AffineForm multiply_same_neuron(LowerContext& context, const AffineForm& x, const AffineForm& y) {
  std::vector<OneNeuron> a, b;
  std::map<int, std::vector<std::size_t>> of_layer;
  std::vector<Pick> from(x.constant.size());
  for (std::int64_t i = 0; i < x.size(); ++i) {
    a.push_back(neuron_of(context, x, i));
    b.push_back(neuron_of(context, y, i));
    of_layer[a.back().layer].push_back(static_cast<std::size_t>(i));
  }
  std::vector<AffineForm> parts;
  for (const auto& [layer, which] : of_layer) {
    for (std::size_t k = 0; k < which.size(); ++k)
      from[which[k]] = {static_cast<std::int32_t>(parts.size()), static_cast<std::int64_t>(k)};
    parts.push_back(multiply_in_layer(context, a, b, which));
  }
  std::vector<const AffineForm*> forms;
  for (const AffineForm& part : parts) forms.push_back(&part);
  return gather(forms, from);
}

}  // namespace clipbound::bounds
