#include "bounds/alpha_beta/private_layers.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

namespace clipbound::bounds {

namespace {

/// The layer of an element, -1 of an input.
int layer_of(const SparseNetwork& network, Live element) {
  for (int k = network.layers() - 1; k >= 0; --k) {
    if (raw(element) >= network.layer(k).first) return k;
  }
  return -1;
}

bool in_layer(const SparseNetworkLayer& layer, Live element) {
  return raw(element) >= layer.first && raw(element) < layer.first + layer.count;
}

/// The rows of a layer's elements.
SparseNetworkRows rows_of(const SparseNetwork& network, int layer) {
  std::vector<std::int64_t> neurons;
  for (const Neuron neuron : network.layer(layer).neurons) neurons.push_back(raw(neuron));
  return network.compile_rows(at(network.system().layers, layer), neurons);
}

/// Products, or curves with lines of their own.
bool may_be_private(const SparseNetwork& network, int layer) {
  const SparseNetworkLayer& all = network.layer(layer);
  for (std::int32_t i = all.first; i < all.first + all.count; ++i) {
    const Live element{i};
    if (!std::isfinite(at(network.slack, element))) return false;
    if (at(network.product_of, element) >= 0) continue;
    const Nonlinear c = at(network.nonlinear_of, element);
    if (!exists(c)) return false;
    const NonlinearNeuron& neuron = at(network.nonlinear, c);
    if (neuron.square_pair >= 0 || neuron.simplex_row >= 0) return false;
    if (!std::isfinite(neuron.lines.below.offset) || !std::isfinite(neuron.lines.above.offset))
      return false;
  }
  return all.count > 0;
}

/// Entries of a form's rows.
std::size_t entries_of(const AffineForm& form) {
  std::size_t entries = 0;
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& rows = coefficients.written();
    for (std::int64_t i = 0; i < rows.rows(); ++i) entries += rows.indices(i).size();
  }
  return entries;
}

/// Whether no element of a layer stands twice in the reader's rows.
bool is_read_once(const SparseNetwork& network, int layer, int reader) {
  const SparseRows& rows = at(network.system().layers, reader).terms.at(layer).written();
  std::vector<char> seen(network.bounds_of(layer).lower.size(), 0);
  for (const Neuron v : network.layer(reader).neurons) {
    for (const std::int32_t c : rows.indices(raw(v))) {
      if (std::exchange(at(seen, c), 1) != 0) return false;
    }
  }
  return true;
}

/// Adds up what one element of the reader passes on.
class Collector {
 public:
  Collector(const SparseNetwork& network, int layer)
      : network_(network), first_(network.layer(layer).first), rows_(rows_of(network, layer)) {}

  void begin() {
    passed_ = {};
    entries_.clear();
  }
  /// The reader's row has `weight` times the element's activation, or the squares that a product
  /// stands for.
  void add(Live element, double weight) {
    const std::int32_t number = at(network_.product_of, element);
    if (number >= 0) {
      const McCormickProduct& product = at(network_.products, number);
      return add_product(product, element, weight * product.weight);
    }
    const MiddleLines& lines = at(network_.nonlinear, at(network_.nonlinear_of, element)).lines;
    const bool swapped = weight < 0.0;
    const auto &positive = swapped ? lines.above : lines.below,
               &negative = swapped ? lines.below : lines.above;
    const double steepest = std::max(std::fabs(positive.slope), std::fabs(negative.slope)),
                 constant = at(network_.constant, element);
    add_sums(weight * positive.offset, weight * negative.offset);
    passed_.positive.constant += weight * positive.slope * constant;
    passed_.negative.constant += weight * negative.slope * constant;
    passed_.slack += std::fabs(weight) * steepest * at(network_.slack, element);
    const std::int64_t row = raw(element) - first_;
    for (std::int64_t j = at(rows_.start, row); j < at(rows_.start, row + 1); ++j) {
      const double coefficient = weight * at(rows_.value, j);
      add_entry(at(rows_.index, j), coefficient * positive.slope, coefficient * negative.slope);
    }
  }
  void end(PrivateLayer& to) {
    passed_.magnitude *= 1.0 + 0x1p-30;  // sums of positive numbers, rounded
    passed_.slack *= 1.0 + 0x1p-30;
    passed_.begin = static_cast<std::int32_t>(to.entries.size());
    for (const auto& [source, factors] : entries_)
      to.entries.push_back({source, factors.first, factors.second});
    passed_.end = static_cast<std::int32_t>(to.entries.size());
    to.by_reader.push_back(passed_);
  }

 private:
  /// The mean of McCormick's linear bounds (S4); the slack pays for all that this rounds.
  void add_product(const McCormickProduct& product, Live element, double weight) {
    const double below = product.below + 0.5 * product.below_step,
                 above = product.above + 0.5 * product.above_step;
    const bool swapped = weight < 0.0;
    add_sums(-weight * (swapped ? above : below), -weight * (swapped ? below : above));
    passed_.slack += std::fabs(weight) * at(network_.slack, element);
    const double to_a = weight * (product.b_low + 0.5 * product.b_width),
                 to_b = weight * (product.a_low + 0.5 * product.a_width);
    add_entry(product.a, to_a, to_a);
    add_entry(product.b, to_b, to_b);
  }
  void add_sums(double positive, double negative) {
    passed_.positive.offset += positive;
    passed_.negative.offset += negative;
    passed_.magnitude += std::max(std::fabs(positive), std::fabs(negative));
  }
  void add_entry(Live source, double positive, double negative) {
    auto& [of_positive, of_negative] = entries_[source];
    of_positive += positive;
    of_negative += negative;
  }

  const SparseNetwork& network_;
  const std::int32_t first_;
  const SparseNetworkRows rows_;  // empty ones of products, which read their operands by themselves
  PassedOn passed_;
  std::map<Live, std::pair<double, double>> entries_;
};

}  // namespace

void PrivateLayers::add_reader(const SparseNetwork& network, int layer, int reader) {
  if (std::exchange(at(is_read_, layer), 1) != 0) {
    at(number_of_, layer) = -1;
    return;
  }
  // The multiplier of a product's square is known only when both are.
  if (at(network.system().activations, reader).curve == Curve::square) return;
  if (!may_be_private(network, layer) || !is_read_once(network, layer, reader)) return;
  // Rows of few entries; a convolution would be written out here.
  constexpr std::size_t kMostEntries = 4;  // of an element
  const SparseNetworkLayer &from = network.layer(layer), &to = network.layer(reader);
  if (entries_of(at(network.system().layers, layer)) >
      kMostEntries * network.bounds_of(layer).lower.size())
    return;
  PrivateLayer made{layer, reader, {}, {}};
  const SparseRows& rows = at(network.system().layers, reader).terms.at(layer).written();
  Collector collector(network, layer);
  for (std::int32_t r = 0; r < to.count; ++r) {
    collector.begin();
    // A product reads its operands, not what its squares do.
    if (at(network.product_of, Live{to.first + r}) < 0) {
      const std::int64_t row = raw(at(to.neurons, r));
      for (std::size_t j = 0; j < rows.indices(row).size(); ++j) {
        const Live element = network.live_neuron(layer, rows.indices(row)[j]);
        if (in_layer(from, element)) collector.add(element, rows.values(row)[j]);
      }
    }
    collector.end(made);
  }
  at(number_of_, layer) = static_cast<std::int32_t>(layers_.size());
  layers_.push_back(std::move(made));
}

void PrivateLayers::update(const SparseNetwork& network) {
  while (static_cast<int>(is_read_.size()) < network.layers()) {
    const int reader = static_cast<int>(is_read_.size());
    is_read_.push_back(0);
    number_of_.push_back(-1);
    std::set<int> by_rows, by_products;
    for (const SparseNetworkBlock& block : network.layer(reader).blocks) {
      if (block.source != kInputSource) by_rows.insert(block.source);
    }
    const SparseNetworkLayer& all = network.layer(reader);
    for (std::int32_t i = all.first; i < all.first + all.count; ++i) {
      const std::int32_t number = at(network.product_of, Live{i});
      if (number < 0) continue;
      const McCormickProduct& product = at(network.products, number);
      for (const Live operand : {product.a, product.b})
        by_products.insert(layer_of(network, operand));
    }
    for (const int layer : by_rows) add_reader(network, layer, reader);
    for (const int layer : by_products) {
      if (layer < 0) continue;
      at(is_read_, layer) = 1;  // not by a row: never private
      at(number_of_, layer) = -1;
    }
  }
}

}  // namespace clipbound::bounds
