#include "specs/network/integer_range.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/rounding.h"
#include "specs/network/absent_elements.h"
#include "specs/network/op_table.h"

namespace clipbound::specs {

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// How many numbers there are of a type.
double size_of(StoredInteger type) {
  const IntegerRange range = range_of(type);
  return range.end - range.low;
}

/// Of the node's integer inputs from `first` on, the type with the fewest numbers: all are the same
/// in a file, and parts of composites may have int64 beside it (a mask, a count).
StoredInteger fewest_of(const Network& network, const Node& node, std::size_t first) {
  StoredInteger fewest = StoredInteger::int64;
  for (std::size_t i = first; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == kNoValue) continue;
    const Value& x = network.value(node.inputs[i]);
    if (x.type != DataType::int64) continue;
    const bool first_found = fewest == StoredInteger::int64;
    if (first_found || size_of(x.integers) < size_of(fewest)) fewest = x.integers;
  }
  return fewest;
}

StoredInteger of_input(const Network& network, const Node& node, std::size_t i) {
  if (i >= node.inputs.size() || node.inputs[i] == kNoValue) return StoredInteger::int64;
  const Value& x = network.value(node.inputs[i]);
  return x.type == DataType::int64 ? x.integers : StoredInteger::int64;
}

/// Runtimes differ in what becomes of floating-point numbers and of powers out of range.
bool differs_by_runtime(const Node& node) {
  return node.kind == OpKind::cast || node.kind == OpKind::pow;
}

/// Whether elements that do not exist may go through it: they are far below all others.
bool passes_absent(const Node& node) {
  const OpRow& row = op_row(node.kind);
  return row.has(OpTrait::adds_absent) || row.has(OpTrait::keeps_absent);
}

bool updates_by_arithmetic(const Node& node) {
  const auto found = node.attributes.find("reduction");
  if (found == node.attributes.end()) return false;
  const auto* reduction = std::get_if<std::string>(&found->second);
  return reduction != nullptr && *reduction != "none";
}

/// `exact`: up to it, without it, the scalar holds every integer, so that nothing was rounded.
double wrapped(const Value& value, const Node& node, double x, double exact) {
  const IntegerRange range = range_of(value.integers);
  if (x < kAbsentBelow && std::isfinite(x) && passes_absent(node)) return x;
  // Runtimes join casts in a row: a number that is cast to integers twice is cast once.
  const bool is_cast = node.kind == OpKind::convert || node.kind == OpKind::cast;
  const bool is_exact = std::fabs(x) < exact;
  if (range.holds(x)) return is_cast || is_exact ? x : kUnknown;
  if (is_cast || differs_by_runtime(node) || !is_exact) return kUnknown;
  const double rest = std::fmod(x - range.low, range.end - range.low);
  return range.low + (rest < 0.0 ? rest + (range.end - range.low) : rest);
}

/// Of integers, it computes an integer in real arithmetic.
bool gives_integers(const Node& node) {
  return op_row(node.kind).has(OpTrait::keeps_integers) || node.kind == OpKind::matmul ||
         node.kind == OpKind::reduce_sum;
}

/// The one integer that is as close as the error, where there is one.
Enclosed as_integer(const Node& node, Enclosed x) {
  if (x.error == 0.0 || !(x.error < 0.25) || !gives_integers(node)) return x;
  const double nearest = std::nearbyint(x.value);
  const bool is_one = std::fabs(nearest) < 0x1p51 && std::fabs(nearest - x.value) <= x.error;
  return is_one ? Enclosed(nearest) : x;
}

}  // namespace

IntegerRange range_of(StoredInteger type) {
  switch (type) {
    case StoredInteger::int8: return {-0x1p7, 0x1p7};
    case StoredInteger::uint8: return {0.0, 0x1p8};
    case StoredInteger::int16: return {-0x1p15, 0x1p15};
    case StoredInteger::uint16: return {0.0, 0x1p16};
    case StoredInteger::int32: return {-0x1p31, 0x1p31};
    case StoredInteger::uint32: return {0.0, 0x1p32};
    case StoredInteger::int64: return {-0x1p63, 0x1p63};
    case StoredInteger::uint64: return {0.0, 0x1p64};
  }
  return {-0x1p63, 0x1p63};
}

const char* name_of(StoredInteger type) {
  switch (type) {
    case StoredInteger::int8: return "int8";
    case StoredInteger::uint8: return "uint8";
    case StoredInteger::int16: return "int16";
    case StoredInteger::uint16: return "uint16";
    case StoredInteger::int32: return "int32";
    case StoredInteger::uint32: return "uint32";
    case StoredInteger::int64: return "int64";
    case StoredInteger::uint64: return "uint64";
  }
  return "";
}

StoredInteger integers_of_output(const Network& network, const Node& node, std::size_t o) {
  switch (node.kind) {
    case OpKind::cast:
    case OpKind::convert: return network.value(node.outputs[o]).integers;
    case OpKind::shape:
    case OpKind::size:
    case OpKind::non_zero:
    case OpKind::arg_max:
    case OpKind::arg_min: return StoredInteger::int64;
    case OpKind::top_k: return o == 0 ? of_input(network, node, 0) : StoredInteger::int64;
    case OpKind::one_hot: return of_input(network, node, 2);
    case OpKind::where:
    case OpKind::select: return fewest_of(network, node, 1);
    case OpKind::add:
    case OpKind::sub:
    case OpKind::mul:
    case OpKind::div:
    case OpKind::mod:
    case OpKind::min:
    case OpKind::max:
    case OpKind::concat:
    case OpKind::gemm:
    case OpKind::matmul: return fewest_of(network, node, 0);
    default: return of_input(network, node, 0);
  }
}

bool may_leave_range(const Network& network, const Node& node) {
  if (node.outputs[0] == kNoValue) return false;
  const Value& y = network.value(node.outputs[0]);
  if (y.type != DataType::int64) return false;
  switch (node.kind) {
    case OpKind::convert: {  // what is no integer type holds integers that fit
      const Value& x = network.value(node.inputs[0]);
      const IntegerRange from = range_of(x.integers), to = range_of(y.integers);
      return x.type == DataType::int64 && (from.low < to.low || from.end > to.end);
    }
    case OpKind::where:
    case OpKind::clip:
    case OpKind::min:
    case OpKind::max:
    case OpKind::reduce_min:
    case OpKind::reduce_max:
    case OpKind::max_pool:
    case OpKind::global_max_pool:
    case OpKind::pad:
    case OpKind::relu:
    case OpKind::sign:
    case OpKind::mod:
    case OpKind::arg_max:
    case OpKind::arg_min:
    case OpKind::top_k:
    case OpKind::one_hot:
    case OpKind::gather_at:
    case OpKind::gather_elements_at:
    case OpKind::gather_nd_at:
    case OpKind::slice_at: return false;
    case OpKind::scatter_nd:
    case OpKind::scatter_elements_at:
    case OpKind::scatter_at: return updates_by_arithmetic(node);
    default: return op_row(node.kind).op_class != OpClass::movement;
  }
}

IntegerEnds kept_in_range(const Value& value, const Node& node, IntegerEnds ends) {
  constexpr double kLeast = -0x1p63;
  const IntegerRange range = range_of(value.integers);
  const double last = range.end > 0x1p53 ? range.end : range.end - 1.0;
  // Integers lie between the integers of their interval.
  if (range.holds(std::ceil(ends.low)) && range.holds(std::floor(ends.high))) return ends;
  const bool absent = ends.low < kAbsentBelow && passes_absent(node);
  return {absent ? std::max(ends.low, kLeast) : range.low, last};
}

float kept_in_range(const Value& value, const Node& node, float x) {
  return static_cast<float>(wrapped(value, node, static_cast<double>(x), 0x1p24));
}
double kept_in_range(const Value& value, const Node& node, double x) {
  return wrapped(value, node, x, 0x1p52);
}

Enclosed kept_in_range(const Value& value, const Node& node, Enclosed computed_value) {
  const Enclosed x = as_integer(node, computed_value);
  const bool exact = x.error == 0.0;
  const IntegerEnds computed{exact ? x.value : next_down(x.value - x.error),
                             exact ? x.value : next_up(x.value + x.error)};
  const IntegerEnds ends = kept_in_range(value, node, computed);
  if (ends == computed) return x;
  if (exact && std::fabs(x.value) < 0x1p52) {
    const double known = wrapped(value, node, x.value, 0x1p52);
    if (!std::isnan(known)) return {known};
  }
  const double middle = 0.5 * ends.low + 0.5 * ends.high;
  return with_error(middle,
                    next_up(std::max(next_up(ends.high - middle), next_up(middle - ends.low))));
}

void keep_in_range(const Value& value, const Node& node, Tensor& constant) {
  constant.stored = value.integers;
  auto* integers = std::get_if<std::vector<std::int64_t>>(&constant.values);
  if (integers == nullptr || value.integers == StoredInteger::int64) return;
  const IntegerRange range = range_of(value.integers);
  for (std::int64_t& x : *integers) {
    if (x >= 0 && range.end > 0x1p63) continue;
    if (range.holds(static_cast<double>(x)) && range.end < 0x1p63) continue;
    if (differs_by_runtime(node) || range.end > 0x1p63)
      throw Unsupported(std::string("a constant outside the range of ") + name_of(value.integers));
    const auto low = static_cast<std::int64_t>(range.low);
    const auto size = static_cast<std::uint64_t>(range.end - range.low);  // a power of two
    const std::uint64_t rest =
        (static_cast<std::uint64_t>(x) - static_cast<std::uint64_t>(low)) % size;
    x = low + static_cast<std::int64_t>(rest);
  }
}

}  // namespace clipbound::specs
