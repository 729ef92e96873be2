#pragma once
// Idea: what is asked: a counterexample is a point of some clause's box that satisfies all of that
// clause's rows.
// Source: VNN-LIB 1.0, in disjunctive normal form.
// Guarantees: rows_hold() and inside_box() are exact: doubles are rationals, nothing is rounded
// (S11).
//
//   query = OR over clauses;  clause = input box AND rows;  row: sum_j c_j * Y_j + sum_i d_i * X_i
//   <= (or <)  threshold
//
// `>=` is stored negated, `=` as two rows. Numbers are the decimals of the file, exactly.
#include <gmpxx.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace clipbound::specs {

/// A decimal number: its exact value and the tightest float64 interval around it (lower == upper
/// where representable).
struct Number {
  mpq_class exact;
  double lower = 0.0, upper = 0.0;
};

/// One term of a row.
struct Term {
  enum class Of : std::uint8_t { input, output } of = Of::output;
  std::int32_t index = 0;
  Number coefficient;
};

/// sum of terms <= threshold (strict: < threshold).
struct Row {
  /// Sorted by (of, index), no two alike, no zero coefficient; never empty.
  std::vector<Term> terms;
  Number threshold;
  bool strict = false;
  bool from_equality = false;  ///< one half of an `=`
};

/// Bounds of one input. `proof_*` enclose the decimal AND its float32 rounding (docs/soundness.md):
/// `unsat` is proved on [proof_lower, proof_upper]. A counterexample needs attack_lower <= x <=
/// attack_upper, where attack_* are the float32 roundings of the decimals; exact_* are the float64
/// numbers with  x >= decimal lower  iff x >= exact_lower (for float64 x), likewise upper: points
/// inside these as well are preferred.
struct InputInterval {
  double proof_lower, proof_upper;
  float attack_lower, attack_upper;
  double exact_lower, exact_upper;
};
using Box = std::vector<InputInterval>;

struct Clause {
  std::shared_ptr<const Box> box;  ///< clauses on one box share it
  std::vector<Row> rows;  ///< may be empty: then every point of the box is a counterexample
  int line = 0;           ///< where it begins in the file, for messages; 0 where unknown
};

/// A query in normal form.
struct Query {
  std::int64_t input_size = 0, output_size = 0;
  std::vector<Clause> clauses;  ///< empty: no point is asked for (the property holds trivially)
  std::vector<std::string> warnings;
  std::string source;
};

/// True where all rows of `clause` hold at (x, y) in exact arithmetic (zero tolerance), the box not
/// considered.
bool rows_hold(const Clause& clause, std::span<const double> x, std::span<const double> y);
/// True where attack_lower <= x <= attack_upper in every coordinate.
bool inside_box(const Clause& clause, std::span<const double> x);

}  // namespace clipbound::specs
