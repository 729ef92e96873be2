// The exact tests of a point against a clause. Doubles are rationals, so nothing is rounded here.
#include "specs/query/query.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/error.h"
#include "specs/query/definition.h"

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

/// A row that speaks of calculated outputs.
bool calculated_row_holds(const Row& row, std::span<const double> x, std::span<const double> y,
                          std::span<const mpq_class> calculated) {
  mpq_class sum;
  for (const Term& term : row.terms) {
    const auto index = static_cast<std::size_t>(term.index);
    if (term.of == Term::Of::output && index >= y.size()) {
      CLIPBOUND_CHECK(index - y.size() < calculated.size());
      sum += term.coefficient.exact * calculated[index - y.size()];
    } else {
      const double value = value_at(term, x, y);
      if (!std::isfinite(value)) return false;
      sum += term.coefficient.exact * mpq_class(value);
    }
  }
  const int side = cmp(sum, row.threshold.exact);
  return row.strict ? side < 0 : side <= 0;
}

bool speaks_of_calculated(const Row& row, std::size_t outputs) {
  // Terms are sorted: the last one is the last output.
  const Term& last = row.terms.back();
  return last.of == Term::Of::output && static_cast<std::size_t>(last.index) >= outputs;
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

bool rows_hold(const Clause& clause, std::span<const double> x, std::span<const double> y,
               DataType input_type, std::span<const mpq_class> calculated) {
  const auto is_computed_so = [&](const Row& row) {
    const std::optional<InputDefinition> definition = definition_of(row);
    return definition &&
           x[static_cast<std::size_t>(definition->input)] ==
               value_of(*definition, input_type, x[static_cast<std::size_t>(definition->from)]);
  };
  return std::all_of(clause.rows.begin(), clause.rows.end(), [&](const Row& row) {
    if (!calculated.empty() && speaks_of_calculated(row, y.size()))
      return calculated_row_holds(row, x, y, calculated);
    return row_holds(row, x, y) || is_computed_so(row);
  });
}

const Ends& InputInterval::ends_in(DataType input_type) const {
  switch (input_type) {
    case DataType::float32: return rounded32;
    case DataType::float64: return rounded64;
    case DataType::float16: return rounded16;
    case DataType::int64:
    case DataType::boolean: break;
  }
  throw Unsupported(std::string("inputs of type ") + name_of(input_type));
}

Ends InputInterval::proof_in(DataType input_type) const {
  const Ends& rounded = ends_in(input_type);
  return {std::min(hull.lower, rounded.lower), std::max(hull.upper, rounded.upper)};
}

bool InputInterval::is_empty() const {
  return proof_in(DataType::float32).is_empty() && proof_in(DataType::float64).is_empty() &&
         proof_in(DataType::float16).is_empty();
}

InputInterval intersection(const InputInterval& a, const InputInterval& b) {
  const auto both = [](const Ends& p, const Ends& q) {
    return Ends{std::max(p.lower, q.lower), std::min(p.upper, q.upper)};
  };
  return {both(a.hull, b.hull), both(a.exact, b.exact), both(a.rounded32, b.rounded32),
          both(a.rounded64, b.rounded64), both(a.rounded16, b.rounded16)};
}

bool inside_box(const Clause& clause, DataType input_type, std::span<const double> x) {
  CLIPBOUND_CHECK(clause.box != nullptr && x.size() == clause.box->size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Ends& ends = (*clause.box)[i].ends_in(input_type);
    if (!(ends.lower <= x[i] && x[i] <= ends.upper)) return false;
  }
  return true;
}

bool is_empty(const Box& box, DataType input_type) {
  return std::any_of(box.begin(), box.end(), [&](const InputInterval& interval) {
    return interval.proof_in(input_type).is_empty();
  });
}

}  // namespace clipbound::specs
