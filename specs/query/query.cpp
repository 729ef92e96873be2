// The exact tests of a point against a clause. Doubles are rationals, so nothing is rounded here.
#include "specs/query/query.h"

#include <cmath>

#include "base/check.h"

namespace clipbound::specs {
namespace {

double value_at(const Term& term, std::span<const double> x, std::span<const double> y) {
  const std::span<const double> values = term.of == Term::Of::input ? x : y;
  CLIPBOUND_CHECK(term.index >= 0 && static_cast<std::size_t>(term.index) < values.size());
  return values[static_cast<std::size_t>(term.index)];
}

bool is_unit(const Number& number, double unit) {
  return number.lower == unit && number.upper == unit;
}

bool row_holds(const Row& row, std::span<const double> x, std::span<const double> y) {
  bool finite = true;
  for (const Term& term : row.terms) finite = finite && std::isfinite(value_at(term, x, y));
  if (!finite) return false;
  const Number& bound = row.threshold;
  // The common rows without rational arithmetic. No float64 lies strictly between bound.lower and
  // bound.upper, so v <= bound  iff  v <= bound.lower,  and  v < bound  iff  v < bound.upper.
  if (row.terms.size() == 1) {
    const Number& c = row.terms[0].coefficient;
    if (is_unit(c, 1.0) || is_unit(c, -1.0)) {
      const double v = c.lower * value_at(row.terms[0], x, y);
      return row.strict ? v < bound.upper : v <= bound.lower;
    }
  }
  if (row.terms.size() == 2 && is_unit(bound, 0.0)) {
    const double c0 = row.terms[0].coefficient.lower;
    if ((c0 == 1.0 || c0 == -1.0) && is_unit(row.terms[0].coefficient, c0) &&
        is_unit(row.terms[1].coefficient, -c0)) {
      const double a = c0 * value_at(row.terms[0], x, y), b = c0 * value_at(row.terms[1], x, y);
      return row.strict ? a < b : a <= b;
    }
  }
  mpq_class sum;
  for (const Term& term : row.terms)
    sum += term.coefficient.exact * mpq_class(value_at(term, x, y));
  const int side = cmp(sum, bound.exact);
  return row.strict ? side < 0 : side <= 0;
}

}  // namespace

bool rows_hold(const Clause& clause, std::span<const double> x, std::span<const double> y) {
  for (const Row& row : clause.rows) {
    if (!row_holds(row, x, y)) return false;
  }
  return true;
}

bool inside_box(const Clause& clause, std::span<const double> x) {
  CLIPBOUND_CHECK(clause.box != nullptr && x.size() == clause.box->size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const InputInterval& interval = (*clause.box)[i];
    const bool inside = static_cast<double>(interval.attack_lower) <= x[i] &&
                        x[i] <= static_cast<double>(interval.attack_upper);
    if (!inside) return false;
  }
  return true;
}

}  // namespace clipbound::specs
