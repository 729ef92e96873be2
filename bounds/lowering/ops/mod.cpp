// Idea: Mod by a constant: x - c k, where k is the quotient x / c as a staircase. Integers are
// divided half a step beside whole numbers, where nothing jumps.
// Source: own.
// Guarantees: exact: every step is affine or a relaxed activation; at a jump of real numbers both
// sides (S1, S3).
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/rounding.h"
#include "bounds/lowering/ops/integer_operands.h"

namespace clipbound::bounds {

namespace {

/// How the quotient of an element by |c| is made whole: floor(q + half / |c|), and so on.
struct Cut {
  Curve curve;
  double half;
};
constexpr std::array<Cut, 4> kCuts = {
    {{Curve::trunc, 0.0}, {Curve::floor, 0.0}, {Curve::floor, 0.5}, {Curve::ceil, -0.5}}};

/// The number of the cut in kCuts. `down`: rounded down, not towards 0.
std::size_t cut_of(bool integer, bool down, double divisor, double lower, double upper) {
  if (!integer) return down ? 1 : 0;
  if (down) return divisor > 0.0 ? 2 : 3;
  return lower >= 0.0 ? 2 : upper <= 0.0 ? 3 : 0;
}

double remainder_of(double x, double c, bool down) {
  const double r = std::fmod(x, c);
  return down && r != 0.0 && (r < 0.0) != (c < 0.0) ? r + c : r;
}

/// Where a remainder lies, whatever the quotient is.
Range any_remainder(double c, bool integer, bool down, double lower, double upper) {
  const double most = integer ? std::fabs(c) - 1.0 : std::fabs(c);
  const double side_low = down ? c : lower, side_high = down ? c : upper;
  return {side_low >= 0.0 ? 0.0 : -most, side_high <= 0.0 ? 0.0 : most};
}

/// x - |c| k for elements that are cut alike.
AffineForm remainders(LowerContext& context, const AffineForm& x, const std::vector<double>& size,
                      const Cut& cut, const IntervalVector& known) {
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> quotients, differences;
  std::vector<double> offset;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const double c = size[static_cast<std::size_t>(i)];
    quotients.push_back({0, i, 1.0 / c});
    offset.push_back(cut.half / c);
    begin.push_back(i + 1);
  }
  AffineForm quotient = linear_map({&x}, begin, quotients, offset, context.magnitudes());
  charge_weights(context, quotient, 4.0 * kUnitRoundoff);  // 1 / c was rounded
  for (std::size_t i = 0; i < offset.size(); ++i)          // and so was half / c
    quotient.radius[i] = add_up(quotient.radius[i], 2.0 * kUnitRoundoff * std::fabs(offset[i]));
  const AffineForm whole = staircase_of(context, quotient, cut.curve, kNoValue);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    differences.push_back({0, i, 1.0});
    differences.push_back({1, i, -size[static_cast<std::size_t>(i)]});
    begin[static_cast<std::size_t>(i) + 1] = 2 * (i + 1);
  }
  const AffineForm rest = linear_map({&x, &whole}, begin, differences,
                                     std::vector<double>(size.size(), 0.0), context.magnitudes());
  // Where the quotient is known, what is left is linear; else its range is the better part.
  const std::vector<char> decided = constant_elements(whole);
  std::vector<Pick> open, from;
  IntervalVector range;
  for (std::size_t i = 0; i < decided.size(); ++i) {
    const auto e = static_cast<std::int64_t>(i);
    from.push_back(decided[i] != 0 ? Pick{0, e} : Pick{1, static_cast<std::int64_t>(open.size())});
    if (decided[i] != 0) continue;
    open.push_back({0, e});
    range.lower.push_back(known.lower[i]);
    range.upper.push_back(known.upper[i]);
  }
  const AffineForm bounded =
      open.empty()
          ? AffineForm()
          : context.add_layer_within(gather({&rest}, open), {Curve::identity}, kNoValue, range);
  return gather({&rest, &bounded}, from);
}

}  // namespace

std::vector<AffineForm> lower_mod(LowerContext& context, const Node& node) {
  const Network& network = context.network();
  if (!network.is_constant(node.inputs[1])) throw Unsupported("bounds need a constant divisor");
  const IntegerOperands o(context, node);
  const bool down = node.int_attribute("fmod", 0) == 0;
  const bool whole_numbers = network.value(node.outputs[0]).type == DataType::int64;
  const IntervalVector range = enclose(o.x, context.sources());
  const std::vector<char> constant = constant_elements(o.x);
  std::array<std::vector<Pick>, kCuts.size()> picks;
  std::array<std::vector<double>, kCuts.size()> sizes;
  std::array<IntervalVector, kCuts.size()> known;
  std::vector<double> numbers(constant.size(), 0.0);
  std::vector<Pick> from;
  for (std::size_t i = 0; i < constant.size(); ++i) {
    const double c = o.y.constant[i];
    if (c == 0.0) throw Unsupported("a divisor is 0");
    const bool integer = whole_numbers || (o.integer[i] != 0);
    if (constant[i] != 0 && o.x.radius[i] == 0.0) {
      numbers[i] = remainder_of(o.x.constant[i], c, down);
      from.push_back({0, static_cast<std::int64_t>(i)});
      continue;
    }
    const std::size_t k = cut_of(integer, down, c, range.lower[i], range.upper[i]);
    const Range any = any_remainder(c, integer, down, range.lower[i], range.upper[i]);
    from.push_back({static_cast<std::int32_t>(k) + 1, static_cast<std::int64_t>(picks[k].size())});
    picks[k].push_back({0, static_cast<std::int64_t>(i)});
    sizes[k].push_back(std::fabs(c));
    known[k].lower.push_back(any.lower);
    known[k].upper.push_back(any.upper);
  }
  const AffineForm certain = AffineForm::of_constant(std::move(numbers));
  std::array<AffineForm, kCuts.size()> parts;
  std::vector<const AffineForm*> forms{&certain};
  for (std::size_t k = 0; k < kCuts.size(); ++k) {
    if (!picks[k].empty())
      parts[k] = remainders(context, gather({&o.x}, picks[k]), sizes[k], kCuts[k], known[k]);
    forms.push_back(&parts[k]);
  }
  return {gather(forms, from)};
}

}  // namespace clipbound::bounds
