#include "tests/specs/vnnlib/joint_generator.h"

#include <algorithm>
#include <cctype>

namespace joint_fuzz {
namespace {

const std::vector<std::string> kNumbers = {"0",
                                           "1",
                                           "-1",
                                           "0.1",
                                           "-0.1",
                                           "0.50",
                                           "-.5",
                                           "0.3",
                                           "2",
                                           "-1.25",
                                           "3.0",
                                           "-2",
                                           "0.699999999999999999999"};
// What a mutation may put anywhere.
const std::vector<std::string> kPool = {"(",
                                        ")",
                                        "[",
                                        "]",
                                        ",",
                                        "-",
                                        "+",
                                        "*",
                                        "<=",
                                        ">=",
                                        "<",
                                        ">",
                                        "==",
                                        "!=",
                                        "=",
                                        "/",
                                        "and",
                                        "or",
                                        "not",
                                        "true",
                                        "real",
                                        "float32",
                                        "int8",
                                        "uint8",
                                        "bool",
                                        "string",
                                        "0",
                                        "1",
                                        "2",
                                        "-1",
                                        "7",
                                        "99999999",
                                        "1e3",
                                        "1E-2",
                                        "+1",
                                        ".5",
                                        "3.",
                                        "1.2.3",
                                        "00",
                                        "-0",
                                        "-",
                                        "assert",
                                        "equal-to",
                                        "initialized",
                                        "declare-input",
                                        "declare-output",
                                        "declare-hidden",
                                        "isomorphic-to",
                                        "\"h\"",
                                        "\"",
                                        ";",
                                        "<2.1>",
                                        "<3.0>",
                                        "<2>",
                                        "2.0",
                                        "(and",
                                        "(or",
                                        "(-",
                                        "(assert",
                                        "=>",
                                        "1e999",
                                        "18446744073709551616"};

void elements(const std::string& name, const std::vector<int>& dims,
              std::vector<std::string>& out) {
  int count = 1;
  for (const int d : dims) count *= d;
  for (int i = 0; i < count; ++i) {
    std::string index;
    int rest = i;
    for (std::size_t k = dims.size(); k-- > 0; rest /= dims[k])
      index = std::to_string(rest % dims[k]) + (index.empty() ? "" : ",") + index;
    out.push_back(dims.empty() ? name : name + "[" + index + "]");
  }
}

}  // namespace

std::string JointGenerator::number() {
  std::string text = kNumbers[pick(kNumbers.size())];
  if (text == "-.5") text = "-0.5";
  return text;
}

std::string JointGenerator::space() {
  const std::string spaces[] = {" ", " ", " ", "\n", "\t", "\r\n", " ; a ) comment (\n", "  "};
  return spaces[pick(8)];
}

std::string JointGenerator::fresh_name() {
  const std::string stems[] = {"X", "Y", "f", "g", "X_f", "Y_g", "net", "a1", "real", "e5", "Z9z_"};
  std::string name = stems[pick(11)];
  while (std::find(names_.begin(), names_.end(), name) != names_.end())
    name += "_" + std::to_string(pick(10));
  names_.push_back(name);
  return name;
}

std::string JointGenerator::declared(const Tensor& tensor) {
  const std::string words[] = {"(declare-input ", "(declare-hidden ", "(declare-output "};
  std::string text = words[tensor.kind] + tensor.name + space() + type_ + space() + "[";
  for (std::size_t i = 0; i < tensor.dims.size(); ++i)
    text += (i > 0 ? (pick(2) != 0 ? "," : ", ") : "") + std::to_string(tensor.dims[i]);
  return text + (tensor.kind == 1 ? "] \"/layer" + tensor.name + ";(\")" : "])");
}

std::string JointGenerator::network(std::size_t index) {
  const std::string own = fresh_name();
  std::string text = "(declare-network " + own + space();
  std::vector<Tensor> tensors;
  if (index > 0 && pick(2) != 0) {
    text +=
        std::string(pick(2) != 0 ? "(equal-to " : "(isomorphic-to ") + names_[0] + ")" + space();
    tensors = networks_[0];
    for (Tensor& tensor : tensors) tensor.name = fresh_name();
  } else {
    const std::vector<int> shapes[] = {{}, {1}, {2}, {1, 2}, {2, 1, 1}};
    const auto add = [&](int kind, std::size_t count) {
      for (std::size_t i = 0; i < count; ++i)
        tensors.push_back({fresh_name(), kind, shapes[pick(5)]});
    };
    add(0, 1 + pick(2));
    add(1, pick(4) == 0 ? 1 : 0);
    add(2, 1 + pick(2));
  }
  for (const Tensor& tensor : tensors) {
    text += declared(tensor) + space();
    elements(tensor.name, tensor.dims, tensor.kind == 0 ? inputs_ : others_);
  }
  networks_.push_back(tensors);
  return text + ")";
}

std::string JointGenerator::bounds(const std::string& input) {
  const std::string lows[] = {"-2", "-2.0", "(- 2)", "-1.25"};
  const std::string low = lows[pick(4)], high = pick(4) != 0 ? "2" : "1";
  switch (pick(5)) {
    case 0: return "(assert (and (>= " + input + " " + low + ")(<= " + input + " " + high + ")))";
    case 1:
      return "(assert (<= " + low + " " + input + "))(assert (>= " + high + " " + input + "))";
    case 2:
      return "(assert (== " + input + " " + inputs_[pick(inputs_.size())] + "))" + space() +
             "(assert (>= " + input + " " + low + "))(assert (<= " + input + " " + high + "))";
    default:
      return "(assert (>= " + input + " " + low + "))" + space() + "(assert (<= " + input + " " +
             high + "))";
  }
}

std::string JointGenerator::constant(int depth) {
  if (depth == 0 || pick(2) != 0) return number();
  const std::string forms[] = {"(- " + number() + ")",
                               "(* " + constant(depth - 1) + space() + number() + ")",
                               "(+ " + number() + " " + constant(depth - 1) + " 1)"};
  return forms[pick(3)];
}

std::string JointGenerator::term(int depth) {
  if (depth == 0 || pick(3) == 0) {
    if (pick(3) == 0) return number();
    const std::vector<std::string>& from = pick(5) < 2 ? inputs_ : others_;
    return from[pick(from.size())];
  }
  switch (pick(7)) {
    case 0: return "(+ " + term(depth - 1) + space() + term(depth - 1) + " " + term(0) + ")";
    case 1: return "(- " + term(depth - 1) + space() + term(depth - 1) + ")";
    case 2: return "(* " + constant(depth) + space() + term(depth - 1) + ")";
    case 3: return "(* " + term(depth - 1) + " " + constant(1) + ")";
    case 4: return "(* " + term(depth - 1) + " " + term(depth - 1) + ")";
    case 5: return "(+ " + term(depth - 1) + ")";
    default: return "(- " + term(depth - 1) + ")";
  }
}

std::string JointGenerator::comparison() {
  const std::string relations[] = {"<=", ">=", "<", ">", "<=", ">=", "==", "!="};
  const std::string relation = "(" + relations[pick(8)] + " ";
  const auto element = [&] {
    const std::vector<std::string>& from = pick(2) != 0 ? inputs_ : others_;
    return from[pick(from.size())];
  };
  switch (pick(5)) {
    case 0: return relation + element() + " " + number() + ")";
    case 1: return relation + number() + space() + element() + ")";
    case 2: return relation + element() + " " + element() + ")";
    default: return relation + term(2) + space() + term(2) + ")";
  }
}

std::string JointGenerator::formula(int depth) {
  if (depth == 0 || pick(4) == 0) return comparison();
  std::string text = pick(3) == 0 ? "(and" : "(or";
  for (std::size_t i = 0, count = 1 + pick(3); i < count; ++i) text += space() + formula(depth - 1);
  return text + ")";
}

std::string JointGenerator::file() {
  names_.clear();
  networks_.clear();
  inputs_.clear();
  others_.clear();
  const std::string types[] = {"real", "Real", "float32", "float64"};
  type_ = types[pick(4)];
  std::string text = pick(4) == 0 ? "; head\n" : "";
  text += std::string("(vnnlib-version ") + (pick(5) == 0 ? "<2.1>" : "<2.0>") + ")" + space();
  for (std::size_t i = 0, count = 1 + pick(3) % 2 + pick(5) / 4; i < count; ++i)
    text += network(i) + space();
  std::vector<std::string> asserted;
  for (const std::string& input : inputs_) asserted.push_back(bounds(input));
  for (std::size_t i = 0, count = 1 + pick(3); i < count; ++i)
    asserted.push_back("(assert " + formula(3) + ")");
  std::shuffle(asserted.begin(), asserted.end(), random_);
  for (const std::string& one : asserted) text += one + space();
  return text;
}

// Brackets, commas, strings, and words of everything else; comments are dropped.
JointGenerator::Tokens JointGenerator::tokens_of(const std::string& text) {
  Tokens tokens;
  for (std::size_t at = 0; at < text.size();) {
    const auto one_of = [&](const char* set) {
      return std::string(set).find(text[at]) != std::string::npos;
    };
    const std::size_t begin = at;
    if (std::isspace(static_cast<unsigned char>(text[at]))) {
      ++at;
      continue;
    }
    if (text[at] == ';') {
      while (at < text.size() && text[at] != '\n') ++at;
      continue;
    }
    if (text[at] == '"') {
      at = text.find('"', at + 1) + 1;
    } else if (one_of("()[],")) {
      ++at;
    } else {
      while (at < text.size() && !one_of("()[],; \t\r\n")) ++at;
    }
    tokens.push_back(text.substr(begin, at - begin));
  }
  return tokens;
}

std::string JointGenerator::joined(const Tokens& tokens) {
  std::string text;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool glued = i == 0 || tokens[i - 1] == "(" || tokens[i] == "[" || tokens[i] == ")" ||
                       tokens[i] == "," || tokens[i - 1] == "[" || tokens[i] == "]";
    text += (glued ? "" : space()) + tokens[i];
  }
  return text + "\n";
}

// From an opening bracket to behind its closing one.
std::pair<std::size_t, std::size_t> JointGenerator::expression_in(const Tokens& tokens) {
  std::size_t begin = pick(tokens.size());
  while (begin > 0 && tokens[begin] != "(") --begin;
  int depth = 0;
  std::size_t end = begin;
  for (; end < tokens.size(); ++end) {
    depth += tokens[end] == "(" ? 1 : tokens[end] == ")" ? -1 : 0;
    if (depth <= 0) return {begin, end + 1};
  }
  return {begin, end};
}

std::string JointGenerator::some_token(const Tokens& tokens) {
  if (pick(3) == 0) return kPool[pick(kPool.size())];
  return pick(4) == 0 ? number() : tokens[pick(tokens.size())];
}

// Another token of the same kind, so that what comes out is often legal.
std::string JointGenerator::similar_token(const Tokens& tokens, std::size_t at) {
  static const std::vector<Tokens> kinds = {{"<=", ">=", "<", ">", "==", "!=", "="},
                                            {"and", "or"},
                                            {"+", "-", "*"},
                                            {"real", "Real", "float32"}};
  const std::string& token = tokens[at];
  for (const Tokens& kind : kinds) {
    if (std::find(kind.begin(), kind.end(), token) != kind.end()) return kind[pick(kind.size())];
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (at > 0 && (tokens[at - 1] == "[" || tokens[at - 1] == ",")) return std::to_string(pick(3));
  if (is_digit(token.back()) && (is_digit(token[0]) || token[0] == '-')) return number();
  for (int i = 0; i < 20; ++i) {  // a name for a name
    const std::string& other = tokens[pick(tokens.size())];
    if (std::isalpha(static_cast<unsigned char>(other[0])) != 0 &&
        other.find('-') == std::string::npos) {
      return other;
    }
  }
  return token;
}

void JointGenerator::change(Tokens& tokens) {
  if (tokens.empty()) tokens.push_back("(");
  const std::size_t at = pick(tokens.size());
  const auto place = [&](std::size_t i) { return tokens.begin() + static_cast<std::ptrdiff_t>(i); };
  switch (pick(16)) {
    case 0: tokens.erase(place(at)); break;
    case 1: tokens.insert(place(at), some_token(tokens)); break;
    case 2:
    case 3: tokens[at] = some_token(tokens); break;
    case 4: std::swap(tokens[at], tokens[pick(tokens.size())]); break;
    case 5: {
      const auto [begin, end] = expression_in(tokens);
      tokens.erase(place(begin), place(end));
      break;
    }
    case 6: {
      const auto [begin, end] = expression_in(tokens);
      const Tokens copy(place(begin), place(end));
      const std::size_t where = pick(3) == 0 ? pick(tokens.size()) : end;
      tokens.insert(place(where), copy.begin(), copy.end());
      break;
    }
    case 7: {
      const auto [begin, end] = expression_in(tokens);
      const Tokens copy(place(begin), place(end));
      const auto [other, behind] = expression_in(tokens);
      tokens.erase(place(other), place(behind));
      tokens.insert(place(other), copy.begin(), copy.end());
      break;
    }
    case 8: {
      std::string& token = tokens[at];
      const std::size_t i = pick(token.size() + 1);
      const std::string letters = "0123456789.-+eEXY_[](),;\"<>=*! \n\t/aZ";
      if (pick(2) != 0) {
        token.insert(i, 1, letters[pick(letters.size())]);
      } else if (i < token.size()) {
        pick(2) != 0 ? (void)token.erase(i, 1) : (void)(token[i] = letters[pick(letters.size())]);
      }
      break;
    }
    default: {
      std::size_t chosen = at;
      for (int i = 0;
           i < 20 && (std::string("()[],\"").find(tokens[chosen][0]) != std::string::npos ||
                      tokens[chosen].find("declare") == 0 || tokens[chosen] == "assert");
           ++i) {
        chosen = pick(tokens.size());
      }
      tokens[chosen] = similar_token(tokens, chosen);
    }
  }
}

std::string JointGenerator::mutated(const std::string& text, int changes) {
  Tokens tokens = tokens_of(text);
  for (int i = 0; i < changes; ++i) change(tokens);
  return joined(tokens);
}

}  // namespace joint_fuzz
