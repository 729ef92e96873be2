// Idea: expressions are read, comparisons become linear rows, "and" and "or" are multiplied out.
// Source: VNN-LIB 1.0 and 2.0.
// Guarantees: see the header.
#include "checker/reader/vnnlib.h"

#include <cfloat>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "checker/kernel/arithmetic.h"
#include "checker/kernel/errors.h"

namespace clipcheck {

namespace {

constexpr std::size_t kDeepest = 1000, kMostClauses = 1000000;

struct Expression {
  std::string atom;  // empty: a list
  std::vector<Expression> list;
  int line = 0;
};

[[noreturn]] void fail(int line, const std::string& what) {
  throw Unreadable("property, line " + std::to_string(line) + ": " + what);
}

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  std::vector<Expression> all() {
    std::vector<Expression> result;
    for (skip(); at_ < text_.size(); skip()) result.push_back(expression(0));
    return result;
  }

 private:
  void skip() {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == ';')
        while (at_ + 1 < text_.size() && text_[at_ + 1] != '\n') ++at_;
      else if (text_[at_] == '\n')
        ++line_;
      else if (text_[at_] != ' ' && text_[at_] != '\t' && text_[at_] != '\r')
        return;
    }
  }

  Expression expression(std::size_t depth) {
    if (depth > kDeepest) fail(line_, "parentheses are too deep");
    Expression result;
    result.line = line_;
    if (text_[at_] == ')') fail(line_, "unexpected )");
    if (text_[at_] == '(') {
      ++at_;
      for (skip(); at_ < text_.size() && text_[at_] != ')'; skip())
        result.list.push_back(expression(depth + 1));
      if (at_ == text_.size()) fail(line_, "a ) is missing");
      ++at_;
      return result;
    }
    // Indices, such as in X[0, 3], belong to the word.
    for (bool inside = false; at_ < text_.size(); ++at_) {
      const bool blank = std::string(" \t\r").find(text_[at_]) != std::string::npos;
      if (std::string("\n();").find(text_[at_]) != std::string::npos || (blank && !inside)) break;
      if (text_[at_] == '[' || text_[at_] == ']') inside = text_[at_] == '[';
      if (!blank) result.atom += text_[at_];
    }
    return result;
  }

  const std::string& text_;
  std::size_t at_ = 0;
  int line_ = 1;
};

/// An exact decimal, or nothing.
std::optional<mpq_class> decimal(const std::string& text) {
  std::size_t k = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) ++k;
  std::string digits;
  long exponent = 0;
  bool point = false;
  for (; k < text.size() &&
         (std::isdigit(static_cast<unsigned char>(text[k])) != 0 || (text[k] == '.' && !point));
       ++k) {
    if (text[k] == '.')
      point = true;
    else
      digits += text[k], exponent -= point ? 1 : 0;
  }
  if (digits.empty()) return {};
  if (k < text.size() && (text[k] == 'e' || text[k] == 'E')) {
    const std::string rest = text.substr(k + 1);
    std::size_t used = 0, first = !rest.empty() && (rest[0] == '-' || rest[0] == '+') ? 1 : 0;
    if (rest.size() <= first || rest.size() > first + 5) return {};
    for (used = first; used < rest.size(); ++used)
      if (std::isdigit(static_cast<unsigned char>(rest[used])) == 0) return {};
    exponent += std::stol(rest);
    k = text.size();
  }
  if (k != text.size() || std::labs(exponent) > 100000) return {};
  mpz_class power;
  mpz_ui_pow_ui(power.get_mpz_t(), 10, static_cast<unsigned long>(std::labs(exponent)));
  mpq_class value(mpz_class(digits, 10));
  if (exponent < 0)
    value /= mpq_class(power);
  else
    value *= mpq_class(power);
  return negative ? mpq_class(-value) : value;
}

/// sum + constant; keys as in certificates.
struct Linear {
  std::map<Index, mpq_class> terms;
  mpq_class constant;

  void add(const Linear& more, const mpq_class& factor) {
    for (const auto& [variable, value] : more.terms) terms[variable] += factor * value;
    constant += factor * more.constant;
  }
};

/// terms <= -constant, or < where strict.
struct Comparison {
  Linear form;
  bool strict;
};
using Conjunction = std::vector<Comparison>;
using Disjunction = std::vector<Conjunction>;

class Reader {
 public:
  explicit Reader(const Signature& network)
      : network_(network),
        inputs_(std::accumulate(network.inputs.begin(), network.inputs.end(), std::size_t{0})),
        outputs_(std::accumulate(network.outputs.begin(), network.outputs.end(), std::size_t{0})) {}

  Disjunction read(const std::vector<Expression>& commands) {
    Disjunction all = {{}};
    for (const Expression& command : commands) {
      const std::string head = command.list.empty() ? "" : command.list[0].atom;
      const bool first = &command == commands.data();
      if (first && head == "vnnlib-version") {
        second_ = true;
        if (command.list.size() != 2 || !command.list[1].atom.starts_with("<2."))
          fail(command.line, "versions 1.0 and 2 of VNN-LIB are what is read");
      } else if (!second_ && head == "declare-const") {
        declare(command);
      } else if (second_ && tensors_.empty() && head == "declare-network") {
        declare_network(command);
      } else if (head == "assert" && command.list.size() == 2) {
        if (second_ && tensors_.empty()) fail(command.line, "no network is declared");
        all = both(std::move(all), formula(command.list[1]), command.line);
      } else {
        fail(command.line, "this is not supported: " + head);
      }
    }
    return all;
  }

  std::size_t inputs() const { return inputs_; }

 private:
  void declare(const Expression& command) {
    if (command.list.size() != 3 || command.list[2].atom != "Real")
      fail(command.line, "not a declaration of a Real");
    const std::string& name = command.list[1].atom;
    const bool input = name.starts_with("X_");
    const std::string number = name.size() > 2 ? name.substr(2) : "";
    if ((!input && !name.starts_with("Y_")) || number.empty() || number.size() > 9 ||
        number.find_first_not_of("0123456789") != std::string::npos)
      fail(command.line, "a variable is X_ or Y_ and a number: " + name);
    const auto k = static_cast<std::size_t>(std::stoul(number));
    if (k >= (input ? inputs_ : outputs_)) fail(command.line, "the network has no " + name);
    if (!names_.emplace(name, static_cast<Index>(2 * k + (input ? 1 : 0))).second)
      fail(command.line, "declared twice: " + name);
  }

  /// The network's inputs and outputs in their order, by names of the query's own.
  void declare_network(const Expression& command) {
    std::size_t inputs = 0, outputs = 0, first_input = 0, first_output = 0;
    for (std::size_t k = 2; k < command.list.size(); ++k) {
      const Expression& e = command.list[k];
      const std::string head = e.list.empty() ? "" : e.list[0].atom;
      const bool input = head == "declare-input";
      if ((!input && head != "declare-output") || e.list.size() != 4 || e.list[1].atom.empty())
        fail(e.line, "this is not supported: " + head);
      const auto& sizes = input ? network_.inputs : network_.outputs;
      std::size_t& number = input ? inputs : outputs;
      std::size_t& first = input ? first_input : first_output;
      Declared tensor{input, first, indices(e.list[3].atom, e.line)};
      std::size_t count = 1;
      for (const std::size_t extent : tensor.shape) count *= extent;
      if (number == sizes.size() || count != sizes[number])
        fail(e.line, "the network has another shape than " + e.list[1].atom);
      first += count;
      ++number;
      if (!tensors_.emplace(e.list[1].atom, std::move(tensor)).second)
        fail(e.line, "declared twice: " + e.list[1].atom);
    }
    if (inputs != network_.inputs.size() || outputs != network_.outputs.size())
      fail(command.line, "the network has another number of inputs or outputs");
  }

  /// "[1,5]".
  static std::vector<std::size_t> indices(const std::string& text, int line) {
    std::vector<std::size_t> result;
    if (text.size() < 2 || text.front() != '[' || text.back() != ']') fail(line, "not a shape");
    std::string number;
    for (const char c : text.substr(1)) {
      if (std::isdigit(static_cast<unsigned char>(c)) != 0 && number.size() < 9) {
        number += c;
      } else if ((c == ',' || c == ']') && !number.empty()) {
        result.push_back(std::stoul(number));
        number.clear();
      } else if (text != "[]") {
        fail(line, "not a shape: " + text);
      }
    }
    if (result.size() > 8) fail(line, "too many axes");
    return result;
  }

  /// The number of X[0,3] among those of certificates; nothing where it is no such thing.
  std::optional<Index> entry(const Expression& e) const {
    const std::size_t bracket = e.atom.find('[');
    const auto found = tensors_.find(e.atom.substr(0, bracket));
    if (found == tensors_.end()) return {};
    const Declared& tensor = found->second;
    const auto at = bracket == std::string::npos ? std::vector<std::size_t>{}
                                                 : indices(e.atom.substr(bracket), e.line);
    if (at.size() != tensor.shape.size()) fail(e.line, "another number of indices: " + e.atom);
    std::size_t place = 0;
    for (std::size_t k = 0; k < at.size(); ++k) {
      if (at[k] >= tensor.shape[k]) fail(e.line, "an index is out of range: " + e.atom);
      place = place * tensor.shape[k] + at[k];
    }
    return static_cast<Index>(2 * (tensor.first + place) + (tensor.input ? 1 : 0));
  }

  static Disjunction both(Disjunction a, Disjunction b, int line) {
    if (a.size() * b.size() > kMostClauses) fail(line, "too many clauses");
    if (b.size() == 1) {
      for (Conjunction& first : a) first.insert(first.end(), b[0].begin(), b[0].end());
      return a;
    }
    Disjunction result;
    for (const Conjunction& first : a) {
      for (const Conjunction& second : b) {
        result.push_back(first);
        result.back().insert(result.back().end(), second.begin(), second.end());
      }
    }
    return result;
  }

  Disjunction formula(const Expression& e) {
    const std::string head = e.list.empty() ? "" : e.list[0].atom;
    if (head == "and") {
      Disjunction result = {{}};
      for (std::size_t k = 1; k < e.list.size(); ++k)
        result = both(std::move(result), formula(e.list[k]), e.line);
      return result;
    }
    if (head == "or") {
      Disjunction result;
      for (std::size_t k = 1; k < e.list.size(); ++k) {
        const Disjunction part = formula(e.list[k]);
        result.insert(result.end(), part.begin(), part.end());
      }
      return result;
    }
    if (e.list.size() != 3) fail(e.line, "not a formula");
    Linear difference = linear(e.list[1]);
    difference.add(linear(e.list[2]), -1);
    Linear negated;
    negated.add(difference, -1);
    if (head == "<=") return {{{difference, false}}};
    if (head == "<") return {{{difference, true}}};
    if (head == ">=") return {{{negated, false}}};
    if (head == ">") return {{{negated, true}}};
    if (head == "=" || head == "==") return {{{difference, false}, {negated, false}}};
    if (second_ && head == "!=") return {{{difference, true}}, {{negated, true}}};
    fail(e.line, "unknown comparison: " + head);
  }

  Linear linear(const Expression& e) {
    Linear result;
    if (!e.atom.empty()) {
      if (const auto name = names_.find(e.atom); name != names_.end())
        result.terms[name->second] = 1;
      else if (const auto place = entry(e))
        result.terms[*place] = 1;
      else if (const auto number = decimal(e.atom))
        result.constant = *number;
      else
        fail(e.line, "neither a variable nor a number: " + e.atom);
      return result;
    }
    const std::string head = e.list.size() < 2 ? "" : e.list[0].atom;
    if (head == "+" || (head == "-" && e.list.size() > 2)) {
      result = linear(e.list[1]);
      for (std::size_t k = 2; k < e.list.size(); ++k)
        result.add(linear(e.list[k]), head == "+" ? 1 : -1);
    } else if (head == "-") {
      result.add(linear(e.list[1]), -1);
    } else if (head == "*") {
      result.constant = 1;
      for (std::size_t k = 1; k < e.list.size(); ++k)
        result = product(result, linear(e.list[k]), e.line);
    } else {
      fail(e.line, "not a linear term");
    }
    return result;
  }

  static Linear product(const Linear& a, const Linear& b, int line) {
    if (!a.terms.empty() && !b.terms.empty()) fail(line, "a product of variables");
    Linear result;
    if (a.terms.empty())
      result.add(b, a.constant);
    else
      result.add(a, b.constant);
    return result;
  }

  struct Declared {
    bool input;
    std::size_t first;  // of all inputs or outputs
    std::vector<std::size_t> shape;
  };
  const Signature& network_;
  std::size_t inputs_, outputs_;
  bool second_ = false;                      // version 2.0
  std::map<std::string, Index> names_;       // of version 1.0
  std::map<std::string, Declared> tensors_;  // of version 2.0
};

/// The float32 next to x; ties to even.
double rounded(const mpq_class& x) {
  const double below = down(x), above = up(x);
  if (below == above) return static_cast<double>(static_cast<float>(below));
  // Between two neighbouring float64: no tie of float32 but at one of these.
  const float a = static_cast<float>(below), b = static_cast<float>(above);
  if (a == b) return static_cast<double>(a);
  const mpq_class to_a = x - mpq_class(static_cast<double>(a)),
                  to_b = mpq_class(static_cast<double>(b)) - x;
  return static_cast<double>(abs(to_a) < abs(to_b) ? a : b);
}

Row row_of(const Comparison& comparison) {
  Row row;
  for (const auto& [variable, value] : comparison.form.terms)
    if (value != 0) row.terms.push_back({variable, value});
  row.threshold = -comparison.form.constant;
  row.strict = comparison.strict;
  return row;
}

/// Puts it into the box where it speaks of one input alone.
bool into_box(const Row& row, bool wide, Clause& clause) {
  if (row.terms.size() != 1 || row.terms[0].element % 2 == 0) return false;
  const mpq_class edge = row.threshold / row.terms[0].coefficient;
  // Of float64 the nearest lies between down and up.
  const double as_input = wide ? up(edge) : rounded(edge);
  const std::size_t i = row.terms[0].element / 2;
  if (row.terms[0].coefficient > 0)
    clause.upper[i] = std::min(clause.upper[i], std::max(up(edge), as_input));
  else
    clause.lower[i] = std::max(clause.lower[i], wide ? down(edge) : std::min(down(edge), as_input));
  return true;
}

/// Nothing where it holds at no point.
std::optional<Clause> clause_of(const Conjunction& conjunction, std::size_t inputs, bool wide) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Clause clause;
  clause.lower.assign(inputs, -kInfinity);
  clause.upper.assign(inputs, kInfinity);
  for (const Comparison& comparison : conjunction) {
    const Row row = row_of(comparison);
    if (row.terms.empty()) {
      if (row.threshold < 0 || (row.strict && row.threshold == 0)) return {};
      continue;
    }
    if (!into_box(row, wide, clause)) clause.rows.push_back(row);
  }
  for (std::size_t i = 0; i < inputs; ++i) {
    if (clause.lower[i] > clause.upper[i]) return {};
    if (!std::isfinite(clause.lower[i]) || !std::isfinite(clause.upper[i]))
      throw Unreadable("property: X_" + std::to_string(i) + " is not bounded on both sides");
  }
  return clause;
}

}  // namespace

std::vector<Clause> read_vnnlib(const std::string& text, const Signature& network) {
  Reader reader(network);
  std::vector<Clause> clauses;
  for (const Conjunction& conjunction : reader.read(Parser(text).all()))
    if (std::optional<Clause> clause = clause_of(conjunction, reader.inputs(), network.wide))
      clauses.push_back(std::move(*clause));
  return clauses;
}

}  // namespace clipcheck
