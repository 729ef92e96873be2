// From a formula to clauses, without what check.h does to them afterwards.
// boxed(1, 1, rest) declares on lines 1 and 2, bounds on 3 and 4; `rest` begins on line 5.
#include "specs/vnnlib/normal_form.h"

#include <cmath>
#include <limits>

#include "specs/vnnlib/parser.h"
#include "tests/specs/vnnlib/helpers.h"

namespace {

using namespace testing_vnnlib;
using Warnings = std::vector<std::string>;

Query form_of(const std::string& text, const VnnlibLimits& limits = {}) {
  const SourceText source(text, "t");
  return normal_form(parse_vnnlib_ast(source, limits), source, limits);
}

std::string error_of_form(const std::string& text, const VnnlibLimits& limits = {}) {
  try {
    form_of(text, limits);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

/// The thresholds of each clause's rows, in their order.
std::vector<std::vector<double>> thresholds_of(const Query& query) {
  std::vector<std::vector<double>> all;
  for (const Clause& clause : query.clauses) {
    std::vector<double>& row = all.emplace_back();
    for (const Row& r : clause.rows) row.push_back(r.threshold.exact.get_d());
  }
  return all;
}

using Thresholds = std::vector<std::vector<double>>;

const InputInterval& interval(const Query& query, std::size_t clause, std::size_t input = 0) {
  return query.clauses.at(clause).box->at(input);
}

TEST(NormalForm, TheFirstChoiceIsTheOutermost) {
  const Query query = form_of(
      boxed(1, 2, "(assert (or (<= Y_0 1) (<= Y_0 2)))\n(assert (or (<= Y_1 3) (<= Y_1 4)))"));
  EXPECT_EQ(thresholds_of(query), (Thresholds{{1, 3}, {1, 4}, {2, 3}, {2, 4}}));
}

TEST(NormalForm, ChoicesInsideAChoiceAreItsOwn) {
  const Query query = form_of(boxed(1, 2,
                                    "(assert (or\n(and (<= Y_0 1) (or (<= Y_1 2)\n(<= Y_1 "
                                    "3)))\n(<= Y_0 4)))(assert (<= Y_1 5))"));
  EXPECT_EQ(thresholds_of(query), (Thresholds{{5, 1, 2}, {5, 1, 3}, {5, 4}}));
  // A case begins at its outermost alternative.
  EXPECT_EQ(query.clauses[0].line, 7);
  EXPECT_EQ(query.clauses[1].line, 7);
  EXPECT_EQ(query.clauses[2].line, 9);
}

TEST(NormalForm, TruthAddsNothingAndFalsehoodEndsACase) {
  EXPECT_EQ(thresholds_of(form_of(boxed(1, 1, "(assert true)"))), (Thresholds{{}}));
  EXPECT_EQ(thresholds_of(form_of(boxed(1, 1, "(assert false)"))), Thresholds{});
  const Query query =
      form_of(boxed(1, 1, "(assert (or false (<= Y_0 1) (and true (<= Y_0 2)) (and false true)))"));
  EXPECT_EQ(thresholds_of(query), (Thresholds{{1}, {2}}));
  EXPECT_TRUE(query.warnings.empty());
}

TEST(NormalForm, NotEqualIsBelowOrAbove) {
  const Query query = form_of(boxed(1, 1, "(assert (distinct Y_0 1))"));
  ASSERT_EQ(thresholds_of(query), (Thresholds{{1}, {-1}}));
  EXPECT_TRUE(query.clauses[0].rows[0].strict);
  EXPECT_EQ(query.clauses[0].rows[0].terms[0].coefficient.exact, 1);
  EXPECT_TRUE(query.clauses[1].rows[0].strict);
  EXPECT_EQ(query.clauses[1].rows[0].terms[0].coefficient.exact, -1);
}

TEST(NormalForm, AnInputThatIsNotANumberIsOnOneOfItsSides) {
  const Query query = form_of(boxed(1, 1, "(assert (not (= X_0 1)))"));
  ASSERT_EQ(thresholds_of(query), (Thresholds{{1}, {-1}}));
  EXPECT_EQ(interval(query, 0).proof_in(DataType::float32).lower, -2.0);
  EXPECT_EQ(interval(query, 0).proof_in(DataType::float32).upper, 1.0);
  EXPECT_EQ(interval(query, 1).proof_in(DataType::float32).lower, 1.0);
  EXPECT_EQ(interval(query, 1).proof_in(DataType::float32).upper, 2.0);
  // Outside the box one side is empty.
  EXPECT_EQ(form_of(boxed(1, 1, "(assert (not (= X_0 3)))")).clauses.size(), 1U);
}

TEST(NormalForm, ConstantsAreDecidedAtOnce) {
  const std::string never =
      "t:5:9: this comparison never holds: the cases that need it are dropped";
  for (const char* holds : {"(<= 1 1)", "(< 1 2)", "(>= 1 1)", "(> 2 1)", "(= 1 1.0)",
                            "(distinct 1 0)", "(<= Y_0 Y_0)", "(= (- X_0 X_0) 0)"}) {
    const Query query = form_of(boxed(1, 1, "(assert " + std::string(holds) + ")"));
    EXPECT_EQ(thresholds_of(query), (Thresholds{{}})) << holds;
  }
  for (const char* fails : {"(<= 2 1)", "(< 1 1)", "(>= 1 2)", "(> 1 1)", "(= 1 2)",
                            "(distinct 1 1)", "(< Y_0 Y_0)", "(= (- X_0 X_0) 1)"}) {
    const Query query = form_of(boxed(1, 1, "(assert " + std::string(fails) + ")"));
    EXPECT_TRUE(query.clauses.empty()) << fails;
    EXPECT_EQ(query.warnings, (Warnings{never})) << fails;
  }
}

TEST(NormalForm, ABoundThatEmptiesTheBoxIsNamed) {
  const Query query = form_of(boxed(1, 1, "(assert (>= X_0 3))"));
  EXPECT_TRUE(query.clauses.empty());
  EXPECT_EQ(query.warnings,
            (Warnings{"t:5:9: with this bound no value is left for X_0: the cases that need it are "
                      "dropped"}));
}

TEST(NormalForm, ADeadEndOfManyCasesIsNamedOnce) {
  const Query query = form_of(
      boxed(1, 1, "(assert (or (<= Y_0 1) (<= Y_0 2)))\n(assert (or (>= X_0 3) (<= Y_0 9)))"));
  EXPECT_EQ(thresholds_of(query), (Thresholds{{1, 9}, {2, 9}}));
  ASSERT_EQ(query.warnings.size(), 1U);
  EXPECT_TRUE(query.warnings[0].starts_with("t:6:13: ")) << query.warnings[0];
  EXPECT_EQ(query.clauses[0].box, query.clauses[1].box) << "the dead ends have left no trace";
  EXPECT_EQ(interval(query, 1).proof_in(DataType::float32).lower, -2.0);
}

TEST(NormalForm, AnEqualInputIsOnePoint) {
  for (const char* equal : {"(= X_0 0.5)", "(= 0.5 X_0)", "(= (* 2 X_0) 1)", "(= (- X_0) -0.5)"}) {
    const Query query = form_of(boxed(1, 1, "(assert " + std::string(equal) + ")"));
    ASSERT_EQ(thresholds_of(query), (Thresholds{{}})) << equal;
    EXPECT_EQ(interval(query, 0).proof_in(DataType::float32).lower, 0.5) << equal;
    EXPECT_EQ(interval(query, 0).proof_in(DataType::float32).upper, 0.5) << equal;
  }
}

TEST(NormalForm, ANegativeFactorTurnsABoundRound) {
  const Query query = form_of(boxed(1, 1, "(assert (< (* -2 X_0) 1))"));
  EXPECT_EQ(interval(query, 0).proof_in(DataType::float32).lower, -0.5);
  EXPECT_EQ(interval(query, 0).proof_in(DataType::float32).upper, 2.0);
  ASSERT_EQ(query.clauses[0].rows.size(), 1U);
  EXPECT_TRUE(query.clauses[0].rows[0].strict);
  EXPECT_EQ(query.clauses[0].rows[0].terms[0].coefficient.exact, -2);
  EXPECT_EQ(query.clauses[0].rows[0].threshold.exact, 1);
}

TEST(NormalForm, EdgesOfADecimalLieOnItsTwoSides) {
  // float64(0.1) and float32(0.1) lie above 0.1.
  const Query above = form_of(boxed(1, 1, "(assert (>= X_0 0.1))"));
  EXPECT_EQ(interval(above, 0).proof_in(DataType::float32).lower, std::nextafter(0.1, 0.0));
  EXPECT_EQ(interval(above, 0).ends_in(DataType::float32).lower, 0.1F);
  EXPECT_EQ(interval(above, 0).exact.lower, 0.1);
  const Query below = form_of(boxed(1, 1, "(assert (<= X_0 0.1))"));
  EXPECT_EQ(interval(below, 0).proof_in(DataType::float32).upper, static_cast<double>(0.1F));
  EXPECT_EQ(interval(below, 0).ends_in(DataType::float32).upper, 0.1F);
  EXPECT_EQ(interval(below, 0).exact.upper, std::nextafter(0.1, 0.0));
}

TEST(NormalForm, ABoundBeyondFloat32IsItsLargestNumber) {
  const Query query = form_of(declarations(1, 1) + "(assert (>= X_0 -1e39))(assert (<= X_0 1e39))");
  EXPECT_EQ(interval(query, 0).ends_in(DataType::float32).lower,
            std::numeric_limits<float>::lowest());
  EXPECT_EQ(interval(query, 0).ends_in(DataType::float32).upper, std::numeric_limits<float>::max());
  EXPECT_GE(interval(query, 0).proof_in(DataType::float32).upper, 1e39);
  EXPECT_LE(interval(query, 0).proof_in(DataType::float32).upper, std::nextafter(1e39, 2e39));
}

TEST(NormalForm, AnInputWithoutABoundIsNamed) {
  EXPECT_EQ(error_of_form(declarations(1, 1) + "(assert (<= X_0 0))"),
            "t:1:16: X_0 has no lower bound in the case of line 3");
  EXPECT_EQ(error_of_form(declarations(2, 1) + "(assert (and (<= X_0 1) (>= X_0 0) (>= X_1 0)))"),
            "t:2:16: X_1 has no upper bound in the case of line 4");
  EXPECT_EQ(error_of_form(declarations(1, 1) + "(assert (>= X_0 0))(assert (<= X_0 1e400))"),
            "t:1:16: X_0 has no upper bound in the case of line 3");
  // A box that one case leaves open is complete in the other.
  EXPECT_EQ(
      error_of_form(declarations(1, 1) + "(assert (>= X_0 0))(assert (or (<= X_0 1)\n(<= Y_0 1)))"),
      "t:1:16: X_0 has no upper bound in the case of line 4");
}

TEST(NormalForm, CasesAreCountedToTheLimit) {
  const std::string text =
      boxed(1, 2, "(assert (or (<= Y_0 1) (<= Y_0 2)))\n(assert (or (<= Y_1 3) (<= Y_1 4)))");
  VnnlibLimits limits;
  limits.max_clauses = 4;
  EXPECT_EQ(form_of(text, limits).clauses.size(), 4U);
  limits.max_clauses = 3;
  EXPECT_EQ(error_of_form(text, limits), "t:6:24: the property has more than 3 cases");
}

TEST(NormalForm, MemoryIsCountedToTheLimit) {
  VnnlibLimits limits;
  limits.max_form_bytes = 1;
  EXPECT_EQ(error_of_form(boxed(1, 1, "(assert (or (<= Y_0 1) (<= Y_0 2)))"), limits),
            "t:5:13: the property's cases need more than 0 MiB");
}

TEST(NormalForm, AFormulaWithoutNodesIsOneCase) {
  const SourceText source("", "t");
  Ast ast;
  ast.warnings = {"said before"};
  const Query query = normal_form(ast, source, {});
  ASSERT_EQ(query.clauses.size(), 1U);
  EXPECT_TRUE(query.clauses[0].rows.empty());
  EXPECT_TRUE(query.clauses[0].box->empty());
  EXPECT_EQ(query.clauses[0].line, 1);
  EXPECT_EQ(query.warnings, (Warnings{"said before"}));
  EXPECT_EQ(query.source, "t");
}

}  // namespace
