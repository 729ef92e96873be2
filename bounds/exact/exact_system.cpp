#include "bounds/exact/exact_system.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/relax/product.h"

namespace clipbound::bounds {

namespace {

/// Variables that a new one is compared with, at most.
constexpr std::size_t kMostRelated = 64;

RationalRange range_between(double lower, double upper) {
  RationalRange range;
  if (std::isfinite(lower)) range.lower = lower;
  if (std::isfinite(upper)) range.upper = upper;
  return range;
}

/// The tighter of both ends.
RationalRange intersection(RationalRange a, const RationalRange& b) {
  if (b.lower && (!a.lower || *a.lower < *b.lower)) a.lower = b.lower;
  if (b.upper && (!a.upper || *a.upper > *b.upper)) a.upper = b.upper;
  return a;
}

/// float64 numbers around a range.
Range outward(const RationalRange& range) {
  // mpq_get_d cuts towards 0: at most one step off.
  return {range.lower ? next_down(range.lower->get_d()) : -kInfinity,
          range.upper ? next_up(range.upper->get_d()) : kInfinity};
}

/// The steepest slope of curves that increase everywhere; nothing for others.
std::optional<mpq_class> slope_limit(Curve curve) {
  switch (curve) {
    case Curve::relu:
    case Curve::tanh:
    case Curve::softplus: return mpq_class(1);
    case Curve::sigmoid: return mpq_class(1, 4);
    default: return std::nullopt;
  }
}

/// f(z) where that is rational: at 0 of common functions, and everywhere of ReLU and squares.
std::optional<mpq_class> exact_value(Curve curve, const mpq_class& z) {
  if (curve == Curve::relu) return sgn(z) > 0 ? z : mpq_class(0);
  if (curve == Curve::square) return mpq_class(z * z);
  if (z != 0) return std::nullopt;
  switch (curve) {
    case Curve::exp: return mpq_class(1);
    case Curve::sigmoid: return mpq_class(1, 2);
    case Curve::tanh:
    case Curve::atan:
    case Curve::erf:
    case Curve::sin: return mpq_class(0);
    default: return std::nullopt;
  }
}

}  // namespace

bool ExactSystem::Key::operator<(const Key& b) const {
  if (curve != b.curve) return curve < b.curve;
  if (parameter != b.parameter) return parameter < b.parameter;
  if (first < b.first || b.first < first) return first < b.first;
  return second < b.second;
}

ExactSystem::ExactSystem(const LayeredSystem& system, const std::vector<IntervalVector>& z,
                         const std::vector<double>& lower, const std::vector<double>& upper,
                         ExactDepth depth, std::int64_t most_work)
    : system_(system), z_(z), depth_(depth), most_work_(most_work) {
  for (std::size_t i = 0; i < lower.size(); ++i)
    inputs_.push_back(of_variable(new_variable(range_between(lower[i], upper[i]))));
}

void ExactSystem::relate_inputs(std::int32_t a, std::int32_t b, const mpq_class& factor,
                                RationalRange range) {
  const std::int32_t difference = new_variable(std::move(range));
  RationalForm form = of_variable(difference);
  form.add(inputs_[static_cast<std::size_t>(b)], factor);
  inputs_[static_cast<std::size_t>(a)] = std::move(form);
}

std::int32_t ExactSystem::new_variable(RationalRange range) {
  ranges_.push_back(std::move(range));
  below_.emplace_back();
  above_.emplace_back();
  return static_cast<std::int32_t>(ranges_.size()) - 1;
}

RationalForm ExactSystem::of_variable(std::int32_t variable) {
  RationalForm form;
  form.terms.emplace_back(variable, 1);
  return form;
}

/// Element i of a form, its radius as a variable of its own.
RationalForm ExactSystem::form_of(const AffineForm& form, std::int64_t i) {
  const auto at = static_cast<std::size_t>(i);
  if (!std::isfinite(form.constant[at]) || !std::isfinite(form.radius[at]))
    return of_variable(new_variable({}));
  RationalSum sum;
  sum.add(mpq_class(form.constant[at]));
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& rows = coefficients.written();
    const auto index = rows.indices(i);
    const auto value = rows.values(i);
    for (std::size_t j = 0; j < index.size(); ++j) {
      if (!std::isfinite(value[j])) return of_variable(new_variable({}));
      const mpq_class factor(value[j]);
      if (source == kInputSource) {
        sum.add(inputs_[static_cast<std::size_t>(index[j])], factor);
        work(1);
      } else {
        const RationalForm& of = activation(source, index[j]);
        sum.add(of, factor);
        work(of.terms.size() + 1);
      }
    }
  }
  if (form.radius[at] > 0.0)
    sum.add(new_variable(range_between(-form.radius[at], form.radius[at])), 1);
  return sum.take();
}

const RationalForm& ExactSystem::output(std::int64_t i) {
  const auto known = outputs_.find(i);
  if (known != outputs_.end()) return known->second;
  return outputs_.emplace(i, form_of(system_.outputs, i)).first->second;
}

const RationalForm& ExactSystem::activation(int layer, std::int64_t v) {
  const auto known = activations_.find({layer, v});
  if (known != activations_.end()) return known->second;
  return activations_.emplace(std::pair{layer, v}, make_activation(layer, v)).first->second;
}

RationalForm ExactSystem::make_activation(int layer, std::int64_t v) {
  const Activation& f = system_.activations[static_cast<std::size_t>(layer)];
  const auto at = static_cast<std::size_t>(v);
  const IntervalVector& z = z_[static_cast<std::size_t>(layer)];
  if (f.curve == Curve::relu && z.upper[at] <= 0.0) return {};
  if (f.curve == Curve::product) return product(layer, v);
  if (depth_ == ExactDepth::forms && !is_spent()) return make_variable(layer, v);
  const Range range =
      f.curve == Curve::identity ? range_of(z, at) : range_of(f, z.lower[at], z.upper[at]);
  return of_variable(new_variable(range_between(range.lower, range.upper)));
}

RationalForm ExactSystem::make_variable(int layer, std::int64_t v) {
  const Activation& f = system_.activations[static_cast<std::size_t>(layer)];
  const auto at = static_cast<std::size_t>(v);
  const IntervalVector& bounds = z_[static_cast<std::size_t>(layer)];
  RationalForm z = form_of(system_.layers[static_cast<std::size_t>(layer)], v);
  if (f.curve == Curve::identity || (f.curve == Curve::relu && bounds.lower[at] >= 0.0)) return z;
  RationalRange range{least(z, ranges_), greatest(z, ranges_)};
  work(2 * z.terms.size());
  range = intersection(std::move(range), range_between(bounds.lower[at], bounds.upper[at]));
  if (f.curve == Curve::relu && range.lower && *range.lower >= 0) return z;
  if (f.curve == Curve::relu && range.upper && *range.upper <= 0) return {};
  if (z.is_constant()) {
    if (auto value = exact_value(f.curve, z.constant)) {
      RationalForm constant;
      constant.constant = std::move(*value);
      return constant;
    }
  }
  Key key{f.curve, f.parameter, std::move(z), {}};
  // At a jump a step may be either value: `x >= 0` and `x > 0` are one curve of one argument, and
  // differ at 0. So two steps are never one variable.
  const bool is_function = !has_jumps(f.curve);
  const auto known = is_function ? variables_.find(key) : variables_.end();
  if (known != variables_.end()) return of_variable(known->second);
  const Range wide = outward(range);
  const double l = std::max(wide.lower, bounds.lower[at]),
               u = std::min(wide.upper, bounds.upper[at]);
  const Range values = range_of(f, l, u);
  const std::int32_t variable = new_variable(range_between(values.lower, values.upper));
  if (f.curve == Curve::relu) {
    bound_relu(variable, key.first, range);
  } else {
    bound_curve(variable, f, key.first, l, u);
  }
  if (slope_limit(f.curve)) relate(variable, key);
  if (is_function) variables_.emplace(std::move(key), variable);
  return of_variable(variable);
}

void ExactSystem::bound_relu(std::int32_t variable, const RationalForm& z,
                             const RationalRange& range) {
  const auto at = static_cast<std::size_t>(variable);
  ranges_[at].lower = 0;
  ranges_[at].upper = range.upper;
  below_[at].push_back(z);
  if (!range.lower || !range.upper) return;
  const mpq_class slope = *range.upper / (*range.upper - *range.lower);
  RationalForm chord;
  chord.add(z, slope);
  chord.constant -= slope * *range.lower;
  above_[at].push_back(std::move(chord));
}

void ExactSystem::bound_curve(std::int32_t variable, const Activation& f, const RationalForm& z,
                              double l, double u) {
  const auto at = static_cast<std::size_t>(variable);
  const LinePair lines = relax(f, l, u);
  const auto add = [&](std::vector<RationalForm>& to, double slope, double offset) {
    if (!std::isfinite(slope) || !std::isfinite(offset) || slope == 0.0) return;
    RationalForm& line = to.emplace_back();
    line.add(z, mpq_class(slope));
    line.constant += mpq_class(offset);
  };
  add(below_[at], lines.lower_slope, lines.lower_offset);
  add(above_[at], lines.upper_slope, lines.upper_offset);
}

void ExactSystem::relate(std::int32_t variable, const Key& key) {
  const auto at = static_cast<std::size_t>(variable);
  const mpq_class slope = *slope_limit(key.curve);
  const std::size_t first = related_.size() > kMostRelated ? related_.size() - kMostRelated : 0;
  for (std::size_t k = first; k < related_.size() && !is_spent(); ++k) {
    const auto& [other, of_other] = related_[k];
    if (of_other.curve != key.curve || of_other.parameter != key.parameter) continue;
    RationalForm difference = key.first;
    difference.add(of_other.first, -1);
    work(key.first.terms.size() + of_other.first.terms.size());
    // Worth knowing where most of the arguments is common.
    if (difference.terms.size() >= key.first.terms.size()) continue;
    const auto low = least(difference, ranges_), high = greatest(difference, ranges_);
    if (!low || !high) continue;
    RationalForm near = of_variable(other);
    near.constant = slope * std::min(*low, mpq_class(0));
    below_[at].push_back(near);
    near.constant = slope * std::max(*high, mpq_class(0));
    above_[at].push_back(std::move(near));
  }
  related_.emplace_back(variable, key);
}

/// The first factor of a pair stands for the product; nobody reads the second.
RationalForm ExactSystem::product(int layer, std::int64_t v) {
  const IntervalVector& z = z_[static_cast<std::size_t>(layer)];
  const auto at = static_cast<std::size_t>(v - v % 2);
  const Range range = product_range(range_of(z, at), range_of(z, at + 1));
  if (v % 2 != 0 || depth_ == ExactDepth::ranges || is_spent())
    return of_variable(
        new_variable(v % 2 != 0 ? RationalRange{} : range_between(range.lower, range.upper)));
  const AffineForm& form = system_.layers[static_cast<std::size_t>(layer)];
  Key key{Curve::product, 0.0, form_of(form, v), form_of(form, v + 1)};
  if (key.second < key.first) std::swap(key.first, key.second);
  const auto known = variables_.find(key);
  if (known != variables_.end()) return of_variable(known->second);
  const bool is_square = !(key.first < key.second);
  const std::int32_t variable = new_variable(
      range_between(is_square ? std::max(range.lower, 0.0) : range.lower, range.upper));
  variables_.emplace(std::move(key), variable);
  return of_variable(variable);
}

std::vector<RationalForm> ExactSystem::simplices() {
  std::vector<RationalForm> sums;
  for (const SimplexRow& row : system_.simplex_rows) {
    const bool is_read = std::any_of(row.elements.begin(), row.elements.end(), [&](std::int64_t v) {
      return activations_.contains({row.layer, v});
    });
    if (!is_read || is_spent()) continue;
    RationalForm sum;
    bool positive = true;
    for (const std::int64_t v : row.elements) {
      const RationalForm& of = activation(row.layer, v);
      // A variable each: only then is it known of all of them that they are not negative.
      positive = positive && of.terms.size() == 1 && of.constant == 0 &&
                 of.terms.front().second == 1 &&
                 ranges_[static_cast<std::size_t>(of.terms.front().first)].lower >= mpq_class(0);
      sum.add(of, 1);
    }
    if (positive) sums.push_back(std::move(sum));
  }
  return sums;
}

}  // namespace clipbound::bounds
