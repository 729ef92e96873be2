// The shapes that occur in real files of VNN-COMP, each with its answer.
#include "tests/specs/vnnlib/helpers.h"

namespace {

using namespace testing_vnnlib;

TEST(Shapes, OneConjunction) {
  const Query query = parse(boxed(2, 3, "(assert (<= Y_1 Y_0))\n(assert (<= Y_2 Y_0))\n"));
  ASSERT_EQ(query.clauses.size(), 1U);
  EXPECT_EQ(query.input_size, 2);
  EXPECT_EQ(query.output_size, 3);
  EXPECT_EQ(query.clauses[0].rows.size(), 2U);
  const Row& row = query.clauses[0].rows[0];
  ASSERT_EQ(row.terms.size(), 2U);
  EXPECT_EQ(row.terms[0].index, 0);
  EXPECT_EQ(row.terms[0].coefficient.exact, -1);
  EXPECT_EQ(row.terms[1].coefficient.exact, 1);
  EXPECT_EQ(row.threshold.exact, 0);
  EXPECT_FALSE(row.strict);
  EXPECT_TRUE(query.warnings.empty());
  EXPECT_EQ(query.clauses[0].line, 6);
}

TEST(Shapes, DisjunctionOverOutputsSharesOneBox) {
  const Query query =
      parse(boxed(3, 3, "(assert (or\n(and (>= Y_1 Y_0))\n(and (>= Y_2 Y_0))\n(>= Y_2 7)))"));
  ASSERT_EQ(query.clauses.size(), 3U);
  EXPECT_EQ(distinct_boxes(query), 1U);
  EXPECT_EQ(query.clauses[0].line, 14);
  EXPECT_EQ(query.clauses[1].line, 15);
  EXPECT_EQ(query.clauses[2].line, 16);
  EXPECT_EQ(query.clauses[2].rows.at(0).threshold.exact, -7);
}

TEST(Shapes, ConjunctionsOfSeveralRows) {  // acasxu prop_7
  const Query query = parse(boxed(
      1, 3,
      "(assert (or (and (<= Y_0 Y_1) (<= Y_0 Y_2)) (and (<= Y_1 Y_0)(<= Y_1 Y_2)(>= Y_2 1))))"));
  ASSERT_EQ(query.clauses.size(), 2U);
  EXPECT_EQ(query.clauses[0].rows.size(), 2U);
  EXPECT_EQ(query.clauses[1].rows.size(), 3U);
}

TEST(Shapes, InputDisjunctionTimesOutputDisjunction) {  // acasxu prop_6
  const Query query = parse(
      declarations(2, 5) +
      "(assert (or (and (<= X_0 1)(>= X_0 0.5)) (and (<= X_0 -0.5)(>= X_0 -1))))"
      "(assert (<= X_1 1))(assert (>= X_1 0))"
      "(assert (or (and (<= Y_1 Y_0)) (and (<= Y_2 Y_0)) (and (<= Y_3 Y_0)) (and (<= Y_4 Y_0))))");
  ASSERT_EQ(query.clauses.size(), 8U);
  EXPECT_EQ(distinct_boxes(query), 2U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(query.clauses[i].box, query.clauses[0].box);
    EXPECT_EQ((*query.clauses[i].box)[0].proof_in(DataType::float32).lower, 0.5);
    EXPECT_EQ((*query.clauses[i + 4].box)[0].proof_in(DataType::float32).lower, -1.0);
    EXPECT_EQ((*query.clauses[i + 4].box)[1].proof_in(DataType::float32).upper, 1.0);
  }
}

TEST(Shapes, InputsAndOutputsInEachDisjunctWithoutTopLevelBox) {  // nn4sys
  const Query query =
      parse(declarations(1, 1) +
            "(assert (or (and (>= X_0 0)(<= X_0 1)(<= Y_0 -1))(and (>= X_0 0)(<= X_0 1)(>= Y_0 1))"
            "(and (>= X_0 2)(<= X_0 3)(<= Y_0 -2))(and (<= X_0 1.0)(>= X_0 0.00)(>= Y_0 3))))");
  ASSERT_EQ(query.clauses.size(), 4U);
  EXPECT_EQ(distinct_boxes(query), 2U);
  EXPECT_EQ(query.clauses[0].box, query.clauses[3].box);
  EXPECT_EQ((*query.clauses[2].box)[0].proof_in(DataType::float32).lower, 2.0);
}

TEST(Shapes, OrFollowedByFurtherRows) {  // lsnc: the later row belongs to every case
  const Query query = parse(
      boxed(1, 2, "(assert (or (and (<= Y_0 -1)) (and (>= Y_0 1))))\n(assert (<= Y_1 0.045))"));
  ASSERT_EQ(query.clauses.size(), 2U);
  for (const Clause& clause : query.clauses) EXPECT_EQ(clause.rows.size(), 2U);
}

TEST(Shapes, BoxIsResetInEachDisjunct) {
  const Query query = parse(boxed(
      1, 1, "(assert (or (and (<= X_0 0) (>= Y_0 1)) (>= Y_0 2) (and (>= X_0 1) (>= Y_0 1))))"));
  ASSERT_EQ(query.clauses.size(), 3U);
  EXPECT_EQ((*query.clauses[0].box)[0].proof_in(DataType::float32).upper, 0.0);
  EXPECT_EQ((*query.clauses[1].box)[0].proof_in(DataType::float32).upper, 2.0);
  EXPECT_EQ((*query.clauses[1].box)[0].proof_in(DataType::float32).lower, -2.0);
  EXPECT_EQ((*query.clauses[2].box)[0].proof_in(DataType::float32).lower, 1.0);
  EXPECT_EQ((*query.clauses[2].box)[0].proof_in(DataType::float32).upper, 2.0);
  // A bound that does not tighten gives the shared box.
  const Query loose = parse(boxed(1, 1, "(assert (or (and (<= X_0 5) (>= Y_0 1)) (>= Y_0 2)))"));
  EXPECT_EQ(distinct_boxes(loose), 1U);
}

TEST(Shapes, LayoutDoesNotMatter) {
  const Query query = parse(
      "\xEF\xBB\xBF; comment ( \r\n(set-logic QF_LRA)(set-info :source \"a ) "
      "string\")\r\n\t(declare-const X_0 "
      "Real)(declare-fun Y_0 () Real)\r\n"
      "(assert\n(and\t(<= X_0\n3.)(>= X_0 .5)))(assert(or(and(<= 1e-1 Y_0))(>= Y_0(- "
      "3))));end\r\n(check-sat)");
  ASSERT_EQ(query.clauses.size(), 2U);
  EXPECT_EQ((*query.clauses[0].box)[0].proof_in(DataType::float32).upper, 3.0);
  EXPECT_EQ((*query.clauses[0].box)[0].proof_in(DataType::float32).lower, 0.5);
  EXPECT_EQ(query.clauses[0].rows.at(0).threshold.exact, mpq_class(-1, 10));
  EXPECT_EQ(query.clauses[1].rows.at(0).threshold.exact, 3);
}

TEST(Shapes, LinearTerms) {
  const Query query = parse(
      boxed(2, 2, "(assert (<= (+ (* 2 Y_0) (* Y_1 -0.5) (- X_1) 3 (* 2 (- Y_0 1))) (+ Y_1 1)))"));
  ASSERT_EQ(query.clauses.size(), 1U);
  const Row& row = query.clauses[0].rows.at(0);  // 4 Y_0 - 1.5 Y_1 - X_1 <= 0
  ASSERT_EQ(row.terms.size(), 3U);
  EXPECT_EQ(row.terms[0].of, Term::Of::input);
  EXPECT_EQ(row.terms[0].index, 1);
  EXPECT_EQ(row.terms[0].coefficient.exact, -1);
  EXPECT_EQ(row.terms[1].coefficient.exact, 4);
  EXPECT_EQ(row.terms[2].coefficient.exact, mpq_class(-3, 2));
  EXPECT_EQ(row.threshold.exact, 0);
}

TEST(Shapes, InputBounds) {
  // With coefficients: 3 X <= 1 is X <= 1/3, enclosed; -2 X <= 1 turns round.
  const Query query = parse(boxed(2, 1,
                                  "(assert (<= (* 3 X_0) 1))(assert (<= (* -2 X_0) 1))(assert (<= "
                                  "(+ X_1 X_1) 1))(assert (>= Y_0 0))"));
  const Box& box = *query.clauses.at(0).box;
  EXPECT_EQ(query.clauses[0].rows.size(), 1U);
  EXPECT_LT(mpq_class(box[0].exact.upper), mpq_class(1, 3));
  EXPECT_GT(mpq_class(box[0].proof_in(DataType::float32).upper), mpq_class(1, 3));
  EXPECT_EQ(box[0].ends_in(DataType::float32).upper, slow::nearest_float(mpq_class(1, 3)));
  EXPECT_EQ(box[0].proof_in(DataType::float32).lower, -0.5);
  EXPECT_EQ(box[1].proof_in(DataType::float32).upper, 0.5);
  // Strict bounds stay as rows; mixed rows and rows of two inputs are rows.
  const Query strict = parse(boxed(
      2, 1,
      "(assert (< X_0 1))(assert (> 1 X_1))(assert (<= X_0 X_1))(assert (>= (+ X_0 Y_0) 0))"));
  ASSERT_EQ(strict.clauses.at(0).rows.size(), 4U);
  EXPECT_TRUE(strict.clauses[0].rows[0].strict);
  EXPECT_TRUE(strict.clauses[0].rows[1].strict);
  EXPECT_EQ(strict.clauses[0].rows[1].terms.at(0).coefficient.exact, 1);
  EXPECT_EQ((*strict.clauses[0].box)[1].proof_in(DataType::float32).upper, 1.0);
  EXPECT_FALSE(
      rows_hold(strict.clauses[0], std::vector<double>{0.0, 1.0}, std::vector<double>{0.0}));
  EXPECT_TRUE(
      rows_hold(strict.clauses[0], std::vector<double>{0.0, 0.5}, std::vector<double>{0.0}));
}

TEST(Shapes, EqualityAndNegation) {
  const Query query = parse(boxed(1, 1, "(assert (= Y_0 0.5))"));
  ASSERT_EQ(query.clauses.at(0).rows.size(), 2U);
  for (const Row& row : query.clauses[0].rows) EXPECT_TRUE(row.from_equality && !row.strict);
  const Query below = parse(boxed(1, 1, "(assert (not (>= Y_0 0.5)))"));
  EXPECT_TRUE(below.clauses.at(0).rows.at(0).strict);
  const Query apart = parse(boxed(1, 2, "(assert (not (= Y_0 Y_1)))"));
  ASSERT_EQ(apart.clauses.size(), 2U);
  EXPECT_TRUE(apart.clauses[0].rows.at(0).strict && apart.clauses[1].rows.at(0).strict);
  EXPECT_EQ(parse(boxed(1, 2, "(assert (distinct Y_0 Y_1))")).clauses.size(), 2U);
  EXPECT_EQ(parse(boxed(1, 2, "(assert (not (or (<= Y_0 1) (not (and (<= Y_1 2) (<= Y_0 3))))))"))
                .clauses.at(0)
                .rows.size(),
            3U);
}

TEST(Shapes, ConstantRows) {
  const Query query = parse(boxed(1, 1,
                                  "(assert (or (and (<= 1 0) (>= Y_0 1)) (and (<= 0 1) (>= Y_0 2)) "
                                  "(and (< Y_0 Y_0) (>= Y_0 3))))"));
  ASSERT_EQ(query.clauses.size(), 1U);
  EXPECT_EQ(query.clauses[0].rows.size(), 1U);
  EXPECT_EQ(query.clauses[0].rows[0].threshold.exact, -2);
  EXPECT_EQ(query.warnings.size(), 2U);
}

bool warned(const Query& query, const std::string& place, const std::string& words) {
  for (const std::string& warning : query.warnings) {
    if (warning.starts_with(place) && warning.find(words) != std::string::npos) return true;
  }
  return false;
}

TEST(Warnings, EmptyBoxes) {
  const Query query =
      parse(boxed(1, 1, "(assert (or (and (>= X_0 1)\n(<= X_0 0.5) (>= Y_0 1)) (>= Y_0 2)))"));
  EXPECT_EQ(query.clauses.size(), 1U);
  EXPECT_TRUE(warned(query, "test.vnnlib:6:1: ", "X_0"));
  // Empty as decimals, but both round to one float32: kept.
  EXPECT_EQ(parse(declarations(1, 1) +
                  "(assert (>= X_0 0.10000000001))(assert (<= X_0 0.1))(assert (>= Y_0 0))")
                .clauses.size(),
            1U);
  const Query none = parse(boxed(1, 1, "(assert (>= X_0 3))(assert (>= Y_0 0))"));
  EXPECT_TRUE(none.clauses.empty());
  EXPECT_TRUE(warned(none, "test.vnnlib: ", "unsafe set is empty"));
}

TEST(Warnings, OutputSets) {
  const Query never = parse(boxed(1, 2,
                                  "(assert (or (and (>= Y_0 1) (<= Y_0 0.5)) (and (> Y_1 Y_0) (<= "
                                  "(* 2 Y_1) 2) (>= Y_0 Y_1))))"));
  EXPECT_TRUE(never.clauses.empty());
  EXPECT_TRUE(warned(never, "test.vnnlib:6: ", "contradict"));
  EXPECT_EQ(parse(boxed(1, 1, "(assert (>= Y_0 1))(assert (<= Y_0 1))")).clauses.size(), 1U);
  EXPECT_EQ(parse(boxed(1, 1, "(assert (>= Y_0 1))(assert (< Y_0 1))")).clauses.size(), 0U);
  const Query all = parse(boxed(1, 1, "(assert (or (>= Y_0 1) (<= Y_0 1)))"));
  EXPECT_TRUE(warned(all, "test.vnnlib:5: ", "covers all outputs"));
  EXPECT_TRUE(parse(boxed(1, 1, "(assert (or (> Y_0 1) (< Y_0 1)))")).warnings.empty());
  EXPECT_TRUE(parse(boxed(1, 1, "(assert (or (>= Y_0 1) (<= Y_0 0.5)))")).warnings.empty());
  EXPECT_TRUE(warned(parse(boxed(1, 1, "")), "test.vnnlib:", "does not restrict the outputs"));
}

TEST(Warnings, DuplicateDeclarations) {
  const Query query = parse(boxed(1, 1, "(declare-const Y_0 Real)(assert (>= Y_0 0))"));
  EXPECT_TRUE(warned(query, "test.vnnlib:5:16: ", "second time"));
  EXPECT_EQ(query.output_size, 1);
}

TEST(Errors, NamePlaceAndReason) {
  const auto input_error = [](const std::string& rest) {
    return error_of<InputError>(boxed(2, 2, rest));
  };
  const auto unsupported = [](const std::string& rest) {
    return error_of<Unsupported>(boxed(2, 2, rest));
  };
  EXPECT_EQ(input_error("(assert (<= Y_0 Y_2))"), "test.vnnlib:9:17: Y_2 is not declared");
  EXPECT_EQ(input_error("\n (assert (<= Y_0 X_7))"), "test.vnnlib:10:18: X_7 is not declared");
  EXPECT_TRUE(input_error("(assert (<= Y_0 1e999999999))")
                  .starts_with("test.vnnlib:9:17: '1e999999999' is out of range"));
  EXPECT_TRUE(input_error("(assert (<= Y_0 foo))")
                  .starts_with("test.vnnlib:9:17: expected a variable or a number"));
  EXPECT_TRUE(
      input_error("(assert (<= Y_0 (/ 1 0)))").starts_with("test.vnnlib:9:17: division by zero"));
  EXPECT_TRUE(input_error("(assert (<= Y_0 1)")
                  .starts_with("test.vnnlib:9:1: this bracket is never closed"));
  EXPECT_TRUE(input_error("(assert (and (<= Y_0 1) (")
                  .starts_with("test.vnnlib:9:25: this bracket is never closed"));
  EXPECT_TRUE(
      input_error("(assert (<= Y_0 1)))").starts_with("test.vnnlib:9:20: expected a command"));
  EXPECT_FALSE(input_error("(assert (<= Y_0 1 ; 2 )))\n").empty());
  EXPECT_FALSE(input_error("(assert (<= Y_0))").empty());
  EXPECT_FALSE(input_error("(assert (or))").empty());
  EXPECT_FALSE(input_error("(assert)").empty());
  EXPECT_FALSE(input_error("(assert (<= Y_0 (<= 1 2)))").empty());
  EXPECT_FALSE(input_error("(assert (+ Y_0 1))").empty());
  EXPECT_FALSE(input_error("(assert (<= Y_0 1)(<= Y_1 1))").empty());
  EXPECT_EQ(unsupported("(assert (<= (* Y_0 Y_1) 1))"),
            "test.vnnlib:9:13: a product of two variables is not linear");
  EXPECT_EQ(unsupported("(assert (<= (* 2 (+ Y_0 1) (- X_0)) 1))"),
            "test.vnnlib:9:13: a product of two variables is not linear");
  EXPECT_FALSE(unsupported("(assert (<= (/ 1 Y_0) 1))").empty());
  EXPECT_TRUE(unsupported("(assert (<= (/ Y_0 4) 1))").empty());
  EXPECT_FALSE(unsupported("(assert (=> (<= Y_0 1) (<= Y_1 1)))").empty());
  EXPECT_FALSE(unsupported("(define-fun f () Real 1)").empty());
  EXPECT_FALSE(input_error("(declare-const Z_0 Real)").empty());
  EXPECT_FALSE(unsupported("(declare-const X_2 Int)").empty());
  EXPECT_FALSE(input_error("(declare-const X_2 Rael)").empty());
  EXPECT_TRUE(
      input_error("(asert (<= Y_0 1))").starts_with("test.vnnlib:9:2: unknown command 'asert'"));
  EXPECT_TRUE(
      input_error("(assert (=< Y_0 1))").starts_with("test.vnnlib:9:10: unknown operator '=<'"));
}

TEST(Errors, Declarations) {
  EXPECT_FALSE(error_of<InputError>("").empty());
  EXPECT_FALSE(error_of<InputError>("(declare-const X_0 Real)").empty());
  const std::string gap = error_of<InputError>(
      "(declare-const X_0 Real)\n(declare-const X_2 Real)(declare-const Y_0 Real)");
  EXPECT_TRUE(gap.starts_with("test.vnnlib:2:16: X_2 is declared, but X_1 is not")) << gap;
  EXPECT_FALSE(
      error_of<InputError>("(declare-const X_2000000000 Real)(declare-const Y_0 Real)").empty());
}

TEST(Errors, UnboundedInputs) {
  const std::string message = error_of<InputError>(
      declarations(2, 1) +
      "(assert (<= X_0 1))(assert (>= X_0 0))\n(assert (>= X_1 0))(assert (>= Y_0 0))");
  EXPECT_TRUE(message.starts_with("test.vnnlib:2:16: X_1 has no upper bound in the case of line 4"))
      << message;
  const std::string disjunct = error_of<InputError>(
      declarations(1, 1) +
      "(assert (or (and (<= X_0 1)(>= X_0 0)\n(<= Y_0 0))\n(and (>= X_0 0) (>= Y_0 1))))");
  EXPECT_TRUE(
      disjunct.starts_with("test.vnnlib:1:16: X_0 has no upper bound in the case of line 5"))
      << disjunct;
  EXPECT_FALSE(
      error_of<InputError>(declarations(1, 1) + "(assert (>= X_0 0))(assert (<= X_0 1e400))")
          .empty());
}

TEST(Errors, OtherVersionsAreRecognised) {
  EXPECT_TRUE(error_of<Unsupported>("; new\n(vnnlib-version <3.0>)\n(declare-network f)")
                  .starts_with("test.vnnlib:2:17: "));
  // A network without the header of its version.
  EXPECT_TRUE(error_of<Unsupported>("\n\n (declare-network f\n(declare-input X float32 [1,5]))")
                  .starts_with("test.vnnlib:3:2: "));
  EXPECT_TRUE(
      error_of<InputError>(
          "; new\n(vnnlib-version <2.0>)\n(declare-network f (declare-input X float32 [1,5]))")
          .starts_with("test.vnnlib:3:18: "));
}

TEST(CheckAgainst, NamesBothCounts) {
  const Query query = parse(boxed(2, 3, "(assert (>= Y_0 0))"));
  EXPECT_NO_THROW(check_against(query, 2, 3));
  for (const auto& [inputs, outputs] : {std::pair(3, 3), std::pair(2, 2)}) {
    EXPECT_THROW(check_against(query, inputs, outputs), InputError);
  }
}

}  // namespace
