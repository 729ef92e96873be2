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
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "specs/network/tensor.h"
#include "specs/query/calculation.h"
#include "specs/query/input_ball.h"

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

struct WrittenTerm;  // definition.h

/// sum of terms <= threshold (strict: < threshold).
struct Row {
  /// Sorted by (of, index), no two alike, no zero coefficient; never empty.
  std::vector<Term> terms;
  Number threshold;
  bool strict = false;
  bool from_equality = false;  ///< one half of an `=`
  /// The input that stands alone on one side of an `=` between two inputs (definition.h), or -1.
  std::int32_t defines = -1;
  /// How the other side is computed, step by step; null: a product and a sum.
  std::shared_ptr<const WrittenTerm> written = {};
};

/// lower <= x <= upper.
struct Ends {
  double lower = -std::numeric_limits<double>::infinity();
  double upper = std::numeric_limits<double>::infinity();

  bool is_empty() const { return lower > upper; }
  bool operator==(const Ends&) const = default;
};

/// The bounds of one input: decimals, and what a network whose inputs have a floating-point type
/// makes of them.
struct InputInterval {
  Ends hull;       ///< the tightest float64 interval around the decimals
  Ends exact;      ///< a float64 x lies between the decimals iff it lies in here
  Ends rounded32;  ///< the decimals' float32 roundings
  Ends rounded64;  ///< the decimals' float64 roundings
  Ends rounded16;  ///< the decimals' float16 roundings

  /// What a counterexample of a network with inputs of this type must lie in: the decimals rounded
  /// to the type. Points that lie in `exact` as well are preferred.
  const Ends& ends_in(DataType input_type) const;
  /// What `unsat` is proved on for such a network: encloses the decimals and ends_in()
  /// (docs/soundness.md).
  Ends proof_in(DataType input_type) const;

  /// True where no network, whatever the type of its inputs, has a point in it.
  bool is_empty() const;

  bool operator==(const InputInterval&) const = default;
};
/// What lies in both.
InputInterval intersection(const InputInterval& a, const InputInterval& b);
using Box = std::vector<InputInterval>;

struct Clause {
  std::shared_ptr<const Box> box;  ///< clauses on one box share it
  std::vector<Row> rows;  ///< may be empty: then every point of the box is a counterexample
  int line = 0;           ///< where it begins in the file, for messages; 0 where unknown
};

/// What a file calls its variables, for messages.
class VariableNames {
 public:
  virtual ~VariableNames() = default;
  virtual std::string name_of(Term::Of of, std::int64_t index) const = 0;
};

/// A query in normal form.
struct Query {
  std::int64_t input_size = 0, output_size = 0;
  std::vector<Clause> clauses;  ///< empty: no point is asked for (the property holds trivially)
  std::vector<std::string> warnings;
  std::string source;
  FileInfo file;  ///< that it was read from
  /// Of VNN-LIB 2.0 queries whose assertions calculate; else null.
  std::shared_ptr<const Calculation> calculation = {};
  std::shared_ptr<const VariableNames> names = {};  ///< null: X_i and Y_j
  /// Counterexamples lie in it, beside their clause's box; null: anywhere in the box.
  std::shared_ptr<const InputBall> ball = {};
  /// [output_size] 1 for elements of hidden tensors that no assertion reads, which need not be
  /// numbers; null: there are none.
  std::shared_ptr<const std::vector<char>> unread = {};
};

/// True where all rows of `clause` hold at (x, y) in exact arithmetic (zero tolerance), the box not
/// considered. Of an equation that gives one input from another, it is enough that it holds as
/// inputs of this type compute it (definition.h).
/// Outputs beyond y are `calculated`.
bool rows_hold(const Clause& clause, std::span<const double> x, std::span<const double> y,
               DataType input_type = DataType::float32, std::span<const mpq_class> calculated = {});
/// True where x is in ends_in(input_type) in every coordinate.
bool inside_box(const Clause& clause, DataType input_type, std::span<const double> x);
/// True where proof_in(input_type) is empty in some coordinate: the clause asks for no point.
bool is_empty(const Box& box, DataType input_type);

}  // namespace clipbound::specs
