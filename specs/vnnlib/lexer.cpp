#include "specs/vnnlib/lexer.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "base/error.h"

namespace clipbound::specs {
namespace {

enum class CharClass : std::uint8_t { bad, blank, word, open, close, comment, quote };

constexpr std::array<CharClass, 256> kClasses = [] {
  std::array<CharClass, 256> table{};
  for (int c = 33; c < 127; ++c) table[static_cast<std::size_t>(c)] = CharClass::word;
  for (const char c : {' ', '\t', '\n', '\r', '\f', '\v'})
    table[static_cast<unsigned char>(c)] = CharClass::blank;
  table['('] = CharClass::open;
  table[')'] = CharClass::close;
  table[';'] = CharClass::comment;
  table['"'] = CharClass::quote;
  return table;
}();

CharClass class_of(char c) {
  return kClasses[static_cast<unsigned char>(c)];
}

}  // namespace

int SourceText::line(std::uint32_t offset) const {
  offset = std::min(offset, static_cast<std::uint32_t>(text_.size()));
  const char* known = text_.data() + known_offset_;
  const char* wanted = text_.data() + offset;
  known_line_ += static_cast<int>(wanted >= known ? std::count(known, wanted, '\n')
                                                  : -std::count(wanted, known, '\n'));
  known_offset_ = offset;
  return known_line_;
}

std::string SourceText::place(std::uint32_t offset) const {
  offset = std::min(offset, static_cast<std::uint32_t>(text_.size()));
  const std::size_t newline = offset == 0 ? std::string_view::npos : text_.rfind('\n', offset - 1);
  const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  return name_ + ":" + std::to_string(line(offset)) + ":" + std::to_string(offset - begin + 1);
}

std::string_view SourceText::word(std::uint32_t offset) const {
  std::size_t end = offset;
  while (end < text_.size() && class_of(text_[end]) == CharClass::word) ++end;
  return text_.substr(offset, end - offset);
}

std::string_view SourceText::number(std::uint32_t offset) const {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_sign = [](char c) { return c == '+' || c == '-'; };
  const std::size_t size = text_.size();
  std::size_t end = offset;
  if (end < size && is_sign(text_[end])) ++end;
  while (end < size && (is_digit(text_[end]) || text_[end] == '.')) ++end;
  // An e with digits after it is an exponent.
  if (end < size && (text_[end] == 'e' || text_[end] == 'E')) {
    std::size_t digits = end + 1;
    if (digits < size && is_sign(text_[digits])) ++digits;
    if (digits < size && is_digit(text_[digits])) {
      for (end = digits; end < size && is_digit(text_[end]);) ++end;
    }
  }
  return text_.substr(offset, end - offset);
}

void SourceText::fail(std::uint32_t offset, const std::string& message) const {
  throw InputError(place(offset) + ": " + message);
}

void SourceText::unsupported(std::uint32_t offset, const std::string& message) const {
  throw Unsupported(place(offset) + ": " + message);
}

Lexer::Lexer(const SourceText& source) : source_(source) {
  // A byte order mark, as some editors leave.
  if (source.text().starts_with("\xEF\xBB\xBF")) at_ = 3;
}

void Lexer::bad_character() const {
  char code[8];
  std::snprintf(code, sizeof code, "0x%02X", static_cast<unsigned char>(source_.text()[at_]));
  source_.fail(at_, std::string("unexpected character ") + code);
}

Token Lexer::string_token() {
  // Strings occur in set-info only. A doubled quote stands for a quote, which skips just as two
  // strings do.
  const std::uint32_t begin = at_;
  const std::size_t end = source_.text().find('"', begin + 1);
  if (end == std::string_view::npos) source_.fail(begin, "this string is never closed");
  at_ = static_cast<std::uint32_t>(end + 1);
  return {Token::Kind::string, begin, at_ - begin};
}

Token Lexer::next() {
  const std::string_view text = source_.text();
  const auto size = static_cast<std::uint32_t>(text.size());
  while (at_ < size) {
    const std::uint32_t begin = at_;
    switch (class_of(text[at_])) {
      case CharClass::blank: ++at_; break;
      case CharClass::open: return {Token::Kind::open, at_++, 1};
      case CharClass::close: return {Token::Kind::close, at_++, 1};
      case CharClass::word:
        while (at_ < size && class_of(text[at_]) == CharClass::word) ++at_;
        return {Token::Kind::atom, begin, at_ - begin};
      case CharClass::comment: {
        const void* newline = std::memchr(text.data() + at_, '\n', size - at_);
        at_ = newline == nullptr
                  ? size
                  : static_cast<std::uint32_t>(static_cast<const char*>(newline) - text.data());
        break;
      }
      case CharClass::quote: return string_token();
      case CharClass::bad: bad_character();
    }
  }
  return {Token::Kind::end, size, 0};
}

}  // namespace clipbound::specs
