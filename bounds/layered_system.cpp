#include "bounds/layered_system.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "base/check.h"
#include "base/rounding.h"
#include "bounds/ops/lower_op.h"
#include "specs/op_table.h"

namespace clipbound {

namespace {

/// Adds a source with its interval and magnitudes.
void add_source(LayeredSystem& system, int source, IntervalVector interval) {
  std::vector<double> magnitude(interval.lower.size());
  for (std::size_t i = 0; i < magnitude.size(); ++i) {
    magnitude[i] = std::max(std::fabs(interval.lower[i]), std::fabs(interval.upper[i]));
  }
  system.magnitudes[source] = std::move(magnitude);
  system.sources[source] = std::move(interval);
}

/// Numbers known within an interval, as a form without sources.
AffineForm constant_within(const IntervalVector& interval) {
  AffineForm form;
  for (std::size_t i = 0; i < interval.lower.size(); ++i) {
    const double l = interval.lower[i], u = interval.upper[i], centre = 0.5 * l + 0.5 * u;
    form.constant.push_back(centre);
    form.radius.push_back(l == u ? 0.0 : next_up(std::max(next_up(u - centre), next_up(centre - l))));
  }
  return form;
}

AffineForm add_layer(LayeredSystem& system, const AffineForm& form, const Activation& activation, ValueId value, std::vector<std::int64_t> elements = {});

/// Elements that no source enters stay numbers, the others become a layer.
AffineForm add_partly_fixed(LayeredSystem& system, const AffineForm& form, const Activation& activation, ValueId value, const std::vector<char>& fixed) {
  std::vector<std::int64_t> elements;
  std::vector<Pick> numbers, variables, place;
  for (std::size_t i = 0; i < fixed.size(); ++i) {
    std::vector<Pick>& part = fixed[i] ? numbers : variables;
    place.push_back({fixed[i] ? 0 : 1, static_cast<std::int64_t>(part.size())});
    part.push_back({0, static_cast<std::int64_t>(i)});
    if (!fixed[i]) elements.push_back(static_cast<std::int64_t>(i));
  }
  const AffineForm of_numbers = constant_within(activate(activation, enclose(gather({&form}, numbers), system.sources)));
  const AffineForm of_variables = variables.empty() ? AffineForm() : add_layer(system, gather({&form}, variables), activation, value, std::move(elements));
  return gather({&of_numbers, &of_variables}, place);
}

void activate_samples(const Activation& activation, std::vector<double>& values) {
  if (activation.curve != Curve::product) {
    for (double& v : values) v = value_of(activation, v);
    return;
  }
  for (std::size_t i = 0; i < values.size(); i += 2 * kSamples) {
    for (std::size_t p = i; p < i + kSamples; ++p) values[p] *= values[p + kSamples];
  }
}

/// Makes the function's argument a layer and returns its values.
AffineForm add_layer(LayeredSystem& system, const AffineForm& form, const Activation& activation, ValueId value, std::vector<std::int64_t> elements) {
  std::vector<char> fixed = activation.curve == Curve::product ? std::vector<char>(form.constant.size(), 0) : fixed_elements(form);
  const IntervalVector range = activate(activation, enclose(form, system.sources));
  for (std::size_t i = 0; i < fixed.size(); ++i) fixed[i] = fixed[i] && std::isfinite(range.lower[i]) && std::isfinite(range.upper[i]);
  if (std::find(fixed.begin(), fixed.end(), 1) != fixed.end()) return add_partly_fixed(system, form, activation, value, fixed);
  const int layer = static_cast<int>(system.layers.size());
  system.layers.push_back(form);
  system.activations.push_back(activation);
  system.layer_values.push_back(value);
  system.layer_elements.push_back(std::move(elements));
  system.intervals.push_back(enclose(form, system.sources));
  std::vector<double> values = values_at(form, system.samples);
  activate_samples(activation, values);
  system.samples[layer] = std::move(values);
  add_source(system, layer, activate(activation, system.intervals.back()));
  return AffineForm::of_source(layer, form.size(), 0, form.size());
}

/// Keeps what a softmax says of its elements, where each of them is one neuron's activation of one and the same layer.
void add_unit_sum(LayeredSystem& system, const AffineForm& form, const std::vector<std::int64_t>& elements) {
  if (form.terms.size() != 1 || form.terms.begin()->first < 0) return;
  const auto& [layer, rows] = *form.terms.begin();
  UnitSum sum{layer, {}};
  for (const std::int64_t e : elements) {
    const auto i = static_cast<std::size_t>(e);
    if (form.constant[i] != 0.0 || form.radius[i] != 0.0 || rows.indices(e).size() != 1 || rows.values(e)[0] != 1.0) return;
    sum.elements.push_back(rows.indices(e)[0]);
  }
  system.unit_sums.push_back(std::move(sum));
}

}  // namespace

IntervalVector activate(const Activation& activation, const IntervalVector& z) {
  IntervalVector result = z;
  if (activation.curve == Curve::product) {
    for (std::size_t v = 0; v < z.lower.size(); v += 2) {
      const Range range = product_range(range_of(z, v), range_of(z, v + 1));
      result.lower[v] = range.lower;
      result.upper[v] = range.upper;
    }
    return result;
  }
  for (std::size_t i = 0; i < z.lower.size(); ++i) {
    const Range range = range_of(activation, z.lower[i], z.upper[i]);
    result.lower[i] = range.lower;
    result.upper[i] = range.upper;
  }
  return result;
}

std::vector<Planes> relax_layer(const Activation& activation, const IntervalVector& z) {
  std::vector<Planes> planes;
  for (std::size_t v = 0; v < z.lower.size(); ++v) {
    if (activation.curve != Curve::product) {
      planes.push_back(relax(activation, z.lower[v], z.upper[v]));
    } else if (v % 2 == 0) {
      const ProductPlanes of = relax_product(range_of(z, v), range_of(z, v + 1));
      planes.push_back({of.x_slope, of.lower, of.x_slope, of.upper});
      planes.push_back({of.y_slope, 0.0, of.y_slope, 0.0});
    }
  }
  return planes;
}

namespace {

/// kSamples points: the middle, and random ones.
std::vector<double> sample_box(const std::vector<double>& lower, const std::vector<double>& upper) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> share(0.0, 1.0);
  std::vector<double> samples;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    for (int p = 0; p < kSamples; ++p) samples.push_back(lower[i] + (p == 0 ? 0.5 : share(random)) * (upper[i] - lower[i]));
  }
  return samples;
}

/// Inputs first, first + 1, ...: those that are fixed as numbers, so that what is multiplied by them stays linear.
AffineForm input_form(const LayeredSystem& system, const std::vector<char>& varies, std::int64_t first, std::int64_t count) {
  IntervalVector fixed;
  for (std::int64_t i = first; i < first + count; ++i) {
    const auto k = static_cast<std::size_t>(i);
    fixed.lower.push_back(varies[k] ? 0.0 : system.lower[k]);
    fixed.upper.push_back(varies[k] ? 0.0 : system.upper[k]);
  }
  AffineForm form = constant_within(fixed);
  SparseRows rows;
  rows.cols = static_cast<std::int64_t>(system.lower.size());
  for (std::int64_t i = first; i < first + count; ++i) {
    if (varies[static_cast<std::size_t>(i)]) rows.append(static_cast<std::int32_t>(i), 1.0);
    rows.end_row();
  }
  if (!rows.value.empty()) form.terms.emplace(kInputSource, std::move(rows));
  return form;
}

}  // namespace

std::vector<int> varying_inputs(const std::vector<double>& lower, const std::vector<double>& upper) {
  std::vector<int> varying;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    // Narrower than two steps of float32: a fixed input (its decimal and its float32 value may differ).
    const double reach = std::max(std::fabs(lower[i]), std::fabs(upper[i]));
    if (upper[i] - lower[i] > 4.0 * kUnitRoundoff32 * reach) varying.push_back(static_cast<int>(i));
  }
  return varying;
}

LayeredSystem lower_network(const Network& network, std::span<const double> lower, std::span<const double> upper, ProductForm products) {
  LayeredSystem system;
  system.lower.assign(lower.begin(), lower.end());
  system.upper.assign(upper.begin(), upper.end());
  CLIPBOUND_CHECK(static_cast<std::int64_t>(lower.size()) == network.input_size());
  add_source(system, kInputSource, {system.lower, system.upper});
  system.samples[kInputSource] = sample_box(system.lower, system.upper);

  std::vector<char> varies(lower.size(), 0);
  for (const int i : varying_inputs(system.lower, system.upper)) varies[static_cast<std::size_t>(i)] = 1;
  std::map<ValueId, AffineForm> forms;
  std::int64_t first = 0;
  for (const ValueId id : network.inputs) {
    const std::int64_t size = network.value(id).size();
    forms.emplace(id, input_form(system, varies, first, size));
    first += size;
  }
  // Forms are dropped after their last use: on deep networks they would add up.
  std::map<ValueId, std::size_t> last_use;
  for (std::size_t i = 0; i < network.nodes.size(); ++i) {
    for (const ValueId id : network.nodes[i].inputs) last_use[id] = i;
  }
  for (const ValueId id : network.outputs) last_use[id] = network.nodes.size();

  const LowerContext context{network, forms, system.magnitudes, system.sources, system.samples, system.layers, system.activations, products,
                             [&system](const AffineForm& form, const Activation& activation, ValueId value) {
                               return add_layer(system, form, activation, value);
                             },
                             [&system](const AffineForm& form, const std::vector<std::int64_t>& elements) { add_unit_sum(system, form, elements); }};
  for (std::size_t i = 0; i < network.nodes.size(); ++i) {
    const Node& node = network.nodes[i];
    check_attributes(network, node);
    std::vector<AffineForm> results;
    if (const LowerFunction function = lower_function(node.kind)) {
      results = function(context, node);
    } else {
      throw Unsupported(network.source + ": " + describe(node) + ": no bounds for this operator yet");
    }
    CLIPBOUND_CHECK(results.size() == node.outputs.size());
    for (std::size_t k = 0; k < results.size(); ++k) forms[node.outputs[k]] = std::move(results[k]);
    for (const ValueId id : node.inputs) {
      if (last_use[id] == i) forms.erase(id);
    }
  }
  std::vector<AffineForm> scratch(network.outputs.size());
  std::vector<const AffineForm*> outputs;
  std::vector<Pick> picks;
  for (std::size_t k = 0; k < network.outputs.size(); ++k) {
    outputs.push_back(&form_of(context, network.outputs[k], scratch[k]));
    for (std::int64_t i = 0; i < outputs.back()->size(); ++i) picks.push_back({static_cast<std::int32_t>(k), i});
  }
  system.outputs = gather(outputs, picks);
  return system;
}

AffineForm lower_rows(const LayeredSystem& system, const Clause& clause) {
  const AffineForm input = AffineForm::of_source(kInputSource, static_cast<std::int64_t>(system.lower.size()), 0,
                                                 static_cast<std::int64_t>(system.lower.size()));
  const std::vector<const AffineForm*> forms = {&system.outputs, &input};
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  std::vector<double> offset, extra;
  const IntervalVector outputs = enclose(system.outputs, system.sources);
  for (const Row& row : clause.rows) {
    double error = row.threshold.upper - row.threshold.lower;
    for (const Term& term : row.terms) {
      const bool of_output = term.of == Term::Of::output;
      const double width = term.coefficient.upper - term.coefficient.lower;
      const auto i = static_cast<std::size_t>(term.index);
      const double size = of_output ? std::max(std::fabs(outputs.lower[i]), std::fabs(outputs.upper[i]))
                                    : system.magnitudes.at(kInputSource)[i];
      if (width > 0.0) error += width * size;
      terms.push_back({of_output ? 0 : 1, term.index, term.coefficient.lower});
    }
    begin.push_back(static_cast<std::int64_t>(terms.size()));
    offset.push_back(-row.threshold.upper);
    extra.push_back(error);
  }
  AffineForm rows = linear_map(forms, begin, terms, offset, system.magnitudes);
  for (std::size_t s = 0; s < extra.size(); ++s) {
    if (!(extra[s] <= 0.0)) rows.radius[s] = add_up(rows.radius[s], extra[s] * (1.0 + 0x1p-40));
  }
  return rows;
}

}  // namespace clipbound
