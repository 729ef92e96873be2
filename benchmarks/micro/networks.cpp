#include "benchmarks/micro/networks.h"

#include <cmath>
#include <map>

#include "bounds/layered/clause_rows.h"
#include "bounds/layered/layered_system.h"
#include "bounds/lowering/lower_network.h"
#include "specs/network/network_builder.h"
#include "specs/query/number.h"
#include "specs/simplify/simplify.h"
#include "tests/support/floors.h"

namespace clipbound::micro {

std::shared_ptr<const Network> random_network(const Shape& shape, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal;
  NetworkBuilder b;
  ValueId value = b.input("x", {1, shape.inputs});
  for (int k = 0, below = shape.inputs; k <= shape.layers; ++k) {
    const int width = k < shape.layers ? shape.width : shape.outputs;
    std::vector<float> weights(static_cast<std::size_t>(width) * static_cast<std::size_t>(below));
    std::vector<float> bias(static_cast<std::size_t>(width));
    for (float& w : weights) w = static_cast<float>(normal(engine) * std::sqrt(2.0 / below));
    for (float& w : bias) w = static_cast<float>(0.1 * normal(engine));
    value = b.add("Gemm", {value, b.constant({below, width}, std::move(weights)),
                           b.constant({width}, std::move(bias))});
    if (k < shape.layers) value = b.add("Relu", {value});
    below = width;
  }
  b.output(value);
  return std::make_shared<const Network>(b.build());
}

namespace {

InputInterval interval(double lower, double upper) {
  return intersection(lower_edges(float64_neighbours(lower)),
                      upper_edges(float64_neighbours(upper)));
}

Query query_on_box(const Shape& shape, double radius, std::vector<Row> rows) {
  Query query;
  query.input_size = shape.inputs;
  query.output_size = shape.outputs;
  query.source = "micro";
  const auto box = std::make_shared<const Box>(static_cast<std::size_t>(shape.inputs),
                                               interval(-radius, radius));
  query.clauses.push_back({box, std::move(rows), 0});
  return query;
}

}  // namespace

Query first_output_leads(const Shape& shape, double radius, double lead) {
  std::vector<Row> rows;
  for (int j = 1; j < shape.outputs; ++j) {
    Row row;
    row.terms.push_back({Term::Of::output, 0, make_number(-1)});
    row.terms.push_back({Term::Of::output, j, make_number(1)});
    row.threshold = make_number(-mpq_class(lead));
    rows.push_back(std::move(row));
  }
  return query_on_box(shape, radius, std::move(rows));
}

Lowered::Lowered(const Shape& shape, double radius)
    : system([&] {
        const std::vector<double> edge(static_cast<std::size_t>(shape.inputs), radius);
        const std::vector<double> other(edge.size(), -radius);
        return std::make_shared<const LayeredSystem>(
            lower_network(*simplify(random_network(shape)).network, other, edge));
      }()),
      bounder(system),
      lower(system->lower),
      upper(system->upper),
      rows(lower_rows(*system, first_output_leads(shape, radius).clauses.front())),
      bounds(bounder.bound_neurons(lower, upper, Deadline())) {}

std::vector<std::int64_t> Lowered::all_rows() const {
  std::vector<std::int64_t> all(static_cast<std::size_t>(rows.size()));
  for (std::size_t s = 0; s < all.size(); ++s) all[s] = static_cast<std::int64_t>(s);
  return all;
}

namespace {

Reduced make_reduced(int neurons) {
  // More undecided neurons on larger boxes: bisect for the radius.
  double small = 0.0, large = 4.0;
  std::unique_ptr<const Lowered> lowered;
  for (int step = 0; step < 40; ++step) {
    const double radius = 0.5 * (small + large);
    lowered = std::make_unique<const Lowered>(kAcas, radius);
    const auto unstable = lowered->bounds.unstable;
    if (unstable == neurons) break;
    (unstable < neurons ? small : large) = radius;
  }
  const std::vector<int> kept = varying_inputs(lowered->lower, lowered->upper);
  const std::vector<std::uint8_t> strict(static_cast<std::size_t>(lowered->rows.size()), 0);
  Reduced result;
  result.network = reduce(lowered->bounder, lowered->bounds, lowered->rows, strict, kept);
  std::vector<double> all_lower, all_upper;
  for (const IntervalVector& layer : lowered->bounds.layers) {
    all_lower.insert(all_lower.end(), layer.lower.begin(), layer.lower.end());
    all_upper.insert(all_upper.end(), layer.upper.begin(), layer.upper.end());
  }
  for (const std::int32_t v : result.network->original_neuron) {
    result.lower_z.push_back(all_lower[static_cast<std::size_t>(v)]);
    result.upper_z.push_back(all_upper[static_cast<std::size_t>(v)]);
  }
  result.lower_x = lowered->lower;
  result.upper_x = lowered->upper;
  return result;
}

}  // namespace

const Reduced& reduced_network(int neurons) {
  static std::map<int, Reduced> cache;
  const auto at = cache.find(neurons);
  return at != cache.end() ? at->second
                           : cache.emplace(neurons, make_reduced(neurons)).first->second;
}

void load_lanes(const Reduced& reduced, Batch& bounder) {
  for (std::size_t i = 0; i < reduced.lower_x.size(); ++i) {
    bounder.lower_x[i] = broadcast(reduced.lower_x[i]);
    bounder.upper_x[i] = broadcast(reduced.upper_x[i]);
  }
  for (std::size_t v = 0; v < reduced.lower_z.size(); ++v) {
    bounder.lower_z[v] = broadcast(reduced.lower_z[v]);
    bounder.upper_z[v] = broadcast(reduced.upper_z[v]);
  }
}

std::vector<Vec> cutting_halfspaces(const std::vector<Vec>& lower_x,
                                    const std::vector<Vec>& upper_x, int count,
                                    std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> offset(-0.4, 0.2);
  std::vector<Vec> result;
  for (int k = 0; k < count; ++k) {
    Vec at_centre = {}, reach = {}, h = {};
    for (std::size_t i = 0; i < lower_x.size(); ++i) {
      Vec g = {};
      for (int lane = 0; lane < kLanes; ++lane) g[lane] = normal(engine);
      at_centre += 0.5 * g * (lower_x[i] + upper_x[i]);
      reach += 0.5 * vabs(g) * (upper_x[i] - lower_x[i]);
      result.push_back(g);
    }
    for (int lane = 0; lane < kLanes; ++lane)
      h[lane] = -at_centre[lane] + offset(engine) * reach[lane];
    result.push_back(h);
  }
  return result;
}

double substitution_flops(const ReducedNetwork& network) {
  // A row after `before` neurons: each earlier neuron's coefficient takes a product with every
  // neuron between, each input's and the constant with all of them.
  const auto row = [&](int layer) {
    double flops = 0.0;
    const double before = network.layer_begin[static_cast<std::size_t>(layer)];
    for (int k = 0; k < layer; ++k) {
      const double begin = network.layer_begin[static_cast<std::size_t>(k)];
      const double end = network.layer_begin[static_cast<std::size_t>(k) + 1];
      flops += 2.0 * (end - begin) * (before - end);
    }
    return flops + 2.0 * (network.inputs + 1) * before;
  };
  double sum = network.rows * row(network.layers());
  for (int k = 0; k < network.layers(); ++k) {
    const int size = network.layer_begin[static_cast<std::size_t>(k) + 1] -
                     network.layer_begin[static_cast<std::size_t>(k)];
    sum += 2.0 * size * row(k);  // lower and upper
  }
  return sum * kLanes;
}

}  // namespace clipbound::micro
