#pragma once
// Idea: everything in a model that is not supported, said at once: a user who exports again wants
// to know all of it.
// Source: own.
// Guarantees: each operator and each reason is named once, with how many nodes have it and which is
// the first.
#include <string>
#include <vector>

namespace clipbound::specs {

class UnsupportedNodes {
 public:
  /// `why` is empty where the operator is unknown.
  void add(const std::string& op, const std::string& node, int opset, const std::string& why);
  bool empty() const { return kinds_.empty(); }
  /// One line where one kind of node is not supported, else one line each, and what to do.
  std::string message() const;

 private:
  struct Kind {
    std::string op, why, first_node;
    int opset;
    std::size_t nodes;
  };
  std::vector<Kind> kinds_;
};

}  // namespace clipbound::specs
