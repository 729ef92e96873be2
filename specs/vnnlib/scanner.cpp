#include "specs/vnnlib/scanner.h"

#include <algorithm>
#include <cstdio>

#include "specs/query/number.h"

namespace clipbound::specs {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_of_name(char c) {
  return is_letter(c) || is_digit(c) || c == '_';
}
bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_of_operator(char c) {
  return std::string_view("<>=!+-*/^&|~%").find(c) != std::string_view::npos;
}

}  // namespace

std::string shown(std::string_view word) {
  std::string text(1, '\'');
  text += word.substr(0, 40);
  if (word.size() > 40) text += "...";
  return text += '\'';
}

Scanner::Scanner(const SourceText& source) : source_(source), text_(source.text()) {
  // A byte order mark, as some editors leave.
  if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
}

char Scanner::peek_further() {
  const std::size_t size = text_.size();
  while (at_ < size) {
    const char c = text_[at_];
    if (c == ';') {
      const std::size_t newline = text_.find('\n', at_);
      at_ = static_cast<std::uint32_t>(std::min(newline, size));
    } else if (is_blank(c)) {
      ++at_;
    } else {
      if (c == '\0') fail_expecting("text");
      return c;
    }
  }
  return '\0';
}

void Scanner::expect(char wanted, const char* what) {
  if (!accept(wanted)) fail_expecting(what);
}

std::string_view Scanner::taken(std::uint32_t begin) const {
  return text_.substr(begin, at_ - begin);
}

std::string_view Scanner::name(const char* what) {
  if (!is_letter(peek())) fail_expecting(what);
  const std::uint32_t begin = at_;
  while (at_ < text_.size() && is_of_name(text_[at_])) ++at_;
  return taken(begin);
}

std::string_view Scanner::keyword(const char* what) {
  if (!is_letter(peek())) fail_expecting(what);
  const std::uint32_t begin = at_;
  while (at_ < text_.size() && (is_of_name(text_[at_]) || text_[at_] == '-')) ++at_;
  return taken(begin);
}

std::string_view Scanner::operation() {
  const char c = peek();
  if (is_letter(c)) return keyword("an operator");
  const std::uint32_t begin = at_;
  // One sign is an operator by itself: in (--1) the second one belongs to the number.
  if (c == '+' || c == '-' || c == '*' || c == '/') {
    ++at_;
    return taken(begin);
  }
  while (at_ < text_.size() && is_of_operator(text_[at_]) && text_[at_] != '-') ++at_;
  return taken(begin);
}

bool Scanner::at_number() {
  peek();
  std::size_t at = at_;
  if (at < text_.size() && (text_[at] == '-' || text_[at] == '+')) ++at;
  if (at < text_.size() && text_[at] == '.') ++at;
  return at < text_.size() && is_digit(text_[at]);
}

std::string_view Scanner::number() {
  const std::uint32_t begin = at_;
  const std::string_view word = source_.number(begin);
  at_ += static_cast<std::uint32_t>(word.size());
  if (const char* problem = decimal_problem(word)) source_.fail(begin, shown(word) + " " + problem);
  return word;
}

std::int64_t Scanner::index(const char* what) {
  if (!is_digit(peek())) fail_expecting(what);
  const std::uint32_t begin = at_;
  std::int64_t value = 0;
  for (; at_ < text_.size() && is_digit(text_[at_]); ++at_)
    value = std::min<std::int64_t>(value * 10 + (text_[at_] - '0'), std::int64_t{1} << 50);
  if (at_ < text_.size() && (is_of_name(text_[at_]) || text_[at_] == '.')) {
    at_ = begin;
    fail_expecting(what);
  }
  return value;
}

std::string Scanner::string(const char* what) {
  if (peek() != '"') fail_expecting(what);
  const std::uint32_t begin = at_++;
  std::string result;
  for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
    char c = text_[at_];
    if (c == '\n') break;
    if (c == '\\') {
      const char escaped = ++at_ < text_.size() ? text_[at_] : '\0';
      if (std::string_view("\"\\nt").find(escaped) == std::string_view::npos || escaped == '\0')
        source_.fail(at_ - 1, "in a string, \\ stands before \", \\, n or t alone");
      c = escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped;
    }
    result += c;
  }
  if (at_ >= text_.size() || text_[at_] != '"') source_.fail(begin, "this string is never closed");
  ++at_;
  return result;
}

std::string_view Scanner::word_here() const {
  std::size_t end = at_ + 1;
  const char c = text_[at_];
  if (is_of_name(c)) {
    while (end < text_.size() && (is_of_name(text_[end]) || text_[end] == '-' || text_[end] == '.'))
      ++end;
  } else if (is_of_operator(c)) {
    while (end < text_.size() &&
           (is_of_operator(text_[end]) || is_digit(text_[end]) || text_[end] == '.'))
      ++end;
  }
  return text_.substr(at_, end - at_);
}

void Scanner::fail_expecting(const std::string& what) {
  while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  if (at_ >= text_.size())
    source_.fail(open_,
                 "this bracket is never closed: the text ends where " + what + " is expected");
  const auto c = static_cast<unsigned char>(text_[at_]);
  std::string found = shown(word_here());
  if (c < 32 || c > 126) {
    char code[24];
    std::snprintf(code, sizeof code, "the character 0x%02X", c);
    found = code;
  }
  source_.fail(at_, "expected " + what + ", found " + found);
}

}  // namespace clipbound::specs
