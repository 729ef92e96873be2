#include "bounds/layered/clause_rows.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/layered/linear_map.h"
#include "bounds/layered/underflow.h"

namespace clipbound::bounds {

AffineForm one_after_the_other(const std::vector<AffineForm>& forms) {
  std::vector<const AffineForm*> pointers;
  std::vector<Pick> picks;
  for (std::size_t f = 0; f < forms.size(); ++f) {
    pointers.push_back(&forms[f]);
    for (std::int64_t i = 0; i < forms[f].size(); ++i)
      picks.push_back({static_cast<std::int32_t>(f), i});
  }
  return gather(pointers, picks);
}

double least_gap(const LayeredSystem& system) {
  const bool may_underflow =
      std::any_of(system.activations.begin(), system.activations.end(), [](const Activation& f) {
        return f.curve != Curve::relu && f.curve != Curve::identity && !has_jumps(f.curve);
      });
  return may_underflow ? 0x1p-100 : 0.0;
}

std::vector<double> least_gaps(const LayeredSystem& system, const Clause& clause) {
  const double least = least_gap(system);
  std::vector<double> gaps(clause.rows.size(), least);
  if (least == 0.0) return gaps;
  const std::vector<double> losses = underflow_of_layers(system.layers, system.activations);
  for (std::size_t r = 0; r < gaps.size(); ++r) {
    double sum = 0.0;
    for (const Term& term : clause.rows[r].terms) {
      if (term.of == Term::Of::output)
        sum += std::fmax(std::fabs(term.coefficient.lower), std::fabs(term.coefficient.upper)) *
               underflow_of(system.outputs, term.index, losses);
    }
    gaps[r] = std::max(least, sum * (1.0 + 0x1p-20));
  }
  return gaps;
}

namespace {

AffineForm rows_of(const LayeredSystem& system, const Clause& clause) {
  const AffineForm input =
      AffineForm::of_source(kInputSource, static_cast<std::int64_t>(system.lower.size()), 0,
                            static_cast<std::int64_t>(system.lower.size()));
  const std::vector<const AffineForm*> forms = {&system.outputs, &input};
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  std::vector<double> offset, extra;
  const IntervalVector outputs = enclose(system.outputs, system.sources);
  const std::vector<double> gaps = least_gaps(system, clause);
  for (std::size_t r = 0; r < clause.rows.size(); ++r) {
    const Row& row = clause.rows[r];
    double error = row.threshold.upper - row.threshold.lower;
    for (const Term& term : row.terms) {
      const bool of_output = term.of == Term::Of::output;
      const double width = term.coefficient.upper - term.coefficient.lower;
      const auto i = static_cast<std::size_t>(term.index);
      const double magnitude =
          of_output ? std::max(std::fabs(outputs.lower[i]), std::fabs(outputs.upper[i]))
                    : system.magnitudes.at(kInputSource)[i];
      if (width > 0.0) error += width * magnitude;
      terms.push_back({of_output ? 0 : 1, term.index, term.coefficient.lower});
    }
    begin.push_back(static_cast<std::int64_t>(terms.size()));
    offset.push_back(-row.threshold.upper - (row.strict ? 0.0 : gaps[r]));
    extra.push_back(error);
  }
  AffineForm rows = linear_map(forms, begin, terms, offset, system.magnitudes);
  for (std::size_t s = 0; s < extra.size(); ++s) {
    if (!(extra[s] <= 0.0)) rows.radius[s] = add_up(rows.radius[s], extra[s] * (1.0 + 0x1p-40));
  }
  return rows;
}

}  // namespace

AffineForm lower_rows(const LayeredSystem& system, const Clause& clause) {
  AffineForm rows = rows_of(system, clause);
  if (system.conditions.size() == 0) return rows;
  std::vector<Pick> picks;
  for (std::int64_t i = 0; i < rows.size(); ++i) picks.push_back({0, i});
  for (std::int64_t i = 0; i < system.conditions.size(); ++i) picks.push_back({1, i});
  return gather({&rows, &system.conditions}, picks);
}

std::vector<std::uint8_t> strict_rows(const LayeredSystem& system, const Clause& clause) {
  std::vector<std::uint8_t> strict;
  for (const Row& row : clause.rows) strict.push_back(row.strict ? 1 : 0);
  strict.resize(strict.size() + system.conditions.constant.size(), 0);
  return strict;
}

}  // namespace clipbound::bounds
