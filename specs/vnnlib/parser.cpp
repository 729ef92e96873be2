#include "specs/vnnlib/parser.h"

#include <algorithm>
#include <initializer_list>

#include "specs/query/number.h"
#include "specs/vnnlib/check.h"
#include "specs/vnnlib/scanner.h"

namespace clipbound::specs {
namespace {

enum class Op : std::uint8_t { both, either, negation, compare, plus, minus, times, divide };

bool takes_formulas(Op op) {
  return op == Op::both || op == Op::either || op == Op::negation;
}
bool gives_formula(Op op) {
  return takes_formulas(op) || op == Op::compare;
}

struct Operator {
  std::string_view name;
  Op op;
  Relation relation = Relation::less_equal;
};

constexpr Operator kOperators[] = {{"<=", Op::compare, Relation::less_equal},
                                   {">=", Op::compare, Relation::greater_equal},
                                   {"and", Op::both},
                                   {"or", Op::either},
                                   {"<", Op::compare, Relation::less},
                                   {">", Op::compare, Relation::greater},
                                   {"=", Op::compare, Relation::equal},
                                   {"distinct", Op::compare, Relation::not_equal},
                                   {"not", Op::negation},
                                   {"+", Op::plus},
                                   {"-", Op::minus},
                                   {"*", Op::times},
                                   {"/", Op::divide}};

const Operator* find_operator(std::string_view name) {
  for (const Operator& candidate : kOperators) {
    if (candidate.name == name) return &candidate;
  }
  return nullptr;
}

// The node that an operator becomes; `negated`: within an odd number of `not`.
NodeKind node_kind(Op op, bool negated) {
  switch (op) {
    case Op::both: return negated ? NodeKind::either : NodeKind::both;
    case Op::either: return negated ? NodeKind::both : NodeKind::either;
    case Op::plus: return NodeKind::plus;
    case Op::minus: return NodeKind::minus;
    case Op::times: return NodeKind::times;
    case Op::divide: return NodeKind::divide;
    default: return NodeKind::compare;
  }
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// What SMT-LIB and VNN-LIB 2.0 know and this reader does not: Unsupported. Any other unknown word
// is an error of the file.
bool is_known_elsewhere(std::string_view word) {
  return is_one_of(word, {"=>",
                          "xor",
                          "ite",
                          "let",
                          "forall",
                          "exists",
                          "!",
                          "abs",
                          "div",
                          "mod",
                          "min",
                          "max",
                          "to_real",
                          "to_int",
                          "is_int",
                          "==",
                          "!=",
                          "^",
                          "define-fun",
                          "define-fun-rec",
                          "define-const",
                          "define-sort",
                          "declare-sort",
                          "declare-datatype",
                          "declare-datatypes",
                          "push",
                          "pop",
                          "reset",
                          "check-sat-assuming",
                          "assert-soft",
                          "minimize",
                          "maximize",
                          "declare-input",
                          "declare-output",
                          "declare-hidden",
                          "Int",
                          "Bool",
                          "String",
                          "Array",
                          "RoundingMode",
                          "Float16",
                          "Float32",
                          "Float64"});
}

struct Variable {
  Atom::Kind kind = Atom::Kind::none;
  std::uint32_t index = 0;
};

// X_<i> or Y_<j> with a plain index; kind none where `name` is neither.
Variable variable_of(std::string_view name) {
  if (name.size() < 3 || name.size() > 20 || name[1] != '_' || (name[0] != 'X' && name[0] != 'Y'))
    return {};
  if (name[2] == '0' && name.size() > 3) return {};
  std::uint64_t index = 0;
  for (const char c : name.substr(2)) {
    if (c < '0' || c > '9') return {};
    index = index * 10 + static_cast<std::uint64_t>(c - '0');
  }
  // Indices past every file's size stay so when they are cut; they are refused where they are
  // declared or used.
  index = std::min<std::uint64_t>(index, 0x7FFFFFFF);
  return {name[0] == 'X' ? Atom::Kind::input : Atom::Kind::output,
          static_cast<std::uint32_t>(index)};
}

class Parser {
 public:
  Parser(const SourceText& source, const VnnlibLimits& limits)
      : source_(source), limits_(limits), lexer_(source) {}
  Ast run();

 private:
  using Kind = Token::Kind;

  // An open bracket of a formula or a term.
  struct Frame {
    std::uint32_t offset = 0;  // of the bracket
    std::uint32_t node = 0;    // none for `not`
    std::uint32_t arguments = 0;
    std::uint32_t variable_arguments = 0;  // those that are not constant
    Op op = Op::both;
    bool negated = false;  // an odd number of `not` around the arguments
  };

  void command(const Token& open);
  void version(const Token& open);
  void declare(bool function);
  void assertion();
  void step();
  void open_bracket(const Token& open, bool formula);
  bool try_compare_atoms(const Token& open, Relation relation);
  void close_bracket();
  void check_arguments(const Frame& frame) const;
  void add_argument(bool variable);
  void formula_atom(const Token& token);
  void skip_rest(const Token& open);
  [[noreturn]] void unknown(const Token& token, const std::string& what) const;
  Token expect(Kind kind, const char* what);
  Variable read_atom(const Token& token) const;
  std::uint32_t add_node(NodeKind kind, std::uint32_t offset);

  const SourceText& source_;
  const VnnlibLimits& limits_;
  Lexer lexer_;
  Ast ast_;
  std::vector<Frame> frames_;
  std::uint32_t command_offset_ = 0;
};

Token Parser::expect(Kind kind, const char* what) {
  const Token token = lexer_.next();
  if (token.kind == kind) return token;
  if (token.kind == Kind::end) source_.fail(command_offset_, "this bracket is never closed");
  source_.fail(token.offset,
               std::string("expected ") + what + ", found " + shown(lexer_.text(token)));
}

std::uint32_t Parser::add_node(NodeKind kind, std::uint32_t offset) {
  AstNode node;
  node.offset = offset;
  node.kind = kind;
  node.end = static_cast<std::uint32_t>(ast_.nodes.size() + 1);
  ast_.nodes.push_back(node);
  return node.end - 1;
}

Ast Parser::run() {
  for (Token token = lexer_.next(); token.kind != Kind::end; token = lexer_.next()) {
    if (token.kind != Kind::open) {
      source_.fail(token.offset,
                   "expected a command in brackets, found " + shown(lexer_.text(token)));
    }
    command(token);
  }
  return std::move(ast_);
}

void Parser::command(const Token& open) {
  command_offset_ = open.offset;
  const Token token = expect(Kind::atom, "a command");
  const std::string_view name = lexer_.text(token);
  if (name == "assert") return assertion();
  if (name == "declare-const") return declare(false);
  if (name == "declare-fun") return declare(true);
  if (name == "vnnlib-version") return version(open);
  if (name == "declare-network") {
    source_.unsupported(open.offset, shown(name) +
                                         " belongs to VNN-LIB 2, whose files begin with " +
                                         "(vnnlib-version <2.0>); this file is read as 1.0");
  }
  // Commands to an SMT solver that change no meaning here.
  if (is_one_of(name, {"set-logic", "set-info", "set-option", "check-sat", "get-model", "get-value",
                       "get-info", "echo", "exit"})) {
    return skip_rest(open);
  }
  unknown(token, "command");
}

// A file of VNN-LIB 1 may say that it is one.
void Parser::version(const Token& open) {
  const std::string_view number = lexer_.text(expect(Kind::atom, "the version"));
  if (!number.starts_with("<1.") && !number.starts_with("1."))
    source_.unsupported(open.offset, "the version " + shown(number) + " is not VNN-LIB 1.0");
  skip_rest(open);
}

void Parser::unknown(const Token& token, const std::string& what) const {
  const std::string_view word = lexer_.text(token);
  if (is_known_elsewhere(word))
    source_.unsupported(token.offset, "the " + what + " " + shown(word) + " is not supported");
  source_.fail(token.offset, "unknown " + what + " " + shown(word));
}

void Parser::skip_rest(const Token& open) {
  for (std::size_t depth = 1; depth > 0;) {
    const Token token = lexer_.next();
    if (token.kind == Kind::end) source_.fail(open.offset, "this bracket is never closed");
    if (token.kind == Kind::open) ++depth;
    if (token.kind == Kind::close) --depth;
  }
}

void Parser::declare(bool function) {
  const Token name = expect(Kind::atom, "a variable's name");
  if (function) {
    expect(Kind::open, "()");
    const Token close = lexer_.next();
    if (close.kind != Kind::close)
      source_.unsupported(close.offset, "functions with arguments are not supported");
  }
  const Token sort = expect(Kind::atom, "the type Real");
  if (lexer_.text(sort) != "Real") unknown(sort, "type");
  expect(Kind::close, "')'");
  const Variable variable = variable_of(lexer_.text(name));
  if (variable.kind == Atom::Kind::none) {
    source_.fail(name.offset,
                 "the variable " + shown(lexer_.text(name)) + " is neither X_<i> nor Y_<j>");
  }
  // A declaration takes more than 20 bytes, so this index cannot belong to a gapless sequence.
  if (variable.index > source_.text().size() / 20) {
    source_.fail(name.offset, "the index of " + shown(lexer_.text(name)) +
                                  " is too large: indices run from 0 without gaps");
  }
  auto& declared = variable.kind == Atom::Kind::input ? ast_.inputs : ast_.outputs;
  if (variable.index >= declared.size()) declared.resize(variable.index + 1, Ast::kUndeclared);
  if (declared[variable.index] != Ast::kUndeclared) {
    add_warning(ast_.warnings, source_, name.offset,
                std::string(lexer_.text(name)) + " is declared a second time");
    return;
  }
  declared[variable.index] = name.offset;
}

Variable Parser::read_atom(const Token& token) const {
  const std::string_view text = lexer_.text(token);
  const Variable variable = variable_of(text);
  if (variable.kind != Atom::Kind::none) {
    const auto& declared = variable.kind == Atom::Kind::input ? ast_.inputs : ast_.outputs;
    if (variable.index >= declared.size() || declared[variable.index] == Ast::kUndeclared) {
      source_.fail(token.offset, std::string(text) + " is not declared");
    }
    return variable;
  }
  if (begins_number(text)) {
    if (const char* problem = decimal_problem(text))
      source_.fail(token.offset, shown(text) + " " + problem);
    return {Atom::Kind::number, token.offset};
  }
  source_.fail(token.offset, "expected a variable or a number, found " + shown(text));
}

void Parser::assertion() {
  ast_.roots.push_back(static_cast<std::uint32_t>(ast_.nodes.size()));
  do {
    step();
  } while (!frames_.empty());
  expect(Kind::close, "')' after the assert's one formula");
}

void Parser::step() {
  const bool formula = frames_.empty() || takes_formulas(frames_.back().op);
  const Token token = lexer_.next();
  switch (token.kind) {
    case Kind::open: return open_bracket(token, formula);
    case Kind::close:
      if (frames_.empty()) source_.fail(token.offset, "this assert has no formula");
      return close_bracket();
    case Kind::atom: {
      if (formula) return formula_atom(token);
      const Variable variable = read_atom(token);
      AstNode& node = ast_.nodes[add_node(NodeKind::atom, token.offset)];
      node.left = variable.index;
      node.left_kind = variable.kind;
      return add_argument(variable.kind != Atom::Kind::number);
    }
    case Kind::string: source_.fail(token.offset, "a string has no place in a formula");
    case Kind::end: break;
  }
  source_.fail(frames_.empty() ? command_offset_ : frames_.back().offset,
               "this bracket is never closed");
}

void Parser::formula_atom(const Token& token) {
  const std::string_view text = lexer_.text(token);
  if (text != "true" && text != "false") {
    source_.fail(token.offset, "expected a formula, found " + shown(text));
  }
  const bool flipped = !frames_.empty() && frames_.back().negated;
  add_node((text == "true") != flipped ? NodeKind::truth : NodeKind::falsehood, token.offset);
  add_argument(false);
}

void Parser::open_bracket(const Token& open, bool formula) {
  const Token head = lexer_.next();
  if (head.kind == Kind::end) source_.fail(open.offset, "this bracket is never closed");
  if (head.kind != Kind::atom) source_.fail(head.offset, "expected an operator");
  const Operator* found = find_operator(lexer_.text(head));
  if (found == nullptr) {
    unknown(head, "operator");
  }
  if (gives_formula(found->op) != formula) {
    source_.fail(head.offset, std::string(formula ? "expected a formula" : "expected a term") +
                                  ", found the operator '" + std::string(found->name) + "'");
  }
  // The assert's own bracket counts too.
  if (frames_.size() + 2 > limits_.max_depth) {
    source_.fail(open.offset,
                 "brackets are nested deeper than " + std::to_string(limits_.max_depth));
  }
  const bool outer = !frames_.empty() && frames_.back().negated;
  const Relation relation = outer ? negated(found->relation) : found->relation;
  if (found->op == Op::compare && try_compare_atoms(open, relation)) return;
  Frame frame;
  frame.offset = open.offset;
  frame.op = found->op;
  frame.negated = found->op == Op::negation ? !outer : outer;
  if (found->op != Op::negation) {
    frame.node = add_node(node_kind(found->op, outer), open.offset);
    ast_.nodes[frame.node].relation = relation;
  }
  frames_.push_back(frame);
}

bool Parser::try_compare_atoms(const Token& open, Relation relation) {
  const std::uint32_t start = lexer_.offset();
  const Token left = lexer_.next();
  if (left.kind == Kind::atom) {
    const Token right = lexer_.next();
    if (right.kind == Kind::atom && lexer_.next().kind == Kind::close) {
      const Variable a = read_atom(left), b = read_atom(right);
      AstNode& node = ast_.nodes[add_node(NodeKind::compare_atoms, open.offset)];
      node.relation = relation;
      node.left = a.index;
      node.left_kind = a.kind;
      node.right = b.index;
      node.right_kind = b.kind;
      add_argument(false);
      return true;
    }
  }
  lexer_.rewind(start);
  return false;
}

void Parser::check_arguments(const Frame& frame) const {
  const std::uint32_t count = frame.arguments;
  if (count == 0) source_.fail(frame.offset, "this operator has no argument");
  if (frame.op == Op::negation && count != 1)
    source_.fail(frame.offset, "'not' takes one argument");
  if (frame.op == Op::compare && count == 1)
    source_.fail(frame.offset, "a comparison takes two arguments");
  if (frame.op == Op::compare && count > 2)
    source_.unsupported(frame.offset, "chained comparisons are not supported");
  if (frame.op == Op::divide && count != 2) source_.fail(frame.offset, "'/' takes two arguments");
  if (frame.op == Op::times && frame.variable_arguments > 1) {
    source_.unsupported(frame.offset, "a product of two variables is not linear");
  }
  // The first argument may hold variables, the second not: two that do, or one that is not the
  // first.
  if (frame.op == Op::divide && frame.variable_arguments > 0) {
    const AstNode& first = ast_.nodes[frame.node + 1];
    for (std::uint32_t i = first.end; i < ast_.nodes.size(); ++i) {
      const AstNode& node = ast_.nodes[i];
      if (node.kind == NodeKind::atom && node.left_kind != Atom::Kind::number) {
        source_.unsupported(frame.offset, "division by a variable is not linear");
      }
    }
  }
}

void Parser::close_bracket() {
  const Frame frame = frames_.back();
  check_arguments(frame);
  frames_.pop_back();
  if (frame.op != Op::negation)
    ast_.nodes[frame.node].end = static_cast<std::uint32_t>(ast_.nodes.size());
  add_argument(!gives_formula(frame.op) && frame.variable_arguments > 0);
}

void Parser::add_argument(bool variable) {
  if (frames_.empty()) return;
  ++frames_.back().arguments;
  frames_.back().variable_arguments += variable;
}

}  // namespace

Ast parse_vnnlib_ast(const SourceText& source, const VnnlibLimits& limits) {
  return Parser(source, limits).run();
}

}  // namespace clipbound::specs
