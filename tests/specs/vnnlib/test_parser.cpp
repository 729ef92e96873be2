// Text to formula: the tree in preorder, `not` pushed inwards, limits.
#include <gtest/gtest.h>

#include "base/error.h"
#include "specs/vnnlib/parser.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(Parser, AComparisonOfAtomsIsOneNode) {
  const std::string text = "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= Y_0 1))";
  const SourceText source(text, "t");
  const Ast ast = parse_vnnlib_ast(source, {});
  ASSERT_EQ(ast.nodes.size(), 1u);
  const AstNode& node = ast.nodes[0];
  EXPECT_EQ(node.kind, NodeKind::compare_atoms);
  EXPECT_EQ(node.relation, Relation::less_equal);
  EXPECT_EQ(node.left_kind, Atom::Kind::output);
  EXPECT_EQ(node.right_kind, Atom::Kind::number);
  EXPECT_EQ(source.word(node.right), "1");
  EXPECT_EQ(node.end, 1u);
}

TEST(Parser, NotIsPushedInwards) {
  const std::string text =
      "(declare-const X_0 Real)(declare-const Y_0 Real)"
      "(assert (not (and (<= Y_0 1) (> X_0 0))))";
  const Ast ast = parse_vnnlib_ast(SourceText(text, "t"), {});
  ASSERT_EQ(ast.nodes.size(), 3u);
  EXPECT_EQ(ast.nodes[0].kind, NodeKind::either);
  EXPECT_EQ(ast.nodes[1].relation, Relation::greater);
  EXPECT_EQ(ast.nodes[2].relation, Relation::less_equal);
  EXPECT_EQ(ast.nodes[0].end, 3u);
}

TEST(Parser, DeepBracketsMeetTheLimit) {
  std::string text = "(declare-const X_0 Real)(declare-const Y_0 Real)(assert ";
  for (int i = 0; i < 50; ++i) text += "(and ";
  text += "(<= Y_0 1)" + std::string(50, ')') + ")";
  VnnlibLimits limits;
  EXPECT_NO_THROW(parse_vnnlib_ast(SourceText(text, "t"), limits));
  limits.max_depth = 20;
  EXPECT_THROW(parse_vnnlib_ast(SourceText(text, "t"), limits), InputError);
}

TEST(Parser, RelationsMirrorAndNegate) {
  for (const Relation r : {Relation::less_equal, Relation::less, Relation::greater_equal,
                           Relation::greater, Relation::equal, Relation::not_equal}) {
    EXPECT_EQ(mirrored(mirrored(r)), r);
    EXPECT_EQ(negated(negated(r)), r);
  }
  EXPECT_EQ(negated(Relation::less), Relation::greater_equal);
  EXPECT_EQ(mirrored(Relation::less), Relation::greater);
}

}  // namespace
}  // namespace clipbound::test
