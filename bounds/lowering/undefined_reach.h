#pragma once
// Idea: whether a number that is none (NaN, infinity) certainly fails every clause. Then what a
// function is outside of its domain may be left out: there is no counterexample.
//
// It is followed from operator to operator, only where IEEE arithmetic leaves no choice: sums,
// differences, products, quotients, copies. Where, comparisons, ArgMax, Sign, Cast, Relu, Clip,
// Min, Max, MaxPool, and functions whose implementations clamp (Exp, Sigmoid, Tanh, Softmax, ...)
// end the trace: they may turn NaN into a number.
// Source: own.
// Guarantees: fails() is true only where, whatever the other values are, a row of every clause has
// the left side NaN or +infinity at such a point, so that it does not hold (S1).
#include <compare>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <tuple>
#include <vector>

#include "specs/network/network.h"
#include "specs/query/query.h"

namespace clipbound::bounds {

/// What a value may be: a set of these. 0: anything.
using NonNumbers = std::uint8_t;
inline constexpr NonNumbers kNaN = 1, kPlusInfinity = 2, kMinusInfinity = 4;

class UndefinedReach {
 public:
  /// `network` must be the network as read, up to rewrites that keep NaN. Both must outlive it.
  UndefinedReach(const Network& network, std::span<const Clause> clauses);
  /// Whether every clause fails where element `element` of the value is one of `what`.
  bool fails(ValueId id, std::int64_t element, NonNumbers what) const;

 private:
  bool compute(ValueId id, std::int64_t element, NonNumbers what) const;

  const Network& network_;
  /// For every clause, without repetition: the outputs that its rows read, with the coefficients'
  /// signs (1, -1).
  struct Reader {
    std::int32_t output;
    int sign;
    friend auto operator<=>(const Reader&, const Reader&) = default;
  };
  std::vector<std::vector<Reader>> clauses_;
  // What was asked before: boxes are lowered anew again and again, by many threads.
  mutable std::mutex mutex_;
  mutable std::map<std::tuple<ValueId, std::int64_t, NonNumbers>, bool> known_;
};

}  // namespace clipbound::bounds
