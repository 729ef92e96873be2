#include "bounds/exact/decide_exactly.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "bounds/layered/clause_rows.h"

namespace clipbound::bounds {

namespace {

/// Variables by which rows are combined, and combinations of two lines that are tried, at most.
constexpr std::size_t kMostTried = 12;
/// Rows that are combined by twos, at most.
constexpr std::size_t kMostCombined = 16;

/// A row's left side minus its threshold: at most 0 where it holds, below 0 where it is strict.
struct ExactRow {
  RationalForm form;
  bool strict = false;
};

class Decision {
 public:
  /// `least_gap`: what a row that is not strict must exceed 0 by.
  Decision(ExactSystem& system, std::size_t inputs, mpq_class least_gap)
      : system_(system), inputs_(inputs), least_gap_(std::move(least_gap)) {}

  ExactAnswer decide(const std::vector<ExactRow>& rows) {
    simplices_ = system_.simplices();
    for (const ExactRow& row : rows)
      if (excludes(row)) return ExactAnswer::refuted;
    const std::size_t combined = std::min(rows.size(), kMostCombined);
    for (std::size_t a = 0; a < combined; ++a) {
      for (std::size_t b = a + 1; b < combined && !system_.is_spent(); ++b)
        if (exclude_together(rows[a], rows[b])) return ExactAnswer::refuted;
    }
    return has_witness(rows) ? ExactAnswer::holds : ExactAnswer::open;
  }

 private:
  /// `weight`: of all rows that the row is a sum of.
  bool excludes(const ExactRow& row, const mpq_class& weight = 1) {
    const std::optional<mpq_class> bound = lower_bound(row.form);
    return bound && (row.strict ? *bound >= 0 : *bound > least_gap_ * weight);
  }
  bool exclude_together(const ExactRow& a, const ExactRow& b);
  bool has_witness(const std::vector<ExactRow>& rows) const;
  std::optional<mpq_class> lower_bound(RationalForm form);
  void substitute_last(RationalForm& form);
  void try_line(const RationalForm& rest, const mpq_class& coefficient,
                const std::optional<mpq_class>& end, const RationalForm& line,
                std::optional<mpq_class>& best, RationalForm& best_form);
  void keep_better(RationalForm form, std::optional<mpq_class>& best, RationalForm& best_form);

  ExactSystem& system_;
  const std::size_t inputs_;
  const mpq_class least_gap_;
  std::vector<RationalForm> simplices_;
};

void Decision::keep_better(RationalForm form, std::optional<mpq_class>& best,
                           RationalForm& best_form) {
  system_.work(form.terms.size() + 1);
  std::optional<mpq_class> bound = least(form, system_.ranges());
  if (!bound || (best && *best >= *bound)) return;
  best = std::move(bound);
  best_form = std::move(form);
}

/// rest + coefficient * v, where v lies beyond `end` and beyond `line` on one and the same side: so
/// it lies beyond (1 - t) end + t line, for every t in [0, 1]. Tries t = 1 and those at which some
/// variable vanishes: the bound is concave in t, and linear in between.
void Decision::try_line(const RationalForm& rest, const mpq_class& coefficient,
                        const std::optional<mpq_class>& end, const RationalForm& line,
                        std::optional<mpq_class>& best, RationalForm& best_form) {
  RationalForm all = rest;
  all.add(line, coefficient);
  keep_better(std::move(all), best, best_form);
  if (!end) return;
  RationalForm base = rest, slope;
  base.constant += coefficient * *end;
  slope.add(line, coefficient);
  slope.constant -= coefficient * *end;
  std::size_t tried = 0;
  for (const auto& [variable, c] : slope.terms) {
    const mpq_class t = -base.coefficient(variable) / c;
    if (sgn(t) <= 0 || t >= 1) continue;
    if (++tried > kMostTried || system_.is_spent()) return;
    RationalForm between = base;
    between.add(slope, t);
    keep_better(std::move(between), best, best_form);
  }
}

/// Replaces the form's last variable, which is no input, by earlier ones or by its end: a form that
/// is nowhere larger.
void Decision::substitute_last(RationalForm& form) {
  const auto [variable, coefficient] = form.terms.back();
  RationalForm rest = form;
  rest.terms.pop_back();
  const bool from_below = sgn(coefficient) > 0;
  const RationalRange& range = system_.ranges()[static_cast<std::size_t>(variable)];
  const std::optional<mpq_class>& end = from_below ? range.lower : range.upper;
  std::optional<mpq_class> best;
  RationalForm best_form;
  if (end) {
    RationalForm at_end = rest;
    at_end.constant += coefficient * *end;
    keep_better(std::move(at_end), best, best_form);
  }
  for (const RationalForm& line : from_below ? system_.below(variable) : system_.above(variable))
    try_line(rest, coefficient, end, line, best, best_form);
  form = std::move(best_form);
  if (!best) form.terms.assign(1, {-1, 1});  // nothing is known
}

std::optional<mpq_class> Decision::lower_bound(RationalForm form) {
  // Where p_1 + ... + p_n = 1 and no p is negative, adding m (p_1 + ... + p_n - 1) changes nothing.
  for (const RationalForm& sum : simplices_) {
    mpq_class smallest = form.coefficient(sum.terms.front().first);
    for (const auto& [variable, c] : sum.terms)
      smallest = std::min(smallest, form.coefficient(variable));
    if (smallest >= 0) continue;
    form.add(sum, -smallest);
    form.constant += smallest;
  }
  while (true) {
    std::optional<mpq_class> bound = least(form, system_.ranges());
    const bool has_variables =
        !form.terms.empty() && form.terms.back().first >= static_cast<std::int32_t>(inputs_);
    if (!has_variables || (bound && *bound > 0) || system_.is_spent()) return bound;
    substitute_last(form);
    if (!form.terms.empty() && form.terms.front().first < 0) return std::nullopt;
  }
}

/// Where both rows hold, a + t b holds for every t > 0, and is strict where one of them is. Tries
/// those at which some variable vanishes.
bool Decision::exclude_together(const ExactRow& a, const ExactRow& b) {
  std::size_t tried = 0;
  for (const auto& [variable, c] : a.form.terms) {
    const mpq_class other = b.form.coefficient(variable);
    if (sgn(other) * sgn(c) >= 0) continue;
    if (++tried > kMostTried || system_.is_spent()) return false;
    ExactRow sum{a.form, a.strict || b.strict};
    const mpq_class t = -c / other;
    sum.form.add(b.form, t);
    if (excludes(sum, 1 + t)) return true;
  }
  return false;
}

/// Where all rows are forms of the inputs alone: the corner at which one of them is least.
bool Decision::has_witness(const std::vector<ExactRow>& rows) const {
  for (const ExactRow& row : rows)
    if (!row.form.terms.empty() &&
        row.form.terms.back().first >= static_cast<std::int32_t>(inputs_))
      return false;
  const std::vector<RationalRange>& ranges = system_.ranges();
  for (const ExactRow& corner_of : rows) {
    const bool all_hold = std::all_of(rows.begin(), rows.end(), [&](const ExactRow& row) {
      mpq_class value = row.form.constant;
      for (const auto& [variable, c] : row.form.terms) {
        const RationalRange& range = ranges[static_cast<std::size_t>(variable)];
        const auto& end = sgn(corner_of.form.coefficient(variable)) < 0 ? range.upper : range.lower;
        if (!end) return false;
        value += c * *end;
      }
      return row.strict ? value < 0 : value <= 0;
    });
    if (all_hold) return true;
  }
  return false;
}

/// lower <= X_a + ratio X_b <= upper, from two rows of a clause.
struct Band {
  std::int32_t a = 0, b = 0;
  mpq_class ratio;
  RationalRange range;
};

/// Inputs that rows hold close to each other: narrower than either can lie.
std::vector<Band> bands_of(const Clause& clause, const std::vector<double>& lower,
                           const std::vector<double>& upper) {
  std::vector<Band> bands;
  for (const Row& row : clause.rows) {
    if (row.terms.size() != 2 || row.terms[1].of != Term::Of::input ||
        row.terms[0].of != Term::Of::input)
      continue;
    const mpq_class &first = row.terms[0].coefficient.exact,
                    ratio(row.terms[1].coefficient.exact / first);
    const std::int32_t a = row.terms[0].index, b = row.terms[1].index;
    auto band = std::find_if(bands.begin(), bands.end(), [&](const Band& known) {
      return known.a == a && known.b == b && known.ratio == ratio;
    });
    if (band == bands.end()) band = bands.insert(band, Band{a, b, ratio, {}});
    std::optional<mpq_class>& end = sgn(first) > 0 ? band->range.upper : band->range.lower;
    const mpq_class value = row.threshold.exact / first;
    if (!end || (sgn(first) > 0 ? value < *end : value > *end)) end = value;
  }
  std::erase_if(bands, [&](const Band& band) {
    const auto a = static_cast<std::size_t>(band.a);
    return !std::isfinite(lower[a]) || !std::isfinite(upper[a]) || !band.range.lower ||
           !band.range.upper ||
           *band.range.upper - *band.range.lower >= mpq_class(upper[a]) - mpq_class(lower[a]);
  });
  return bands;
}

/// The clause's rows with what its bands say of the inputs. A band is used where neither of its
/// inputs is in one that is used already, but for b, which may serve several.
std::vector<ExactRow> rows_of(ExactSystem& exact, const Clause& clause,
                              const std::vector<Band>& bands) {
  std::set<std::int32_t> related, kept;
  for (const Band& band : bands) {
    const std::int32_t a = band.b, b = band.a;  // X_b = (D - X_a) / ratio
    if (related.contains(a) || related.contains(b) || kept.contains(a)) continue;
    related.insert(a);
    kept.insert(b);
    RationalRange range{*band.range.lower / band.ratio, *band.range.upper / band.ratio};
    if (band.ratio < 0) std::swap(range.lower, range.upper);
    exact.relate_inputs(a, b, -1 / band.ratio, std::move(range));
  }
  std::vector<ExactRow> rows;
  for (const Row& row : clause.rows) {
    ExactRow& to = rows.emplace_back();
    to.strict = row.strict;
    to.form.constant = -row.threshold.exact;
    for (const Term& term : row.terms) {
      to.form.add(term.of == Term::Of::output ? exact.output(term.index) : exact.input(term.index),
                  term.coefficient.exact);
      exact.work(to.form.terms.size());
    }
  }
  return rows;
}

}  // namespace

ExactAnswer decide_exactly(const LayeredSystem& system, const Clause& clause,
                           const std::vector<IntervalVector>& z, const std::vector<double>& lower,
                           const std::vector<double>& upper, ExactDepth depth,
                           std::int64_t most_work) {
  if (clause.rows.empty()) return ExactAnswer::open;
  const std::vector<double> gaps = least_gaps(system, clause);
  const double gap = *std::max_element(gaps.begin(), gaps.end());
  if (!std::isfinite(gap)) return ExactAnswer::open;
  const auto decide = [&](const std::vector<Band>& bands) {
    ExactSystem exact(system, z, lower, upper, depth, most_work);
    const std::vector<ExactRow> rows = rows_of(exact, clause, bands);
    return Decision(exact, lower.size(), mpq_class(gap)).decide(rows);
  };
  const ExactAnswer answer = decide({});
  if (answer != ExactAnswer::open || depth == ExactDepth::ranges) return answer;
  const std::vector<Band> bands = bands_of(clause, lower, upper);
  return bands.empty() ? answer : decide(bands);
}

}  // namespace clipbound::bounds
