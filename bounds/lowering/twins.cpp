#include "bounds/lowering/twins.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>
#include <set>
#include <string>

#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// Weights of twins differ by at most this part of their sizes, summed up: those of strangers
/// differ by more than half of it.
constexpr double kMostDifference = 0.4;
/// Of so many activations alike, twins are looked for.
constexpr std::size_t kMostAlike = 16;

std::size_t mix(std::size_t seed, std::size_t value) {
  return (seed ^ value) * 0x9e3779b97f4a7c15U + (seed >> 29);
}
std::size_t hash_of(const std::string& text) {
  return std::hash<std::string>{}(text);
}
std::size_t hash_of(std::int64_t number) {
  return std::hash<std::int64_t>{}(number);
}
std::size_t hash_of(double number) {
  return std::hash<double>{}(number);
}
template <typename T>
std::size_t hash_of(const std::vector<T>& list) {
  std::size_t seed = list.size();
  for (const auto& item : list) seed = mix(seed, hash_of(item));
  return seed;
}
std::size_t hash_of(const Tensor& tensor) {
  return hash_of(tensor.shape);
}

/// By value: a number that is equal where values are reached from the inputs by the same operators.
class Structure {
 public:
  explicit Structure(const Network& network)
      : network_(network),
        number_(network.values.size(), 0),
        from_inputs_(network.values.size(), 0) {
    for (const ValueId id : network.inputs) set_root(id);
    for (const Node& node : network.nodes) add(node);
  }
  std::size_t of(ValueId id) const { return number_[index_of(id)]; }

 private:
  /// Two copies may take their inputs from different places, and shift them by different numbers.
  void set_root(ValueId id) {
    from_inputs_[index_of(id)] = 1;
    number_[index_of(id)] = hash_of(network_.value(id).shape);
  }
  void add(const Node& node) {
    const OpRow& row = op_row(node.kind);
    bool root = row.op_class == OpClass::movement || row.has(OpTrait::elementwise);
    std::size_t seed = mix(static_cast<std::size_t>(node.kind), node.inputs.size());
    for (const auto& [key, value] : node.attributes) {
      seed = mix(seed, hash_of(key));
      seed = mix(seed, std::visit([](const auto& held) { return hash_of(held); }, value));
    }
    for (const ValueId id : node.inputs) {
      if (id == kNoValue) continue;
      const bool constant = network_.is_constant(id);
      root = root && (constant || from_inputs_[index_of(id)] != 0);
      seed = mix(seed, constant ? hash_of_constant(id) : number_[index_of(id)]);
    }
    for (std::size_t k = 0; k < node.outputs.size(); ++k) {
      if (node.outputs[k] == kNoValue) continue;
      if (root) {
        set_root(node.outputs[k]);
      } else {
        number_[index_of(node.outputs[k])] = mix(seed, k);
      }
    }
  }
  /// Weights may differ; shapes and indices may not.
  std::size_t hash_of_constant(ValueId id) const {
    const Tensor& tensor = *network_.value(id).constant;
    const std::size_t seed = hash_of(tensor.shape);
    const auto* integers = std::get_if<std::vector<std::int64_t>>(&tensor.values);
    return integers != nullptr ? mix(seed, hash_of(*integers)) : seed;
  }

  const Network& network_;
  std::vector<std::size_t> number_;  // [values]
  std::vector<char> from_inputs_;    // [values] inputs, moved, scaled and shifted
};

/// How far the weights of two values of equal structure are apart, back to the activations before
/// them.
class WeightDistance {
 public:
  explicit WeightDistance(const Network& network)
      : network_(network), maker_(network.values.size(), -1) {
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
      for (const ValueId id : network.nodes[i].outputs)
        if (id != kNoValue) maker_[index_of(id)] = static_cast<std::ptrdiff_t>(i);
    }
  }
  /// The differences' share of the sizes.
  double between(ValueId a, ValueId b) {
    difference_ = size_ = 0.0;
    seen_.clear();
    add(a, b);
    return size_ > 0.0 ? difference_ / size_ : 0.0;
  }

 private:
  void add(ValueId a, ValueId b) {
    if (a == b || a == kNoValue || b == kNoValue || !seen_.insert({a, b}).second) return;
    if (network_.is_constant(a) && network_.is_constant(b)) return add_constants(a, b);
    const std::ptrdiff_t i = maker_[index_of(a)], j = maker_[index_of(b)];
    if (i < 0 || j < 0) return;
    const Node &p = network_.nodes[static_cast<std::size_t>(i)],
               &q = network_.nodes[static_cast<std::size_t>(j)];
    if (p.kind != q.kind || op_row(p.kind).op_class == OpClass::activation) return;
    for (std::size_t k = 0; k < std::min(p.inputs.size(), q.inputs.size()); ++k)
      add(p.inputs[k], q.inputs[k]);
  }
  void add_constants(ValueId a, ValueId b) {
    const std::vector<double> x = numbers_of(a), y = numbers_of(b);
    if (x.size() != y.size()) return;
    for (std::size_t i = 0; i < x.size(); ++i) {
      difference_ += std::fabs(x[i] - y[i]);
      size_ += std::fabs(x[i]) + std::fabs(y[i]);
    }
  }
  std::vector<double> numbers_of(ValueId id) const {
    return std::visit(
        [](const auto& values) {
          std::vector<double> numbers;
          for (const auto x : values) numbers.push_back(static_cast<double>(x));
          return numbers;
        },
        network_.value(id).constant->values);
  }

  const Network& network_;
  std::vector<std::ptrdiff_t> maker_;  // [values] the node, or -1
  std::set<std::pair<ValueId, ValueId>> seen_;
  double difference_ = 0.0, size_ = 0.0;
};

/// Each activation's twin: the nearest of those alike. By node; the earlier one first.
std::map<std::size_t, std::size_t> pair_nodes(const Network& network) {
  const Structure structure(network);
  std::map<std::size_t, std::vector<std::size_t>> alike;
  for (std::size_t i = 0; i < network.nodes.size(); ++i) {
    const Node& node = network.nodes[i];
    if (op_row(node.kind).op_class != OpClass::activation || node.outputs.empty()) continue;
    alike[structure.of(node.outputs[0])].push_back(i);
  }
  std::map<std::size_t, std::size_t> twin;
  WeightDistance distance(network);
  for (const auto& [number, nodes] : alike) {
    if (nodes.size() > kMostAlike) continue;
    std::set<std::size_t> free(nodes.begin(), nodes.end());
    while (free.size() > 1) {
      const std::size_t i = *free.begin();
      free.erase(free.begin());
      const ValueId a = network.nodes[i].inputs[0];
      double least = kMostDifference;
      auto nearest = free.end();
      for (auto j = free.begin(); j != free.end(); ++j) {
        const ValueId b = network.nodes[*j].inputs[0];
        const double here = a == b ? kMostDifference : distance.between(a, b);
        if (here >= least) continue;
        least = here;
        nearest = j;
      }
      if (nearest == free.end()) continue;
      twin[i] = *nearest;
      free.erase(nearest);
    }
  }
  return twin;
}

/// The nodes in an order in which twins are neighbours. They are equally many operators away from
/// the inputs, so that no circle runs through a pair.
std::vector<std::size_t> order_nodes(const Network& network,
                                     const std::map<std::size_t, std::size_t>& twin) {
  const std::size_t size = network.nodes.size();
  std::vector<std::size_t> group(size);  // a pair goes by its first node
  for (std::size_t i = 0; i < size; ++i) group[i] = i;
  for (const auto& [first, second] : twin) group[second] = first;
  std::vector<std::ptrdiff_t> maker(network.values.size(), -1);
  std::vector<std::set<std::size_t>> readers(size);
  std::vector<std::set<std::size_t>> needs(size);
  for (std::size_t i = 0; i < size; ++i) {
    for (const ValueId id : network.nodes[i].inputs) {
      if (id == kNoValue || maker[index_of(id)] < 0) continue;
      const std::size_t from = group[static_cast<std::size_t>(maker[index_of(id)])];
      readers[from].insert(group[i]);
      needs[group[i]].insert(from);
    }
    for (const ValueId id : network.nodes[i].outputs)
      if (id != kNoValue) maker[index_of(id)] = static_cast<std::ptrdiff_t>(i);
  }
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t i = 0; i < size; ++i)
    if (group[i] == i && needs[i].empty()) ready.push(i);
  std::vector<std::size_t> order;
  while (!ready.empty()) {
    const std::size_t i = ready.top();
    ready.pop();
    order.push_back(i);
    if (const auto found = twin.find(i); found != twin.end()) order.push_back(found->second);
    for (const std::size_t reader : readers[i]) {
      needs[reader].erase(i);
      if (needs[reader].empty()) ready.push(reader);
    }
  }
  return order;
}

}  // namespace

Twins find_twins(const Network& network) {
  Twins twins;
  const std::map<std::size_t, std::size_t> twin = pair_nodes(network);
  twins.order = order_nodes(network, twin);
  if (twin.empty() || twins.order.size() != network.nodes.size()) {
    twins.order.clear();
    for (std::size_t i = 0; i < network.nodes.size(); ++i) twins.order.push_back(i);
    return twins;
  }
  for (const auto& [first, second] : twin)
    twins.second_of[network.nodes[first].inputs[0]] = network.nodes[second].inputs[0];
  return twins;
}

void pair_layers(const Twins& twins, LayeredSystem& system) {
  for (std::size_t k = 1; k < system.layers.size(); ++k) {
    const auto found = twins.second_of.find(system.layer_values[k - 1]);
    if (found == twins.second_of.end() || found->second != system.layer_values[k] ||
        system.activations[k - 1] != system.activations[k] ||
        system.activations[k].curve == Curve::product ||  // its two factors are bounded together
        system.layers[k].terms.contains(static_cast<int>(k) - 1) || !system.twins_of(k - 1).empty())
      continue;
    const std::vector<std::int64_t>&first = system.layer_elements[k - 1],
          &second = system.layer_elements[k];
    std::map<std::int64_t, std::int64_t> neuron;  // of an element, in layer k - 1
    for (std::int64_t v = 0; v < system.layers[k - 1].size(); ++v)
      neuron[first.empty() ? v : first[static_cast<std::size_t>(v)]] = v;
    std::vector<std::int64_t> twins_here;
    for (std::int64_t v = 0; v < system.layers[k].size(); ++v) {
      const auto same = neuron.find(second.empty() ? v : second[static_cast<std::size_t>(v)]);
      twins_here.push_back(same == neuron.end() ? -1 : same->second);
    }
    system.set_twins(k, std::move(twins_here));
  }
}

}  // namespace clipbound::bounds
