#include "bounds/layered/layered_system.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "base/check.h"
#include "base/error.h"
#include "base/rounding.h"
#include "bounds/lowering/ops/lower_op.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

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
    form.radius.push_back(l == u ? 0.0
                                 : next_up(std::max(next_up(u - centre), next_up(centre - l))));
  }
  return form;
}

/// What a function's values are known to lie in beside its range; empty: nothing more.
using Known = IntervalVector;

void narrow(IntervalVector& range, const Known& known) {
  for (std::size_t i = 0; i < known.lower.size(); ++i) {
    range.lower[i] = std::max(range.lower[i], known.lower[i]);
    range.upper[i] = std::min(range.upper[i], known.upper[i]);
  }
}

/// The part of `known` that belongs to some elements.
Known part_of(const Known& known, const std::vector<Pick>& picks) {
  Known part;
  for (const Pick& pick : picks) {
    if (known.lower.empty()) break;
    part.lower.push_back(known.lower[static_cast<std::size_t>(pick.element)]);
    part.upper.push_back(known.upper[static_cast<std::size_t>(pick.element)]);
  }
  return part;
}

AffineForm add_layer(LayeredSystem& system, const AffineForm& form, const Activation& activation,
                     ValueId value, const Known& known = {},
                     std::vector<std::int64_t> elements = {});

/// f of elements that no source enters. A number that is known exactly (radius 0: nothing was
/// rounded on its way) goes through a staircase exactly: at a jump it does not stand for both
/// sides, because there is nothing that could push it off.
AffineForm at_numbers(const LayeredSystem& system, const AffineForm& form,
                      const Activation& activation, const Known& known) {
  IntervalVector range = activate(activation, enclose(form, system.sources));
  narrow(range, known);
  AffineForm result = constant_within(range);
  const Curve curve = activation.curve;
  if (curve != Curve::trunc && curve != Curve::floor && curve != Curve::ceil &&
      curve != Curve::round && curve != Curve::sign)
    return result;
  const std::vector<char> numbers = fixed_elements(form);
  for (std::size_t i = 0; i < form.radius.size(); ++i) {
    if (form.radius[i] != 0.0 || numbers[i] == 0) continue;
    result.constant[i] = value_of(activation, form.constant[i]);
    result.radius[i] = 0.0;
  }
  return result;
}

/// Elements that no source enters stay numbers, and so do those that are known to have one value;
/// the others become a layer.
AffineForm add_partly_fixed(LayeredSystem& system, const AffineForm& form,
                            const Activation& activation, ValueId value, const Known& known,
                            const std::vector<char>& fixed) {
  std::vector<std::int64_t> elements;
  std::vector<Pick> numbers, variables, place;
  for (std::size_t i = 0; i < fixed.size(); ++i) {
    std::vector<Pick>& part = fixed[i] ? numbers : variables;
    place.push_back({fixed[i] ? 0 : 1, static_cast<std::int64_t>(part.size())});
    part.push_back({0, static_cast<std::int64_t>(i)});
    if (!fixed[i]) elements.push_back(static_cast<std::int64_t>(i));
  }
  const AffineForm of_numbers =
      at_numbers(system, gather({&form}, numbers), activation, part_of(known, numbers));
  const AffineForm of_variables =
      variables.empty() ? AffineForm()
                        : add_layer(system, gather({&form}, variables), activation, value,
                                    part_of(known, variables), std::move(elements));
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
AffineForm add_layer(LayeredSystem& system, const AffineForm& form, const Activation& activation,
                     ValueId value, const Known& known, std::vector<std::int64_t> elements) {
  std::vector<char> fixed = activation.curve == Curve::product
                                ? std::vector<char>(form.constant.size(), 0)
                                : fixed_elements(form);
  IntervalVector range = activate(activation, enclose(form, system.sources));
  narrow(range, known);
  for (std::size_t i = 0; i < known.lower.size(); ++i)
    fixed[i] = fixed[i] != 0 || known.lower[i] == known.upper[i];
  for (std::size_t i = 0; i < fixed.size(); ++i)
    fixed[i] = fixed[i] && std::isfinite(range.lower[i]) && std::isfinite(range.upper[i]);
  if (std::find(fixed.begin(), fixed.end(), 1) != fixed.end())
    return add_partly_fixed(system, form, activation, value, known, fixed);
  const int layer = static_cast<int>(system.layers.size());
  system.layers.push_back(form);
  system.activations.push_back(activation);
  system.layer_values.push_back(value);
  system.layer_elements.push_back(std::move(elements));
  system.intervals.push_back(enclose(form, system.sources));
  std::vector<double> values = values_at(form, system.samples);
  activate_samples(activation, values);
  system.samples[layer] = std::move(values);
  add_source(system, layer, std::move(range));
  return AffineForm::of_source(layer, form.size(), 0, form.size());
}

/// Keeps what a softmax says of its elements, where each of them is one neuron's activation of one
/// and the same layer.
void add_unit_sum(LayeredSystem& system, const AffineForm& form,
                  const std::vector<std::int64_t>& elements) {
  if (form.terms.size() != 1 || form.terms.begin()->first < 0) return;
  const auto& [layer, rows] = *form.terms.begin();
  SimplexRow sum{layer, {}};
  for (const std::int64_t e : elements) {
    const auto i = static_cast<std::size_t>(e);
    if (form.constant[i] != 0.0 || form.radius[i] != 0.0 || rows.indices(e).size() != 1 ||
        rows.values(e)[0] != 1.0)
      return;
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
    for (int p = 0; p < kSamples; ++p)
      samples.push_back(lower[i] + (p == 0 ? 0.5 : share(random)) * (upper[i] - lower[i]));
  }
  return samples;
}

/// Inputs first, first + 1, ...: those that are fixed as numbers, so that what is multiplied by
/// them stays linear.
AffineForm input_form(const LayeredSystem& system, const std::vector<char>& varies,
                      std::int64_t first, std::int64_t count) {
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
  if (rows.entries() > 0) form.terms.emplace(kInputSource, std::move(rows));
  return form;
}

}  // namespace

std::vector<int> varying_inputs(const std::vector<double>& lower,
                                const std::vector<double>& upper) {
  std::vector<int> varying;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    // Narrower than two steps of float32: a fixed input (its decimal and its float32 value may
    // differ).
    const double reach = std::max(std::fabs(lower[i]), std::fabs(upper[i]));
    if (upper[i] - lower[i] > 4.0 * kUnitRoundoff32 * reach) varying.push_back(static_cast<int>(i));
  }
  return varying;
}

namespace {

/// Intervals of a form; numbers that are known exactly stay so.
IntervalVector intervals_of(const AffineForm& form, const LayeredSystem& system) {
  IntervalVector range = enclose(form, system.sources);
  const std::vector<char> fixed = fixed_elements(form);
  for (std::size_t i = 0; i < fixed.size(); ++i) {
    if (fixed[i] != 0 && form.radius[i] == 0.0) range.lower[i] = range.upper[i] = form.constant[i];
  }
  return range;
}

/// Intervals are what is left where an operator has no bounds, or none in this form of it (weights
/// that vary, say).
std::vector<AffineForm> lower_node(const LowerContext& context, const Node& node, bool& loose) {
  try {
    return lower_function(node.kind)(context, node);
  } catch (const Unsupported&) {
  }
  std::vector<AffineForm> results = lower_by_intervals(context, node);
  constexpr double kThin =
      0x1p-20;  // roundings may be wide; what is chosen by an index or not is wider
  for (const AffineForm& form : results) {
    for (std::size_t i = 0; i < form.radius.size(); ++i)
      loose = loose || form.radius[i] > kThin * (1.0 + std::fabs(form.constant[i]));
  }
  return results;
}

/// Lowers one network, node by node.
class Lowering {
 public:
  Lowering(const Network& network, std::span<const double> lower, std::span<const double> upper,
           ProductForm products, const LoweringOptions& options)
      : network_(network), options_(options), context_(make_context(products)) {
    CLIPBOUND_CHECK(static_cast<std::int64_t>(lower.size()) == network.input_size());
    system_.lower.assign(lower.begin(), lower.end());
    system_.upper.assign(upper.begin(), upper.end());
    add_source(system_, kInputSource, {system_.lower, system_.upper});
    system_.samples[kInputSource] = sample_box(system_.lower, system_.upper);
    add_inputs();
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
      for (const ValueId id : network.nodes[i].inputs) last_use_[id] = i;
    }
    for (const ValueId id : network.outputs) last_use_[id] = network.nodes.size();
  }
  Lowering(const Lowering&) = delete;
  Lowering& operator=(const Lowering&) = delete;

  LayeredSystem run() {
    for (std::size_t i = 0; i < network_.nodes.size(); ++i) {
      if (options_.deadline != nullptr && options_.deadline->expired()) throw LoweringInterrupted();
      lower(i);
    }
    join_outputs();
    return std::move(system_);
  }

 private:
  LowerContext make_context(ProductForm products) {
    return {network_,
            forms_,
            system_.magnitudes,
            system_.sources,
            system_.samples,
            system_.layers,
            system_.activations,
            products,
            [this](const AffineForm& form, const Activation& activation, ValueId value) {
              return add_layer(system_, form, activation, value);
            },
            [this](const AffineForm& form, const std::vector<std::int64_t>& elements) {
              add_unit_sum(system_, form, elements);
            },
            options_.open,
            [this](const AffineForm& form, const Activation& activation, ValueId value,
                   const IntervalVector& known) {
              return add_layer(system_, form, activation, value, known);
            },
            [this](const InputStaircase& staircase) { system_.staircases.push_back(staircase); }};
  }
  void note_intervals(ValueId id, const AffineForm& form) {
    if (options_.intervals != nullptr && id != kNoValue)
      (*options_.intervals)[id] = intervals_of(form, system_);
  }
  void add_inputs() {
    std::vector<char> varies(system_.lower.size(), 0);
    for (const int i : varying_inputs(system_.lower, system_.upper))
      varies[static_cast<std::size_t>(i)] = 1;
    for (std::size_t i = 0; options_.thin_vary && i < varies.size(); ++i)
      varies[i] = system_.lower[i] < system_.upper[i] ? 1 : 0;
    std::int64_t first = 0;
    for (const ValueId id : network_.inputs) {
      const std::int64_t size = network_.value(id).size();
      forms_.emplace(id, input_form(system_, varies, first, size));
      note_intervals(id, forms_.at(id));
      first += size;
    }
  }
  void lower(std::size_t i) {
    const Node& node = network_.nodes[i];
    check_attributes(network_, node);
    std::vector<AffineForm> results = lower_node(context_, node, system_.loose);
    CLIPBOUND_CHECK(results.size() == node.outputs.size());
    for (std::size_t k = 0; k < results.size(); ++k) {
      note_intervals(node.outputs[k], results[k]);
      forms_[node.outputs[k]] = std::move(results[k]);
    }
    // Forms are dropped after their last use: on deep networks they would add up.
    for (const ValueId id : node.inputs) {
      if (last_use_[id] == i) forms_.erase(id);
    }
  }
  void join_outputs() {
    std::vector<AffineForm> scratch(network_.outputs.size());
    std::vector<const AffineForm*> outputs;
    std::vector<Pick> picks;
    for (std::size_t k = 0; k < network_.outputs.size(); ++k) {
      outputs.push_back(&form_of(context_, network_.outputs[k], scratch[k]));
      for (std::int64_t i = 0; i < outputs.back()->size(); ++i)
        picks.push_back({static_cast<std::int32_t>(k), i});
    }
    system_.outputs = gather(outputs, picks);
  }

  const Network& network_;
  const LoweringOptions& options_;
  LayeredSystem system_;
  std::map<ValueId, AffineForm> forms_;
  std::map<ValueId, std::size_t> last_use_;
  const LowerContext context_;
};

}  // namespace

LayeredSystem lower_network(const Network& network, std::span<const double> lower,
                            std::span<const double> upper, ProductForm products,
                            const LoweringOptions& options) {
  return Lowering(network, lower, upper, products, options).run();
}

AffineForm lower_rows(const LayeredSystem& system, const Clause& clause) {
  const AffineForm input =
      AffineForm::of_source(kInputSource, static_cast<std::int64_t>(system.lower.size()), 0,
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
      const double size = of_output
                              ? std::max(std::fabs(outputs.lower[i]), std::fabs(outputs.upper[i]))
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

}  // namespace clipbound::bounds
