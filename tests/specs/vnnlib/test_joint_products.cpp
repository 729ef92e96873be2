// Products of variables: what they become, and that equal polynomials become the same.
#include "tests/specs/vnnlib/joint_helpers.h"

namespace {

using namespace testing_vnnlib;

std::string form_text(const LinearForm& form) {
  std::string text;
  for (const LinearTerm& term : form.terms)
    text += term.coefficient.get_str() + (term.of == Term::Of::input ? "X" : "Y") +
            std::to_string(term.index) + " ";
  return text + form.constant.get_str();
}
std::string products_text(const JointQuery& joint) {
  std::string text;
  for (const Product& product : joint.products) {
    text += text.empty() ? "" : "; ";
    for (const LinearForm& factor : product.factors) text += "(" + form_text(factor) + ")";
  }
  return text;
}
JointQuery with(const std::string& comparison) {
  return parse_joint(one_network("(assert " + comparison + ")"));
}

TEST(JointProducts, LinearAfterAllHasNone) {
  for (const std::string text :
       {"(<= (- (* X[0] Y[0]) (* Y[0] X[0]) Y[1]) 1)", "(<= (* X[0] Y[0] 0) Y[1])",
        "(<= (* (- X[0] X[0] -2) Y[0]) 1)", "(<= (* 2 (+ Y[0] 1) 3) 1)",
        "(<= (- (* (+ X[0] Y[0]) (- X[0] Y[0])) (* X[0] X[0])) (- Y[1] (* Y[0] Y[0])))"}) {
    const JointQuery joint = with(text);
    EXPECT_TRUE(joint.products.empty()) << text;
    EXPECT_EQ(joint.query.output_size, 4);
  }
  // A bound, too.
  const JointQuery joint = with("(<= (- (* X[0] (+ Y[0] 2)) (* X[0] Y[0])) 1)");
  EXPECT_EQ((*joint.query.clauses.at(0).box)[0].exact, (Ends{-2, 0.5}));
}

TEST(JointProducts, FactorsAreIntegersAndShared) {
  const JointQuery joint =
      parse_joint(one_network("(assert (> (* 200 (+ X[0] (* X[1] 0.1) (* Y[0] 0.005))) (* (+ X[1] "
                              "(* Y[0] 0.1)) (+ X[1] (* Y[0] 0.1)))))"
                              "(assert (or (<= (* (+ (* -20 X[1]) (* -2 Y[0])) (+ X[1] (* 0.1 "
                              "Y[0]))) 1) (>= (* Y[0] X[1] 7) 1)))"));
  EXPECT_EQ(products_text(joint), "(10X1 1Y2 0)(10X1 1Y2 0); (1X1 0)(1Y2 0)");
  EXPECT_EQ(joint.query.output_size, 6);
  EXPECT_EQ(joint.tensor_outputs(), 4);
  ASSERT_EQ(joint.query.clauses.size(), 2U);
  const Row& square = joint.query.clauses[0].rows[0];
  EXPECT_EQ(square.terms.back().index, 4);
  EXPECT_EQ(square.terms.back().coefficient.exact, mpq_class(1, 100));
  EXPECT_EQ(joint.query.clauses[0].rows[1].terms[0].coefficient.exact, mpq_class(-1, 5));
}

TEST(JointProducts, MonomialsWhereFactorsAreTooLong) {
  const JointQuery joint = with("(<= (* (+ (* 0.123456789012345678901 X[0]) Y[0]) (+ X[1] 1)) 1)");
  EXPECT_EQ(products_text(joint), "(1X0 0)(1X1 0); (1X1 0)(1Y2 0)");
  check_products(joint);
}

TEST(JointProducts, MonomialsWhereTheyAreFewer) {
  const JointQuery joint =
      with("(<= (- (* (+ X[0] Y[0]) (+ X[0] Y[0])) (* X[0] X[0]) (* Y[0] Y[0])) 1)");
  EXPECT_EQ(products_text(joint), "(1X0 0)(1Y2 0)");
}

TEST(JointProducts, HigherDegrees) {
  EXPECT_EQ(products_text(with("(<= (* X[0] X[0] (* X[0] Y[0])) 1)")),
            "(1X0 0)(1X0 0)(1X0 0)(1Y2 0)");
  EXPECT_EQ(products_text(with("(<= (- (* X[0] (+ (* X[0] Y[0]) X[1]))) 1)")),
            "(1X0 0)(1X0 0)(1Y2 0); (1X0 0)(1X1 0)");
  std::string power = "(*";
  for (int i = 0; i < 70; ++i) power += " X[0]";
  EXPECT_NE(
      joint_error<InputError>(one_network("(assert (<= " + power + ") 1))")).find("more than 64"),
      std::string::npos);
}

TEST(JointProducts, InequalityOverInputsStaysARow) {
  const JointQuery joint = with("(>= (* X[0] 200.0) (* X[1] X[1]))");
  ASSERT_EQ(joint.query.clauses.size(), 1U);
  EXPECT_EQ(joint.query.clauses[0].rows.size(), 1U);
  EXPECT_EQ(products_text(joint), "(1X1 0)(1X1 0)");
}

}  // namespace
