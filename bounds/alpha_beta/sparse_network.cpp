#include "bounds/alpha_beta/sparse_network.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/rounding.h"
#include "bounds/alpha_beta/grouped_matrix_builder.h"

namespace clipbound::bounds {

namespace {
constexpr std::int32_t kNumber = -1, kNotNeeded = -2;  // instead of a place
}  // namespace

bool is_constant(const Activation& activation, double l, double u) {
  if (activation.curve == Curve::relu) return u <= 0.0;
  if (!has_jumps(activation.curve)) return false;
  const Range range = range_of(activation, l, u);
  return range.lower == range.upper;
}

NeededNeurons needed_neurons(const LayeredSystem& system,
                             const std::vector<const AffineForm*>& rows,
                             const SparseNetwork* known) {
  NeededNeurons needed;
  for (const AffineForm& layer : system.layers)
    needed.emplace_back(static_cast<std::size_t>(layer.size()), 0);
  const auto mark = [&](const AffineForm& form, std::size_t element) {
    for (const auto& [source, matrix] : form.terms) {
      if (source == kInputSource) continue;
      std::vector<char>& marks = needed[static_cast<std::size_t>(source)];
      for (const std::int32_t c : matrix.indices(static_cast<std::int64_t>(element)))
        marks[static_cast<std::size_t>(c)] = 1;
    }
  };
  for (const AffineForm* form : rows) {
    for (std::int64_t i = 0; i < form->size(); ++i) mark(*form, static_cast<std::size_t>(i));
  }
  for (std::size_t k = system.layers.size(); k-- > 0;) {
    for (std::size_t v = 0; v < needed[k].size(); ++v) {
      if (needed[k][v] == 0) continue;
      const bool number =
          known != nullptr &&
          is_constant(system.activations[k], known->bounds_of(static_cast<int>(k)).lower[v],
                      known->bounds_of(static_cast<int>(k)).upper[v]);
      if (!number) mark(system.layers[k], v);
    }
  }
  return needed;
}

SparseNetwork::SparseNetwork(std::shared_ptr<const LayeredSystem> system,
                             std::vector<double> lower_edges, std::vector<double> upper_edges,
                             NeededNeurons needed)
    : lower_x(std::move(lower_edges)),
      upper_x(std::move(upper_edges)),
      system_(std::move(system)),
      inputs_(static_cast<int>(lower_x.size())),
      needed_(std::move(needed)) {
  double neurons = 0.0;
  for (const AffineForm& layer : system_->layers) neurons += static_cast<double>(layer.size());
  gamma_ = gamma_bound(2.0 * (neurons + static_cast<double>(inputs_)) + 32.0);
  for (std::size_t i = 0; i < lower_x.size(); ++i)
    largest_source_ = std::max({largest_source_, std::fabs(lower_x[i]), std::fabs(upper_x[i])});
  sources_[kInputSource] = {lower_x, upper_x};
  constant.assign(lower_x.size() + 1, 0.0);
  slack = constant;
  slot_of.assign(lower_x.size() + 1, -1);
  curve_of = joined_of = slot_of;
}

double SparseNetwork::slack_for(double radius, double size) const {
  return (radius + 4.0 * gamma_ * size) * (1.0 + 4.0 * gamma_) + 0x1p-1020 * largest_source_;
}

IntervalVector SparseNetwork::enclose_next() {
  const std::size_t k = layers_.size();
  const std::vector<char>* which = needed_.empty() ? nullptr : &needed_[k];
  IntervalVector z = enclose(system_->layers[k], sources_, &next_sizes_, which);
  const IntervalVector& everywhere = system_->intervals[k];
  for (std::size_t v = 0; which != nullptr && v < which->size(); ++v) {
    if ((*which)[v] != 0) continue;
    z.lower[v] = everywhere.lower[v];
    z.upper[v] = everywhere.upper[v];
  }
  return z;
}

bool SparseNetwork::is_nothing(int source, std::int32_t element) const {
  if (source == kInputSource ||
      place_of_neuron_[static_cast<std::size_t>(source)][static_cast<std::size_t>(element)] !=
          kNumber)
    return false;
  const std::vector<double>& numbers = number_of_neuron_[static_cast<std::size_t>(source)];
  return numbers.empty() || numbers[static_cast<std::size_t>(element)] == 0.0;
}

double SparseNetwork::constant_part(const SparseRows& rows, std::int64_t element,
                                    int source) const {
  if (source == kInputSource || number_of_neuron_[static_cast<std::size_t>(source)].empty())
    return 0.0;
  const auto index = rows.indices(element);
  const auto value = rows.values(element);
  double sum = 0.0;
  for (std::size_t j = 0; j < index.size(); ++j) {
    const auto c = static_cast<std::size_t>(index[j]);
    if (place_of_neuron_[static_cast<std::size_t>(source)][c] == kNumber)
      sum += value[j] * number_of_neuron_[static_cast<std::size_t>(source)][c];
  }
  return sum;
}

void SparseNetwork::append(const SparseRows& rows, std::int64_t element, int source,
                           SparseNetworkRows& to) const {
  const auto index = rows.indices(element);
  const auto value = rows.values(element);
  for (std::size_t j = 0; j < index.size(); ++j) {
    const std::int32_t place = source == kInputSource
                                   ? index[j]
                                   : place_of_neuron_[static_cast<std::size_t>(source)]
                                                     [static_cast<std::size_t>(index[j])];
    CLIPBOUND_CHECK(place != kNotNeeded);
    if (place == kNumber || value[j] == 0.0) continue;
    const std::int32_t product = joined_of[static_cast<std::size_t>(place)];
    to.index.push_back(place);
    to.value.push_back(product < 0 ? value[j]
                                   : value[j] * products[static_cast<std::size_t>(product)].weight);
  }
}

SparseNetworkRows SparseNetwork::compile_rows(const AffineForm& form,
                                              const std::vector<std::int64_t>& which) const {
  SparseNetworkRows rows;
  rows.layer = layers();
  for (const std::int64_t i : which) {
    const auto element = static_cast<std::size_t>(i);
    for (const auto& [source, matrix] : form.terms) append(matrix, i, source, rows);
    rows.start.push_back(static_cast<std::int64_t>(rows.index.size()));
    double number = form.constant[element];
    for (const auto& [source, matrix] : form.terms) number += constant_part(matrix, i, source);
    rows.constant.push_back(number);
    rows.slack.push_back(slack_for(
        form.radius[element], magnitude_of_terms(form, i, sources_) + size_of_products(form, i)));
  }
  return rows;
}

std::int32_t SparseNetwork::first_place(const AffineForm& form, std::int64_t element) const {
  for (const auto& [source, matrix] : form.terms) {
    for (const std::int32_t c : matrix.indices(element)) {
      const std::int32_t place =
          source == kInputSource
              ? c
              : place_of_neuron_[static_cast<std::size_t>(source)][static_cast<std::size_t>(c)];
      if (place >= 0) return place;
    }
  }
  return -1;
}

/// The layer's places have been numbered.
SparseNetworkBlock SparseNetwork::make_block(const SparseNetworkLayer& layer, int source,
                                             const SparseRows& matrix) const {
  std::vector<std::int32_t> rows(static_cast<std::size_t>(matrix.rows()), kNumber);
  for (int v = 0; v < layer.count; ++v) {
    if (joined_of[static_cast<std::size_t>(layer.first + v)] >= 0)
      continue;  // reads its operands by itself
    rows[static_cast<std::size_t>(layer.origin[static_cast<std::size_t>(v)])] = layer.first + v;
  }
  std::vector<std::int32_t> inputs;
  if (source == kInputSource) {
    inputs.resize(lower_x.size());
    std::iota(inputs.begin(), inputs.end(), 0);
  }
  const std::vector<std::int32_t>& columns =
      source == kInputSource ? inputs : place_of_neuron_[static_cast<std::size_t>(source)];
  std::vector<double> factor;
  if (std::find(product_layers_.begin(), product_layers_.end(), source) != product_layers_.end()) {
    for (const std::int32_t place : columns) {
      const std::int32_t product = place < 0 ? -1 : joined_of[static_cast<std::size_t>(place)];
      factor.push_back(product < 0 ? 1.0 : products[static_cast<std::size_t>(product)].weight);
    }
  }
  const GroupedMatrixBuilder builder(matrix, rows, columns, factor, spare());
  return {source, builder.forward(places()), builder.backward(places())};
}

std::vector<std::size_t> SparseNetwork::order_of_places(const AffineForm& form) {
  std::vector<std::size_t> order(static_cast<std::size_t>(form.size()));
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (form.terms.empty()) return order;
  const SparseRows& rows = form.terms.rbegin()->second;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return rows.list_of_indices(static_cast<std::int64_t>(a)) <
           rows.list_of_indices(static_cast<std::int64_t>(b));
  });
  return order;
}

void SparseNetwork::add_layer(const IntervalVector& z, bool join) {
  const int k = layers();
  join = join && only_products(k);
  const std::vector<char> joined =
      std::exchange(joined_, std::vector<char>(join ? z.lower.size() : 0, 0));
  const AffineForm& form = system_->layers[static_cast<std::size_t>(k)];
  SparseNetworkLayer layer;
  layer.first = places();
  std::vector<double> sizes = std::exchange(next_sizes_, {});
  if (sizes.empty()) enclose(form, sources_, &sizes);
  const Activation activation = system_->activations[static_cast<std::size_t>(k)];
  CLIPBOUND_CHECK(activation.curve != Curve::product);  // sweeps are made of systems with squares
  const bool relu = activation.curve == Curve::relu,
             curved = !relu && activation.curve != Curve::identity;
  // What underflows in a multiplier costs as much times z; where z is unbounded, multipliers are 0
  // or exact.
  for (const double size : sizes)
    largest_source_ = std::isfinite(size) ? std::max(largest_source_, size) : largest_source_;
  std::vector<std::int32_t> place(z.lower.size(), kNumber);
  std::vector<double> numbers;
  for (const std::size_t v : order_of_places(form)) {
    if (!needs(k, v)) place[v] = kNotNeeded;
    if (!needs(k, v) || (!joined.empty() && joined[v] != 0)) continue;
    if (is_constant(activation, z.lower[v], z.upper[v])) {
      if (relu) continue;
      numbers.resize(z.lower.size(), 0.0);
      numbers[v] = range_of(activation, z.lower[v], z.upper[v]).lower;
      continue;
    }
    if (join && join_product(k, static_cast<std::int64_t>(v), place)) {
      joined_[v] = 1;
      if (place[v] >= 0) layer.origin.push_back(static_cast<std::int32_t>(v));
      continue;
    }
    place[v] = places();
    layer.origin.push_back(static_cast<std::int32_t>(v));
    double number = form.constant[v];
    for (const auto& [source, matrix] : form.terms)
      number += constant_part(matrix, static_cast<std::int64_t>(v), source);
    constant.push_back(number);
    slack.push_back(
        slack_for(form.radius[v], sizes[v] + size_of_products(form, static_cast<std::int64_t>(v))));
    const bool unstable = relu && !(z.lower[v] >= 0.0);
    slot_of.push_back(unstable || curved ? slots() : -1);
    curve_of.push_back(curved ? static_cast<std::int32_t>(curves.size()) : -1);
    joined_of.push_back(-1);
    if (curved) {
      curves.push_back(activation);
      curved_slots.push_back(slots());
      pair_of.push_back(-1);
      unit_sum_of.push_back(-1);
      hulls.push_back(activation.curve == Curve::square
                          ? PiecewiseLinearEnvelope<double>{}
                          : hull_of(activation, z.lower[v], z.upper[v]));
    }
    if (!unstable && !curved) continue;
    place_of.push_back(place[v]);
    layer_of.push_back(k);
    lower.push_back(z.lower[v]);
    upper.push_back(z.upper[v]);
  }
  layer.count = static_cast<int>(layer.origin.size());
  for (const auto& [source, matrix] : form.terms)
    layer.blocks.push_back(make_block(layer, source, matrix));
  IntervalVector active = activate(activation, z);
  for (std::size_t v = 0; v < active.lower.size(); ++v) {
    const double reach = std::max(std::fabs(active.lower[v]), std::fabs(active.upper[v]));
    if (std::isfinite(reach)) largest_source_ = std::max(largest_source_, reach);
  }
  sources_[k] = std::move(active);
  bounds_.push_back(z);
  place_of_neuron_.push_back(std::move(place));
  number_of_neuron_.push_back(std::move(numbers));
  layers_.push_back(std::move(layer));
  if (activation.curve == Curve::square) pair_squares();
  if (curved) add_unit_sums();
}

bool SparseNetwork::only_products(int k) const {
  const auto& layers = system_->layers;
  const auto next = static_cast<std::size_t>(k) + 1;
  if (next >= layers.size() || layers[next].size() != layers[next - 1].size()) return false;
  if (system_->activations[next - 1].curve != Curve::square ||
      system_->activations[next].curve != Curve::square)
    return false;
  if (layers[next].terms.contains(k) || system_->outputs.terms.contains(k) ||
      system_->outputs.terms.contains(k + 1))
    return false;
  return std::all_of(layers.begin() + k + 2, layers.end(),
                     [k](const AffineForm& form) { return reads_opposite(form, k, k + 1); });
}

bool SparseNetwork::join_product(int k, std::int64_t v, std::vector<std::int32_t>& place) {
  const auto operands = operands_of(system_->layers[static_cast<std::size_t>(k)],
                                    system_->layers[static_cast<std::size_t>(k) + 1], v);
  if (!operands) return false;
  const auto place_at = [&](int source, std::int32_t element) {
    return source == kInputSource ? element
                                  : place_of_neuron_[static_cast<std::size_t>(source)]
                                                    [static_cast<std::size_t>(element)];
  };
  McCormickProduct product;
  product.place = places();
  product.a = place_at(operands->a_source, operands->a);
  product.b = place_at(operands->b_source, operands->b);
  product.weight = operands->weight;
  CLIPBOUND_CHECK(product.a != kNotNeeded && product.b != kNotNeeded);
  if (is_nothing(operands->a_source, operands->a) || is_nothing(operands->b_source, operands->b))
    return true;
  if (product.a == kNumber || product.b == kNumber)
    return false;  // linear: the squares' rows take the number into their constants
  const IntervalVector &from_a = sources_.at(operands->a_source),
                       &from_b = sources_.at(operands->b_source);
  const auto a = static_cast<std::size_t>(operands->a), b = static_cast<std::size_t>(operands->b);
  product.enclose(from_a.lower[a], from_a.upper[a], from_b.lower[b], from_b.upper[b]);
  if (!(std::fabs(from_a.lower[a]) < 0x1p400 && std::fabs(from_a.upper[a]) < 0x1p400)) return false;
  if (!(std::fabs(from_b.lower[b]) < 0x1p400 && std::fabs(from_b.upper[b]) < 0x1p400)) return false;
  if (product_layers_.empty() || product_layers_.back() != k) product_layers_.push_back(k);
  largest_source_ = std::max(largest_source_, product.size);
  place[static_cast<std::size_t>(v)] = product.place;
  constant.push_back(0.0);
  slack.push_back(slack_for(0.0, 4.0 * product.size));
  for (auto* of : {&slot_of, &curve_of}) of->push_back(-1);
  joined_of.push_back(static_cast<std::int32_t>(products.size()));
  products.push_back(product);
  return true;
}

double SparseNetwork::size_of_products(const AffineForm& form, std::int64_t element) const {
  double size = 0.0;
  for (const int k : product_layers_) {
    const auto found = form.terms.find(k);
    if (found == form.terms.end()) continue;
    const auto index = found->second.indices(element);
    const auto value = found->second.values(element);
    for (std::size_t j = 0; j < index.size(); ++j) {
      const std::int32_t place =
          place_of_neuron_[static_cast<std::size_t>(k)][static_cast<std::size_t>(index[j])];
      const std::int32_t product = place < 0 ? -1 : joined_of[static_cast<std::size_t>(place)];
      if (product >= 0)
        size += std::fabs(value[j] * products[static_cast<std::size_t>(product)].weight) *
                products[static_cast<std::size_t>(product)].size;
    }
  }
  return size;
}

void SparseNetwork::add_unit_sums() {
  const int k = layers() - 1;
  const IntervalVector& range = sources_.at(k);
  for (const SimplexRow& sum : system_->simplex_rows) {
    if (sum.layer != k) continue;
    SparseSimplexRow here;
    double widths = 0.0;
    for (const std::int64_t e : sum.elements) {
      const auto v = static_cast<std::size_t>(e);
      here.places.push_back(place_of_neuron_[static_cast<std::size_t>(k)][v]);
      here.weights.push_back(range.upper[v] - range.lower[v]);
      widths += here.weights.back();
    }
    const bool complete = std::all_of(here.places.begin(), here.places.end(),
                                      [](std::int32_t place) { return place >= 0; });
    if (!complete || !(widths > 0.0) || !std::isfinite(widths)) continue;
    for (double& weight : here.weights) weight /= widths;
    for (const std::int32_t place : here.places)
      unit_sum_of[static_cast<std::size_t>(curve_of[static_cast<std::size_t>(place)])] =
          static_cast<std::int32_t>(unit_sums.size());
    unit_sums.push_back(std::move(here));
  }
}

void SparseNetwork::pair_squares() {
  const std::size_t k = layers_.size() - 1;
  if (k == 0 || system_->activations[k - 1].curve != Curve::square) return;
  const AffineForm &plus = system_->layers[k - 1], &minus = system_->layers[k];
  if (plus.size() != minus.size() || minus.terms.contains(static_cast<int>(k) - 1)) return;
  for (std::int64_t v = 0; v < minus.size(); ++v) {
    const std::int32_t first = place_of_neuron_[k - 1][static_cast<std::size_t>(v)],
                       second = place_of_neuron_[k][static_cast<std::size_t>(v)];
    if (first < 0 || second < 0) continue;
    std::optional<SquarePair> pair = product_of(plus, minus, v, sources_);
    if (!pair) continue;
    pair->plus = curve_of[static_cast<std::size_t>(first)];
    pair->minus = curve_of[static_cast<std::size_t>(second)];
    if (pair_of[static_cast<std::size_t>(pair->plus)] >= 0)
      continue;  // already the second half of another one
    for (const std::int32_t c : {pair->plus, pair->minus})
      pair_of[static_cast<std::size_t>(c)] = static_cast<std::int32_t>(pairs.size());
    pairs.push_back(*pair);
  }
}

}  // namespace clipbound::bounds
