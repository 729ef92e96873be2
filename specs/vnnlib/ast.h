#pragma once
// Idea: the formula of a VNN-LIB file, 1.0 or 2, compact: nodes in preorder in one vector, numbers left
// as places in the text.
// Source: VNN-LIB 1.0, a subset of SMT-LIB 2; VNN-LIB 2.1.
// Guarantees: the formula is the file's; numbers stay text until they are read exactly.
//
// `not` is gone (pushed inwards while parsing). A comparison of two atoms, by far the most common,
// is ONE node.
#include <cstdint>
#include <string>
#include <vector>

namespace clipbound::specs {

enum class Relation : std::uint8_t { less_equal, less, greater_equal, greater, equal, not_equal };

enum class NodeKind : std::uint8_t {
  both,           ///< and: all children hold
  either,         ///< or: some child holds
  truth,          ///< the constant true
  falsehood,      ///< the constant false
  compare_atoms,  ///< left <relation> right, both variables or numbers; no children
  compare,  ///< child 1 <relation> child 2, two terms; `left`: 1 where variables are multiplied
  atom,     ///< a term that is a variable or a number (`left`)
  plus,
  minus,
  times,
  divide
};

/// A variable (value: its index) or a number (value: offset of its text).
struct Atom {
  enum class Kind : std::uint8_t { none, input, output, number };
};

/// Children of node i are i + 1, nodes[i + 1].end, ... up to (without) nodes[i].end.
struct AstNode {
  std::uint32_t offset = 0;  ///< where it begins in the text
  std::uint32_t end = 0;     ///< one past its last descendant
  std::uint32_t left = 0, right = 0;
  NodeKind kind = NodeKind::truth;
  Relation relation = Relation::less_equal;
  Atom::Kind left_kind = Atom::Kind::none, right_kind = Atom::Kind::none;
};

/// A parsed file: the conjunction of its roots over the declared variables.
struct Ast {
  static constexpr std::uint32_t kUndeclared = 0xFFFFFFFFU;
  std::vector<AstNode> nodes;
  std::vector<std::uint32_t> roots;  ///< one per assert
  /// Offset of each variable's declaration, or kUndeclared.
  std::vector<std::uint32_t> inputs, outputs;
  std::vector<std::string> warnings;
};

/// a R b  <=>  b mirrored(R) a.
constexpr Relation mirrored(Relation relation) {
  switch (relation) {
    case Relation::less_equal: return Relation::greater_equal;
    case Relation::less: return Relation::greater;
    case Relation::greater_equal: return Relation::less_equal;
    case Relation::greater: return Relation::less;
    default: return relation;
  }
}

/// not (a R b)  <=>  a negated(R) b.
constexpr Relation negated(Relation relation) {
  switch (relation) {
    case Relation::less_equal: return Relation::greater;
    case Relation::less: return Relation::greater_equal;
    case Relation::greater_equal: return Relation::less;
    case Relation::greater: return Relation::less_equal;
    case Relation::equal: return Relation::not_equal;
    default: return Relation::equal;
  }
}

}  // namespace clipbound::specs
