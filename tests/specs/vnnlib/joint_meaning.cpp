#include "tests/specs/vnnlib/joint_meaning.h"

#include <cctype>
#include <set>

#include "tests/specs/vnnlib/slow_reader.h"

namespace meaning {
namespace {

// The grammar, one function per rule.
class Reader {
 public:
  explicit Reader(const std::string& text) : text_(text) {}

  JointFile file() {
    version();
    while (!at_end() && ahead("declare-network")) network();
    if (file_.networks.empty()) refuse("no network");
    check_likeness();
    while (!at_end()) assertion();
    if (file_.assertions.empty()) refuse("no assertion");
    return std::move(file_);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw Meaningless(why + " at " + std::to_string(at_));
  }
  void skip() {
    while (at_ < text_.size() && (std::isspace(byte(at_)) || text_[at_] == ';')) {
      if (text_[at_] == ';') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else {
        ++at_;
      }
    }
  }
  unsigned char byte(std::size_t i) const { return static_cast<unsigned char>(text_[i]); }
  bool digit(std::size_t i) const { return i < text_.size() && text_[i] >= '0' && text_[i] <= '9'; }
  bool letter(std::size_t i) const {
    return i < text_.size() &&
           ((text_[i] >= 'a' && text_[i] <= 'z') || (text_[i] >= 'A' && text_[i] <= 'Z'));
  }
  bool at_end() {
    skip();
    return at_ >= text_.size();
  }
  char peek() {
    skip();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char wanted) {
    if (peek() != wanted || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  void need(char wanted) {
    if (!take(wanted)) refuse(std::string("no ") + wanted);
  }
  // A name; with hyphens where a keyword may stand.
  std::string name(bool hyphens = false) {
    skip();
    const std::size_t begin = at_;
    if (!letter(at_)) refuse("no name");
    while (letter(at_) || digit(at_) || (at_ < text_.size() && text_[at_] == '_') ||
           (hyphens && at_ < text_.size() && text_[at_] == '-')) {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }
  // Whether "(keyword" comes next; nothing is taken.
  bool ahead(const std::string& keyword) {
    const std::size_t before = at_;
    const bool found = take('(') && (skip(), letter(at_)) && name(true) == keyword;
    at_ = before;
    return found;
  }
  void open(const std::string& keyword) {
    if (!ahead(keyword)) refuse("no (" + keyword);
    take('(');
    name(true);
  }

  void version() {
    open("vnnlib-version");
    const bool bracket = take('<');
    skip();
    const std::size_t begin = at_;
    while (digit(at_) || (at_ < text_.size() && text_[at_] == '.')) ++at_;
    const std::string number = text_.substr(begin, at_ - begin);
    if (number.size() < 3 || number.substr(0, 2) != "2.") refuse("version " + number);
    if (bracket) need('>');
    need(')');
  }
  mpz_class whole() {
    skip();
    const std::size_t begin = at_;
    while (digit(at_)) ++at_;
    if (at_ == begin) refuse("no whole number");
    return mpz_class(text_.substr(begin, at_ - begin), 10);
  }
  void fresh(const std::string& name) {
    if (!names_.insert(name).second) refuse(name + " twice");
  }
  void network() {
    open("declare-network");
    JointNetwork made;
    made.name = name();
    fresh(made.name);
    for (const char* keyword : {"equal-to", "isomorphic-to"}) {
      if (!ahead(keyword)) continue;
      open(keyword);
      if (!made.like.empty()) refuse("two likenesses");
      made.like = name();
      need(')');
    }
    int stage = 0;
    bool has_output = false;
    while (!take(')')) {
      need('(');
      const std::string keyword = name(true);
      const int kind = keyword == "declare-input"    ? 0
                       : keyword == "declare-hidden" ? 1
                       : keyword == "declare-output" ? 2
                                                     : -1;
      if (kind < stage) refuse("a declaration out of order");
      stage = kind;
      has_output |= kind == 2;
      made.tensors.push_back(tensor(kind));
    }
    if (!has_output || !made.tensors[0].input) refuse("no input or no output");
    file_.networks.push_back(std::move(made));
  }
  JointTensor tensor(int kind) {
    JointTensor made;
    made.name = name();
    fresh(made.name);
    made.input = kind == 0;
    name();  // the element type
    need('[');
    if (!take(']')) {
      do {
        made.dims.push_back(whole());
        made.count *= made.dims.back();
      } while (take(','));
      need(']');
    }
    if (kind == 1) quoted();
    if (kind == 0 && peek() != ')' && name() != "initialized") refuse("an unknown option");
    need(')');
    mpz_class& total = made.input ? file_.inputs : file_.outputs;
    made.first = total;
    total += made.count;
    return made;
  }
  void quoted() {
    need('"');
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) refuse("a string without end");
    ++at_;
  }
  void check_likeness() {
    for (const JointNetwork& one : file_.networks) {
      if (one.like.empty()) continue;
      const JointNetwork* target = nullptr;
      for (const JointNetwork& other : file_.networks) {
        if (other.name == one.like) target = &other;
      }
      if (target == nullptr || !target->like.empty() || target == &one) refuse("like " + one.like);
    }
  }

  void assertion() {
    open("assert");
    file_.assertions.push_back(formula(0));
    need(')');
  }
  JointNode formula(int depth) {
    if (depth > 2000) throw TooLarge("depth");
    need('(');
    JointNode made;
    if (letter((skip(), at_))) {
      made.operation = name();
      if (made.operation != "and" && made.operation != "or") refuse("unknown " + made.operation);
      while (!take(')')) made.children.push_back(formula(depth + 1));
      if (made.children.empty()) refuse("an empty connective");
      return made;
    }
    for (const char* relation : {"<=", ">=", "==", "!=", "<", ">", "="}) {
      if (text_.compare(at_, std::string(relation).size(), relation) != 0) continue;
      made.operation = relation;
      at_ += made.operation.size();
      break;
    }
    if (made.operation.empty()) refuse("no relation");
    made.children.push_back(term(depth + 1));
    made.children.push_back(term(depth + 1));
    need(')');
    return made;
  }
  bool at_number() {
    skip();
    const std::size_t i =
        at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+') ? at_ + 1 : at_;
    return digit(i) || (i < text_.size() && text_[i] == '.' && digit(i + 1));
  }
  JointNode number() {
    const std::size_t begin = at_++;
    while (digit(at_) || (at_ < text_.size() && text_[at_] == '.')) ++at_;
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      const bool sign = at_ + 1 < text_.size() && (text_[at_ + 1] == '-' || text_[at_ + 1] == '+');
      if (digit(at_ + (sign ? 2 : 1))) at_ += sign ? 2 : 1;
      while (digit(at_)) ++at_;
    }
    const std::string word = text_.substr(begin, at_ - begin);
    if (word.find('.') != word.rfind('.')) refuse("two points");
    const std::size_t e = word.find_first_of("eE");
    if (e != std::string::npos && word.size() - e > 5) throw TooLarge(word);
    JointNode made;
    made.operation = "number";
    made.number = slow::decimal(word);
    file_.numbers.push_back(made.number);
    return made;
  }
  JointNode term(int depth) {
    if (depth > 2000) throw TooLarge("depth");
    if (at_number()) return number();
    if (letter(at_)) return element();
    need('(');
    JointNode made;
    made.operation = std::string(1, peek());
    if (made.operation != "+" && made.operation != "-" && made.operation != "*")
      refuse("no operator");
    ++at_;
    while (!take(')')) made.children.push_back(term(depth + 1));
    if (made.children.empty()) refuse("an empty operation");
    return made;
  }
  JointNode element() {
    const std::string wanted = name();
    const JointTensor* found = nullptr;
    for (const JointNetwork& network : file_.networks) {
      for (const JointTensor& tensor : network.tensors) {
        if (tensor.name == wanted) found = &tensor;
      }
    }
    if (found == nullptr) refuse("unknown " + wanted);
    mpz_class number = 0;
    std::size_t dimension = 0;
    if (take('[')) {
      do {
        if (dimension == found->dims.size()) refuse("too many indices");
        const mpz_class index = whole();
        if (index >= found->dims[dimension]) refuse("an index out of range");
        number = number * found->dims[dimension++] + index;
      } while (take(','));
      need(']');
      if (dimension == 0) refuse("no index");
    }
    if (dimension != found->dims.size()) refuse("too few indices");
    JointNode made;
    made.operation = "element";
    made.input = found->input;
    made.element = mpz_class(found->first + number).get_ui();
    return made;
  }

  const std::string& text_;
  std::size_t at_ = 0;
  JointFile file_;
  std::set<std::string> names_;
};

mpq_class value(const JointNode& node, const std::vector<mpq_class>& x,
                const std::vector<mpq_class>& y) {
  if (node.operation == "number") return node.number;
  if (node.operation == "element") return (node.input ? x : y).at(node.element);
  mpq_class sum = value(node.children[0], x, y);
  if (node.operation == "-" && node.children.size() == 1) return -sum;
  for (std::size_t i = 1; i < node.children.size(); ++i) {
    const mpq_class next = value(node.children[i], x, y);
    if (node.operation == "+") sum += next;
    if (node.operation == "-") sum -= next;
    if (node.operation == "*") sum *= next;
  }
  return sum;
}

bool holds(const JointNode& node, const std::vector<mpq_class>& x,
           const std::vector<mpq_class>& y) {
  if (node.operation == "and" || node.operation == "or") {
    const bool all = node.operation == "and";
    for (const JointNode& child : node.children) {
      if (holds(child, x, y) != all) return !all;
    }
    return all;
  }
  const int order = cmp(value(node.children[0], x, y), value(node.children[1], x, y));
  if (node.operation == "<=") return order <= 0;
  if (node.operation == "<") return order < 0;
  if (node.operation == ">=") return order >= 0;
  if (node.operation == ">") return order > 0;
  return (order == 0) == (node.operation != "!=");
}

}  // namespace

JointFile read_joint(const std::string& text) {
  return Reader(text).file();
}

bool all_hold(const JointFile& file, const std::vector<mpq_class>& x,
              const std::vector<mpq_class>& y) {
  for (const JointNode& one : file.assertions) {
    if (!holds(one, x, y)) return false;
  }
  return true;
}

}  // namespace meaning
