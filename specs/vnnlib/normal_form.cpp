// A depth-first walk over the cases. What holds in all of them (everything outside an `or`) is
// taken in once; each `or` is a choice, the first of the file the outermost. Taking in a formula
// adds bounds to the box and rows to the list, and both remember what to undo. A case ends early
// where a comparison cannot hold or the box becomes empty.
#include "specs/vnnlib/normal_form.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/rounding.h"
#include "specs/query/number.h"
#include "specs/vnnlib/box_state.h"
#include "specs/vnnlib/carried_bounds.h"
#include "specs/vnnlib/check.h"
#include "specs/vnnlib/declarations.h"
#include "specs/vnnlib/linear_form.h"
#include "specs/vnnlib/product_form.h"

namespace clipbound::specs {
namespace {

constexpr int kMostUnequal = 10;

// What a row takes in memory, roughly, so that a cross product can be stopped before the machine is
// full.
std::size_t bytes_of(const Number& number) {
  return (mpz_size(number.exact.get_num_mpz_t()) + mpz_size(number.exact.get_den_mpz_t())) *
             sizeof(mp_limb_t) +
         64;
}
std::size_t bytes_of(const Row& row) {
  std::size_t bytes = sizeof(Row) + bytes_of(row.threshold);
  for (const Term& term : row.terms) bytes += sizeof(Term) + bytes_of(term.coefficient);
  return bytes;
}

class NormalForm {
 public:
  NormalForm(const Ast& ast, const SourceText& source, const VnnlibLimits& limits,
             JointQuery& result);
  void run();

 private:
  // A disjunction that is being gone through, and the state to return to before its next
  // alternative.
  struct Choice {
    std::uint32_t node = 0;
    std::uint32_t next = 0;   // child node; for `not_equal` 0, 1, 2 (below, above, done)
    std::uint32_t taken = 0;  // offset of the alternative
    std::size_t waiting_begin = 0, waiting_end = 0, rows = 0, box = 0;
  };

  void bound_by_types();
  bool carry();
  bool take(std::uint32_t root);
  bool take_leaf(std::uint32_t node);
  bool take_comparison(std::uint32_t node, Relation relation);
  bool take_bound(std::uint32_t node, Relation relation, std::uint32_t input, bool turned,
                  const FloatNeighbours& value);
  bool take_constant(std::uint32_t node, int sign, Relation relation);
  LinearForm form_of(std::uint32_t node);
  void mark_definition(std::uint32_t node);
  void warn_once(std::uint32_t node, const std::string& why);
  bool dead_end(std::uint32_t node, const std::string& why);
  bool leaves_out(std::uint32_t node);
  void open_choice();
  bool next_case();
  bool next_alternative(Choice& choice);
  void emit();
  [[noreturn]] void fail_unbounded(std::uint32_t offset) const;
  std::string input_name(std::uint32_t input) const;
  void count_bytes(std::size_t bytes, std::uint32_t offset);
  std::uint32_t case_offset() const;

  const Ast& ast_;
  const SourceText& source_;
  const VnnlibLimits& limits_;
  JointQuery& result_;
  Query& query_;
  ProductTable products_;
  std::unordered_map<std::uint32_t, LinearForm> forms_;  // of comparisons that multiply variables
  BoxState box_;
  std::vector<Row> rows_;
  // Disjunctions of the current case; those before waiting_begin_ are choices.
  std::vector<std::uint32_t> waiting_;
  std::size_t waiting_begin_ = 0;
  std::vector<Choice> choices_;
  std::size_t dropped_ = 0, bytes_ = 0;
  std::unordered_set<std::uint32_t> warned_;
};

NormalForm::NormalForm(const Ast& ast, const SourceText& source, const VnnlibLimits& limits,
                       JointQuery& result)
    : ast_(ast),
      source_(source),
      limits_(limits),
      result_(result),
      query_(result.query),
      products_(query_.output_size),
      box_(static_cast<std::size_t>(query_.input_size)) {}

void NormalForm::run() {
  bound_by_types();
  bool possible = true;
  for (const std::uint32_t root : ast_.roots) possible = possible && take(root);
  if (possible && !box_.bounded()) possible = carry();
  box_.start_recording();
  while (possible) {
    if (waiting_begin_ < waiting_.size()) {
      if (leaves_out(waiting_[waiting_begin_])) {
        ++waiting_begin_;
        continue;
      }
      open_choice();
    } else {
      emit();
    }
    possible = next_case();
  }
  result_.products = std::move(products_.products());
  query_.output_size += static_cast<std::int64_t>(result_.products.size());
}

// Inputs of an integer type have its values alone. Those that the model gives need no bound, and
// those whose values no formula can compare cannot have one.
void NormalForm::bound_by_types() {
  for (const DeclaredNetwork& network : result_.networks) {
    for (const DeclaredTensor& tensor : network.tensors) {
      if (tensor.kind != DeclaredTensor::Kind::input) continue;
      const std::int64_t end = tensor.first + element_count(tensor.shape);
      if (tensor.initialized || kind_of(tensor.type) == TypeKind::other)
        box_.exempt(static_cast<std::size_t>(tensor.first), static_cast<std::size_t>(end));
      if (kind_of(tensor.type) != TypeKind::integer) continue;
      const TypeRange range = range_of(tensor.type);
      const InputInterval values = intersection(lower_edges(decimal_neighbours(range.least)),
                                                upper_edges(decimal_neighbours(range.greatest)));
      for (std::int64_t i = tensor.first; i < end; ++i)
        box_.tighten(static_cast<std::uint32_t>(i), values);
    }
  }
}

// Bounds that other inputs' bounds and the rows give. VNN-LIB 1.0 asks for them in the file.
bool NormalForm::carry() {
  if (result_.networks.empty() || carry_bounds(rows_, box_)) return true;
  add_warning(query_.warnings, source_, case_offset(),
              "the rows on the inputs leave no value for one of them: this case is dropped");
  return false;
}

// Each place is named once, in however many cases it recurs.
void NormalForm::warn_once(std::uint32_t node, const std::string& why) {
  if (warned_.size() < 1000 && warned_.insert(node).second)
    add_warning(query_.warnings, source_, ast_.nodes[node].offset, why);
}

bool NormalForm::dead_end(std::uint32_t node, const std::string& why) {
  warn_once(node, why);
  return false;
}

// Takes in a conjunction; the disjunctions in it wait. False where it cannot hold.
bool NormalForm::take(std::uint32_t root) {
  const std::uint32_t end = ast_.nodes[root].end;
  for (std::uint32_t i = root; i < end;) {
    const AstNode& node = ast_.nodes[i];
    if (node.kind == NodeKind::both) {
      ++i;  // into its children; nested conjunctions are one
    } else {
      if (!take_leaf(i)) return false;
      i = node.end;
    }
  }
  return true;
}

bool NormalForm::take_leaf(std::uint32_t i) {
  const AstNode& node = ast_.nodes[i];
  switch (node.kind) {
    case NodeKind::truth: return true;
    case NodeKind::falsehood: return false;
    case NodeKind::either: waiting_.push_back(i); return true;
    default: break;
  }
  if (node.relation == Relation::not_equal) {
    waiting_.push_back(i);
    return true;
  }
  return take_comparison(i, node.relation);
}

bool NormalForm::take_comparison(std::uint32_t i, Relation relation) {
  const AstNode& node = ast_.nodes[i];
  if (node.kind == NodeKind::compare_atoms) {
    // The bulk of large files: an input and a number.
    if (node.left_kind == Atom::Kind::input && node.right_kind == Atom::Kind::number) {
      return take_bound(i, relation, node.left, false,
                        decimal_neighbours(source_.number(node.right)));
    }
    if (node.left_kind == Atom::Kind::number && node.right_kind == Atom::Kind::input) {
      return take_bound(i, relation, node.right, true,
                        decimal_neighbours(source_.number(node.left)));
    }
  }
  const LinearForm form = form_of(i);
  if (form.terms.empty()) return take_constant(i, sgn(form.constant), relation);
  const LinearTerm& term = form.terms.front();
  if (form.terms.size() > 1 || term.of == Term::Of::output) {
    append_rows(form, relation, rows_);
    if (relation == Relation::equal) mark_definition(i);
    return true;
  }
  // c X + d R 0  is  X R -d/c, the relation turned round for negative c.
  const FloatNeighbours value = rational_neighbours(mpq_class(-form.constant / term.coefficient));
  return take_bound(i, relation, static_cast<std::uint32_t>(term.index), sgn(term.coefficient) < 0,
                    value);
}

LinearForm NormalForm::form_of(std::uint32_t i) {
  const AstNode& node = ast_.nodes[i];
  const bool multiplies = node.kind == NodeKind::compare && node.left != 0;
  if (!multiplies) return difference(ast_, source_, i);
  // Many cases may take in the same comparison, and expanding it costs more than keeping it.
  const auto [known, added] = forms_.try_emplace(i);
  if (added) known->second = difference_with_products(ast_, source_, i, products_);
  return known->second;
}

std::string NormalForm::input_name(std::uint32_t input) const {
  return result_.networks.empty() ? "X_" + std::to_string(input)
                                  : element_name(result_.networks, true, input);
}

// The two rows of an equation between two inputs, one of which stands alone: X_1 = 0.5 X_8 + 0.1.
void NormalForm::mark_definition(std::uint32_t node) {
  const std::int32_t lone = lone_input(ast_, node);
  // Products of inputs that cancel are computed otherwise, and integers without rounding.
  const bool is_integer = lone >= 0 && !result_.networks.empty() &&
                          kind_of(type_of_input(result_.networks, lone)) == TypeKind::integer;
  if (lone < 0 || ast_.nodes[node].left != 0 || is_integer || !names_two_inputs(ast_, node)) return;
  const std::shared_ptr<const WrittenTerm> written = written_side(ast_, source_, node, lone);
  for (auto row = rows_.end() - 2; row != rows_.end(); ++row) {
    const auto is_lone = [lone](const Term& term) {
      return term.of == Term::Of::input && term.index == lone && abs(term.coefficient.exact) == 1;
    };
    const bool of_inputs = row->terms.size() == 2 && row->terms[1].of == Term::Of::input;
    if (of_inputs && (is_lone(row->terms[0]) || is_lone(row->terms[1]))) {
      row->defines = lone;
      row->written = written;
    }
  }
}

bool NormalForm::take_constant(std::uint32_t node, int sign, Relation relation) {
  bool holds = false;
  switch (relation) {
    case Relation::less_equal: holds = sign <= 0; break;
    case Relation::less: holds = sign < 0; break;
    case Relation::greater_equal: holds = sign >= 0; break;
    case Relation::greater: holds = sign > 0; break;
    case Relation::equal: holds = sign == 0; break;
    case Relation::not_equal: holds = sign != 0; break;
  }
  return holds || dead_end(node, "this comparison never holds: the cases that need it are dropped");
}

// The comparison `node` with `relation`, which says X_input <relation> value (`turned`: value
// <relation> X_input).
bool NormalForm::take_bound(std::uint32_t node, Relation relation, std::uint32_t input, bool turned,
                            const FloatNeighbours& value) {
  const Relation of_x = turned ? mirrored(relation) : relation;
  const bool below =
      of_x == Relation::less_equal || of_x == Relation::less || of_x == Relation::equal;
  const bool above =
      of_x == Relation::greater_equal || of_x == Relation::greater || of_x == Relation::equal;
  bool possible = true;
  if (below) possible = box_.tighten(input, upper_edges(value));
  if (above) possible = box_.tighten(input, lower_edges(value)) && possible;
  if (!possible) {
    return dead_end(node, "with this bound no value is left for " + input_name(input) +
                              ": the cases that need it are dropped");
  }
  // The box holds its edges; strictness is left to an exact row.
  if (relation == Relation::less || relation == Relation::greater) {
    append_rows(form_of(node), relation, rows_);
  }
  return true;
}

// Each `!=` doubles the cases of those before it. Where that would be too many, the clauses ask for
// more points than the file, and counterexamples are held against its formula.
bool NormalForm::leaves_out(std::uint32_t node) {
  const auto is_unequal = [&](std::uint32_t n) { return ast_.nodes[n].kind != NodeKind::either; };
  if (result_.networks.empty() || !is_unequal(node) ||
      std::count_if(choices_.begin(), choices_.end(),
                    [&](const Choice& choice) { return is_unequal(choice.node); }) < kMostUnequal)
    return false;
  result_.leaves_out = true;
  warn_once(node, "more than " + std::to_string(kMostUnequal) +
                      " comparisons with != in one case: unsat is proved without this one");
  return true;
}

void NormalForm::open_choice() {
  Choice choice;
  choice.node = waiting_[waiting_begin_++];
  choice.next = ast_.nodes[choice.node].kind == NodeKind::either ? choice.node + 1 : 0;
  choice.waiting_begin = waiting_begin_;
  choice.waiting_end = waiting_.size();
  choice.rows = rows_.size();
  choice.box = box_.mark();
  choices_.push_back(choice);
}

// Goes to the next alternative that is not a dead end; false where all cases are done.
bool NormalForm::next_case() {
  while (!choices_.empty()) {
    Choice& choice = choices_.back();
    box_.undo(choice.box);
    rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(choice.rows), rows_.end());
    waiting_.resize(choice.waiting_end);
    waiting_begin_ = choice.waiting_begin;
    const AstNode& node = ast_.nodes[choice.node];
    if (choice.next == (node.kind == NodeKind::either ? node.end : 2U)) {
      choices_.pop_back();
    } else if (next_alternative(choice)) {
      return true;
    } else if (++dropped_ > 10 * limits_.max_clauses && dropped_ > ast_.nodes.size()) {
      source_.fail(case_offset(), "the property has too many cases");
    }
  }
  return false;
}

bool NormalForm::next_alternative(Choice& choice) {
  const AstNode& node = ast_.nodes[choice.node];
  if (node.kind == NodeKind::either) {
    const std::uint32_t child = choice.next;
    choice.next = ast_.nodes[child].end;
    choice.taken = ast_.nodes[child].offset;
    return take(child);
  }
  choice.taken = node.offset;
  return take_comparison(choice.node, choice.next++ == 0 ? Relation::less : Relation::greater);
}

// Where the current case begins: at its outermost alternative, or at the first assert.
std::uint32_t NormalForm::case_offset() const {
  if (!choices_.empty()) return choices_.front().taken;
  return ast_.roots.empty() ? 0 : ast_.nodes[ast_.roots.front()].offset;
}

void NormalForm::count_bytes(std::size_t bytes, std::uint32_t offset) {
  bytes_ += bytes;
  if (bytes_ > limits_.max_form_bytes) {
    source_.fail(offset, "the property's cases need more than " +
                             std::to_string(limits_.max_form_bytes >> 20) + " MiB");
  }
}

void NormalForm::fail_unbounded(std::uint32_t offset) const {
  const std::uint32_t input = box_.first_unbounded();
  const bool below = box_[input].hull.lower == -kInfinity;
  const std::string message = input_name(input) + " has no " + (below ? "lower" : "upper") +
                              " bound in the case of line " + std::to_string(source_.line(offset));
  if (result_.networks.empty()) source_.fail(ast_.inputs[input], message);
  throw InputError(place_of_input(result_.networks, input) + ": " + message);
}

void NormalForm::emit() {
  const std::uint32_t offset = case_offset();
  if (!box_.bounded() && !carry()) return;
  if (!box_.bounded()) fail_unbounded(offset);
  if (query_.clauses.size() >= limits_.max_clauses) {
    source_.fail(offset,
                 "the property has more than " + std::to_string(limits_.max_clauses) + " cases");
  }
  std::size_t bytes = sizeof(Clause);
  for (const Row& row : rows_) bytes += bytes_of(row);
  Clause clause;
  clause.box = box_.shared(bytes);
  count_bytes(bytes, offset);
  clause.rows = rows_;
  clause.line = source_.line(offset);
  query_.clauses.push_back(std::move(clause));
}

}  // namespace

Query normal_form(Ast ast, const SourceText& source, const VnnlibLimits& limits) {
  JointQuery result;
  result.query.input_size = static_cast<std::int64_t>(ast.inputs.size());
  result.query.output_size = static_cast<std::int64_t>(ast.outputs.size());
  result.query.warnings = std::move(ast.warnings);
  normal_form(ast, source, limits, result);
  return std::move(result.query);
}

void normal_form(const Ast& ast, const SourceText& source, const VnnlibLimits& limits,
                 JointQuery& result) {
  result.query.source = source.name();
  NormalForm(ast, source, limits, result).run();
}

}  // namespace clipbound::specs
