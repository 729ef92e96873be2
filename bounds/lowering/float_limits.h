#pragma once
// Idea: where the type that computes a value shows: what overflows becomes infinite, what underflows
// 0, and a narrower type rounds. Real arithmetic stands for it but where something behind tells:
// jumps (comparisons, Sign, IsNaN, casts to integers) and quotients. There an infinite value counts
// as undefined (edges.h) or as endless, and what a jump looks at is widened.
// Source: own.
// Guarantees: S11, "Overflow", "Underflow", "Types".
#include <vector>

#include "bounds/lowering/lower_context.h"

namespace clipbound::bounds {

/// Half of the largest number of a value's type: what is beyond may be an infinity once it was
/// rounded.
double certainly_finite(const Value& value);

/// [values] 1 where a jump (a quotient, for `divisions`) lies behind the value.
struct Judges {
  std::vector<char> jumps, divisions;
};
Judges judges_of(const Network& network);

/// Whether the node may be lowered as if its inputs were finite though some may be infinite where
/// real arithmetic has a huge number.
bool keeps_endless(const LowerContext& context, const Node& node);
/// Notes whether output k of a node, whose form this is, may be infinite, or NaN by infinities.
void note_overflow(LowerContext& context, const Node& node, std::size_t k, const AffineForm& form);

/// Adds to the form of output k what its own products lose where all of an element is tiny, and
/// what a Cast to a narrower type rounds.
void charge_type(const LowerContext& context, const Node& node, std::size_t k, AffineForm& form);

/// While it lives, the forms that a jump looks at are wider by what may have underflowed.
class WidenedInputs {
 public:
  WidenedInputs(LowerContext& context, const Node& node);
  ~WidenedInputs();
  WidenedInputs(const WidenedInputs&) = delete;
  WidenedInputs& operator=(const WidenedInputs&) = delete;

 private:
  LowerContext& context_;
  std::vector<std::pair<ValueId, AffineForm>> kept_;
};

}  // namespace clipbound::bounds
