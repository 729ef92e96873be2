#pragma once
// Idea: queries: read from VNN-LIB, or built in memory from boxes and linear rows.
// Source: VNN-LIB 1.0, 2.0 and 2.1.
// Guarantees: decimals are kept exactly; doubles are exact rationals.
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clipbound/errors.h"
#include "clipbound/file_info.h"
#include "clipbound/network.h"

namespace clipbound {

/// coefficient * Y_index, or * X_index.
struct Term {
  /// X or Y.
  enum class Of : std::uint8_t { input, output };
  Of of = Of::output;        ///< which of both
  std::size_t index = 0;     ///< number of the variable
  double coefficient = 1.0;  ///< finite
};

/// sum of terms <= threshold, or < where `strict`. The numbers are taken exactly.
struct CLIPBOUND_API Row {
  /// At least one with a coefficient other than 0; several of one variable add up.
  std::vector<Term> terms = {};
  double threshold = 0.0;  ///< finite
  bool strict = false;     ///< < instead of <=

  /// Y_output <= value.
  static Row output_at_most(std::size_t output, double value) {
    return {{{Term::Of::output, output, 1.0}}, value};
  }
  /// Y_output >= value.
  static Row output_at_least(std::size_t output, double value) {
    return {{{Term::Of::output, output, -1.0}}, -value};
  }
  /// Y_smaller <= Y_larger.
  static Row outputs_in_order(std::size_t smaller, std::size_t larger) {
    return {{{Term::Of::output, smaller, 1.0}, {Term::Of::output, larger, -1.0}}};
  }
};

/// What is asked: clauses, one of which a counterexample must satisfy. A clause is a box of inputs
/// and rows that must all hold. Not to be changed while another thread reads the same object;
/// copies are independent.
class CLIPBOUND_API Query {
 public:
  /// Reads a VNN-LIB property of version 1.0, 2.0 or 2.1 (.vnnlib or .vnnlib.gz; where there is
  /// none of the name, the one that differs from it by .gz alone). One of 2.0 that declares one
  /// network may be solved with that network; for several see problem.h. Throws InputError (with
  /// file, line and column) or Unsupported.
  static Query load(const std::string& path);
  /// The same from text; `source` names it in messages.
  static Query parse(std::string_view text, const std::string& source = "text");

  /// No clauses: trivially unsat until some are added.
  Query(std::size_t inputs, std::size_t outputs);
  /// Adds: lower <= x <= upper ([inputs] each) and all rows. Without rows every point of the box is
  /// a counterexample. Throws InputError where sizes or indices do not fit, a number is not finite
  /// in float32, lower > upper, or a row is without terms, and for queries of VNN-LIB 2.0 whose
  /// assertions calculate; the query is then unchanged.
  Query& add_clause(std::span<const double> lower, std::span<const double> upper,
                    std::span<const Row> rows);
  /// The same from lists in braces.
  Query& add_clause(std::initializer_list<double> lower, std::initializer_list<double> upper,
                    std::initializer_list<Row> rows) {
    return add_clause(std::span<const double>(lower.begin(), lower.size()),
                      std::span<const double>(upper.begin(), upper.size()),
                      std::span<const Row>(rows.begin(), rows.size()));
  }

  std::size_t input_size() const;    ///< number of inputs X_i
  std::size_t output_size() const;   ///< number of outputs Y_j
  std::size_t clause_count() const;  ///< number of clauses, 0 for one that asks for no point
  /// The input box of a clause ([inputs] each), the one on which `unsat` is proved for networks
  /// with float32 inputs: it encloses the decimals of a file and their float32 roundings. Throws
  /// InputError where there is no such clause.
  std::vector<double> box_lower(std::size_t clause) const;
  /// Its upper ends.
  std::vector<double> box_upper(std::size_t clause) const;
  /// The box for this network: it encloses the decimals and their roundings to the type of the
  /// network's inputs. Lower ends above upper ones: no point is left.
  std::vector<double> box_lower(std::size_t clause, const Network& network) const;
  /// Its upper ends.
  std::vector<double> box_upper(std::size_t clause, const Network& network) const;
  /// The names of the networks that the query declares; none in VNN-LIB 1.0 and in memory.
  std::vector<std::string> networks() const;
  /// True where the query declares floating-point types other than `real`: it is decided in real
  /// arithmetic all the same, and a counterexample is replayed in the type.
  bool declares_float_types() const;
  /// What is odd about the property, with line and column: an output set that is empty or
  /// everything, and the like.
  const std::vector<std::string>& warnings() const;
  /// The file that it was read from, or what was parsed; "memory" where it was built.
  FileInfo file() const;

  struct Implementation;  ///< the library's own
  const Implementation& implementation() const {
    return *implementation_;
  }  ///< for the library itself

 private:
  explicit Query(std::shared_ptr<Implementation> implementation)
      : implementation_(std::move(implementation)) {}
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace clipbound
