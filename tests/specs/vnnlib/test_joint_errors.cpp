// What the language forbids, each with line, column and what was expected.
#include "tests/specs/vnnlib/joint_helpers.h"

namespace {

using namespace testing_vnnlib;

const std::string kHead = "(vnnlib-version <2.0>)\n";
const std::string kNet =
    "(declare-network f (declare-input X float32 [2,3]) (declare-output Y float32 []))\n";

/// Expects the error to begin with "test.vnnlib:<place>: " and to have `words` in it.
void refused(const std::string& text, const std::string& place, const std::string& words) {
  const std::string error = joint_error<InputError>(text);
  EXPECT_TRUE(error.starts_with("test.vnnlib:" + place + ": ")) << error << "\n" << text;
  EXPECT_NE(error.find(words), std::string::npos) << error << "\nshould say: " << words;
}
/// The same of the third line, in the place of the first assert.
void assert_refused(const std::string& line, int column, const std::string& words) {
  refused(kHead + kNet + line, "3:" + std::to_string(column), words);
}

TEST(JointErrors, Version) {
  refused("(vnnlib-version <2>)", "1:17", "a version such as <2.0>");
  refused("(vnnlib-version <2.0)", "1:21", "'>' after the version");
  refused("(vnnlib-version 2.x)", "1:17", "");
  refused("(vnnlib-version)", "1:16", "the version");
  refused("(vnnlib-version <2.0> 1)", "1:23", "')' after the version");
  EXPECT_NE(joint_error<Unsupported>("(vnnlib-version <3.0>)\n" + kNet).find("VNN-LIB 3.0"),
            std::string::npos);
  // Without its header a file is one of 1.0.
  EXPECT_NE(joint_error<Unsupported>(kNet).find("(vnnlib-version <2.0>)"), std::string::npos);
}

TEST(JointErrors, OrderOfTheFile) {
  refused(kHead, "2:1", "(declare-network ...)");
  refused(kHead + "(assert (<= X 1))", "2:2", "expected (declare-network ...), found 'assert'");
  refused(kHead + kNet + "(assert (<= Y 1))\n(declare-network g)", "4:2",
          "before the first assert");
  refused(kHead + kNet + "(check-sat)", "3:2", "found 'check-sat'");
  refused(kHead + kNet + "(assert (<= Y 1)) x", "3:19", "expected (assert ...), found 'x'");
  refused(kHead + kNet + "(assert (<= Y 1)", "3:1", "never closed");
  refused(kHead + "(declare-network f (declare-input X real [", "2:1", "never closed");
}

TEST(JointErrors, Declarations) {
  const auto network = [](const std::string& inner, int column, const std::string& words) {
    refused(kHead + "(declare-network f " + inner, "2:" + std::to_string(column), words);
  };
  const std::string in = "(declare-input X real [1])", out = "(declare-output Y real [1])";
  network(in + ")", 18, "has no output");
  network(out + ")", 21, "inputs first");
  network(in + out + in + ")", 20 + 26 + 27 + 1, "inputs first");
  network(in + "(declare-hidden H real [1] \"h\")" + in, 78, "found 'declare-input'");
  network("(declare-input X real 1])", 42, "the shape in brackets");
  network("(declare-input X real [1 4])", 45, "',' or ']'");
  network("(declare-input X real [-1])", 43, "a dimension's size");
  network("(declare-input X real [0])", 42, "size 0");
  network("(declare-input X real [1.5])", 43, "a dimension's size, found '1.5'");
  network("(declare-input X real [99999999999])", 42, "2^30");
  network("(declare-input X reel [1])", 37, "no element type");
  network("(declare-input X float [1])", 37, "float32 is meant");
  network("(declare-input X [1])", 37, "an element type");
  network("(declare-input 1X real [1])", 35, "the tensor's name");
  network("(declare-input X real [1] initialised)", 46, "'initialized' or ')'");
  network("(declare-input X real [1] initialized initialized)", 58, "a second time");
  network(in + "(declare-hidden H real [1])", 72, "in double quotes");
  network(in + "(declare-hidden H real [1] \"h)", 73, "this string is never closed");
  network(in + "(declare-hidden H real [1] \"\\h\")", 74, "in a string");
  network(in + "(declare-output X real [1])", 62,
          "declared a second time: the first is at test.vnnlib:2:35");
  network(in + "(declare-output f real [1])", 62, "declared a second time");
  network("(declare-inputs X real [1])", 21,
          "expected (declare-input ...), found 'declare-inputs'");
  refused(kHead + "(declare-network f-copy " + in + out + ")", "2:18", "'f' is followed by '-'");
  refused(kHead + kNet + "(declare-network f (declare-input Z real [1]))", "3:18", "a second time");
  refused(kHead + "(declare-network f (declare-input X real [1]) (declare-output Y float32 [1]))",
          "2:63", "a query over reals has no other type");
}

TEST(JointErrors, EqualAndIsomorphicNetworks) {
  const auto second = [](const std::string& like, const std::string& rest, int column,
                         const std::string& words) {
    refused(kHead + kNet + "(declare-network g " + like + rest, "3:" + std::to_string(column),
            words);
  };
  const std::string in = "(declare-input Z float32 [2,3])", out = "(declare-output W float32 []))";
  second("(equal-to h)", in + out, 30, "no network 'h'");
  second("(equal-to X)", in + out, 30, "no network 'X'");
  second("(equal-to g)", in + out, 30, "alike to itself");
  second("(equal-to f)(isomorphic-to f)", in + out, 33, "the second");
  second("(equal-to f)", "(declare-input Z float32 [3,2])" + out, 47,
         "Z float32 [3,2] differs from X float32 [2,3]");
  second("(isomorphic-to f)", "(declare-input Z float32 [6])" + out, 52, "differs from");
  second("(equal-to f)", "(declare-input Z float16 [2,3])" + out, 47, "differs from");
  // The one would read the model's own values, the other any.
  second("(equal-to f)", "(declare-input Z float32 [2,3] initialized)" + out, 47, "differs from");
  second("(equal-to f)", in + "(declare-input V float32 [])" + out, 18,
         "has 2 inputs, and 'f' has 1");
  second(in, "(equal-to f)" + out, 52, "before the network's tensors");
  refused(kHead + kNet + "(declare-network g (equal-to f)" + in + out +
              "\n(declare-network h (equal-to g)(declare-input A float32 [2,3])(declare-output B "
              "float32 []))",
          "4:30", "has an equal-to or isomorphic-to itself");
  // Hidden tensors of one name in the model have to agree in equal networks.
  const std::string f = kHead +
                        "(declare-network f (declare-input X real [1]) (declare-hidden H real [2] "
                        "\"h\") (declare-output Y real []))\n";
  const std::string g =
      "(declare-input Z real [1]) (declare-hidden I real [3] \"h\") (declare-output W real "
      "[]))\n(assert (and (<= X[0] 1)(>= X[0] 0)(== X[0] Z[0])))";
  refused(f + "(declare-network g (equal-to f) " + g, "3:76", "same name in the model");
  EXPECT_EQ(parse_joint(f + "(declare-network g (isomorphic-to f) " + g).query.warnings.size(), 2U);
}

TEST(JointErrors, Formulas) {
  assert_refused("(assert)", 8, "expected a formula in brackets, found ')'");
  assert_refused("(assert X)", 9, "expected a formula in brackets, found 'X'");
  assert_refused("(assert (<= Y 1) (<= Y 1))", 18, "')' after the assert's one formula");
  assert_refused("(assert (+ Y 1))", 10,
                 "expected a comparison, 'and' or 'or', found the operator '+'");
  assert_refused("(assert (<= (and Y) 1))", 14,
                 "expected '+', '-' or '*', found the operator 'and'");
  assert_refused("(assert (<= Y))", 9, "takes two arguments, and this one has 1");
  assert_refused("(assert (<= Y 1 2))", 9, "takes two arguments, and this one has 3");
  assert_refused("(assert (and))", 9, "no argument");
  assert_refused("(assert (<= (*) Y))", 13, "no argument");
  assert_refused("(assert (not (<= Y 1)))", 10, "'not', which VNN-LIB 2 does not have");
  assert_refused("(assert (<= (/ Y 2) 1))", 14, "'/', which VNN-LIB 2 does not have");
  assert_refused("(assert (=< Y 1))", 10, "found '=<'");
  assert_refused("(assert (AND (<= Y 1)))", 10, "found 'AND'");
  assert_refused("(assert (<= Y true))", 15, "'true' is not declared");
  assert_refused("(assert ((<= Y 1)))", 10, "found '('");
  assert_refused("(assert (<= Y \"1\"))", 15, "expected a variable, a number or '('");
  assert_refused("(assert (<= Y 1..2))", 15, "is not a decimal number");
  assert_refused("(assert (<= Y $))", 15, "found '$'");
  assert_refused(std::string("(assert (<= Y \x01))"), 15, "the character 0x01");
}

TEST(JointErrors, Infix) {
  assert_refused("(assert (Y < 1))", 10,
                 "an operator stands first, as in (< a b): here '<' stands between");
  assert_refused("(assert (or (X[0,1] == X[1,1])))", 14, "as in (== a b)");
  assert_refused("(assert (<= (Y + 1) 1))", 14, "as in (+ a b)");
  assert_refused("(assert (0.5 <= Y))", 10, "as in (<= a b)");
  assert_refused("(assert (<= (2 * Y) 1))", 14, "as in (* a b)");
  assert_refused("(assert (Y 1))", 10, "found 'Y'");
}

TEST(JointErrors, VariablesAndIndices) {
  assert_refused("(assert (<= Z 1))", 13, "'Z' is not declared");
  assert_refused("(assert (<= y 1))", 13, "'y' is not declared");
  assert_refused("(assert (<= X_0 1))", 13, "'X_0' is not declared");
  assert_refused("(assert (<= f 1))", 13, "'f' is a network");
  assert_refused("(assert (<= Y[0] 1))", 14, "Y is a scalar");
  assert_refused("(assert (<= Y[] 1))", 14, "Y is a scalar");
  assert_refused("(assert (<= X 1))", 13, "the indices of one element are missing");
  assert_refused("(assert (<= X[] 1))", 15, "an index from 0");
  assert_refused("(assert (<= X[1] 1))", 13, "shape [2,3], but 1 index is given");
  assert_refused("(assert (<= X[1,2,0] 1))", 13, "but 3 indices are given");
  assert_refused("(assert (<= X[2,0] 1))", 15, "index 2 is out of range");
  assert_refused("(assert (<= X[0,3] 1))", 17, "index 3 is out of range");
  assert_refused("(assert (<= X[0,99999999999999999999] 1))", 17, "out of range");
  assert_refused("(assert (<= X[0,-1] 1))", 17, "an index from 0, found '-1'");
  assert_refused("(assert (<= X[0,1.0] 1))", 17, "an index from 0, found '1.0'");
  assert_refused("(assert (<= X[0 1] 1))", 17, "',' or ']'");
  assert_refused("(assert (<= X[0,1 1))", 19, "',' or ']'");
}

TEST(JointErrors, Types) {
  const std::string head =
      kHead +
      "(declare-network f (declare-input A int8 [])(declare-input B float32 [])"
      "(declare-input C float16 [])(declare-input D uint8 [])(declare-input E bool [])"
      "(declare-input S string [])(declare-output Y float32 []))\n";
  const auto typed = [&](const std::string& line, int column, const std::string& words) {
    refused(head + line, "3:" + std::to_string(column), words);
  };
  typed("(assert (<= A B))", 15, "B has the type float32, but A in the same comparison has int8");
  typed("(assert (<= (+ B C) 1))", 18, "C has the type float16");
  typed("(assert (<= 0 (* 1 Y A)))", 22, "A has the type int8");
  typed("(assert (<= A 0.5))", 15, "'0.5' is no number of the type int8");
  typed("(assert (<= 1.0 A))", 13, "an integer without a point");
  typed("(assert (<= A 128))", 15, "out of range");
  typed("(assert (<= (+ A 3 3.0) 1))", 20, "'3.0'");
  typed("(assert (<= -1 D))", 13, "out of range");
  typed("(assert (<= E 2))", 15, "out of range");
  const std::string error = joint_error<Unsupported>(head + "(assert (<= S 2))");
  EXPECT_NE(error.find("3:13: S has the type string"), std::string::npos) << error;
  // Different comparisons may have different types, and a number takes that of its comparison.
  const JointQuery query = parse_joint(
      head +
      "(assert (and (<= A 3) (>= B 0)(<= B 1) (>= C -0.5) (<= C 1) (<= 2 D) (== E 1) (>= Y 1)))");
  ASSERT_EQ(query.query.clauses.size(), 1U);
  const Box& box = *query.query.clauses[0].box;
  // Integer types bound their inputs.
  EXPECT_EQ(box[0].exact, (Ends{-128, 3}));
  EXPECT_EQ(box[3].exact, (Ends{2, 255}));
  EXPECT_EQ(box[4].exact, (Ends{1, 1}));
}

TEST(JointErrors, DeepBracketsMeetTheLimit) {
  const auto nested = [](const std::string& open, const std::string& inner, int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += open;
    return text + inner + std::string(static_cast<std::size_t>(depth), ')');
  };
  for (const std::string open : {"(and ", "(or ", "(and (>= Y[0] 0) (or "}) {
    const std::string text = nested(open, "(>= Y[0] 1)", 100'000);
    EXPECT_NE(joint_error<InputError>(one_network("(assert " + text + ")")).find("nested deeper"),
              std::string::npos);
  }
  EXPECT_NE(
      joint_error<InputError>(one_network("(assert (>= " + nested("(- ", "Y[0]", 100'000) + " 1))"))
          .find("nested deeper"),
      std::string::npos);
  const JointQuery query =
      parse_joint(one_network("(assert (>= " + nested("(+ 1 ", "Y[0]", 9000) + " 1))"));
  EXPECT_EQ(query.query.clauses.at(0).rows.at(0).threshold.exact, 8999);
  EXPECT_TRUE(holds_exactly(*query.formula, std::vector<double>(2), std::vector<double>(4)));
  EXPECT_EQ(parse_joint(one_network("(assert " + nested("(or ", "(>= Y[0] 1)", 9000) + ")"))
                .query.clauses.size(),
            1U);
}

TEST(JointErrors, TooLargeDeclarationsAreRefused) {
  VnnlibLimits limits;
  limits.max_form_bytes = 1 << 20;
  const std::string text = kHead +
                           "(declare-network f (declare-input X real [1000000] initialized)"
                           "(declare-output Y real [])) (assert (<= Y 1))";
  EXPECT_NE(joint_error<InputError>(text, limits).find("1000000 elements"), std::string::npos);
  refused(kHead +
              "(declare-network f (declare-input X real [1000000000])(declare-input Z real "
              "[1000000000])(declare-output Y real []))(assert (<= Y 1))",
          "2:70", "more than 2^30 elements in all");
  refused(one_network(
              "(assert (>= (* Y[0] 1e4999 1e4999 1e4999 1e4999 1e4999 1e4999 1e4999 1e4999 1e4999 "
              "1e4999 1e4999 1e4999 1e4999 1e4999 1e4999 1e4999 1e4999 1e4999 1e4999 1e4999 1e4999 "
              "1e4999 1e4999 1e4999 1e4999 1e4999 1e4999 1e4999 1e4999 1e4999 1e4999 1e4999 "
              "1e4999) 1))"),
          "8:13", "too large");
}

}  // namespace
