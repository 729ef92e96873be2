#include "bounds/lowering/lower_context.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "base/rounding.h"
#include "bounds/layered/sharp_ends.h"
#include "bounds/limits.h"
#include "bounds/lowering/ops/structured.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// kSamples points of a box: the middle, and random ones.
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

void activate_samples(const Activation& activation, std::vector<double>& values) {
  if (activation.curve != Curve::product) {
    for (double& v : values) v = value_of(activation, v);
    return;
  }
  for (std::size_t i = 0; i < values.size(); i += 2 * kSamples) {
    for (std::size_t p = i; p < i + kSamples; ++p) values[p] *= values[p + kSamples];
  }
}

void intersect(IntervalVector& range, const IntervalVector& known) {
  for (std::size_t i = 0; i < known.lower.size(); ++i) {
    range.lower[i] = std::max(range.lower[i], known.lower[i]);
    range.upper[i] = std::min(range.upper[i], known.upper[i]);
  }
}

/// The intervals of some elements; of none where `intervals` is empty.
IntervalVector part_of(const IntervalVector& intervals, const std::vector<Pick>& picks) {
  IntervalVector part;
  for (const Pick& pick : picks) {
    if (intervals.lower.empty()) break;
    part.lower.push_back(intervals.lower[static_cast<std::size_t>(pick.element)]);
    part.upper.push_back(intervals.upper[static_cast<std::size_t>(pick.element)]);
  }
  return part;
}

/// f of elements that depend on no source, within `range`. One that is known exactly (radius 0:
/// nothing was rounded on its way) goes through a staircase exactly: at a jump it does not stand
/// for both sides, because there is nothing that could push it off.
AffineForm at_constants(const AffineForm& form, const Activation& activation,
                        const IntervalVector& range) {
  AffineForm result = constant_within(range);
  if (kind_of(activation.curve) != CurveKind::staircase) return result;
  const std::vector<char> constant = constant_elements(form);
  for (std::size_t i = 0; i < form.radius.size(); ++i) {
    if (form.radius[i] != 0.0 || constant[i] == 0) continue;
    result.constant[i] = value_of(activation, form.constant[i]);
    result.radius[i] = 0.0;
  }
  return result;
}

/// [size] 1 for the activations that need no neuron: their argument depends on no source, or they
/// are known to have one value; and their range is finite.
std::vector<char> constant_activations(const AffineForm& form, const Activation& activation,
                                       const IntervalVector& known, const IntervalVector& range) {
  std::vector<char> constant = activation.curve == Curve::product
                                   ? std::vector<char>(form.constant.size(), 0)
                                   : constant_elements(form);
  for (std::size_t i = 0; i < known.lower.size(); ++i)
    constant[i] = constant[i] != 0 || known.lower[i] == known.upper[i];
  for (std::size_t i = 0; i < constant.size(); ++i)
    constant[i] = constant[i] && std::isfinite(range.lower[i]) && std::isfinite(range.upper[i]);
  return constant;
}

/// Whether something may be chosen by samples: products, and rows behind functions with an edge. On
/// large networks samples take as long as intervals.
bool chooses_by_samples(const Network& network) {
  return std::any_of(network.nodes.begin(), network.nodes.end(), [](const Node& node) {
    switch (node.kind) {
      case OpKind::conv:
      case OpKind::conv_transpose:
      case OpKind::gemm:
      case OpKind::add:
      case OpKind::sub:
      case OpKind::neg:
      case OpKind::relu:
      case OpKind::leaky_relu:
      case OpKind::prelu:
      case OpKind::abs:
      case OpKind::clip:
      case OpKind::sigmoid:
      case OpKind::tanh:
      case OpKind::max_pool:
      case OpKind::average_pool:
      case OpKind::global_average_pool:
      case OpKind::reduce_mean:
      case OpKind::reduce_sum:
      case OpKind::batch_normalization: return false;
      default: return op_row(node.kind).op_class != OpClass::movement;
    }
  });
}

}  // namespace

AffineForm constant_within(const IntervalVector& interval) {
  AffineForm form;
  for (std::size_t i = 0; i < interval.lower.size(); ++i) {
    const double l = interval.lower[i], u = interval.upper[i];
    // Half of an odd denormal is rounded: a number stays itself.
    const double centre = l == u ? l : 0.5 * l + 0.5 * u;
    form.constant.push_back(centre);
    form.radius.push_back(l == u ? 0.0
                                 : next_up(std::max(next_up(u - centre), next_up(centre - l))));
  }
  return form;
}

LowerContext::LowerContext(const Network& network, std::span<const double> lower,
                           std::span<const double> upper, ProductForm products,
                           const LoweringOptions& options)
    : network_(network),
      products_(products),
      open_(options.open),
      decisions_(options.decisions),
      structured_from_(options.structured_from),
      wants_zonotopes_(options.zonotopes) {
  system_.lower.assign(lower.begin(), lower.end());
  system_.upper.assign(upper.begin(), upper.end());
  add_source(kInputSource, {system_.lower, system_.upper});
  system_.samples[kInputSource] = sample_box(system_.lower, system_.upper);
}

void LowerContext::keep_layers_whole() {
  keeps_layers_whole_ = true;
  const std::size_t inputs = varying_inputs(system_.lower, system_.upper).size();
  if (!wants_zonotopes_ || inputs > kMostZonotopeInputs) return;
  // Each noise costs an evaluation.
  constexpr double kMostWork = 2e11, kMostNoises = 160.0;
  const double coefficients = std::max(1.0, coefficients_of_convolutions(network_));
  zonotopes_.emplace(
      system_.lower, system_.upper,
      inputs + static_cast<std::size_t>(std::min(kMostWork / coefficients, kMostNoises)));
}

void LowerContext::drop_form(ValueId id) {
  forms_.erase(id);
  if (!zonotopes_) return;
  std::set<int> read{kInputSource};
  for (const auto& [value, form] : forms_) {
    for (const auto& [source, coefficients] : form.terms) read.insert(source);
  }
  zonotopes_->keep(read);
}

AffineForm LowerContext::add_maxima(const AffineForm& largest, ValueId value,
                                    const LayerLimits& limits,
                                    const std::vector<std::vector<Pick>>& taps) {
  for (const std::vector<Pick>& tap : taps) {
    std::vector<std::int64_t>& elements = maxima_.emplace_back();
    for (const Pick& pick : tap) elements.push_back(pick.element);
  }
  AffineForm form = add_layer_inside(largest, {Curve::identity}, value, limits);
  maxima_.clear();
  // Maxima that are constants are no layer: the errors of all sources were left out until here.
  if (zonotopes_) zonotopes_->leave_maxima();
  return form;
}

void LowerContext::cut_to_zonotope(int layer, const AffineForm& form, Draft& draft) {
  Zonotope z = zonotopes_->affine(form);
  if (!maxima_.empty()) zonotopes_->end_maxima(maxima_, z);
  if (z.size() > 0) {
    IntervalVector range = concretize(z);
    const double beside = 2.0 * zonotopes_->error_of_steps();
    for (std::size_t i = 0; beside > 0.0 && i < range.lower.size(); ++i) {
      range.lower[i] = add_down(range.lower[i], -beside);
      range.upper[i] = add_up(range.upper[i], beside);
    }
    if (draft.limits.z.lower.empty())
      draft.limits.z = range;
    else
      intersect(draft.limits.z, range);
    for (std::size_t i = 0; i < range.lower.size(); ++i) {
      // Both hold, so that they meet where a point is left at all.
      if (std::max(draft.z.lower[i], range.lower[i]) > std::min(draft.z.upper[i], range.upper[i]))
        continue;
      draft.z.lower[i] = std::max(draft.z.lower[i], range.lower[i]);
      draft.z.upper[i] = std::min(draft.z.upper[i], range.upper[i]);
    }
    intersect(draft.range, activate(draft.activation, draft.z));
  }
  zonotopes_->add_layer(layer, draft.activation, z, draft.z);
}

const AffineForm* LowerContext::form(ValueId id) const {
  const auto found = forms_.find(id);
  return found == forms_.end() ? nullptr : &found->second;
}

const Range* LowerContext::decision(const StepId& step) const {
  if (decisions_ == nullptr) return nullptr;
  const auto found = decisions_->find(step);
  return found == decisions_->end() ? nullptr : &found->second;
}

void LowerContext::note_conditions(const AffineForm& conditions) {
  std::vector<Pick> picks;
  for (std::int64_t i = 0; i < system_.conditions.size(); ++i) picks.push_back({0, i});
  for (std::int64_t i = 0; i < conditions.size(); ++i) picks.push_back({1, i});
  system_.conditions = gather({&system_.conditions, &conditions}, picks);
}

AffineForm LowerContext::add_layer(const AffineForm& form, const Activation& activation,
                                   ValueId value) {
  return add_layer_within(form, activation, value, {});
}

AffineForm LowerContext::add_layer_within(const AffineForm& form, const Activation& activation,
                                          ValueId value, const IntervalVector& known) {
  IntervalVector z = enclose(form, system_.sources);
  if (has_edge(activation)) sharpen(form, system_.sources, z);
  IntervalVector range = activate(activation, z);
  return add_draft(form, {activation, value, std::move(z), std::move(range), {}}, known);
}

AffineForm LowerContext::add_layer_inside(const AffineForm& form, const Activation& activation,
                                          ValueId value, const LayerLimits& limits) {
  IntervalVector z = enclose(form, system_.sources);
  if (has_edge(activation)) sharpen(form, system_.sources, z);
  intersect(z, limits.z);
  for (std::size_t i = 0; i < z.lower.size(); ++i) {
    // No counterexample is in the box: whatever is said of it is true.
    if (z.lower[i] > z.upper[i])
      z.lower[i] = z.upper[i] =
          limits.z.lower[i] > -kInfinity ? limits.z.lower[i] : limits.z.upper[i];
  }
  IntervalVector range = activate(activation, z);
  return add_draft(form, {activation, value, std::move(z), std::move(range), limits}, {});
}

AffineForm LowerContext::add_draft(const AffineForm& form, Draft draft,
                                   const IntervalVector& known) {
  intersect(draft.range, known);
  const Curve curve = draft.activation.curve;
  if (keeps_layers_whole_ && !form.terms.empty() &&
      (curve == Curve::relu || curve == Curve::identity))
    return append_layer(form, std::move(draft), {});
  const std::vector<char> constant =
      constant_activations(form, draft.activation, known, draft.range);
  if (std::find(constant.begin(), constant.end(), 1) == constant.end())
    return append_layer(form, std::move(draft), {});
  std::vector<std::int64_t> elements;
  std::vector<Pick> constants, variables, from;
  for (std::size_t i = 0; i < constant.size(); ++i) {
    const auto e = static_cast<std::int64_t>(i);
    std::vector<Pick>& part = constant[i] != 0 ? constants : variables;
    from.push_back({constant[i] != 0 ? 0 : 1, static_cast<std::int64_t>(part.size())});
    part.push_back({0, e});
    if (constant[i] == 0) elements.push_back(e);
  }
  const AffineForm of_constants =
      at_constants(gather({&form}, constants), draft.activation, part_of(draft.range, constants));
  if (variables.empty()) return gather({&of_constants}, from);
  Draft rest{draft.activation,
             draft.value,
             part_of(draft.z, variables),
             part_of(draft.range, variables),
             {part_of(draft.limits.z, variables), draft.limits.of_counterexamples}};
  const AffineForm of_variables =
      append_layer(gather({&form}, variables), std::move(rest), std::move(elements));
  return gather({&of_constants, &of_variables}, from);
}

AffineForm LowerContext::append_layer(const AffineForm& form, Draft draft,
                                      std::vector<std::int64_t> elements) {
  const int layer = static_cast<int>(system_.layers.size());
  if (zonotopes_) cut_to_zonotope(layer, form, draft);
  system_.layers.push_back(form);
  system_.activations.push_back(draft.activation);
  system_.layer_values.push_back(draft.value);
  system_.layer_elements.push_back(std::move(elements));
  system_.intervals.push_back(std::move(draft.z));
  system_.limits.push_back(std::move(draft.limits));
  if (!keeps_layers_whole_ || chooses_by_samples(network_)) {
    std::vector<double> values = values_at(form, system_.samples);
    activate_samples(draft.activation, values);
    system_.samples[layer] = std::move(values);
  }
  add_source(layer, std::move(draft.range));
  return keeps_layers_whole_ ? AffineForm::selecting(layer, form.size(), 0, form.size())
                             : AffineForm::of_source(layer, form.size(), 0, form.size());
}

void LowerContext::note_sum_is_one(const AffineForm& form,
                                   const std::vector<std::int64_t>& elements) {
  if (form.terms.size() != 1 || form.terms.begin()->first < 0) return;
  const int layer = form.terms.begin()->first;
  const SparseRows& rows = form.terms.begin()->second.written();
  SimplexRow simplex{layer, {}};
  for (const std::int64_t e : elements) {
    const auto i = static_cast<std::size_t>(e);
    if (form.constant[i] != 0.0 || form.radius[i] != 0.0 || rows.indices(e).size() != 1 ||
        rows.values(e)[0] != 1.0)
      return;
    simplex.elements.push_back(rows.indices(e)[0]);
  }
  system_.simplex_rows.push_back(std::move(simplex));
}

LayeredSystem LowerContext::finish(AffineForm outputs) {
  system_.outputs = std::move(outputs);
  return std::move(system_);
}

void LowerContext::add_source(int source, IntervalVector interval) {
  std::vector<double> magnitude(interval.lower.size());
  for (std::size_t i = 0; i < magnitude.size(); ++i)
    magnitude[i] = std::max(std::fabs(interval.lower[i]), std::fabs(interval.upper[i]));
  system_.magnitudes[source] = std::move(magnitude);
  system_.sources[source] = std::move(interval);
}

}  // namespace clipbound::bounds
