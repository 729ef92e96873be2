#include "specs/simplify/equated_inputs.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "specs/network/float_grid.h"
#include "specs/query/number.h"
#include "specs/simplify/derived_inputs.h"

namespace clipbound::specs {

namespace {

/// X_a + ratio X_b = sum, a < b.
struct Equation {
  std::int32_t a = 0, b = 0;
  mpq_class ratio, sum;
  friend bool operator<(const Equation& p, const Equation& q) {
    if (p.a != q.a) return p.a < q.a;
    if (p.b != q.b) return p.b < q.b;
    const int side = cmp(p.ratio, q.ratio);
    return side != 0 ? side < 0 : cmp(p.sum, q.sum) < 0;
  }
};
/// Which of its two inequalities a clause has, and the input that it defines (Row::defines).
struct Sides {
  bool at_most = false, at_least = false;
  std::int32_t defines = -1;
  std::shared_ptr<const WrittenTerm> written = {};
};
using Equations = std::map<Equation, Sides>;

/// The equation of which the row may be one half, and whether it is `at most`.
std::optional<std::pair<Equation, bool>> half_of_equation(const Row& row) {
  if (row.strict || row.terms.size() != 2 || row.terms[1].of != Term::Of::input ||
      row.terms[0].of != Term::Of::input)
    return std::nullopt;
  const mpq_class& first = row.terms[0].coefficient.exact;
  return std::pair{Equation{row.terms[0].index, row.terms[1].index,
                            row.terms[1].coefficient.exact / first, row.threshold.exact / first},
                   sgn(first) > 0};
}

Equations equations_of(const Clause& clause) {
  Equations halves;
  for (const Row& row : clause.rows) {
    const auto half = half_of_equation(row);
    if (!half) continue;
    Sides& sides = halves[half->first];
    (half->second ? sides.at_most : sides.at_least) = true;
    if (row.defines >= sides.defines) {
      sides.defines = row.defines;
      sides.written = row.written;
    }
  }
  std::erase_if(halves, [](const auto& e) { return !e.second.at_most || !e.second.at_least; });
  return halves;
}

/// Equations of all clauses. Where clauses define different inputs by one (or one of them none),
/// the judge rounds it differently in each: it stays a pair of rows.
Equations common_equations(const Query& query) {
  if (query.clauses.empty()) return {};
  Equations common = equations_of(query.clauses.front());
  for (std::size_t k = 1; k < query.clauses.size() && !common.empty(); ++k) {
    const Equations here = equations_of(query.clauses[k]);
    std::erase_if(common, [&](const auto& e) {
      const auto same = here.find(e.first);
      return same == here.end() || same->second.defines != e.second.defines ||
             !same_text(same->second.written.get(), e.second.written.get());
    });
  }
  return common;
}

/// The largest |x_i| in any of the clauses' boxes.
std::vector<mpq_class> magnitudes(const Query& query, DataType type) {
  std::vector<double> largest(static_cast<std::size_t>(query.input_size), 0.0);
  const Box* last = nullptr;
  for (const Clause& clause : query.clauses) {
    if (clause.box.get() == last) continue;
    last = clause.box.get();
    for (std::size_t i = 0; i < largest.size(); ++i) {
      const Ends ends = (*clause.box)[i].proof_in(type);
      largest[i] = std::max({largest[i], std::fabs(ends.lower), std::fabs(ends.upper)});
    }
  }
  return {largest.begin(), largest.end()};
}

/// x_input = factor * x_root + offset, up to `radius`; `root` is given by no other input.
struct Composed {
  std::int32_t root = 0;
  mpq_class factor = 1, offset = 0, radius = 0;
  int depth = 0;  ///< how many definitions follow each other
};

/// Which inputs are given by which.
class Definitions {
 public:
  explicit Definitions(std::size_t inputs) : of_input_(inputs) {}

  /// False where the equation stays a pair of rows: it closes a circle, or what it says of
  /// roundings cannot be kept.
  bool add(const Equation& equation, const Sides& sides) {
    // X_b = (sum - X_a) / ratio, or X_a = sum - ratio X_b.
    InputDefinition later{equation.b, equation.a, -1 / equation.ratio,
                          equation.sum / equation.ratio};
    InputDefinition earlier{equation.a, equation.b, -equation.ratio, equation.sum};
    const bool bound_to_side =
        sides.defines >= 0 && (!later.is_exact() || sides.written != nullptr);
    if (bound_to_side) {
      InputDefinition& own = sides.defines == later.input ? later : earlier;
      own.written = sides.written;
      return add(std::move(own));
    }
    return add(later) || add(earlier);
  }
  const InputDefinition* of(std::size_t i) const { return of_input_[i] ? &*of_input_[i] : nullptr; }
  /// By depth, so that each comes after those that it needs.
  std::vector<InputDefinition> in_order() const {
    std::vector<InputDefinition> list;
    for (const auto& definition : of_input_)
      if (definition) list.push_back(*definition);
    std::stable_sort(list.begin(), list.end(),
                     [&](const auto& p, const auto& q) { return depth(p.input) < depth(q.input); });
    return list;
  }
  /// [inputs] all of them, with the roundings of each definition on the way.
  std::vector<Composed> composed(DataType type, const std::vector<mpq_class>& largest) const {
    std::vector<Composed> all(of_input_.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i].root = static_cast<std::int32_t>(i);
    for (const InputDefinition& d : in_order()) {
      const Composed& from = all[static_cast<std::size_t>(d.from)];
      all[static_cast<std::size_t>(d.input)] = {
          from.root, d.factor * from.factor, d.factor * from.offset + d.offset,
          abs(d.factor) * from.radius +
              rounding_of(d, type, largest[static_cast<std::size_t>(d.from)]),
          from.depth + 1};
    }
    return all;
  }

 private:
  bool add(InputDefinition definition) {
    auto& own = of_input_[static_cast<std::size_t>(definition.input)];
    if (own || root(definition.from) == definition.input) return false;
    own = std::move(definition);
    return true;
  }
  std::int32_t root(std::int32_t i) const {
    while (of_input_[static_cast<std::size_t>(i)]) i = of_input_[static_cast<std::size_t>(i)]->from;
    return i;
  }
  int depth(std::int32_t i) const {
    int steps = 0;
    for (; of_input_[static_cast<std::size_t>(i)]; ++steps)
      i = of_input_[static_cast<std::size_t>(i)]->from;
    return steps;
  }

  std::vector<std::optional<InputDefinition>> of_input_;
};

/// An input as the new network computes it: derived.scale X_from + derived.bias + its own X, which
/// is `centre` up to `half`.
struct Column {
  DerivedInput derived;
  double centre = 0.0, half = 0.0;
};

/// Whether an input centre +- half counts as a constant (varying_inputs() of bounds/layered).
bool is_narrow(double centre, double half) {
  return 2.0 * half <= 0x1p-22 * centre;
}

/// Nothing where the numbers leave the type's range.
std::optional<Column> column_of(const Composed& composed, DataType type, const mpq_class& largest) {
  Column column;
  column.derived.from = composed.root;
  const double scale = nearest_in(type, composed.factor);
  const mpq_class outside =
      composed.radius +
      abs(mpq_class(std::isfinite(scale) ? scale : 0.0) - composed.factor) * largest;
  column.derived.scale = scale;
  if (outside == 0 && composed.offset == 0) return column;
  column.derived.has_deviation = true;
  for (column.centre = 0x1p-100; column.centre < 0x1p100; column.centre *= 2.0) {
    column.derived.bias = nearest_in(type, composed.offset - mpq_class(column.centre));
    if (!std::isfinite(column.derived.bias) || !std::isfinite(scale)) return std::nullopt;
    const mpq_class bias(column.derived.bias);
    const mpq_class half = outside + abs(composed.offset - mpq_class(column.centre) - bias);
    column.half = rational_neighbours(half).upper;
    if (is_narrow(column.centre, 2.0 * column.half)) return column;
  }
  return std::nullopt;
}

Ends ends_around(double centre, double half) {
  return half == 0.0 ? Ends{centre, centre}
                     : Ends{rational_neighbours(mpq_class(centre) - mpq_class(half)).lower,
                            rational_neighbours(mpq_class(centre) + mpq_class(half)).upper};
}

/// The query in the inputs that remain.
class Rewriting {
 public:
  Rewriting(const Query& query, DataType type, Equations common)
      : query_(query),
        type_(type),
        largest_(magnitudes(query, type)),
        definitions_(largest_.size()) {
    for (const auto& [equation, sides] : common) {
      if (definitions_.add(equation, sides)) used_.emplace(equation, sides);
    }
    composed_ = definitions_.composed(type, largest_);
    columns_.resize(largest_.size());
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (definitions_.of(i) == nullptr) continue;
      columns_[i] =
          column_of(composed_[i], type, largest_[static_cast<std::size_t>(composed_[i].root)]);
      possible_ = possible_ && columns_[i].has_value();
    }
  }

  bool is_possible() const { return possible_; }
  bool substitutes() const { return !used_.empty(); }
  std::vector<InputDefinition> definitions() const { return definitions_.in_order(); }
  bool needs_constants() const {
    return std::any_of(columns_.begin(), columns_.end(),
                       [](const auto& c) { return c && !c->derived.is_copy(); });
  }
  std::vector<std::optional<DerivedInput>> derived() const {
    std::vector<std::optional<DerivedInput>> list(columns_.size());
    for (std::size_t i = 0; i < list.size(); ++i)
      if (columns_[i]) list[i] = columns_[i]->derived;
    return list;
  }
  /// Whether some row was widened by the rounding of what it says.
  bool has_widened() const { return widened_; }
  Query rewritten() {
    Query result = query_;
    result.ball = nullptr;  // it is about the inputs as read; without it there are more points
    std::map<const Box*, std::shared_ptr<const Box>> boxes;
    for (Clause& clause : result.clauses) {
      const std::shared_ptr<const Box> whole = clause.box;
      auto& box = boxes[whole.get()];
      if (box == nullptr) box = std::make_shared<const Box>(narrowed(*whole));
      clause.box = box;
      rewrite_rows(clause, *whole);
    }
    return result;
  }

 private:
  Box narrowed(const Box& box) const;
  void intersect_root(Box& box, std::size_t i) const;
  void keep_inside(Box& box, const Box& whole) const;
  bool stays_inside(const Box& whole, std::int32_t root, double x) const;
  void rewrite_rows(Clause& clause, const Box& whole);
  bool is_outside(const Row& row, const Box& whole) const;
  std::optional<Row> substituted(const Row& row);
  Row impossible(const Clause& clause) const;

  const Query& query_;
  const DataType type_;
  const std::vector<mpq_class> largest_;
  Definitions definitions_;
  Equations used_;
  std::vector<Composed> composed_;
  std::vector<std::optional<Column>> columns_;
  bool possible_ = true, widened_ = false;
};

/// The root of input i can only be where i stays in its interval.
void Rewriting::intersect_root(Box& box, std::size_t i) const {
  const Composed& c = composed_[i];
  InputInterval& root = box[static_cast<std::size_t>(c.root)];
  if (c.factor == 1 && c.offset == 0 && c.radius == 0) {
    root = intersection(root, box[i]);
    return;
  }
  const Ends ends = box[i].proof_in(type_);
  mpq_class low = (mpq_class(ends.lower) - c.radius - c.offset) / c.factor,
            high = (mpq_class(ends.upper) + c.radius - c.offset) / c.factor;
  if (c.factor < 0) std::swap(low, high);
  root = intersection(root, intersection(lower_edges(rational_neighbours(low)),
                                         upper_edges(rational_neighbours(high))));
}

/// Whether all inputs that are computed from the root lie in their intervals where it is x.
bool Rewriting::stays_inside(const Box& whole, std::int32_t root, double x) const {
  std::vector<double> value(whole.size());
  value[static_cast<std::size_t>(root)] = x;
  for (const InputDefinition& d : definitions_.in_order()) {
    const auto i = static_cast<std::size_t>(d.input);
    if (composed_[i].root != root) continue;
    value[i] = value_of(d, type_, value[static_cast<std::size_t>(d.from)]);
    const Ends& ends = whole[i].ends_in(type_);
    if (!(ends.lower <= value[i] && value[i] <= ends.upper)) return false;
  }
  return true;
}

/// Moves the ends of candidates inward where what is computed from them leaves its interval by a
/// rounding. The proof keeps all of the interval.
void Rewriting::keep_inside(Box& box, const Box& whole) const {
  constexpr int kMostSteps = 16;
  for (std::size_t r = 0; r < box.size(); ++r) {
    const auto root = static_cast<std::int32_t>(r);
    const bool has_rounded = [&] {
      for (std::size_t i = 0; i < box.size(); ++i)
        if (columns_[i] && composed_[i].root == root && composed_[i].radius != 0) return true;
      return false;
    }();
    if (!has_rounded) continue;
    const Ends proof = box[r].proof_in(type_);
    Ends& ends = type_ == DataType::float64   ? box[r].rounded64
                 : type_ == DataType::float16 ? box[r].rounded16
                                              : box[r].rounded32;
    box[r].hull = proof;
    for (int k = 0; k < kMostSteps && !stays_inside(whole, root, ends.lower); ++k)
      ends.lower = next_up_in(type_, ends.lower);
    for (int k = 0; k < kMostSteps && !stays_inside(whole, root, ends.upper); ++k)
      ends.upper = next_down_in(type_, ends.upper);
  }
}

Box Rewriting::narrowed(const Box& box) const {
  Box result = box;
  for (std::size_t i = 0; i < box.size(); ++i)
    if (columns_[i]) intersect_root(result, i);
  keep_inside(result, box);
  for (std::size_t i = 0; i < box.size(); ++i) {
    if (!columns_[i]) continue;
    const FloatNeighbours centre = float64_neighbours(columns_[i]->centre);
    result[i] = intersection(lower_edges(centre), upper_edges(centre));
    result[i].hull = result[i].exact = ends_around(columns_[i]->centre, columns_[i]->half);
  }
  return result;
}

/// The row in the inputs that remain; nothing where it says nothing any more.
std::optional<Row> Rewriting::substituted(const Row& row) {
  std::map<std::pair<Term::Of, std::int32_t>, mpq_class> terms;
  mpq_class threshold = row.threshold.exact;
  for (const Term& term : row.terms) {
    const auto i = static_cast<std::size_t>(term.index);
    const mpq_class& c = term.coefficient.exact;
    if (term.of == Term::Of::output || !columns_[i]) {
      terms[{term.of, term.index}] += c;
      continue;
    }
    const DerivedInput& derived = columns_[i]->derived;
    terms[{Term::Of::input, derived.from}] += c * mpq_class(derived.scale);
    if (derived.has_deviation) terms[{Term::Of::input, term.index}] += c;
    threshold -= c * mpq_class(derived.bias);
  }
  // Half of an equation that stays: it holds already where it holds as computed.
  if (const auto definition = definition_of(row); definition && !definition->is_exact()) {
    const bool first = row.terms[0].index == definition->input;
    threshold +=
        abs(row.terms[first ? 0 : 1].coefficient.exact) *
        rounding_of(*definition, type_, largest_[static_cast<std::size_t>(definition->from)]);
    widened_ = true;
  }
  Row result;
  result.strict = row.strict;
  result.from_equality = row.from_equality;
  for (auto& [key, c] : terms)
    if (c != 0) result.terms.push_back({key.first, key.second, make_number(std::move(c))});
  const bool holds = row.strict ? threshold > 0 : threshold >= 0;
  result.threshold = make_number(std::move(threshold));
  if (result.terms.empty() && holds) return std::nullopt;
  return result;
}

/// A row that no point of the clause's box satisfies.
Row Rewriting::impossible(const Clause& clause) const {
  const double lower = clause.box->front().proof_in(type_).lower;
  Row row;
  row.terms.push_back({Term::Of::input, 0, make_number(1)});
  row.threshold = make_number(mpq_class(lower) - 1 - abs(mpq_class(lower)));
  return row;
}

/// Whether a row about one input that is derived holds nowhere in the input's own interval, which
/// the rewritten query knows only up to a rounding.
bool Rewriting::is_outside(const Row& row, const Box& whole) const {
  if (row.terms.size() != 1 || row.terms[0].of != Term::Of::input) return false;
  const auto i = static_cast<std::size_t>(row.terms[0].index);
  if (!columns_[i]) return false;
  const Ends ends = whole[i].proof_in(type_);
  const mpq_class& c = row.terms[0].coefficient.exact;
  const mpq_class least = c * mpq_class(sgn(c) > 0 ? ends.lower : ends.upper);
  return row.strict ? least >= row.threshold.exact : least > row.threshold.exact;
}

void Rewriting::rewrite_rows(Clause& clause, const Box& whole) {
  std::vector<Row> rows;
  for (const Row& row : clause.rows) {
    if (const auto half = half_of_equation(row); half && used_.contains(half->first)) continue;
    std::optional<Row> now = substituted(row);
    if (!now) continue;
    const bool never = now->terms.empty() || is_outside(row, whole);
    rows.push_back(never ? impossible(clause) : std::move(*now));
  }
  clause.rows = std::move(rows);
}

bool has_definitions(const Query& query) {
  return std::any_of(query.clauses.begin(), query.clauses.end(), [](const Clause& clause) {
    return std::any_of(clause.rows.begin(), clause.rows.end(),
                       [](const Row& row) { return row.defines >= 0; });
  });
}

bool all_inputs_are_of(const Network& network, DataType type) {
  return std::all_of(network.inputs.begin(), network.inputs.end(),
                     [&](ValueId id) { return network.value(id).type == type; });
}

}  // namespace

std::optional<EquatedInputs> equate_inputs(const std::shared_ptr<const Network>& network,
                                           const Query& query) {
  if (query.input_size != network->input_size()) return std::nullopt;
  const DataType type = network->input_type();
  Equations common;
  if (all_inputs_are_of(*network, type)) common = common_equations(query);
  if (common.empty() && !has_definitions(query)) return std::nullopt;
  std::optional<Rewriting> rewriting(std::in_place, query, type, common);
  const bool has_numbers = type == DataType::float32 || type == DataType::float64;
  if (!rewriting->is_possible() || (rewriting->needs_constants() && !has_numbers))
    rewriting.emplace(query, type, Equations());
  EquatedInputs result;
  result.query = rewriting->rewritten();
  if (!rewriting->substitutes() && !rewriting->has_widened()) return std::nullopt;
  result.definitions = rewriting->definitions();
  result.network =
      rewriting->substitutes() ? with_derived_inputs(*network, rewriting->derived()) : network;
  return result;
}

}  // namespace clipbound::specs
