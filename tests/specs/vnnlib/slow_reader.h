#pragma once
// The tests' own idea of what a property means: a plain recursive reader and evaluator over
// rationals, slow and short. It shares no code with the reader under test.
#include <gmpxx.h>

#include <cmath>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace slow {

inline mpq_class decimal(std::string text) {
  bool negative = false;
  if (text[0] == '-' || text[0] == '+') {
    negative = text[0] == '-';
    text.erase(0, 1);
  }
  long exponent = 0;
  if (const auto e = text.find_first_of("eE"); e != std::string::npos) {
    exponent = std::stol(text.substr(e + 1));
    text.resize(e);
  }
  if (const auto point = text.find('.'); point != std::string::npos) {
    exponent -= static_cast<long>(text.size() - point - 1);
    text.erase(point, 1);
  }
  mpq_class value{mpz_class(text, 10)};
  for (; exponent > 0; --exponent) value *= 10;
  for (; exponent < 0; ++exponent) value /= 10;
  return negative ? mpq_class(-value) : value;
}

/// The float32 nearest to a rational (ties to even), by trying the neighbourhood of a rough guess.
inline float nearest_float(const mpq_class& value) {
  float guess = static_cast<float>(value.get_d());
  float candidate = guess;
  for (int i = 0; i < 3; ++i) candidate = std::nextafterf(candidate, -INFINITY);
  float best = guess;
  mpq_class distance = -1;
  for (int i = 0; i < 7; ++i, candidate = std::nextafterf(candidate, INFINITY)) {
    if (std::isinf(candidate)) continue;
    const mpq_class d = abs(mpq_class(static_cast<double>(candidate)) - value);
    std::uint32_t bits = 0;
    static_assert(sizeof bits == sizeof candidate);
    __builtin_memcpy(&bits, &candidate, sizeof bits);
    if (distance < 0 || d < distance || (d == distance && (bits & 1U) == 0)) {
      distance = d;
      best = candidate;
    }
  }
  return best;
}

struct Tree {
  std::string atom;  // empty for a list
  std::vector<Tree> children;
};

inline Tree read_tree(const std::string& text, std::size_t& at) {
  const auto skip = [&] {
    while (at < text.size() &&
           (std::isspace(static_cast<unsigned char>(text[at])) || text[at] == ';')) {
      if (text[at] == ';') {
        while (at < text.size() && text[at] != '\n') ++at;
      } else {
        ++at;
      }
    }
  };
  skip();
  Tree tree;
  if (at >= text.size()) return tree;
  if (text[at] == '(') {
    ++at;
    for (skip(); at < text.size() && text[at] != ')'; skip())
      tree.children.push_back(read_tree(text, at));
    ++at;
    skip();
    return tree;
  }
  while (at < text.size() && !std::isspace(static_cast<unsigned char>(text[at])) &&
         text[at] != '(' && text[at] != ')' && text[at] != ';') {
    tree.atom += text[at++];
  }
  skip();
  return tree;
}

struct Point {
  std::map<std::string, mpq_class> values;
};

/// How bounds on single inputs are read: as decimals, or as float32 numbers where not strict.
enum class Reading { exact, float32 };

inline mpq_class term(const Tree& tree, const Point& point) {
  if (!tree.atom.empty()) {
    if (tree.atom[0] == 'X' || tree.atom[0] == 'Y') return point.values.at(tree.atom);
    return decimal(tree.atom);
  }
  const std::string& op = tree.children.at(0).atom;
  mpq_class value = term(tree.children.at(1), point);
  if (tree.children.size() == 2 && op == "-") return -value;
  for (std::size_t i = 2; i < tree.children.size(); ++i) {
    const mpq_class next = term(tree.children[i], point);
    if (op == "+")
      value += next;
    else if (op == "-")
      value -= next;
    else if (op == "*")
      value *= next;
    else if (op == "/")
      value /= next;
    else
      throw std::logic_error("unknown operator " + op);
  }
  return value;
}

inline bool is_input(const Tree& tree) {
  return !tree.atom.empty() && tree.atom[0] == 'X';
}
inline bool is_number(const Tree& tree) {
  return !tree.atom.empty() && tree.atom[0] != 'X' && tree.atom[0] != 'Y';
}

inline bool holds(const Tree& tree, const Point& point, Reading reading, bool negated = false) {
  if (tree.atom == "true") return !negated;
  if (tree.atom == "false") return negated;
  const std::string& op = tree.children.at(0).atom;
  if (op == "not") return holds(tree.children.at(1), point, reading, !negated);
  if (op == "and" || op == "or") {
    const bool all = (op == "and") != negated;
    for (std::size_t i = 1; i < tree.children.size(); ++i) {
      if (holds(tree.children[i], point, reading, negated) != all) return !all;
    }
    return all;
  }
  const Tree &left = tree.children.at(1), &right = tree.children.at(2);
  mpq_class a = term(left, point), b = term(right, point);
  const bool strict =
      ((op == "<" || op == ">") && !negated) || ((op == "<=" || op == ">=") && negated);
  if (reading == Reading::float32 && !strict && !(op == "=" && negated)) {
    if (is_input(left) && is_number(right)) b = static_cast<double>(nearest_float(b));
    if (is_input(right) && is_number(left)) a = static_cast<double>(nearest_float(a));
  }
  bool result = false;
  if (op == "<=")
    result = a <= b;
  else if (op == "<")
    result = a < b;
  else if (op == ">=")
    result = a >= b;
  else if (op == ">")
    result = a > b;
  else if (op == "=")
    result = a == b;
  else
    throw std::logic_error("unknown comparison " + op);
  return result != negated;
}

/// The asserted formulas of a file.
inline std::vector<Tree> assertions(const std::string& text) {
  std::vector<Tree> found;
  for (std::size_t at = 0; at < text.size();) {
    Tree tree = read_tree(text, at);
    if (!tree.children.empty() && tree.children[0].atom == "assert")
      found.push_back(std::move(tree.children.at(1)));
  }
  return found;
}

inline bool all_hold(const std::vector<Tree>& formulas, const Point& point, Reading reading) {
  for (const Tree& formula : formulas) {
    if (!holds(formula, point, reading)) return false;
  }
  return true;
}

}  // namespace slow
