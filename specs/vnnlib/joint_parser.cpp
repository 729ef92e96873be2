#include "specs/vnnlib/joint_parser.h"

#include <algorithm>

#include "specs/query/number.h"
#include "specs/vnnlib/check.h"
#include "specs/vnnlib/declarations.h"
#include "specs/vnnlib/scanner.h"

namespace clipbound::specs {
namespace {

struct Operator {
  std::string_view name;
  NodeKind kind;
  Relation relation = Relation::less_equal;
};

constexpr Operator kOperators[] = {{"<=", NodeKind::compare, Relation::less_equal},
                                   {">=", NodeKind::compare, Relation::greater_equal},
                                   {"and", NodeKind::both},
                                   {"or", NodeKind::either},
                                   {"<", NodeKind::compare, Relation::less},
                                   {">", NodeKind::compare, Relation::greater},
                                   {"==", NodeKind::compare, Relation::equal},
                                   // The standard's prose writes it so.
                                   {"=", NodeKind::compare, Relation::equal},
                                   {"!=", NodeKind::compare, Relation::not_equal},
                                   {"+", NodeKind::plus},
                                   {"-", NodeKind::minus},
                                   {"*", NodeKind::times}};

bool takes_formulas(NodeKind kind) {
  return kind == NodeKind::both || kind == NodeKind::either;
}
bool gives_formula(NodeKind kind) {
  return takes_formulas(kind) || kind == NodeKind::compare;
}

class JointParser {
 public:
  JointParser(const SourceText& source, const VnnlibLimits& limits)
      : source_(source), limits_(limits), scanner_(source), declarations_(source, scanner_) {}
  JointFile run();

 private:
  // An open bracket of a formula or a term.
  struct Frame {
    std::uint32_t offset = 0;  // of the bracket
    std::uint32_t node = 0;
    std::uint32_t arguments = 0;
    std::uint32_t variable_arguments = 0;  // those that are not constant
    NodeKind kind = NodeKind::both;
  };
  // What the variables and numbers of the comparison at hand say of its type.
  struct Typing {
    const DeclaredTensor* by = nullptr;
    std::vector<std::uint32_t> numbers;
    bool products = false;
  };

  void read_version();
  void check_version(std::string_view version, std::uint32_t offset);
  void declare_all();
  void assert_all();
  void assertion();
  void step();
  void open_bracket(std::uint32_t offset, bool formula);
  const Operator& read_operator(bool formula);
  [[noreturn]] void no_operator(std::uint32_t offset, std::string_view word, bool formula);
  void refuse_infix(std::uint32_t offset) const;
  void close_bracket();
  void check_arguments(const Frame& frame) const;
  void close_comparison(const Frame& frame);
  void check_numbers() const;
  void read_atom();
  std::uint32_t read_indices(const DeclaredTensor& tensor, std::uint32_t offset);
  void take_type(const DeclaredTensor& tensor, std::uint32_t offset);
  std::uint32_t add_node(NodeKind kind, std::uint32_t offset);
  void add_argument(bool variable);

  const SourceText& source_;
  const VnnlibLimits& limits_;
  Scanner scanner_;
  Declarations declarations_;
  Ast ast_;
  std::vector<Frame> frames_;
  Typing typing_;
  bool calculates_ = false;
};

JointFile JointParser::run() {
  read_version();
  declare_all();
  assert_all();
  JointFile file;
  file.networks = std::move(declarations_.networks());
  file.ast = std::move(ast_);
  file.inputs = declarations_.inputs();
  file.outputs = declarations_.outputs();
  file.calculates = calculates_;
  return file;
}

void JointParser::read_version() {
  scanner_.expect('(', "(vnnlib-version <2.0>)");
  if (scanner_.keyword("vnnlib-version") != "vnnlib-version")
    source_.fail(0, "expected (vnnlib-version <2.0>)");
  scanner_.peek();
  const std::uint32_t offset = scanner_.offset();
  const bool bracket = scanner_.accept('<');
  if (!scanner_.at_number()) scanner_.fail_expecting("the version, such as <2.0>");
  const std::string_view version = scanner_.number();
  if (bracket) {
    scanner_.expect('>', "'>' after the version");
  } else {
    add_warning(ast_.warnings, source_, offset,
                "the standard writes the version in <>: <" + std::string(version) + ">");
  }
  check_version(version, offset);
  scanner_.expect(')', "')' after the version");
}

void JointParser::check_version(std::string_view version, std::uint32_t offset) {
  const std::size_t point = version.find('.');
  const auto digits = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (point == std::string_view::npos || !digits(version.substr(0, point)) ||
      !digits(version.substr(point + 1)))
    source_.fail(offset, "expected a version such as <2.0>, found " + shown(version));
  const std::string_view major = version.substr(0, point), minor = version.substr(point + 1);
  if (major != "2")
    source_.unsupported(offset, "VNN-LIB " + std::string(version) +
                                    " is not known: this reader knows 1.0, 2.0 and 2.1");
  if (minor != "0" && minor != "1")
    add_warning(ast_.warnings, source_, offset,
                "VNN-LIB " + std::string(version) + " is read as 2.1, the newest known");
}

void JointParser::declare_all() {
  while (true) {
    const bool at_end = scanner_.peek() == '\0';
    const std::uint32_t offset = scanner_.offset();
    if (at_end && declarations_.networks().empty())
      source_.fail(offset, "expected (declare-network ...), and the text ends");
    if (at_end) break;
    const char* const wanted = declarations_.networks().empty()
                                   ? "(declare-network ...)"
                                   : "(declare-network ...) or (assert ...)";
    scanner_.open_at(offset);
    scanner_.expect('(', wanted);
    scanner_.peek();
    const std::uint32_t at = scanner_.offset();
    const std::string_view word = scanner_.keyword(wanted);
    if (word == "assert" && !declarations_.networks().empty()) {
      declarations_.finish();
      assertion();
      return;
    }
    if (word != "declare-network")
      source_.fail(at, std::string("expected ") + wanted + ", found " + shown(word));
    declarations_.read_network(ast_.warnings);
  }
  declarations_.finish();
  add_warning(ast_.warnings, source_, scanner_.offset(), "the file asserts nothing");
}

void JointParser::assert_all() {
  while (scanner_.peek() != '\0') {
    const std::uint32_t offset = scanner_.offset();
    scanner_.open_at(offset);
    scanner_.expect('(', "(assert ...)");
    scanner_.peek();
    const std::uint32_t at = scanner_.offset();
    const std::string_view word = scanner_.keyword("assert");
    if (word == "declare-network")
      source_.fail(at, "all networks are declared before the first assert");
    if (word != "assert") source_.fail(at, "expected 'assert', found " + shown(word));
    assertion();
  }
}

std::uint32_t JointParser::add_node(NodeKind kind, std::uint32_t offset) {
  AstNode node;
  node.offset = offset;
  node.kind = kind;
  node.end = static_cast<std::uint32_t>(ast_.nodes.size() + 1);
  ast_.nodes.push_back(node);
  return node.end - 1;
}

void JointParser::assertion() {
  ast_.roots.push_back(static_cast<std::uint32_t>(ast_.nodes.size()));
  do {
    step();
  } while (!frames_.empty());
  scanner_.expect(')', "')' after the assert's one formula");
}

void JointParser::step() {
  const bool formula = frames_.empty() || takes_formulas(frames_.back().kind);
  const char c = scanner_.peek();
  const std::uint32_t offset = scanner_.offset();
  if (c == '(') return open_bracket(offset, formula);
  if (c == ')' && !frames_.empty()) return close_bracket();
  if (formula) scanner_.fail_expecting("a formula in brackets");
  read_atom();
}

const Operator& JointParser::read_operator(bool formula) {
  scanner_.peek();
  const std::uint32_t offset = scanner_.offset();
  if (scanner_.at_number() && source_.text()[offset] != '+') {
    refuse_infix(offset);
    scanner_.fail_expecting(formula ? "a comparison, 'and' or 'or'" : "'+', '-' or '*'");
  }
  const std::string_view word = scanner_.operation();
  const auto* const found = std::find_if(std::begin(kOperators), std::end(kOperators),
                                         [&](const Operator& o) { return o.name == word; });
  if (found == std::end(kOperators)) no_operator(offset, word, formula);
  if (gives_formula(found->kind) != formula) {
    source_.fail(offset, std::string(formula ? "expected a comparison, 'and' or 'or'"
                                             : "expected '+', '-' or '*'") +
                             ", found the operator " + shown(word));
  }
  return *found;
}

void JointParser::no_operator(std::uint32_t offset, std::string_view word, bool formula) {
  const std::string wanted = formula ? "a comparison, 'and' or 'or'" : "'+', '-' or '*'";
  if (word.empty()) scanner_.fail_expecting(wanted);
  const bool is_name = (word[0] >= 'a' && word[0] <= 'z') || (word[0] >= 'A' && word[0] <= 'Z');
  if (is_name) refuse_infix(offset);
  const bool elsewhere = word == "not" || word == "=>" || word == "distinct" || word == "/" ||
                         word == "ite" || word == "xor" || word == "let" || word == "abs" ||
                         word == "min" || word == "max";
  source_.fail(offset, "expected " + wanted + ", found " + shown(word) +
                           (elsewhere ? ", which VNN-LIB 2 does not have" : ""));
}

// (Y_f[1] < Y_g[1]): a name or a number where the operator should be, and an operator after it.
void JointParser::refuse_infix(std::uint32_t offset) const {
  const std::string_view text = source_.text();
  const auto skip = [&](std::size_t at, std::string_view characters) {
    return std::min(text.find_first_not_of(characters, at), text.size());
  };
  constexpr std::string_view kOfWords =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
  std::size_t at = skip(offset, "-");
  at = skip(at, kOfWords);
  at = skip(at, " \t\r\n");
  if (at < text.size() && text[at] == '[') at = std::min(text.find(']', at), text.size() - 1) + 1;
  at = skip(at, " \t\r\n");
  const std::size_t end = skip(at, "<>=!+-*/");
  if (end == at) return;
  const std::string_view found = text.substr(at, end - at);
  source_.fail(offset, "an operator stands first, as in (" + std::string(found) + " a b): here " +
                           shown(found) + " stands between its arguments");
}

void JointParser::open_bracket(std::uint32_t offset, bool formula) {
  scanner_.accept('(');
  const Operator& found = read_operator(formula);
  // The assert's own bracket counts too.
  if (frames_.size() + 2 > limits_.max_depth) {
    source_.fail(offset, "brackets are nested deeper than " + std::to_string(limits_.max_depth));
  }
  Frame frame;
  frame.offset = offset;
  frame.kind = found.kind;
  frame.node = add_node(found.kind, offset);
  ast_.nodes[frame.node].relation = found.relation;
  if (found.kind == NodeKind::compare) {
    typing_.by = nullptr;
    typing_.numbers.clear();
    typing_.products = false;
  } else if (!takes_formulas(found.kind)) {
    calculates_ = true;
  }
  frames_.push_back(frame);
}

void JointParser::check_arguments(const Frame& frame) const {
  if (frame.arguments == 0) source_.fail(frame.offset, "this operator has no argument");
  if (frame.kind == NodeKind::compare && frame.arguments != 2) {
    source_.fail(frame.offset, "a comparison takes two arguments, and this one has " +
                                   std::to_string(frame.arguments));
  }
}

void JointParser::close_bracket() {
  const Frame frame = frames_.back();
  check_arguments(frame);
  scanner_.accept(')');
  frames_.pop_back();
  ast_.nodes[frame.node].end = static_cast<std::uint32_t>(ast_.nodes.size());
  if (frame.kind == NodeKind::compare) close_comparison(frame);
  if (frame.kind == NodeKind::times && frame.variable_arguments > 1) typing_.products = true;
  add_argument(!gives_formula(frame.kind) && frame.variable_arguments > 0);
}

void JointParser::close_comparison(const Frame& frame) {
  if (typing_.by == nullptr) {
    add_warning(ast_.warnings, source_, frame.offset,
                "a comparison without a variable, to which the standard gives no type");
  } else if (kind_of(typing_.by->type) == TypeKind::integer) {
    check_numbers();
  }
  AstNode& node = ast_.nodes[frame.node];
  node.left = typing_.products ? 1 : 0;
  // Two atoms, by far the most common, become one node.
  if (ast_.nodes.size() != frame.node + 3) return;
  const AstNode &left = ast_.nodes[frame.node + 1], &right = ast_.nodes[frame.node + 2];
  node.kind = NodeKind::compare_atoms;
  node.left = left.left;
  node.left_kind = left.left_kind;
  node.right = right.left;
  node.right_kind = right.left_kind;
  node.end = frame.node + 1;
  ast_.nodes.resize(frame.node + 1);
}

// A number takes the type of its comparison, and has to be one of that type.
void JointParser::check_numbers() const {
  const TypeRange range = range_of(typing_.by->type);
  const mpq_class least = decimal_value(range.least), greatest = decimal_value(range.greatest);
  for (const std::uint32_t offset : typing_.numbers) {
    const std::string_view word = source_.number(offset);
    const std::string of_type = shown(word) + " is no number of the type " +
                                name_of(typing_.by->type) + " that " + typing_.by->name + " has";
    if (word.find_first_of(".eE") != std::string_view::npos)
      source_.fail(offset, of_type + ": it has to be an integer without a point");
    const mpq_class value = decimal_value(word);
    if (value < least || value > greatest) source_.fail(offset, of_type + ": it is out of range");
  }
}

void JointParser::take_type(const DeclaredTensor& tensor, std::uint32_t offset) {
  if (typing_.by == nullptr) {
    if (kind_of(tensor.type) == TypeKind::other)
      source_.unsupported(offset, tensor.name + " has the type " + name_of(tensor.type) +
                                      ", whose values cannot be compared");
    typing_.by = &tensor;
  } else if (typing_.by->type != tensor.type) {
    source_.fail(offset, tensor.name + " has the type " + name_of(tensor.type) + ", but " +
                             typing_.by->name + " in the same comparison has " +
                             name_of(typing_.by->type) +
                             ": a comparison has one type, and nothing is converted");
  }
}

void JointParser::read_atom() {
  const std::uint32_t offset = scanner_.offset();
  if (scanner_.at_number()) {
    scanner_.number();
    typing_.numbers.push_back(offset);
    AstNode& node = ast_.nodes[add_node(NodeKind::atom, offset)];
    node.left = offset;
    node.left_kind = Atom::Kind::number;
    return add_argument(false);
  }
  const std::string_view name = scanner_.name("a variable, a number or '('");
  const DeclaredTensor* const tensor = declarations_.tensor(name);
  if (tensor == nullptr) {
    source_.fail(offset, declarations_.is_network(name)
                             ? shown(name) + " is a network: a formula names its tensors"
                             : shown(name) + " is not declared");
  }
  take_type(*tensor, offset);
  const std::uint32_t index = read_indices(*tensor, offset);
  AstNode& node = ast_.nodes[add_node(NodeKind::atom, offset)];
  node.left = index;
  node.left_kind =
      tensor->kind == DeclaredTensor::Kind::input ? Atom::Kind::input : Atom::Kind::output;
  add_argument(true);
}

// The element of the tensor that the brackets after its name say.
std::uint32_t JointParser::read_indices(const DeclaredTensor& tensor, std::uint32_t offset) {
  const std::size_t rank = tensor.shape.size();
  const bool has_indices = scanner_.peek() == '[';
  if (rank == 0) {
    if (has_indices)
      source_.fail(scanner_.offset(), tensor.name + " is a scalar, which is written without []");
    return static_cast<std::uint32_t>(tensor.first);
  }
  if (!has_indices) {
    source_.fail(offset, tensor.name + " has the shape " + to_string(tensor.shape) +
                             ": the indices of one element are missing");
  }
  scanner_.accept('[');
  std::int64_t element = 0;
  std::size_t count = 0;
  do {
    scanner_.peek();
    const std::uint32_t at = scanner_.offset();
    const std::int64_t index = scanner_.index("an index from 0");
    if (count < rank && index >= tensor.shape[count]) {
      source_.fail(at, "index " + std::to_string(index) + " is out of range: " + tensor.name +
                           " has the shape " + to_string(tensor.shape) +
                           ", and indices count from 0");
    }
    if (count < rank) element = element * tensor.shape[count] + index;
    ++count;
  } while (scanner_.accept(','));
  scanner_.expect(']', "',' or ']'");
  if (count != rank) {
    source_.fail(offset, tensor.name + " has the shape " + to_string(tensor.shape) + ", but " +
                             std::to_string(count) + (count == 1 ? " index is" : " indices are") +
                             " given");
  }
  return static_cast<std::uint32_t>(tensor.first + element);
}

void JointParser::add_argument(bool variable) {
  if (frames_.empty()) return;
  ++frames_.back().arguments;
  frames_.back().variable_arguments += variable;
}

}  // namespace

bool is_vnnlib_2(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto skip = [&] {
    while (!text.empty() &&
           (std::string_view(" \t\n\r\f\v;").find(text.front()) != std::string_view::npos)) {
      const std::size_t end = text.front() == ';' ? text.find('\n') : 1;
      text.remove_prefix(std::min(end, text.size()));
    }
  };
  skip();
  if (!text.starts_with('(')) return false;
  text.remove_prefix(1);
  skip();
  constexpr std::string_view kVersion = "vnnlib-version";
  if (!text.starts_with(kVersion)) return false;
  text.remove_prefix(kVersion.size());
  skip();
  if (text.starts_with('<')) text.remove_prefix(1);
  return !text.starts_with("1.") && !text.starts_with("0.");
}

JointFile parse_joint_file(const SourceText& source, const VnnlibLimits& limits) {
  return JointParser(source, limits).run();
}

}  // namespace clipbound::specs
