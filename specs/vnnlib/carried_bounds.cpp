// A row  sum a_i x_i <= t  says  a_j x_j <= t - sum of the least values of the other a_i x_i.  That
// is taken only where x_j has no bound on that side, so that each step gives some input an end that
// it lacked, and they come to an end. A row is looked at when at most one of its terms has no least
// value; how many have none is counted.
//
// An interval has five pairs of ends (InputInterval). Each new one is computed from the same ones
// of the other inputs: what a point of float32 obeys follows from what points of float32 obey. An
// equation that gives one input from another holds for the judge also where it is computed in the
// inputs' type: by what that rounds its right side is widened.
#include "specs/vnnlib/carried_bounds.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/rounding.h"
#include "specs/query/definition.h"
#include "specs/query/number.h"

namespace clipbound::specs {
namespace {

using Member = Ends InputInterval::*;
struct Part {
  Member ends;
  bool computed;  // in `type`
  DataType type;
};
constexpr Part kParts[] = {{&InputInterval::hull, false, DataType::float64},
                           {&InputInterval::exact, false, DataType::float64},
                           {&InputInterval::rounded32, true, DataType::float32},
                           {&InputInterval::rounded64, true, DataType::float64},
                           {&InputInterval::rounded16, true, DataType::float16}};

bool rises(const Term& term) {
  return sgn(term.coefficient.exact) > 0;
}
/// Where the term is least.
double least_at(const Term& term, const Ends& ends) {
  return rises(term) ? ends.lower : ends.upper;
}
double greatest_at(const Term& term, const Ends& ends) {
  return rises(term) ? ends.upper : ends.lower;
}

class Propagation {
 public:
  Propagation(std::span<const Row> rows, BoxState& box);
  bool run();

 private:
  struct State {
    const Row* row;
    std::optional<InputDefinition> definition;  // that is computed with roundings
    std::size_t missing = 0;                    // terms without a least value
    bool waiting = false;
  };
  struct Use {
    std::size_t row;
    bool rises;  // the input's coefficient is positive
  };

  const InputInterval& interval(const Term& term) const {
    return box_[static_cast<std::uint32_t>(term.index)];
  }
  bool lacks_least(const Term& term) const {
    return std::isinf(least_at(term, interval(term).hull));
  }
  bool lacks_greatest(const Term& term) const {
    return std::isinf(greatest_at(term, interval(term).hull));
  }
  void enqueue(std::size_t row);
  bool process(const State& state);
  bool bound(const State& state, const Term& term, const mpq_class (&least)[5]);
  std::optional<InputInterval> bound_of(const State& state, const Term& term,
                                        const mpq_class (&least)[5]) const;
  std::optional<InputInterval> copied(const State& state, const Term& term) const;
  std::optional<mpq_class> rounding(const State& state, const Term& term, const Part& part) const;
  bool take(const Term& term, const InputInterval& found);

  BoxState& box_;
  std::vector<State> states_;
  std::unordered_map<std::int32_t, std::vector<Use>> uses_of_;
  std::deque<std::size_t> queue_;
};

Propagation::Propagation(std::span<const Row> rows, BoxState& box) : box_(box) {
  for (const Row& row : rows) {
    const bool of_inputs =
        row.terms.size() > 1 && std::all_of(row.terms.begin(), row.terms.end(),
                                            [](const Term& t) { return t.of == Term::Of::input; });
    if (!of_inputs) continue;
    State state{&row, definition_of(row), 0, false};
    if (state.definition && state.definition->is_exact()) state.definition.reset();
    for (const Term& term : row.terms) {
      state.missing += lacks_least(term);
      uses_of_[term.index].push_back({states_.size(), rises(term)});
    }
    states_.push_back(std::move(state));
  }
  for (std::size_t i = 0; i < states_.size(); ++i) enqueue(i);
}

void Propagation::enqueue(std::size_t row) {
  State& state = states_[row];
  if (state.missing > 1 || state.waiting) return;
  state.waiting = true;
  queue_.push_back(row);
}

bool Propagation::run() {
  while (!queue_.empty()) {
    State& state = states_[queue_.front()];
    queue_.pop_front();
    state.waiting = false;
    if (!process(state)) return false;
  }
  return true;
}

bool Propagation::process(const State& state) {
  const std::vector<Term>& terms = state.row->terms;
  if (std::none_of(terms.begin(), terms.end(), [&](const Term& t) { return lacks_greatest(t); }))
    return true;
  if (terms.size() == 2) {
    for (const Term& term : terms) {
      if (!lacks_greatest(term)) continue;
      const auto found = copied(state, term);
      if (found && !take(term, *found)) return false;
    }
  }
  // The least values' sums, without the one that is missing.
  mpq_class least[5];
  for (std::size_t p = 0; p < 5; ++p) {
    for (const Term& term : terms) {
      const double at = least_at(term, interval(term).*kParts[p].ends);
      if (lacks_least(term)) continue;
      // A number beyond float64: such an interval bounds nothing.
      if (std::isinf(at)) return true;
      least[p] += term.coefficient.exact * mpq_class(at);
    }
  }
  for (const Term& term : terms) {
    if (lacks_greatest(term) && (state.missing == 0 || lacks_least(term)) &&
        !bound(state, term, least))
      return false;
  }
  return true;
}

bool Propagation::bound(const State& state, const Term& term, const mpq_class (&least)[5]) {
  const auto found = bound_of(state, term, least);
  return !found || take(term, *found);
}

/// a x - a x' <= 0: the one input's ends are the other's.
std::optional<InputInterval> Propagation::copied(const State& state, const Term& term) const {
  const Row& row = *state.row;
  const Term& other = row.terms[&term == &row.terms[0] ? 1 : 0];
  if (row.threshold.exact != 0 || other.coefficient.exact != -term.coefficient.exact ||
      lacks_least(other))
    return std::nullopt;
  InputInterval result = interval(other);
  for (const Part& part : kParts)
    (rises(term) ? (result.*part.ends).lower : (result.*part.ends).upper) =
        rises(term) ? -kInfinity : kInfinity;
  return result;
}

/// At most how far the row's sum may be above its threshold for the judge, at points of the type.
/// Nothing where that is not bounded.
std::optional<mpq_class> Propagation::rounding(const State& state, const Term& term,
                                               const Part& part) const {
  if (!state.definition || !part.computed) return mpq_class(0);
  const InputDefinition& d = *state.definition;
  const Row& row = *state.row;
  const bool own_first = row.terms[0].index == d.input;
  const Term &own = row.terms[own_first ? 0 : 1], &from = row.terms[own_first ? 1 : 0];
  const Term& other = &term == &own ? from : own;
  const Ends& ends = interval(other).*part.ends;
  if (!std::isfinite(ends.lower) || !std::isfinite(ends.upper)) return std::nullopt;
  mpq_class largest = std::max(std::fabs(ends.lower), std::fabs(ends.upper));
  // The rounding is at most base + slope |x_from|.
  const mpq_class base = rounding_of(d, part.type, 0), slope = rounding_of(d, part.type, 1) - base;
  if (&term == &from) {
    // |factor x_from| <= |x_own| + |offset| + base + slope |x_from|.
    const mpq_class steep = abs(d.factor) - slope;
    if (steep <= 0) return std::nullopt;
    largest = (largest + abs(d.offset) + base) / steep;
  }
  return mpq_class(abs(own.coefficient.exact) * (base + slope * largest));
}

std::optional<InputInterval> Propagation::bound_of(const State& state, const Term& term,
                                                   const mpq_class (&least)[5]) const {
  InputInterval result;
  for (std::size_t p = 0; p < 5; ++p) {
    const Part& part = kParts[p];
    const auto widened = rounding(state, term, part);
    if (!widened) return std::nullopt;
    mpq_class rest = state.row->threshold.exact + *widened - least[p];
    if (!lacks_least(term))
      rest += term.coefficient.exact * mpq_class(least_at(term, interval(term).*part.ends));
    const FloatNeighbours edge = rational_neighbours(mpq_class(rest / term.coefficient.exact));
    result.*part.ends = (rises(term) ? upper_edges(edge) : lower_edges(edge)).*part.ends;
    if (std::isinf(greatest_at(term, result.*part.ends))) return std::nullopt;
  }
  return result;
}

bool Propagation::take(const Term& term, const InputInterval& found) {
  if (!box_.tighten(static_cast<std::uint32_t>(term.index), found)) return false;
  for (const Use& use : uses_of_[term.index]) {
    // The end that was found is the one where a term of the opposite sign is least.
    const bool is_least = use.rises != rises(term);
    if (is_least) --states_[use.row].missing;
    // What an equation's rounding is depends on both ends.
    if (is_least || states_[use.row].definition) enqueue(use.row);
  }
  return true;
}

}  // namespace

bool carry_bounds(std::span<const Row> rows, BoxState& box) {
  return Propagation(rows, box).run();
}

}  // namespace clipbound::specs
