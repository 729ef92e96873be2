#pragma once
// Idea: tokens of a VNN-LIB file as slices of its text, and places in it for messages.
// Source: SMT-LIB 2.6, section 3.1, as far as VNN-LIB files go.
// Guarantees: every byte belongs to one token, blank or comment, or throws.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/floors.h"

namespace clipbound::specs {

/// A text with its name; turns byte offsets into file:line:column. Does not own the text.
class SourceText {
 public:
  SourceText(std::string_view text, std::string name) : text_(text), name_(std::move(name)) {}

  std::string_view text() const { return text_; }
  const std::string& name() const { return name_; }
  /// The line of an offset, from 1. Cheap for offsets near the last one asked for.
  int line(std::uint32_t offset) const;
  /// "name:line:column", both from 1, the column in bytes.
  std::string place(std::uint32_t offset) const;
  /// The word (number, symbol) that begins at `offset`.
  std::string_view word(std::uint32_t offset) const;
  /// The number that begins at `offset`, as far as its characters go.
  std::string_view number(std::uint32_t offset) const;
  /// Throws InputError("place: message").
  [[noreturn]] void fail(std::uint32_t offset, const std::string& message) const;
  /// Throws Unsupported("place: message").
  [[noreturn]] void unsupported(std::uint32_t offset, const std::string& message) const;

 private:
  std::string_view text_;
  std::string name_;
  mutable std::uint32_t known_offset_ = 0;
  mutable int known_line_ = 1;
};

struct Token {
  enum class Kind : std::uint8_t { open, close, atom, string, end } kind = Kind::end;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

/// Splits the text into brackets, atoms (symbols and numbers) and strings; skips blanks and `;`
/// comments.
class Lexer {
 public:
  explicit Lexer(const SourceText& source);
  /// The next token. Throws InputError for characters that no VNN-LIB file has and for an unclosed
  /// string.
  Token next();
  std::string_view text(const Token& token) const {
    return source_.text().substr(token.offset, token.length);
  }
  std::uint32_t offset() const { return at_; }
  /// Goes back to an offset that offset() has returned.
  void rewind(std::uint32_t offset) { at_ = offset; }

 private:
  Token string_token();
  [[noreturn]] void bad_character() const;

  const SourceText& source_;
  std::uint32_t at_ = 0;
};

}  // namespace clipbound::specs
