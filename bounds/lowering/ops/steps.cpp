#include "bounds/lowering/ops/steps.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/rounding.h"

namespace clipbound::bounds {

namespace {

/// Whole numbers beyond it are not told apart by a half.
constexpr double kMostCounted = 0x1p50;

bool is_whole(double x) {
  return std::fabs(x) <= kMostCounted && std::trunc(x) == x;
}

/// The values of each element: by its interval and by what is known of it, and of a number that is
/// known exactly the one value (a tie is as open as any other jump).
std::vector<Range> possible_values(const AffineForm& form, const StepFunction& function,
                                   const IntervalVector& z, const IntervalVector& known) {
  const std::vector<char> constant = constant_elements(form);
  std::vector<Range> values;
  for (std::size_t i = 0; i < constant.size(); ++i) {
    if (function.tie) {
      values.push_back({0.0, z.lower[i] <= 0.0 && z.upper[i] >= 0.0 ? 1.0 : 0.0});
      continue;
    }
    const Activation activation{function.curve};
    Range range = range_of(activation, z.lower[i], z.upper[i]);
    if (constant[i] != 0 && form.radius[i] == 0.0 &&
        kind_of(function.curve) == CurveKind::staircase)
      range.lower = range.upper = value_of(activation, form.constant[i]);
    if (!known.lower.empty())
      range = {std::max(range.lower, known.lower[i]), std::min(range.upper, known.upper[i])};
    values.push_back(range);
  }
  return values;
}

/// What the decisions say of the arguments, as far as it is not known anyway.
class Conditions {
 public:
  explicit Conditions(const IntervalVector& z) : z_(z) {}

  /// False where no argument in its interval has such a value.
  bool add(std::size_t i, const Range& arguments) {
    const auto e = static_cast<std::int64_t>(i);
    if (arguments.upper < z_.upper[i]) append(e, 1.0, -arguments.upper);
    if (arguments.lower > z_.lower[i]) append(e, -1.0, arguments.lower);
    return z_.lower[i] <= arguments.upper && z_.upper[i] >= arguments.lower;
  }
  void note(LowerContext& context, const AffineForm& form) const {
    if (offset_.empty()) return;
    context.note_conditions(linear_map({&form}, begin_, terms_, offset_, context.magnitudes()));
  }

 private:
  void append(std::int64_t element, double sign, double offset) {
    terms_.push_back({0, element, sign});
    begin_.push_back(static_cast<std::int64_t>(terms_.size()));
    offset_.push_back(offset);
  }

  const IntervalVector& z_;
  std::vector<std::int64_t> begin_{0};
  std::vector<WeightedTerm> terms_;
  std::vector<double> offset_;
};

/// 0 or 1, nobody knows.
AffineForm either(std::size_t size) {
  AffineForm form;
  form.constant.assign(size, 0.5);
  form.radius.assign(size, 0.5);
  return form;
}

IntervalVector anything(std::size_t size) {
  return {std::vector<double>(size, -kInfinity), std::vector<double>(size, kInfinity)};
}

}  // namespace

std::vector<std::int64_t> all_elements(const AffineForm& form) {
  std::vector<std::int64_t> elements(form.constant.size());
  std::iota(elements.begin(), elements.end(), std::int64_t{0});
  return elements;
}

AffineForm add_steps(LowerContext& context, const AffineForm& form, const StepFunction& function,
                     const std::optional<StepId>& steps, const std::vector<std::int64_t>& elements,
                     ValueId value, IntervalVector known) {
  if (!steps && function.tie) return either(elements.size());
  if (!steps) return context.add_layer_within(form, {function.curve}, value, known);
  const IntervalVector z = enclose(form, context.sources());
  const std::vector<Range> possible = possible_values(form, function, z, known);
  if (known.lower.empty()) known = anything(elements.size());
  Conditions conditions(z);
  std::vector<double> numbers;
  std::vector<Pick> open, from;
  IntervalVector open_known;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const StepId id{steps->node, steps->call, elements[i]};
    Range values = possible[i];
    if (const Range* decided = context.decision(id)) {
      values = {std::max(values.lower, decided->lower), std::min(values.upper, decided->upper)};
      if (!conditions.add(i, argument_range(function, *decided)) || values.lower > values.upper) {
        context.note_impossible();
        values = {decided->lower, decided->lower};  // whatever it is, nothing is at stake
      }
      if (values.lower == values.upper) {
        from.push_back({0, static_cast<std::int64_t>(numbers.size())});
        numbers.push_back(values.lower);
        continue;
      }
      known.lower[i] = std::max(known.lower[i], values.lower);
      known.upper[i] = std::min(known.upper[i], values.upper);
    }
    if (values.lower < values.upper && is_whole(values.lower) && is_whole(values.upper))
      context.note_open_step({id, function, values.lower, values.upper});
    from.push_back({1, static_cast<std::int64_t>(open.size())});
    open.push_back({0, static_cast<std::int64_t>(i)});
    open_known.lower.push_back(known.lower[i]);
    open_known.upper.push_back(known.upper[i]);
  }
  conditions.note(context, form);
  const AffineForm certain = AffineForm::of_constant(std::move(numbers));
  if (open.empty()) return gather({&certain}, from);
  const AffineForm others = gather({&form}, open);
  const AffineForm neurons =
      function.tie ? either(open.size())
                   : context.add_layer_within(others, {function.curve}, value, open_known);
  return gather({&certain, &neurons}, from);
}

}  // namespace clipbound::bounds
