// The formula is cut into scopes: the assertions together, and each alternative of each `or` in a
// scope. Bottom up, a scope gets the ranges that its comparisons of atoms leave, its disjunctions'
// as the hull of their alternatives'; then, from the outermost inwards, every comparison that
// calculates is evaluated on what its scope and those around it leave.
#include "specs/vnnlib/integer_arithmetic.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <utility>

#include "specs/query/number.h"
#include "specs/vnnlib/declarations.h"
#include "specs/vnnlib/fold_term.h"

namespace clipbound::specs {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);
constexpr int kMostPasses = 8;

/// low <= value <= high, of whole numbers.
struct Range {
  mpz_class low, high;
  bool is_empty() const { return low > high; }
};

struct Variable {
  bool input = false;
  std::uint32_t number = 0;
  std::uint64_t key() const { return (std::uint64_t{number} << 1) | (input ? 1U : 0U); }
};
using Ranges = std::unordered_map<std::uint64_t, Range>;

std::optional<Variable> variable_of(Atom::Kind kind, std::uint32_t value) {
  if (kind == Atom::Kind::input) return Variable{true, value};
  if (kind == Atom::Kind::output) return Variable{false, value};
  return std::nullopt;
}

/// The declared tensors, to be found by their elements.
class Types {
 public:
  explicit Types(const std::vector<DeclaredNetwork>& networks) {
    for (const DeclaredNetwork& network : networks)
      for (const DeclaredTensor& tensor : network.tensors) {
        Entry entry{&tensor, {}};
        if (kind_of(tensor.type) == TypeKind::integer) {
          const TypeRange range = range_of(tensor.type);
          entry.range = {mpz_class(range.least), mpz_class(range.greatest)};
          any_ = true;
        }
        (tensor.kind == DeclaredTensor::Kind::input ? inputs_ : outputs_).push_back(entry);
      }
  }
  bool any() const { return any_; }
  /// The tensor of an element that is an integer, or nullptr.
  const DeclaredTensor* tensor(const Variable& variable) const {
    const DeclaredTensor* const tensor = entry(variable).tensor;
    return kind_of(tensor->type) == TypeKind::integer ? tensor : nullptr;
  }
  const Range& range(const Variable& variable) const { return entry(variable).range; }

 private:
  struct Entry {
    const DeclaredTensor* tensor;
    Range range;
  };
  const Entry& entry(const Variable& variable) const {
    const std::vector<Entry>& entries = variable.input ? inputs_ : outputs_;
    return *std::prev(std::upper_bound(
        entries.begin(), entries.end(), static_cast<std::int64_t>(variable.number),
        [](std::int64_t number, const Entry& entry) { return number < entry.tensor->first; }));
  }
  std::vector<Entry> inputs_, outputs_;  // in the order of their elements
  bool any_ = false;
};

/// What `x <relation> bound` leaves of a range, `bound` being anywhere in its own.
void narrow(Range& x, Relation relation, const Range& bound) {
  switch (relation) {
    case Relation::less_equal: x.high = std::min(x.high, bound.high); break;
    case Relation::less: x.high = std::min<mpz_class>(x.high, bound.high - 1); break;
    case Relation::greater_equal: x.low = std::max(x.low, bound.low); break;
    case Relation::greater: x.low = std::max<mpz_class>(x.low, bound.low + 1); break;
    case Relation::equal:
      x.low = std::max(x.low, bound.low);
      x.high = std::min(x.high, bound.high);
      break;
    case Relation::not_equal:
      if (bound.low != bound.high) break;
      if (x.low == bound.low) x.low += 1;
      if (x.high == bound.low) x.high -= 1;
      break;
  }
}

struct Scope {
  std::size_t around = kNone;
  std::vector<std::uint32_t> pairs;      // comparisons of two variables
  std::vector<std::uint32_t> calculate;  // comparisons of integers that calculate
  std::vector<std::uint32_t> eithers;
  std::vector<std::vector<std::size_t>> alternatives;  // scopes, by `eithers`
  Ranges left;                                         // of the variables that it narrows
  bool possible = true;
};

class Search {
 public:
  Search(const Ast& ast, const SourceText& source, const std::vector<DeclaredNetwork>& networks)
      : ast_(ast), source_(source), networks_(networks), types_(networks) {}

  std::string run() {
    if (!types_.any()) return "";
    cut();
    for (std::size_t s = scopes_.size(); s-- > 0;) gather(scopes_[s]);
    return search();
  }

 private:
  void cut();
  void take_in(std::size_t scope, std::uint32_t root);
  void take_leaf(Scope& scope, std::uint32_t node);
  void take_bound(Scope& scope, const Variable& variable, Relation relation,
                  const mpz_class& number) const;
  void take_calculated_bound(Scope& scope, std::uint32_t comparison) const;
  bool has_variables(std::uint32_t term) const;
  mpz_class number_at(std::uint32_t offset) const {
    return mpz_class(decimal_value(source_.number(offset)));
  }
  void gather(Scope& scope) const;
  Ranges hull(const std::vector<std::size_t>& alternatives, bool& possible) const;
  std::string search();
  bool enter(const Scope& scope);
  void set(std::uint64_t key, const Range& range);
  void leave(std::size_t mark);
  Range range(const Variable& variable) const {
    const auto known = now_.find(variable.key());
    return known == now_.end() ? types_.range(variable) : known->second;
  }
  const DeclaredTensor* tensor_of(std::uint32_t comparison) const;
  Range value_of(std::uint32_t term, std::uint32_t comparison, const DeclaredTensor& tensor,
                 std::string& why) const;
  std::string why_leaves(std::uint32_t comparison) const;
  std::string message(std::uint32_t node, const Range& value, const DeclaredTensor& tensor,
                      bool negation) const;

  const Ast& ast_;
  const SourceText& source_;
  const std::vector<DeclaredNetwork>& networks_;
  const Types types_;
  std::vector<Scope> scopes_;  // each after those around it, in preorder
  Ranges now_;                 // around the scope at hand
  std::vector<std::pair<std::uint64_t, std::optional<Range>>> trail_;
};

void Search::cut() {
  struct Part {
    std::size_t around, either;
    std::uint32_t node;
  };
  std::vector<Part> open;
  const auto open_alternatives = [&](std::size_t s) {
    const auto before = static_cast<std::ptrdiff_t>(open.size());
    for (std::size_t e = 0; e < scopes_[s].eithers.size(); ++e) {
      const std::uint32_t either = scopes_[s].eithers[e];
      for (std::uint32_t n = either + 1; n < ast_.nodes[either].end; n = ast_.nodes[n].end)
        open.push_back({s, e, n});
    }
    std::reverse(open.begin() + before, open.end());
    scopes_[s].alternatives.resize(scopes_[s].eithers.size());
  };
  scopes_.emplace_back();
  for (const std::uint32_t root : ast_.roots) take_in(0, root);
  open_alternatives(0);
  while (!open.empty()) {
    const Part part = open.back();
    open.pop_back();
    const std::size_t s = scopes_.size();
    scopes_.emplace_back().around = part.around;
    scopes_[part.around].alternatives[part.either].push_back(s);
    take_in(s, part.node);
    open_alternatives(s);
  }
}

void Search::take_in(std::size_t scope, std::uint32_t root) {
  for (std::uint32_t n = root; n < ast_.nodes[root].end;) {
    if (ast_.nodes[n].kind == NodeKind::both) {
      ++n;
    } else {
      take_leaf(scopes_[scope], n);
      n = ast_.nodes[n].end;
    }
  }
}

void Search::take_leaf(Scope& scope, std::uint32_t n) {
  const AstNode& node = ast_.nodes[n];
  switch (node.kind) {
    case NodeKind::falsehood: scope.possible = false; return;
    case NodeKind::either: scope.eithers.push_back(n); return;
    case NodeKind::compare:
      if (tensor_of(n) != nullptr) {
        scope.calculate.push_back(n);
        take_calculated_bound(scope, n);
      }
      return;
    case NodeKind::compare_atoms: break;
    default: return;
  }
  const std::optional<Variable> left = variable_of(node.left_kind, node.left),
                                right = variable_of(node.right_kind, node.right);
  if (tensor_of(n) == nullptr) return;
  if (left && right) {
    scope.pairs.push_back(n);
  } else if (left) {
    take_bound(scope, *left, node.relation, number_at(node.right));
  } else if (right) {
    take_bound(scope, *right, mirrored(node.relation), number_at(node.left));
  }
}

/// (>= X (- 4)): a variable, and numbers that are calculated in its type.
void Search::take_calculated_bound(Scope& scope, std::uint32_t n) const {
  const std::uint32_t sides[] = {n + 1, ast_.nodes[n + 1].end};
  for (const bool turned : {false, true}) {
    const AstNode& side = ast_.nodes[sides[turned ? 1 : 0]];
    const std::uint32_t other = sides[turned ? 0 : 1];
    const auto variable = variable_of(side.left_kind, side.left);
    if (side.kind != NodeKind::atom || !variable || has_variables(other)) continue;
    std::string why;
    const Range number = value_of(other, n, *tensor_of(n), why);
    if (!why.empty()) return;
    const Relation relation = ast_.nodes[n].relation;
    take_bound(scope, *variable, turned ? mirrored(relation) : relation, number.low);
  }
}

bool Search::has_variables(std::uint32_t term) const {
  const auto begin = ast_.nodes.begin();
  return std::any_of(begin + term, begin + ast_.nodes[term].end, [](const AstNode& node) {
    return variable_of(node.left_kind, node.left).has_value();
  });
}

void Search::take_bound(Scope& scope, const Variable& variable, Relation relation,
                        const mpz_class& number) const {
  Range& range = scope.left.try_emplace(variable.key(), types_.range(variable)).first->second;
  narrow(range, relation, {number, number});
  if (range.is_empty()) scope.possible = false;
}

/// What comparisons of atoms in all of its alternatives leave.
Ranges Search::hull(const std::vector<std::size_t>& alternatives, bool& possible) const {
  Ranges all;
  possible = false;
  for (const std::size_t s : alternatives) {
    const Scope& scope = scopes_[s];
    if (!scope.possible) continue;
    if (!possible) all = scope.left;
    possible = true;
    std::erase_if(all, [&](const auto& entry) { return !scope.left.contains(entry.first); });
    for (auto& [key, range] : all) {
      const Range& other = scope.left.at(key);
      range.low = std::min(range.low, other.low);
      range.high = std::max(range.high, other.high);
    }
  }
  return all;
}

void Search::gather(Scope& scope) const {
  for (const std::vector<std::size_t>& alternatives : scope.alternatives) {
    bool possible = true;
    for (const auto& [key, range] : hull(alternatives, possible)) {
      const auto [known, added] = scope.left.try_emplace(key, range);
      if (!added) narrow(known->second, Relation::equal, range);
      if (known->second.is_empty()) scope.possible = false;
    }
    if (!possible) scope.possible = false;
  }
}

void Search::set(std::uint64_t key, const Range& range) {
  const auto known = now_.find(key);
  trail_.emplace_back(key, known == now_.end() ? std::nullopt : std::optional(known->second));
  now_[key] = range;
}

void Search::leave(std::size_t mark) {
  for (; trail_.size() > mark; trail_.pop_back()) {
    auto& [key, before] = trail_.back();
    if (before) {
      now_[key] = std::move(*before);
    } else {
      now_.erase(key);
    }
  }
}

/// Narrows what is around the scope to what is in it; false where that is nothing.
bool Search::enter(const Scope& scope) {
  if (!scope.possible) return false;
  for (const auto& [key, left] : scope.left) {
    Range both = left;
    if (const auto known = now_.find(key); known != now_.end())
      narrow(both, Relation::equal, known->second);
    if (both.is_empty()) return false;
    set(key, both);
  }
  bool changes = true;
  for (int pass = 0; pass < kMostPasses && changes; ++pass) {
    changes = false;
    for (const std::uint32_t n : scope.pairs) {
      const AstNode& node = ast_.nodes[n];
      const Variable left = *variable_of(node.left_kind, node.left),
                     right = *variable_of(node.right_kind, node.right);
      const auto take = [&](const Variable& x, Relation relation, const Variable& bound) {
        const Range before = range(x);
        Range after = before;
        narrow(after, relation, range(bound));
        if (after.low == before.low && after.high == before.high) return true;
        set(x.key(), after);
        changes = true;
        return !after.is_empty();
      };
      if (!take(left, node.relation, right) || !take(right, mirrored(node.relation), left))
        return false;
    }
  }
  return true;
}

std::string Search::search() {
  std::vector<std::pair<std::size_t, std::size_t>> inside;  // scopes, and the trail's marks
  for (std::size_t s = 0; s < scopes_.size(); ++s) {
    Scope& scope = scopes_[s];
    while (!inside.empty() && inside.back().first != scope.around) {
      leave(inside.back().second);
      inside.pop_back();
    }
    // What is in a scope that nothing satisfies says nothing.
    if (scope.around != kNone && !scopes_[scope.around].possible) scope.possible = false;
    inside.emplace_back(s, trail_.size());
    scope.possible = enter(scope);
    if (!scope.possible) continue;
    for (const std::uint32_t comparison : scope.calculate)
      if (std::string why = why_leaves(comparison); !why.empty()) return why;
  }
  return "";
}

/// The integers that a comparison is about: it has one type.
const DeclaredTensor* Search::tensor_of(std::uint32_t comparison) const {
  for (std::uint32_t n = comparison; n < ast_.nodes[comparison].end; ++n) {
    const AstNode& node = ast_.nodes[n];
    for (const auto& variable :
         {variable_of(node.left_kind, node.left), variable_of(node.right_kind, node.right)})
      if (variable) return types_.tensor(*variable);
  }
  return nullptr;
}

/// Where a term of a comparison is, by what is known of its variables; `why`, where empty: why an
/// operation may leave the type.
Range Search::value_of(std::uint32_t term, std::uint32_t comparison, const DeclaredTensor& tensor,
                       std::string& why) const {
  const TypeRange limits = range_of(tensor.type);
  const mpz_class least(limits.least), greatest(limits.greatest);
  const auto check = [&](Range& value, std::uint32_t node, bool negation) {
    if (value.low >= least && value.high <= greatest) return;
    if (why.empty()) why = message(node, value, tensor, negation);
    value = {0, 0};  // what follows is of no interest
  };
  const auto atom = [&](Atom::Kind kind, std::uint32_t value) {
    if (const auto variable = variable_of(kind, value)) return range(*variable);
    const mpz_class number = number_at(value);
    return Range{number, number};
  };
  const auto combine = [&](std::uint32_t node, Range& value, const Range& argument) {
    if (ast_.nodes[node].kind == NodeKind::plus) {
      value = {value.low + argument.low, value.high + argument.high};
    } else if (ast_.nodes[node].kind == NodeKind::minus) {
      value = {value.low - argument.high, value.high - argument.low};
    } else {
      const mpz_class ends[] = {value.low * argument.low, value.low * argument.high,
                                value.high * argument.low, value.high * argument.high};
      const auto [low, high] = std::minmax_element(std::begin(ends), std::end(ends));
      value = {*low, *high};
    }
    check(value, node, false);
  };
  const auto negate = [&](Range& value) {
    value = {-value.high, -value.low};
    check(value, comparison, true);
  };
  return fold_term<Range>(ast_, term, atom, combine, negate);
}

std::string Search::why_leaves(std::uint32_t comparison) const {
  std::string why;
  for (std::uint32_t side = comparison + 1; side < ast_.nodes[comparison].end;
       side = ast_.nodes[side].end)
    value_of(side, comparison, *tensor_of(comparison), why);
  return why;
}

std::string Search::message(std::uint32_t node, const Range& value, const DeclaredTensor& tensor,
                            bool negation) const {
  const TypeRange limits = range_of(tensor.type);
  const NodeKind kind = ast_.nodes[node].kind;
  const std::string what = negation                  ? "a negation in this comparison"
                           : kind == NodeKind::plus  ? "this sum"
                           : kind == NodeKind::minus ? "this difference"
                                                     : "this product";
  std::string of = "numbers";
  for (std::uint32_t n = node; n < ast_.nodes[node].end; ++n)
    if (const auto variable = variable_of(ast_.nodes[n].left_kind, ast_.nodes[n].left)) {
      of = element_name(networks_, variable->input, variable->number);
      break;
    }
  const mpz_class& beyond = value.high > mpz_class(limits.greatest) ? value.high : value.low;
  return source_.place(ast_.nodes[node].offset) + ": " + what + " with " + of + " may be " +
         beyond.get_str() + ", which is no " + name_of(tensor.type) + " (" + limits.least + " to " +
         limits.greatest +
         "); what becomes of that is not known. Bounds of its variables can exclude it";
}

}  // namespace

std::string why_integers_leave(const Ast& ast, const SourceText& source,
                               const std::vector<DeclaredNetwork>& networks) {
  return Search(ast, source, networks).run();
}

}  // namespace clipbound::specs
