#pragma once
// The tests' own idea of what a VNN-LIB 2 file means: a plain recursive reader and evaluator over
// rationals. It shares no code with the reader under test, and expects a file that is well formed.
#include <cctype>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/specs/vnnlib/slow_reader.h"

namespace slow {

inline std::vector<std::string> words_of(const std::string& text) {
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.';
  };
  std::vector<std::string> words;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (std::isspace(static_cast<unsigned char>(c))) {
      ++i;
    } else if (c == ';') {
      while (i < text.size() && text[i] != '\n') ++i;
    } else if (c == '"') {
      const std::size_t end = text.find('"', i + 1);
      words.push_back(text.substr(i, end + 1 - i));
      i = end + 1;
    } else if (std::string("()[],").find(c) != std::string::npos) {
      words.emplace_back(1, c);
      ++i;
    } else if (is_word(c) || ((c == '-' || c == '+') && i + 1 < text.size() &&
                              is_word(text[i + 1]) && (words.empty() || words.back() != "("))) {
      std::size_t end = i + 1;
      while (end < text.size() &&
             (is_word(text[end]) || ((text[end] == '-' || text[end] == '+') &&
                                     (std::isalpha(static_cast<unsigned char>(c)) ||
                                      text[end - 1] == 'e' || text[end - 1] == 'E'))))
        ++end;
      words.push_back(text.substr(i, end - i));
      i = end;
    } else {
      std::size_t end = i + 1;
      while (end < text.size() && std::string("<>=!").find(text[end]) != std::string::npos) ++end;
      words.push_back(text.substr(i, end - i));
      i = end;
    }
  }
  return words;
}

inline mpq_class kept(const mpq_class& value) {
  return value;
}
/// A float32 result that no compiler makes part of a longer operation.
inline float kept(float value) {
  volatile float stored = value;
  return stored;
}
inline void read_number(const std::string& text, mpq_class& value) {
  value = decimal(text);
}
inline void read_number(const std::string& text, float& value) {
  value = nearest_float(decimal(text));
}

/// A file's declarations and assertions; X and Y are numbered as the reader numbers them.
template <class Number>
class JointFileOver {
 public:
  explicit JointFileOver(const std::string& text) : words_(words_of(text)) {
    for (at_ = 0; at_ < words_.size();) {
      if (words_.at(at_ + 1) == "declare-network") {
        network();
      } else if (words_.at(at_ + 1) == "assert") {
        assertions_.push_back(at_ + 2);
        skip();
      } else {
        skip();
      }
    }
  }

  std::size_t inputs() const { return inputs_; }
  std::size_t outputs() const { return outputs_; }
  bool holds(const std::vector<Number>& x, const std::vector<Number>& y) {
    x_ = &x;
    y_ = &y;
    for (const std::size_t assertion : assertions_) {
      at_ = assertion;
      if (!formula()) return false;
    }
    return true;
  }

 private:
  struct Tensor {
    bool input = false;
    std::size_t first = 0;
    std::vector<std::size_t> shape;
  };
  const std::string& next() { return words_.at(at_++); }
  void skip() {
    int depth = 0;
    do {
      const std::string& word = next();
      depth += word == "(" ? 1 : word == ")" ? -1 : 0;
    } while (depth > 0);
  }
  std::vector<std::size_t> numbers() {  // after the bracket
    std::vector<std::size_t> list;
    for (std::string word = next(); word != "]"; word = next())
      if (word != ",") list.push_back(std::stoul(word));
    return list;
  }
  void network() {
    at_ += 3;
    while (next() == "(") {
      const std::string kind = next(), name = next();
      if (kind == "declare-input" || kind == "declare-hidden" || kind == "declare-output") {
        Tensor tensor;
        tensor.input = kind == "declare-input";
        at_ += 2;  // the type and the bracket
        tensor.shape = numbers();
        std::size_t& count = tensor.input ? inputs_ : outputs_;
        tensor.first = count;
        std::size_t size = 1;
        for (const std::size_t d : tensor.shape) size *= d;
        count += size;
        tensors_[name] = tensor;
      }
      while (next() != ")") continue;
    }
  }
  Number term() {
    const std::string word = next();
    if (word != "(") {
      const auto found = tensors_.find(word);
      if (found == tensors_.end()) {
        Number value;
        read_number(word, value);
        return value;
      }
      const Tensor& tensor = found->second;
      std::size_t element = 0;
      if (!tensor.shape.empty()) {
        ++at_;
        const std::vector<std::size_t> indices = numbers();
        for (std::size_t d = 0; d < indices.size(); ++d)
          element = element * tensor.shape.at(d) + indices[d];
      }
      return (tensor.input ? x_ : y_)->at(tensor.first + element);
    }
    const std::string op = next();
    Number value = term();
    bool lone = true;
    for (; words_.at(at_) != ")"; lone = false) {
      const Number argument = term();
      if (op == "+")
        value = kept(value + argument);
      else if (op == "-")
        value = kept(value - argument);
      else
        value = kept(value * argument);
    }
    ++at_;
    return lone && op == "-" ? Number(-value) : value;
  }
  bool formula() {
    ++at_;
    const std::string op = next();
    if (op == "and" || op == "or") {
      bool value = op == "and";
      while (words_.at(at_) != ")") {
        const bool argument = formula();
        value = op == "and" ? value && argument : value || argument;
      }
      ++at_;
      return value;
    }
    const Number a = term(), b = term();
    ++at_;
    if (a != a || b != b) return false;  // NaN
    if (op == "<=") return a <= b;
    if (op == "<") return a < b;
    if (op == ">=") return a >= b;
    if (op == ">") return a > b;
    if (op == "!=") return a != b;
    if (op == "==" || op == "=") return a == b;
    throw std::logic_error("unknown comparison " + op);
  }

  std::vector<std::string> words_;
  std::size_t at_ = 0, inputs_ = 0, outputs_ = 0;
  std::map<std::string, Tensor> tensors_;
  std::vector<std::size_t> assertions_;
  const std::vector<Number>* x_ = nullptr;
  const std::vector<Number>* y_ = nullptr;
};
using JointFile = JointFileOver<mpq_class>;

}  // namespace slow
