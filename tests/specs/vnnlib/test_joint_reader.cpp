// VNN-LIB 2 files after the examples of the standard, and what the reader makes of them.
#include "tests/specs/vnnlib/joint_helpers.h"

namespace {

using namespace testing_vnnlib;

std::string row_text(const Row& row) {
  std::string text;
  for (const Term& term : row.terms) {
    text += term.coefficient.exact.get_str() + (term.of == Term::Of::input ? "X" : "Y") +
            std::to_string(term.index) + " ";
  }
  return text + (row.strict ? "< " : "<= ") + row.threshold.exact.get_str();
}
std::string clause_text(const Clause& clause) {
  std::string text;
  for (const Row& row : clause.rows) text += (text.empty() ? "" : "; ") + row_text(row);
  return text;
}

TEST(JointReader, OneNetwork) {
  const JointQuery joint = parse_joint(
      "; a comment\n( vnnlib-version <2.0> )\n(declare-network acc\n\t(declare-input X Real "
      "[2,2])\n"
      "\t(declare-output Y REAL [])\n)\n(assert (<= (* -1.0 X[0,0]) 0.0))(assert (<= X[0,0] 50.0))"
      "(assert(and(>=X[0 , 1]1e-1)(<= X[0,1] 2)))(assert (and (>= X[1,0] 0)(<= X[1,0] 1)(== X[1,1] "
      "0.5)))\n"
      "(assert (<= (+ (* -1.5 X[0,1]) X[1,0]) -0.15))\n(assert (or (<= Y -3.0) (>= Y 0.0)))");
  ASSERT_EQ(joint.networks.size(), 1U);
  const DeclaredNetwork& network = joint.networks[0];
  EXPECT_EQ(network.name, "acc");
  EXPECT_EQ(network.place, "test.vnnlib:3:18");
  ASSERT_EQ(network.tensors.size(), 2U);
  EXPECT_EQ(network.tensors[0].shape, (Shape{2, 2}));
  EXPECT_EQ(network.tensors[1].type_text, "REAL");
  EXPECT_EQ(network.tensors[1].place, "test.vnnlib:5:18");
  ASSERT_EQ(joint.query.clauses.size(), 2U);
  EXPECT_EQ(clause_text(joint.query.clauses[0]), "-3/2X1 1X2 <= -3/20; 1Y0 <= -3");
  EXPECT_EQ(clause_text(joint.query.clauses[1]), "-3/2X1 1X2 <= -3/20; -1Y0 <= 0");
  EXPECT_EQ((*joint.query.clauses[0].box)[0].exact, (Ends{0, 50}));
  EXPECT_EQ((*joint.query.clauses[0].box)[3].exact, (Ends{0.5, 0.5}));
  EXPECT_TRUE(joint.query.warnings.empty());
  EXPECT_TRUE(joint.products.empty());
}

TEST(JointReader, ElementsAreNumberedOverAllNetworks) {
  const JointQuery joint = parse_joint(
      "(vnnlib-version <2.1>)"
      "(declare-network f (declare-input A float32 [2]) (declare-input B float16 [1,3] initialized)"
      " (declare-hidden H float32 [2] \"relu \\\"1\\\"\") (declare-output C float32 [2]) "
      "(declare-output D int8 []))"
      "(declare-network g (declare-input E float32 []) (declare-output F float32 [2,2]))"
      "(declare-network h (equal-to g) (declare-input G float32 []) (declare-output I float32 "
      "[2,2]))"
      "(assert (and (<= A[0] 1) (>= A[0] 0) (<= A[1] 1) (>= A[1] 0) (<= E 1) (>= E 0) (== G E)))"
      "(assert (>= H[1] 1)) (assert (< D 2)) (assert (!= F[1,0] I[0,1]))");
  EXPECT_EQ(joint.query.input_size, 7);
  EXPECT_EQ(joint.query.output_size, 13);
  const auto& f = joint.networks[0].tensors;
  EXPECT_EQ(f[1].first, 2);
  EXPECT_TRUE(f[1].initialized);
  EXPECT_EQ(f[1].type, DeclaredType::float16);
  EXPECT_EQ(f[2].onnx_name, "relu \"1\"");
  EXPECT_EQ(f[2].first, 0);
  EXPECT_EQ(f[4].first, 4);
  EXPECT_EQ(joint.networks[1].tensors[1].first, 5);
  EXPECT_EQ(joint.networks[2].like, DeclaredNetwork::Like::equal_to);
  EXPECT_EQ(joint.networks[2].other, 1U);
  ASSERT_EQ(joint.query.clauses.size(), 2U);
  EXPECT_EQ(clause_text(joint.query.clauses[0]),
            "-1X5 1X6 <= 0; 1X5 -1X6 <= 0; -1Y1 <= -1; 1Y4 < 2; 1Y7 -1Y10 < 0");
  EXPECT_EQ(clause_text(joint.query.clauses[1]),
            "-1X5 1X6 <= 0; 1X5 -1X6 <= 0; -1Y1 <= -1; 1Y4 < 2; -1Y7 1Y10 < 0");
  const Box& box = *joint.query.clauses[0].box;
  // The reader does not know the model's initialiser; G is where E is.
  EXPECT_EQ(box[3].hull, Ends{});
  EXPECT_EQ(box[6], box[5]);
}

TEST(JointReader, NestedCasesAndBareComparisons) {
  const JointQuery joint = parse_joint(one_network(
      "(assert (or (>= Y[0] 9) (and (== Y[0] 0) (> X[0] 1))"
      " (and (< Y[0] 9) (!= Y[0] 1) (or (and (> Y[1] 1) (< X[1] 0)) (or (<= H[1,0] 2))))))"));
  // One, one, and two sides of != with two cases each.
  ASSERT_EQ(joint.query.clauses.size(), 6U);
  EXPECT_EQ(clause_text(joint.query.clauses[0]), "-1Y2 <= -9");
  EXPECT_EQ(clause_text(joint.query.clauses[1]), "1Y2 <= 0; -1Y2 <= 0; -1X0 < -1");
}

TEST(JointReader, TheHeaderChoosesTheVersion) {
  const std::string old =
      "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= X_0 1))(assert (>= X_0 0))"
      "(assert (>= Y_0 1))";
  EXPECT_TRUE(parse_joint(old).networks.empty());
  EXPECT_EQ(parse_joint(old).query.clauses.size(), 1U);
  EXPECT_EQ(parse_joint("(vnnlib-version <1.0>)\n" + old).query.clauses.size(), 1U);
  const std::string net =
      "(declare-network f (declare-input X real []) (declare-output Y real []))"
      "(assert (<= X 1))(assert (>= X 0))(assert (>= Y 1))";
  for (const std::string head :
       {"(vnnlib-version <2.0>)", "\xEF\xBB\xBF ; so\n(vnnlib-version < 2.1 >)"})
    EXPECT_TRUE(parse_joint(head + net).query.warnings.empty());
  const JointQuery bare = parse_joint("(vnnlib-version 2.0)" + net);
  ASSERT_EQ(bare.query.warnings.size(), 1U);
  EXPECT_NE(bare.query.warnings[0].find("1:17: the standard writes the version in <>"),
            std::string::npos);
  EXPECT_EQ(parse_joint("(vnnlib-version <2.7>)" + net).query.warnings.size(), 1U);
  // One network with one input and one output is read like a file of 1.0.
  EXPECT_EQ(parse_vnnlib("(vnnlib-version <2.0>)" + net, "t").clauses.size(), 1U);
  EXPECT_THROW(parse_vnnlib(one_network("(assert (>= Y[0] 1))"), "t"), Unsupported);
  EXPECT_THROW(
      parse_vnnlib(two_networks("(assert (and (== X_f[0] X_g[0])(== X_f[1] X_g[1])(>= Y_f 1)))"),
                   "t"),
      Unsupported);
}

TEST(JointReader, WarnsOfEmptySets) {
  // As the isomorphic pairs of the competition have it: above and below at once.
  const JointQuery joint =
      parse_joint(two_networks("(assert (== X_f[0] X_g[0]))(assert (== X_f[1] X_g[1]))\n"
                               "(assert (and (> Y_g (+ Y_f 0.05)) (< Y_g (- Y_f 0.05))))"));
  EXPECT_TRUE(joint.query.clauses.empty());
  ASSERT_EQ(joint.query.warnings.size(), 2U);
  EXPECT_NE(joint.query.warnings[0].find("contradict each other"), std::string::npos);
  EXPECT_NE(joint.query.warnings[1].find("the unsafe set is empty"), std::string::npos);
  const auto warnings = [](const std::string& rest) {
    return parse_joint(one_network(rest)).query.warnings;
  };
  EXPECT_NE(warnings("(assert (<= 3 2))(assert (<= Y[0] 1))").at(0).find("gives no type"),
            std::string::npos);
  EXPECT_NE(
      warnings("(assert (>= X[0] 3))(assert (<= Y[0] 1))").at(0).find("no value is left for X[0]"),
      std::string::npos);
  EXPECT_NE(warnings("").at(0).find("restrict the outputs"), std::string::npos);
}

// An equation with an offset that two roundings satisfy: neither contradicts the other for the
// judge.
TEST(JointReader, ComputedEquationsDoNotContradict) {
  const JointQuery joint =
      parse_joint(two_networks("(assert (== X_g[1] X_f[1]))(assert (== X_g[0] (+ X_f[0] 0.1)))"
                               "(assert (== X_g[0] (+ X_f[0] 0.10000000001)))(assert (>= Y_f 0))"));
  EXPECT_EQ(joint.query.clauses.size(), 1U);
}

TEST(JointReader, UnboundedInputsAreNamed) {
  const std::string error =
      joint_error<InputError>(two_networks("(assert (<= X_g[1] 1))(assert (>= Y_f 0))"));
  EXPECT_NE(error.find("test.vnnlib:5:16: X_g[0] has no lower bound in the case of line 6"),
            std::string::npos)
      << error;
}

}  // namespace
