#include "bounds/lowering/ops/integers.h"

#include <algorithm>
#include <cmath>
#include "base/error.h"
#include "bounds/lowering/ops/steps.h"

#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

bool is_integer_number(double x) {
  return std::isfinite(x) && std::trunc(x) == x;
}

/// True where a value is an integer by what it is computed with, whatever the inputs are.
bool is_integer_value(const Network& network, ValueId id, int depth = 0) {
  constexpr int kDeepest = 16;
  if (id == kNoValue) return true;
  const Value& value = network.value(id);
  if (value.type == DataType::int64 || value.type == DataType::boolean) return true;
  if (value.constant) {
    const std::vector<double> numbers = value.constant->as_float64();
    return std::all_of(numbers.begin(), numbers.end(), is_integer_number);
  }
  const auto node = std::find_if(network.nodes.begin(), network.nodes.end(), [id](const Node& n) {
    return std::find(n.outputs.begin(), n.outputs.end(), id) != n.outputs.end();
  });
  if (node == network.nodes.end() || depth > kDeepest) return false;
  const OpRow& row = op_row(node->kind);
  if (row.has(OpTrait::step)) return true;
  if (!row.has(OpTrait::keeps_integers) && row.op_class != OpClass::movement) return false;
  return std::all_of(node->inputs.begin(), node->inputs.end(),
                     [&](ValueId input) { return is_integer_value(network, input, depth + 1); });
}

/// Elements of one form, sorted into kinds that are treated apart and put together again.
class Sorted {
 public:
  Sorted(std::size_t size, std::size_t kinds) : picks_(kinds), from_(size) {}
  void put(std::size_t element, std::size_t kind) {
    from_[element] = {static_cast<std::int32_t>(kind),
                      static_cast<std::int64_t>(picks_[kind].size())};
    picks_[kind].push_back({0, static_cast<std::int64_t>(element)});
  }
  bool none(std::size_t kind) const { return picks_[kind].empty(); }
  std::vector<std::int64_t> elements(std::size_t kind) const {
    std::vector<std::int64_t> list;
    for (const Pick& pick : picks_[kind]) list.push_back(pick.element);
    return list;
  }
  AffineForm of(const AffineForm& form, std::size_t kind) const {
    return gather({&form}, picks_[kind]);
  }
  AffineForm numbers(double value, std::size_t kind) const {
    return AffineForm::of_constant(std::vector<double>(picks_[kind].size(), value));
  }
  /// parts[kind] holds the elements of that kind.
  AffineForm join(const std::vector<AffineForm>& parts) const {
    std::vector<const AffineForm*> forms;
    for (const AffineForm& part : parts) forms.push_back(&part);
    return gather(forms, from_);
  }

 private:
  std::vector<std::vector<Pick>> picks_;
  std::vector<Pick> from_;
};

std::vector<double> ones(const AffineForm& form, double value = 1.0) {
  return std::vector<double>(form.constant.size(), value);
}

/// 1 - |d| where that is positive: exact at integers.
AffineForm hat(LowerContext& context, const AffineForm& d) {
  const AffineForm left = context.add_relu(combine(context, {&d}, {1.0}, ones(d)), kNoValue),
                   middle = context.add_relu(d, kNoValue);
  const AffineForm right = context.add_relu(combine(context, {&d}, {1.0}, ones(d, -1.0)), kNoValue);
  return combine(context, {&left, &middle, &right}, {1.0, -2.0, 1.0});
}

/// The interval of element i; of an integer, between integers.
std::pair<double, double> ends(const IntervalVector& range, const std::vector<char>& integer,
                               std::size_t i) {
  if (integer[i] == 0) return {range.lower[i], range.upper[i]};
  return {std::ceil(range.lower[i]), std::floor(range.upper[i])};
}

}  // namespace

std::vector<char> integer_elements(const LowerContext& context, ValueId id,
                                   const AffineForm& form) {
  if (is_integer_value(context.network(), id)) return std::vector<char>(form.constant.size(), 1);
  std::vector<char> integer = constant_elements(form);
  for (std::size_t i = 0; i < integer.size(); ++i)
    integer[i] = integer[i] != 0 && form.radius[i] == 0.0 && is_integer_number(form.constant[i]);
  return integer;
}

AffineForm is_zero(LowerContext& context, const AffineForm& d, const std::vector<char>& integer,
                   const std::optional<StepId>& steps) {
  enum Kind : std::size_t { no, yes, rises, falls, apart, unknown, kinds };
  const IntervalVector range = enclose(d, context.sources());
  Sorted sorted(integer.size(), kinds);
  for (std::size_t i = 0; i < integer.size(); ++i) {
    const auto [l, u] = ends(range, integer, i);
    const bool around = l <= 0.0 && u >= 0.0;
    sorted.put(i, is_decided(context, steps, i) ? unknown
                  : !around                     ? no
                  : integer[i] == 0             ? unknown
                  : l == u                      ? yes
                  : u == 0.0 && l == -1.0       ? rises
                  : l == 0.0 && u == 1.0        ? falls
                                                : apart);
  }
  const AffineForm up = sorted.of(d, rises), down = sorted.of(d, falls), both = sorted.of(d, apart);
  return sorted.join(
      {sorted.numbers(0.0, no), sorted.numbers(1.0, yes),
       sorted.none(rises) ? AffineForm() : combine(context, {&up}, {1.0}, ones(up)),
       sorted.none(falls) ? AffineForm() : combine(context, {&down}, {-1.0}, ones(down)),
       sorted.none(apart) ? AffineForm() : hat(context, both),
       sorted.none(unknown) ? AffineForm()
                            : add_steps(context, sorted.of(d, unknown), {.tie = true}, steps,
                                        sorted.elements(unknown), kNoValue)});
}

AffineForm is_positive(LowerContext& context, const AffineForm& d, const std::vector<char>& integer,
                       const std::optional<StepId>& steps) {
  enum Kind : std::size_t { no, yes, itself, next, apart, kinds };
  const IntervalVector range = enclose(d, context.sources());
  Sorted sorted(integer.size(), kinds);
  for (std::size_t i = 0; i < integer.size(); ++i) {
    const auto [l, u] = ends(range, integer, i);
    // 0 itself counts as positive nowhere if the number is integer, and may count as either
    // otherwise.
    const bool never = integer[i] != 0 ? u <= 0.0 : u < 0.0;
    sorted.put(i, is_decided(context, steps, i) ? (integer[i] != 0 ? next : apart)
                  : l > 0.0                     ? yes
                  : never                       ? no
                  : integer[i] == 0             ? apart
                  : l == 0.0 && u == 1.0        ? itself
                                                : next);
  }
  const AffineForm integers = sorted.of(d, next), others = sorted.of(d, apart);
  return sorted.join(
      {sorted.numbers(0.0, no), sorted.numbers(1.0, yes), sorted.of(d, itself),
       // Half a step from every integer: no tie.
       sorted.none(next)
           ? AffineForm()
           : add_steps(context, combine(context, {&integers}, {1.0}, ones(integers, -0.5)),
                       {.curve = Curve::step}, steps, sorted.elements(next), kNoValue),
       sorted.none(apart) ? AffineForm()
                          : add_steps(context, others, {.curve = Curve::step}, steps,
                                      sorted.elements(apart), kNoValue)});
}

std::vector<double> known_integers(LowerContext& context, ValueId id) {
  AffineForm scratch;
  const AffineForm& form = form_of(context, id, scratch);
  const std::vector<char> constant = constant_elements(form);
  const IntervalVector range = enclose(form, context.sources());
  std::vector<double> numbers;
  for (std::size_t i = 0; i < constant.size(); ++i) {
    const bool exact = constant[i] != 0 && form.radius[i] == 0.0;
    const double low = exact ? form.constant[i] : std::ceil(range.lower[i]),
                 high = exact ? form.constant[i] : std::floor(range.upper[i]);
    if (!(low == high))
      throw Unsupported("there are no linear bounds of it where an index depends on the input");
    numbers.push_back(low);
  }
  return numbers;
}

AffineForm positive_part(LowerContext& context, const AffineForm& d) {
  enum Kind : std::size_t { no, itself, apart, kinds };
  const IntervalVector range = enclose(d, context.sources());
  const std::vector<char> integer(d.constant.size(), 1);
  Sorted sorted(integer.size(), kinds);
  for (std::size_t i = 0; i < integer.size(); ++i) {
    const auto [l, u] = ends(range, integer, i);
    sorted.put(i, u <= 0.0 ? no : l >= 0.0 ? itself : apart);
  }
  return sorted.join(
      {sorted.numbers(0.0, no), sorted.of(d, itself),
       sorted.none(apart) ? AffineForm() : context.add_relu(sorted.of(d, apart), kNoValue)});
}

}  // namespace clipbound::bounds
