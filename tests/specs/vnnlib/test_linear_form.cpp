// Comparisons as exact linear forms: (<= (+ (* 2 Y_0) 0.1) (- X_1 Y_0)) is 3 Y_0 - X_1 + 0.1 <= 0.
#include <gtest/gtest.h>

#include "base/error.h"
#include "specs/vnnlib/linear_form.h"
#include "specs/vnnlib/parser.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// A file with two inputs, two outputs and one assertion.
struct OneComparison {
  explicit OneComparison(const std::string& atom)
      : text(
            "(declare-const X_0 Real)\n(declare-const X_1 Real)\n(declare-const Y_0 Real)\n"
            "(declare-const Y_1 Real)\n(assert " +
            atom + ")\n"),
        source(text, "t"),
        ast(parse_vnnlib_ast(source, {})) {}
  LinearForm form() const { return difference(ast, source, ast.roots[0]); }
  std::string text;
  SourceText source;
  Ast ast;
};

TEST(LinearForm, MergesLikeTermsExactly) {
  const LinearForm form = OneComparison("(<= (+ (* 2 Y_0) 0.1) (- X_1 Y_0))").form();
  ASSERT_EQ(form.terms.size(), 2u);
  EXPECT_EQ(form.terms[0].of, Term::Of::input);
  EXPECT_EQ(form.terms[0].index, 1);
  EXPECT_EQ(form.terms[0].coefficient, -1);
  EXPECT_EQ(form.terms[1].of, Term::Of::output);
  EXPECT_EQ(form.terms[1].coefficient, 3);
  EXPECT_EQ(form.constant, mpq_class(1, 10));
}

TEST(LinearForm, DropsTermsThatCancel) {
  const LinearForm form = OneComparison("(<= (+ Y_0 Y_1) (+ Y_1 3))").form();
  ASSERT_EQ(form.terms.size(), 1u);
  EXPECT_EQ(form.constant, -3);
  EXPECT_THROW(OneComparison("(<= (/ Y_0 0) 1)").form(), InputError);
}

TEST(LinearForm, RowsSayWhatTheRelationSays) {
  const LinearForm form = OneComparison("(<= Y_0 3)").form();
  std::vector<Row> rows;
  append_rows(form, Relation::less, rows);
  append_rows(form, Relation::greater_equal, rows);
  append_rows(form, Relation::equal, rows);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_TRUE(rows[0].strict);
  EXPECT_EQ(rows[0].terms[0].coefficient.exact, 1);
  EXPECT_EQ(rows[0].threshold.exact, 3);
  EXPECT_FALSE(rows[1].strict);
  EXPECT_EQ(rows[1].terms[0].coefficient.exact, -1);
  EXPECT_EQ(rows[1].threshold.exact, -3);
  EXPECT_FALSE(rows[1].from_equality);
  EXPECT_TRUE(rows[2].from_equality);
  EXPECT_TRUE(rows[3].from_equality);
  EXPECT_EQ(rows[3].threshold.exact, -3);
  EXPECT_THROW(append_rows(form, Relation::not_equal, rows), ContractError);
}

}  // namespace
}  // namespace clipbound::test
