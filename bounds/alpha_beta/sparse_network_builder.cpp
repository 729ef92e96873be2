#include "bounds/alpha_beta/sparse_network_builder.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/rounding.h"
#include "bounds/alpha_beta/grouped_matrix_builder.h"

namespace clipbound::bounds {

SparseNetworkBuilder::SparseNetworkBuilder(std::shared_ptr<const LayeredSystem> system,
                                           std::vector<double> lower, std::vector<double> upper,
                                           NeededNeurons needed)
    : network_(new SparseNetwork) {
  SparseNetwork& net = *network_;
  net.system_ = std::move(system);
  net.lower_x = std::move(lower);
  net.upper_x = std::move(upper);
  net.inputs_ = static_cast<int>(net.lower_x.size());
  net.needed_ = std::move(needed);
  double neurons = 0.0;
  for (const AffineForm& layer : net.system_->layers) neurons += static_cast<double>(layer.size());
  net.gamma_ = gamma_bound(2.0 * (neurons + static_cast<double>(net.inputs_)) + 32.0);
  for (std::size_t i = 0; i < net.lower_x.size(); ++i)
    net.largest_source_ =
        std::max({net.largest_source_, std::fabs(net.lower_x[i]), std::fabs(net.upper_x[i])});
  net.sources_[kInputSource] = {net.lower_x, net.upper_x};
  const std::size_t elements = net.lower_x.size() + 1;  // the inputs and the spare one
  net.constant.assign(elements, 0.0);
  net.slack.assign(elements, 0.0);
  net.unstable_of.assign(elements, Unstable{-1});
  net.nonlinear_of.assign(elements, Nonlinear{-1});
  net.product_of.assign(elements, -1);
}

IntervalVector SparseNetworkBuilder::enclose_next() {
  const SparseNetwork& net = *network_;
  const int k = net.layers();
  const std::vector<char>* which = net.needed_.empty() ? nullptr : &at(net.needed_, k);
  IntervalVector z = enclose(at(net.system_->layers, k), net.sources_, &next_magnitudes_, which);
  // What has no point left is bounded as a point: no counterexample can be missed there.
  cut_to_limits(*net.system_, static_cast<std::size_t>(k), net.sources_, z);
  const IntervalVector& everywhere = at(net.system_->intervals, k);
  for (std::size_t v = 0; which != nullptr && v < which->size(); ++v) {
    if ((*which)[v] != 0) continue;
    z.lower[v] = everywhere.lower[v];
    z.upper[v] = everywhere.upper[v];
  }
  return z;
}

bool SparseNetworkBuilder::is_zero(int source, std::int32_t element) const {
  if (source == kInputSource ||
      network_->live_of_neuron(source, element) != SparseNetwork::kConstant)
    return false;
  const std::vector<double>& constants = at(network_->constant_of_neuron_, source);
  return constants.empty() || at(constants, element) == 0.0;
}

/// The layer's live elements have been numbered.
SparseNetworkBlock SparseNetworkBuilder::make_block(const SparseNetworkLayer& layer, int source,
                                                    const SparseRows& matrix) const {
  const SparseNetwork& net = *network_;
  std::vector<std::int32_t> rows(static_cast<std::size_t>(matrix.rows()), -1);
  for (int v = 0; v < layer.count; ++v) {
    const Live live{layer.first + v};
    if (at(net.product_of, live) >= 0) continue;  // depends on its operands by itself
    at(rows, at(layer.neurons, v)) = raw(live);
  }
  std::vector<std::int32_t> columns(static_cast<std::size_t>(matrix.cols));
  for (std::size_t c = 0; c < columns.size(); ++c)
    columns[c] = raw(net.live_of_neuron(source, static_cast<std::int32_t>(c)));
  std::vector<double> factor;
  if (std::find(net.product_layers_.begin(), net.product_layers_.end(), source) !=
      net.product_layers_.end()) {
    for (const std::int32_t column : columns) factor.push_back(net.weight_of(Live{column}));
  }
  const GroupedMatrixBuilder builder(matrix, rows, columns, factor, raw(net.spare()));
  return {source, builder.forward(net.live_count()), builder.backward(net.live_count())};
}

std::vector<std::size_t> SparseNetworkBuilder::order_of_elements(const AffineForm& form) {
  std::vector<std::size_t> order(static_cast<std::size_t>(form.size()));
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (form.terms.empty()) return order;
  const SparseRows& rows = form.terms.rbegin()->second.written();
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return rows.list_of_indices(static_cast<std::int64_t>(a)) <
           rows.list_of_indices(static_cast<std::int64_t>(b));
  });
  return order;
}

SparseNetworkBuilder::Draft SparseNetworkBuilder::begin_layer(const IntervalVector& z,
                                                              ProductsAs products) {
  SparseNetwork& net = *network_;
  Draft draft;
  draft.k = net.layers();
  draft.form = &at(net.system_->layers, draft.k);
  draft.activation = at(net.system_->activations, draft.k);
  // Factors of one product stand in one layer elsewhere; here systems are lowered with squares.
  CLIPBOUND_CHECK(draft.activation.curve != Curve::product);
  draft.joins = products == ProductsAs::mccormick && only_products(draft.k);
  draft.is_second_square =
      std::exchange(is_second_square_, std::vector<char>(draft.joins ? z.lower.size() : 0, 0));
  draft.layer.first = net.live_count();
  draft.magnitudes = std::exchange(next_magnitudes_, {});
  if (draft.magnitudes.empty()) enclose(*draft.form, net.sources_, &draft.magnitudes);
  // What underflows in a multiplier loses as much times z; where z is unbounded, multipliers are 0
  // or exact.
  for (const double magnitude : draft.magnitudes) {
    if (std::isfinite(magnitude)) net.largest_source_ = std::max(net.largest_source_, magnitude);
  }
  draft.live.assign(z.lower.size(), SparseNetwork::kConstant);
  return draft;
}

void SparseNetworkBuilder::add_neuron(Draft& draft, std::size_t v, const IntervalVector& z) {
  if (!network_->needs(draft.k, v)) {
    draft.live[v] = SparseNetwork::kNotNeeded;
    return;
  }
  if (!draft.is_second_square.empty() && draft.is_second_square[v] != 0) return;
  if (is_constant(draft.activation, z.lower[v], z.upper[v])) {
    if (draft.activation.curve == Curve::relu) return;
    draft.constants.resize(z.lower.size(), 0.0);
    draft.constants[v] = range_of(draft.activation, z.lower[v], z.upper[v]).lower;
    return;
  }
  if (draft.joins && add_product(draft, v)) return;
  add_live_neuron(draft, v, z.lower[v], z.upper[v]);
}

void SparseNetworkBuilder::add_live_neuron(Draft& draft, std::size_t v, double lower,
                                           double upper) {
  SparseNetwork& net = *network_;
  const Curve curve = draft.activation.curve;
  const bool unstable_relu = curve == Curve::relu && !(lower >= 0.0);
  const bool nonlinear = curve != Curve::relu && curve != Curve::identity;
  const auto i = static_cast<std::int64_t>(v);
  const Live live{net.live_count()};
  const Unstable unstable{unstable_relu || nonlinear ? net.unstable_count() : -1};
  draft.live[v] = live;
  draft.layer.neurons.push_back(Neuron{static_cast<std::int32_t>(v)});
  net.constant.push_back(net.constant_of(*draft.form, i));
  net.slack.push_back(net.slack_for(
      draft.form->radius[v], draft.magnitudes[v] + net.magnitude_of_products(*draft.form, i)));
  net.unstable_of.push_back(unstable);
  net.nonlinear_of.push_back(
      Nonlinear{nonlinear ? static_cast<std::int32_t>(net.nonlinear.size()) : -1});
  net.product_of.push_back(-1);
  if (nonlinear) {
    NonlinearNeuron& neuron = net.nonlinear.emplace_back();
    neuron.activation = draft.activation;
    neuron.unstable = unstable;
    if (curve != Curve::square) neuron.envelope = envelope_of(draft.activation, lower, upper);
    neuron.lines = curve == Curve::square ? middle_lines_of_square(lower, upper)
                                          : middle_lines(neuron.envelope);
  }
  if (!exists(unstable)) return;
  net.live_of.push_back(live);
  net.layer_of.push_back(draft.k);
  net.lower.push_back(lower);
  net.upper.push_back(upper);
}

void SparseNetworkBuilder::add_layer(const IntervalVector& z, ProductsAs products) {
  Draft draft = begin_layer(z, products);
  for (const std::size_t v : order_of_elements(*draft.form)) add_neuron(draft, v, z);
  finish_layer(std::move(draft), z);
}

void SparseNetworkBuilder::finish_layer(Draft draft, const IntervalVector& z) {
  SparseNetwork& net = *network_;
  draft.layer.count = static_cast<int>(draft.layer.neurons.size());
  for (const auto& [source, coefficients] : draft.form->terms)
    draft.layer.blocks.push_back(make_block(draft.layer, source, coefficients.written()));
  IntervalVector active = activate(draft.activation, z);
  for (std::size_t v = 0; v < active.lower.size(); ++v) {
    const double magnitude = std::max(std::fabs(active.lower[v]), std::fabs(active.upper[v]));
    if (std::isfinite(magnitude)) net.largest_source_ = std::max(net.largest_source_, magnitude);
  }
  net.sources_[draft.k] = std::move(active);
  net.bounds_.push_back(z);
  net.live_of_neuron_.push_back(std::move(draft.live));
  net.constant_of_neuron_.push_back(std::move(draft.constants));
  net.layers_.push_back(std::move(draft.layer));
  net.first_twins.push_back(static_cast<int>(net.twins.size()));
  const Curve curve = draft.activation.curve;
  if (curve == Curve::square) pair_squares();
  if (curve != Curve::relu && curve != Curve::identity) add_simplex_rows();
}

void SparseNetworkBuilder::add_twins(const std::vector<SparseTwins>& twins) {
  SparseNetwork& net = *network_;
  for (const SparseTwins& pair : twins) {
    net.twin_of.resize(net.live_of.size(), -1);
    for (const Live v : {pair.first, pair.second})
      at(net.twin_of, at(net.unstable_of, v)) = static_cast<std::int32_t>(net.twins.size());
    net.twins.push_back(pair);
  }
  net.first_twins.back() = static_cast<int>(net.twins.size());
}

bool SparseNetworkBuilder::only_products(int k) const {
  const LayeredSystem& system = *network_->system_;
  const auto& layers = system.layers;
  const auto next = static_cast<std::size_t>(k) + 1;
  if (next >= layers.size() || layers[next].size() != layers[next - 1].size()) return false;
  if (system.activations[next - 1].curve != Curve::square ||
      system.activations[next].curve != Curve::square)
    return false;
  if (layers[next].terms.contains(k) || system.outputs.terms.contains(k) ||
      system.outputs.terms.contains(k + 1))
    return false;
  return std::all_of(layers.begin() + k + 2, layers.end(), [k](const AffineForm& form) {
    return has_opposite_coefficients(form, k, k + 1);
  });
}

bool SparseNetworkBuilder::add_product(Draft& draft, std::size_t v) {
  SparseNetwork& net = *network_;
  const auto operands = find_mccormick_operands(*draft.form, at(net.system_->layers, draft.k + 1),
                                                static_cast<std::int64_t>(v));
  if (!operands) return false;
  McCormickProduct product;
  product.element = Live{net.live_count()};
  product.a = net.live_of_neuron(operands->a_source, operands->a);
  product.b = net.live_of_neuron(operands->b_source, operands->b);
  product.weight = operands->weight;
  CLIPBOUND_CHECK(product.a != SparseNetwork::kNotNeeded && product.b != SparseNetwork::kNotNeeded);
  if (is_zero(operands->a_source, operands->a) || is_zero(operands->b_source, operands->b)) {
    is_second_square_[v] = 1;
    return true;
  }
  // Linear: the squares' rows take the number into their constants.
  if (!exists(product.a) || !exists(product.b)) return false;
  const IntervalVector &from_a = net.sources_.at(operands->a_source),
                       &from_b = net.sources_.at(operands->b_source);
  const double a_low = at(from_a.lower, operands->a), a_high = at(from_a.upper, operands->a),
               b_low = at(from_b.lower, operands->b), b_high = at(from_b.upper, operands->b);
  for (const double end : {a_low, a_high, b_low, b_high}) {
    if (!(std::fabs(end) < 0x1p400)) return false;
  }
  product.enclose(a_low, a_high, b_low, b_high);
  is_second_square_[v] = 1;
  if (net.product_layers_.empty() || net.product_layers_.back() != draft.k)
    net.product_layers_.push_back(draft.k);
  net.largest_source_ = std::max(net.largest_source_, product.magnitude);
  draft.live[v] = product.element;
  draft.layer.neurons.push_back(Neuron{static_cast<std::int32_t>(v)});
  net.constant.push_back(0.0);
  net.slack.push_back(net.slack_for(0.0, 4.0 * product.magnitude));
  net.unstable_of.push_back(Unstable{-1});
  net.nonlinear_of.push_back(Nonlinear{-1});
  net.product_of.push_back(static_cast<std::int32_t>(net.products.size()));
  net.products.push_back(product);
  return true;
}

void SparseNetworkBuilder::add_simplex_rows() {
  SparseNetwork& net = *network_;
  const int k = net.layers() - 1;
  const IntervalVector& range = net.sources_.at(k);
  for (const SimplexRow& row : net.system_->simplex_rows) {
    if (row.layer != k) continue;
    SparseSimplexRow here;
    double widths = 0.0;
    for (const std::int64_t e : row.elements) {
      here.elements.push_back(net.live_of_neuron(k, static_cast<std::int32_t>(e)));
      here.weights.push_back(at(range.upper, e) - at(range.lower, e));
      widths += here.weights.back();
    }
    const bool complete = std::all_of(here.elements.begin(), here.elements.end(),
                                      [](Live element) { return exists(element); });
    if (!complete || !(widths > 0.0) || !std::isfinite(widths)) continue;
    for (double& weight : here.weights) weight /= widths;
    for (const Live element : here.elements)
      at(net.nonlinear, at(net.nonlinear_of, element)).simplex_row =
          static_cast<std::int32_t>(net.simplex_rows.size());
    net.simplex_rows.push_back(std::move(here));
  }
}

void SparseNetworkBuilder::pair_squares() {
  SparseNetwork& net = *network_;
  const int k = net.layers() - 1;
  if (k == 0 || at(net.system_->activations, k - 1).curve != Curve::square) return;
  const AffineForm &plus = at(net.system_->layers, k - 1), &minus = at(net.system_->layers, k);
  if (plus.size() != minus.size() || minus.terms.contains(k - 1)) return;
  for (std::int64_t v = 0; v < minus.size(); ++v) {
    const auto i = static_cast<std::int32_t>(v);
    const Live first = net.live_of_neuron(k - 1, i), second = net.live_of_neuron(k, i);
    if (!exists(first) || !exists(second)) continue;
    std::optional<SquarePair> pair = find_square_pair(plus, minus, v, net.sources_);
    if (!pair) continue;
    pair->plus = at(net.nonlinear_of, first);
    pair->minus = at(net.nonlinear_of, second);
    // It may be the second half of another pair already.
    if (at(net.nonlinear, pair->plus).square_pair >= 0) continue;
    for (const Nonlinear c : {pair->plus, pair->minus})
      at(net.nonlinear, c).square_pair = static_cast<std::int32_t>(net.square_pairs.size());
    net.square_pairs.push_back(*pair);
  }
}

}  // namespace clipbound::bounds
