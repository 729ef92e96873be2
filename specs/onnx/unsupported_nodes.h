#pragma once
// Idea: everything in a model that is not supported, said at once: a user who exports again wants
// to know all of it.
// Source: own.
// Guarantees: each operator and each reason is named once, with how many nodes have it and which is
// the first.
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace clipbound::specs {

/// Nodes of one kind that are not supported.
struct UnsupportedKind {
  std::string op;
  std::string why;  ///< empty where the operator is unknown
  std::string first_node;
  int opset;
  std::size_t nodes;
};

class UnsupportedNodes {
 public:
  /// `why` is empty where the operator is unknown.
  void add(const std::string& op, const std::string& node, int opset, const std::string& why);
  const std::vector<UnsupportedKind>& kinds() const { return kinds_; }
  /// One line where one kind of node is not supported, else one line each, and what to do.
  std::string message() const;

 private:
  std::vector<UnsupportedKind> kinds_;
};

/// A model with nodes that are not supported.
class UnsupportedModel : public Unsupported {
 public:
  explicit UnsupportedModel(const UnsupportedNodes& nodes)
      : Unsupported(nodes.message()), kinds_(nodes.kinds()) {}
  UnsupportedModel(const std::string& message, std::vector<UnsupportedKind> kinds)
      : Unsupported(message), kinds_(std::move(kinds)) {}
  const std::vector<UnsupportedKind>& kinds() const { return kinds_; }

 private:
  std::vector<UnsupportedKind> kinds_;
};

}  // namespace clipbound::specs
