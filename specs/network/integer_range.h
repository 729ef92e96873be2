#pragma once
// Idea: integers of every width are held as int64, or evaluated as floating-point numbers, and know
// which integers they are (StoredInteger). What an operator computes beyond their range wraps
// around, as in runtimes.
// Source: ONNX operator specification, Cast (higher bits are cut off); sums and products likewise
// in ONNX Runtime.
// Guarantees: a number inside the range stays; evaluation gives the number that is congruent to one
// outside, or NaN where it is not known; an enclosure of one number gives the same, any other one
// all integers of the type (S1).
#include "specs/network/enclosed.h"
#include "specs/network/network.h"

namespace clipbound::specs {

/// low <= x < end; both are numbers of float64 for all types.
struct IntegerRange {
  double low, end;
  bool holds(double x) const { return x >= low && x < end; }
};
IntegerRange range_of(StoredInteger type);
/// "uint8" and so on.
const char* name_of(StoredInteger type);

/// Which integers output o of the node holds, by the types of its inputs. That of a Cast is what
/// its infer() says, that of a constant its own.
StoredInteger integers_of_output(const Network& network, const Node& node, std::size_t o);
/// Whether the node computes integers that its type need not hold. Copies, choices and indices
/// never leave the range.
bool may_leave_range(const Network& network, const Node& node);

struct IntegerEnds {
  double low, high;
  bool operator==(const IntegerEnds&) const = default;
};
/// The interval of what `node` computed for `value`, as the interval of what runtimes have of it:
/// itself where its integers are in the range, else the whole range. Elements that do not exist
/// (absent_elements.h) stay.
IntegerEnds kept_in_range(const Value& value, const Node& node, IntegerEnds ends);

// The number that runtimes have where `node` computed x for `value`. NaN where it is not known: a
// Cast or a Pow out of range, in which they differ, or a sum that the scalar does not hold exactly.
float kept_in_range(const Value& value, const Node& node, float x);
double kept_in_range(const Value& value, const Node& node, double x);
Enclosed kept_in_range(const Value& value, const Node& node, Enclosed x);
/// The same for a computed constant, whose type is said as well: integers that are cast wrap.
/// Throws Unsupported where a number is not known.
void keep_in_range(const Value& value, const Node& node, Tensor& constant);

}  // namespace clipbound::specs
