#pragma once
// Idea: feasibility of linear inequalities by the dual simplex method, begun where the last solution
//   ended: what a search asks again and again with a few other bounds.
// Source: Clp (COIN-OR), loaded when it is first needed, as OpenBLAS is, on which it depends.
// Guarantees: none. What it says proposes: multipliers prove something once the caller has added the
//   rows up, rounded outward, and a point counts once it is replayed.
// Legend: n columns, m rows; lower <= x <= upper, row_lower <= A x <= row_upper.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/floors.h"

namespace clipbound::base {

/// Rows of A one after the other: row i has the entries start[i] .. start[i + 1) - 1.
struct LinearRows {
  std::vector<std::int64_t> start{0};
  std::vector<std::int32_t> column;
  std::vector<double> value;
  std::vector<double> lower, upper;  ///< [m] may be infinite

  std::int64_t count() const { return static_cast<std::int64_t>(lower.size()); }
  void add(std::int32_t j, double a) {
    column.push_back(j);
    value.push_back(a);
  }
  void end(double least, double most) {
    start.push_back(static_cast<std::int64_t>(column.size()));
    lower.push_back(least);
    upper.push_back(most);
  }
};

/// One model; not for several threads at once, but each thread may have its own.
class Simplex {
 public:
  enum class Answer : std::uint8_t {
    feasible,    ///< within tolerances: values() has a vertex
    infeasible,  ///< multipliers() may say why
    stopped,     ///< out of time, or of numbers
  };

  /// False where the library is not installed: nothing else may be called then.
  static bool is_available();

  Simplex(const LinearRows& rows, std::span<const double> lower, std::span<const double> upper);
  ~Simplex();
  Simplex(const Simplex&) = delete;
  Simplex& operator=(const Simplex&) = delete;

  void set_column(std::int32_t j, double lower, double upper);
  void set_row(std::int64_t i, double lower, double upper);
  /// What is to be as small as possible; nothing at first.
  void set_cost(std::int32_t j, double cost);

  Answer solve(double most_seconds, int most_pivots);
  /// [n] after `feasible`.
  std::span<const double> values() const;
  /// [m] after `infeasible`: of the rows, up to their common sign, what adds them up to something
  /// impossible; empty where Clp does not know.
  std::vector<double> multipliers() const;
  /// Pivots of all calls so far.
  std::int64_t pivots() const { return pivots_; }

 private:
  struct Model;
  std::unique_ptr<Model> model_;
  std::int64_t pivots_ = 0;
  bool has_failed_ = false;  ///< nobody knows what state the model is in
};

}  // namespace clipbound::base
