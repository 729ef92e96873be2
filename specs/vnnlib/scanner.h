#pragma once
// Idea: the words of a VNN-LIB 2 file, read where the grammar expects them.
// Source: the VNN-LIB standard 2.1, syntax/grammar.cf.
// Guarantees: what is not there as expected throws with file:line:column and with what was.
#include <cstdint>
#include <string>
#include <string_view>

#include "specs/vnnlib/lexer.h"

namespace clipbound::specs {

/// A word in quotes for a message: all of it, unless it is absurdly long.
std::string shown(std::string_view word);

/// Goes through a text. Blanks and `;` comments before a word are skipped.
class Scanner {
 public:
  explicit Scanner(const SourceText& source);

  /// The next character that is no blank; '\0' at the end.
  char peek() {
    // Most words follow each other at once, or after one blank.
    if (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (at_ < text_.size() && text_[at_] > ' ' && text_[at_] != ';') return text_[at_];
    return peek_further();
  }
  /// Where the character is that peek() has shown.
  std::uint32_t offset() const { return at_; }
  /// Takes the next character if it is this one.
  bool accept(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  /// Takes it or throws. `what` is what should have stood here.
  void expect(char wanted, const char* what);

  /// Letters, digits and `_`, a letter first; `what` for the message where there is none.
  std::string_view name(const char* what);
  /// A name that may have `-` in it: declare-network.
  std::string_view keyword(const char* what);
  /// The name of an operator: a keyword, or characters such as <=. Empty where neither stands here.
  std::string_view operation();
  /// True where a number begins (a sign belongs to it).
  bool at_number();
  /// A number, checked to be a decimal.
  std::string_view number();
  /// Digits without a sign or a point; saturates.
  std::int64_t index(const char* what);
  /// What stands between double quotes, its escapes undone.
  std::string string(const char* what);

  /// "expected <what>, found <word>".
  [[noreturn]] void fail_expecting(const std::string& what);
  /// The bracket that is named where the text ends too early.
  void open_at(std::uint32_t offset) { open_ = offset; }

 private:
  char peek_further();
  std::string_view taken(std::uint32_t begin) const;
  std::string_view word_here() const;

  const SourceText& source_;
  const std::string_view text_;
  std::uint32_t at_ = 0, open_ = 0;
};

}  // namespace clipbound::specs
