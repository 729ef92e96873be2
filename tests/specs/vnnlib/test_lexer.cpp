// Tokens, and positions in messages.
#include <gtest/gtest.h>

#include "base/error.h"
#include "specs/vnnlib/lexer.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(Lexer, SkipsBlanksAndComments) {
  const SourceText source("(a ; no\n  -1.5e3)", "t");
  Lexer lexer(source);
  EXPECT_EQ(lexer.next().kind, Token::Kind::open);
  const Token a = lexer.next();
  EXPECT_EQ(lexer.text(a), "a");
  const Token number = lexer.next();
  EXPECT_EQ(lexer.text(number), "-1.5e3");
  EXPECT_EQ(source.place(number.offset), "t:2:3");
  EXPECT_EQ(source.line(a.offset), 1);
  EXPECT_EQ(lexer.next().kind, Token::Kind::close);
  EXPECT_EQ(lexer.next().kind, Token::Kind::end);
}

TEST(Lexer, GoesBack) {
  const SourceText source("x y", "t");
  Lexer lexer(source);
  lexer.next();
  const std::uint32_t before = lexer.offset();
  EXPECT_EQ(lexer.text(lexer.next()), "y");
  lexer.rewind(before);
  EXPECT_EQ(lexer.text(lexer.next()), "y");
}

TEST(Lexer, RefusesAnUnclosedString) {
  const SourceText source("\"never", "t");
  Lexer lexer(source);
  EXPECT_THROW(lexer.next(), InputError);
}

}  // namespace
}  // namespace clipbound::test
