#include "specs/vnnlib/check.h"

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "specs/query/definition.h"

namespace clipbound::specs {
namespace {

constexpr std::size_t kMaxWarnings = 50;
// Queries with more rows than this are not searched for opposite rows; they come from generators,
// not from hands.
constexpr std::size_t kMaxCheckedRows = 200'000;

void append(std::vector<std::string>& warnings, std::string message) {
  if (warnings.size() < kMaxWarnings) {
    warnings.push_back(std::move(message));
  } else if (warnings.size() == kMaxWarnings) {
    warnings.emplace_back("further warnings are left out");
  }
}

std::string line_of(const Query& query, const Clause& clause) {
  return query.source + ":" + std::to_string(clause.line) + ": ";
}

void check_gapless(const std::vector<std::uint32_t>& declared, const char* letter,
                   const SourceText& source) {
  if (declared.empty())
    throw InputError(source.name() + ":1:1: no variable " + letter + "_0 is declared");
  for (std::size_t i = 0; i < declared.size(); ++i) {
    if (declared[i] != Ast::kUndeclared) continue;
    const auto later =
        std::find_if(declared.begin() + static_cast<std::ptrdiff_t>(i), declared.end(),
                     [](std::uint32_t offset) { return offset != Ast::kUndeclared; });
    source.fail(*later, std::string(letter) + "_" + std::to_string(later - declared.begin()) +
                            " is declared, but " + letter + "_" + std::to_string(i) +
                            " is not: indices run from 0 without gaps");
  }
}

// A row's left side up to its sign: opposite rows have the same hash and different `flipped`.
struct Side {
  std::size_t hash = 0;
  bool flipped = false;
  const Row* row = nullptr;
};

Side side_of(const Row& row) {
  Side side{0, sgn(row.terms.front().coefficient.exact) < 0, &row};
  for (const Term& term : row.terms) {
    const double size = side.flipped ? -term.coefficient.upper : term.coefficient.lower;
    const auto place =
        static_cast<std::size_t>(term.index) * 2 + (term.of == Term::Of::input ? 1U : 0U);
    side.hash =
        (side.hash ^ std::bit_cast<std::uint64_t>(size) ^ (place << 20)) * 0x9E3779B97F4A7C15ULL;
    side.hash ^= side.hash >> 29;
  }
  return side;
}

bool opposite(const Row& a, const Row& b) {
  return std::equal(a.terms.begin(), a.terms.end(), b.terms.begin(), b.terms.end(),
                    [](const Term& s, const Term& t) {
                      return s.of == t.of && s.index == t.index &&
                             s.coefficient.exact == -t.coefficient.exact;
                    });
}

// For opposite rows: the sign of the gap between the two half-spaces (positive: they overlap, zero:
// they touch).
int overlap(const Row& a, const Row& b) {
  return sgn(mpq_class(a.threshold.exact + b.threshold.exact));
}

// An equation between inputs may hold by a rounding alone (definition.h): its rows contradict none.
bool holds_by_rounding(const Row& row) {
  const auto definition = definition_of(row);
  return definition && !definition->is_exact();
}

bool contradictory(const Row& a, const Row& b) {
  if (holds_by_rounding(a) || holds_by_rounding(b)) return false;
  const int sign = overlap(a, b);
  return opposite(a, b) && (sign < 0 || (sign == 0 && (a.strict || b.strict)));
}

bool covering(const Row& a, const Row& b) {
  const int sign = overlap(a, b);
  return opposite(a, b) && (sign > 0 || (sign == 0 && !(a.strict && b.strict)));
}

bool has_contradiction(const Clause& clause) {
  if (clause.rows.size() < 2) return false;
  std::vector<Side> sides;
  sides.reserve(clause.rows.size());
  for (const Row& row : clause.rows) sides.push_back(side_of(row));
  std::sort(sides.begin(), sides.end(),
            [](const Side& a, const Side& b) { return a.hash < b.hash; });
  for (std::size_t begin = 0, end = 0; begin < sides.size(); begin = end) {
    while (end < sides.size() && sides[end].hash == sides[begin].hash) ++end;
    // Of the rows on one side only the tightest matters, but there are rarely more than two in all.
    const std::size_t last = std::min(end, begin + 64);
    for (std::size_t i = begin; i < last; ++i) {
      for (std::size_t j = i + 1; j < last; ++j) {
        if (sides[i].flipped != sides[j].flipped && contradictory(*sides[i].row, *sides[j].row))
          return true;
      }
    }
  }
  return false;
}

std::size_t row_count(const Query& query) {
  std::size_t count = 0;
  for (const Clause& clause : query.clauses) count += clause.rows.size();
  return count;
}

void warn_of_covering(Query& query) {
  struct Single {
    const Box* box;
    Side side;
    const Clause* clause;
  };
  std::vector<Single> singles;
  for (const Clause& clause : query.clauses) {
    if (clause.rows.size() == 1)
      singles.push_back({clause.box.get(), side_of(clause.rows.front()), &clause});
  }
  const auto key = [](const Single& s) { return std::tuple(s.box, s.side.hash); };
  std::stable_sort(singles.begin(), singles.end(),
                   [&](const auto& a, const auto& b) { return key(a) < key(b); });
  for (std::size_t i = 1; i < singles.size(); ++i) {
    const Single &a = singles[i - 1], &b = singles[i];
    if (key(a) != key(b) || !covering(*a.side.row, *b.side.row)) continue;
    append(query.warnings,
           line_of(query, *b.clause) + "together with the case of line " +
               std::to_string(a.clause->line) +
               " this covers all outputs: every point of the box is a counterexample");
  }
}

}  // namespace

void add_warning(std::vector<std::string>& warnings, const SourceText& source, std::uint32_t offset,
                 const std::string& message) {
  if (warnings.size() <= kMaxWarnings) append(warnings, source.place(offset) + ": " + message);
}

void check_declarations(const Ast& ast, const SourceText& source) {
  check_gapless(ast.inputs, "X", source);
  check_gapless(ast.outputs, "Y", source);
}

void drop_contradictions(Query& query) {
  if (row_count(query) > kMaxCheckedRows) return;
  std::erase_if(query.clauses, [&](const Clause& clause) {
    if (!has_contradiction(clause)) return false;
    append(query.warnings,
           line_of(query, clause) +
               "two rows of this case contradict each other: no output satisfies it");
    return true;
  });
}

void warn_of_trivial_sets(Query& query) {
  for (const Clause& clause : query.clauses) {
    const bool on_outputs = std::any_of(clause.rows.begin(), clause.rows.end(), [](const Row& row) {
      return std::any_of(row.terms.begin(), row.terms.end(),
                         [](const Term& t) { return t.of == Term::Of::output; });
    });
    if (!on_outputs) {
      append(query.warnings,
             line_of(query, clause) +
                 "this case does not restrict the outputs: it asks for inputs alone");
    }
  }
  if (query.clauses.empty()) {
    query.warnings.push_back(
        query.source + ": the unsafe set is empty, the property holds whatever the network is");
  }
  if (row_count(query) <= kMaxCheckedRows) warn_of_covering(query);
}

}  // namespace clipbound::specs
