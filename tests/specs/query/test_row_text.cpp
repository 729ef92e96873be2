// Rows in words.
#include "specs/query/row_text.h"

#include <gtest/gtest.h>

#include "specs/vnnlib/vnnlib.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

std::string text_of(const std::string& assertion) {
  const std::string text =
      "(declare-const X_0 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)"
      "(assert (>= X_0 0))(assert (<= X_0 1))(assert " +
      assertion + ")";
  return to_text(parse_vnnlib(text, "t").clauses.at(0).rows.at(0));
}

TEST(RowText, SaysAllOfIt) {
  EXPECT_EQ(text_of("(<= Y_0 0.1)"), "Y_0 <= 0.1");
  EXPECT_EQ(text_of("(>= Y_0 0.1)"), "-Y_0 <= -0.1");
  EXPECT_EQ(text_of("(< Y_0 Y_1)"), "Y_0 - Y_1 < 0");
  EXPECT_EQ(text_of("(<= (+ (* -2.5 Y_0) (* 0.3333333333333333 Y_1)) 1e-30)"),
            "-2.5 Y_0 + 0.3333333333333333 Y_1 <= 1e-30");
  EXPECT_EQ(text_of("(<= (- Y_1 X_0) -7)"), "-X_0 + Y_1 <= -7");
}

}  // namespace
}  // namespace clipbound::test
