// Warnings and errors that a property's author reads: places, words, and what they leave alone.
// boxed(1, 1, rest) declares on lines 1 and 2, bounds on 3 and 4; `rest` begins on line 5.
#include "specs/vnnlib/check.h"

#include "specs/vnnlib/normal_form.h"
#include "specs/vnnlib/parser.h"
#include "tests/specs/vnnlib/helpers.h"

namespace {

using namespace testing_vnnlib;
using Warnings = std::vector<std::string>;

/// The normal form of a text, nothing of check.h applied.
Query unchecked(const std::string& text) {
  const SourceText source(text, "t");
  const VnnlibLimits limits;
  return normal_form(parse_vnnlib_ast(source, limits), source, limits);
}

/// True where the clause of these two rows on two outputs and one input is dropped.
bool drops(const std::string& first, const std::string& second) {
  Query query = unchecked(boxed(1, 2, "(assert " + first + ")(assert " + second + ")"));
  EXPECT_EQ(query.clauses.size(), 1U);
  drop_contradictions(query);
  EXPECT_EQ(query.warnings.size(), 1U - query.clauses.size());
  return query.clauses.empty();
}

Warnings warnings_of(const std::string& text) {
  Query query = unchecked(text);
  EXPECT_TRUE(query.warnings.empty());
  warn_of_trivial_sets(query);
  return query.warnings;
}

std::string declaration_error(const std::string& text) {
  const SourceText source(text, "t");
  try {
    check_declarations(parse_vnnlib_ast(source, {}), source);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(AddWarning, NamesThePlace) {
  const SourceText source("ab\ncd", "t");
  Warnings warnings;
  add_warning(warnings, source, 4, "mind this");
  EXPECT_EQ(warnings, (Warnings{"t:2:2: mind this"}));
}

TEST(AddWarning, SaysOnceThatMoreAreLeftOut) {
  const SourceText source("ab", "t");
  Warnings warnings;
  for (int i = 0; i < 50; ++i) add_warning(warnings, source, 0, "w" + std::to_string(i));
  ASSERT_EQ(warnings.size(), 50U);
  EXPECT_EQ(warnings.back(), "t:1:1: w49");
  for (int i = 0; i < 10; ++i) add_warning(warnings, source, 0, "more");
  ASSERT_EQ(warnings.size(), 51U);
  EXPECT_EQ(warnings.back(), "further warnings are left out");
}

TEST(CheckDeclarations, BothLettersAreNeeded) {
  EXPECT_EQ(declaration_error(""), "t:1:1: no variable X_0 is declared");
  EXPECT_EQ(declaration_error("(declare-const Y_0 Real)"), "t:1:1: no variable X_0 is declared");
  EXPECT_EQ(declaration_error("(declare-const X_0 Real)"), "t:1:1: no variable Y_0 is declared");
  EXPECT_EQ(declaration_error("(declare-const X_0 Real)(declare-const Y_0 Real)"), "");
}

TEST(CheckDeclarations, AGapIsNamedWithTheVariableAfterIt) {
  const std::string tail = ": indices run from 0 without gaps";
  EXPECT_EQ(declaration_error("(declare-const Y_0 Real)\n(declare-const X_1 Real)"),
            "t:2:16: X_1 is declared, but X_0 is not" + tail);
  EXPECT_EQ(declaration_error("(declare-const X_0 Real)(declare-const Y_0 Real)\n"
                              "(declare-const Y_4 Real)\n(declare-const Y_3 Real)"),
            "t:3:16: Y_3 is declared, but Y_1 is not" + tail);
  // In any order, without gaps.
  EXPECT_EQ(declaration_error("(declare-const Y_1 Real)(declare-const Y_0 Real)"
                              "(declare-const X_1 Real)(declare-const X_0 Real)"),
            "");
}

TEST(DropContradictions, SaysWhichCase) {
  Query query =
      unchecked(boxed(1, 1, "(assert (or (<= Y_0 -1)\n(and (>= Y_0 1) (<= Y_0 0))\n(<= Y_0 -3)))"));
  drop_contradictions(query);
  ASSERT_EQ(query.clauses.size(), 2U);
  EXPECT_EQ(query.clauses[0].line, 5);
  EXPECT_EQ(query.clauses[1].line, 7);
  EXPECT_EQ(query.warnings, (Warnings{"t:6: two rows of this case contradict each other: no output "
                                      "satisfies it"}));
}

TEST(DropContradictions, HalfSpacesThatTouchShareTheirEdgeUnlessItIsStrict) {
  EXPECT_FALSE(drops("(>= Y_0 1)", "(<= Y_0 1)"));
  EXPECT_TRUE(drops("(> Y_0 1)", "(<= Y_0 1)"));
  EXPECT_TRUE(drops("(>= Y_0 1)", "(< Y_0 1)"));
  EXPECT_TRUE(drops("(> Y_0 1)", "(< Y_0 1)"));
  EXPECT_FALSE(drops("(> Y_0 1)", "(< Y_0 1.5)"));
  EXPECT_FALSE(drops("(= Y_0 1)", "(= Y_1 2)"));
  EXPECT_TRUE(drops("(= Y_0 1)", "(= Y_0 2)"));
}

TEST(DropContradictions, ComparesDecimalsExactly) {
  // One float64 to both sides of the first pair, and to both coefficients of the second.
  EXPECT_TRUE(drops("(>= Y_0 0.1)", "(<= Y_0 0.09999999999999999999999)"));
  EXPECT_FALSE(drops("(>= (* 0.1 Y_0) 1)", "(<= (* 0.10000000000000000000001 Y_0) 0.5)"));
  EXPECT_TRUE(drops("(>= (* 0.1 Y_0) 1)", "(<= (* 0.1 Y_0) 0.5)"));
}

TEST(DropContradictions, OnlyOppositeRowsContradict) {
  EXPECT_FALSE(drops("(>= Y_0 1)", "(<= Y_1 0)"));
  EXPECT_FALSE(drops("(>= Y_0 1)", "(>= Y_0 5)"));
  EXPECT_FALSE(drops("(>= Y_0 1)", "(<= (+ Y_0 X_0) 0)"));
  EXPECT_TRUE(drops("(>= (+ X_0 Y_0) 3)", "(<= (+ Y_0 X_0) 2)"));
  EXPECT_TRUE(drops("(<= (- Y_0 Y_1) -1)", "(<= (- Y_1 Y_0) 0.5)"));
  EXPECT_TRUE(drops("(> X_0 1)", "(< X_0 1)")) << "rows of a strict bound";
}

TEST(DropContradictions, AnyTwoOfManyRowsCount) {
  Query query = unchecked(
      boxed(1, 1, "(assert (>= Y_0 5))(assert (>= Y_0 1))(assert (>= Y_0 2))(assert (<= Y_0 3))"));
  drop_contradictions(query);
  EXPECT_TRUE(query.clauses.empty());
  EXPECT_EQ(query.warnings.size(), 1U);
}

TEST(DropContradictions, ACaseWithoutRowsStays) {
  Query query = unchecked(boxed(1, 1, ""));
  drop_contradictions(query);
  EXPECT_EQ(query.clauses.size(), 1U);
  Query none;
  drop_contradictions(none);
  EXPECT_TRUE(none.warnings.empty());
}

TEST(WarnOfTrivialSets, ACaseOfInputsAlone) {
  const Warnings expected = {
      "t:3: this case does not restrict the outputs: it asks for inputs alone"};
  EXPECT_EQ(warnings_of(boxed(1, 1, "")), expected);
  EXPECT_EQ(warnings_of(boxed(1, 1, "(assert (< X_0 1))")), expected);
  EXPECT_EQ(warnings_of(boxed(1, 1, "(assert (<= (+ X_0 Y_0) 1))")), Warnings{});
}

TEST(WarnOfTrivialSets, NoCaseAtAll) {
  Query query;
  query.source = "t";
  warn_of_trivial_sets(query);
  EXPECT_EQ(query.warnings,
            (Warnings{"t: the unsafe set is empty, the property holds whatever the network is"}));
}

TEST(WarnOfTrivialSets, TwoCasesThatCoverAllOutputs) {
  const Warnings expected = {
      "t:6: together with the case of line 5 this covers all outputs: every point of the box is a "
      "counterexample"};
  EXPECT_EQ(warnings_of(boxed(1, 1, "(assert (or (>= Y_0 1)\n(<= Y_0 1)))")), expected);
  EXPECT_EQ(warnings_of(boxed(1, 1, "(assert (or (>= Y_0 1)\n(< Y_0 1)))")), expected);
  EXPECT_EQ(warnings_of(boxed(1, 1, "(assert (or (> Y_0 1)\n(< Y_0 1.5)))")), expected);
  EXPECT_EQ(warnings_of(boxed(1, 1, "(assert (or (> Y_0 1)\n(< Y_0 1)))")), Warnings{});
  EXPECT_EQ(warnings_of(boxed(1, 1, "(assert (or (>= Y_0 1)\n(<= Y_0 0.5)))")), Warnings{});
}

TEST(WarnOfTrivialSets, CasesCoverOnlyOnOneBoxAndWithOneRow) {
  EXPECT_EQ(warnings_of(boxed(
                1, 1, "(assert (or (and (<= X_0 0) (>= Y_0 1)) (and (>= X_0 0) (<= Y_0 1))))")),
            Warnings{});
  EXPECT_EQ(warnings_of(boxed(1, 2, "(assert (or (and (>= Y_0 1) (>= Y_1 0)) (<= Y_0 1)))")),
            Warnings{});
  EXPECT_EQ(warnings_of(boxed(1, 2, "(assert (or (>= Y_0 1) (<= Y_1 1)))")), Warnings{});
}

}  // namespace
