#pragma once
// Idea: composite operators: ONNX operators that are built of nodes of other operators when they
// are read, so that evaluation, gradients, errors and bounds come with these. A new one is a
// function in specs/expand and a row of composite_list.def.
// Source: own; the ONNX standard calls such operators functions.
// Guarantees: the nodes keep the name of the file's node, and messages name its operator; the
// outputs are those of the file, with no node between.
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "specs/network/network.h"

namespace clipbound::specs {

/// What a composite operator is built with: the file's node, and nodes that are added one by one.
/// All throw InputError or Unsupported without the node's name (append_operator() adds it).
class Expansion {
 public:
  /// Of a node whose inputs and outputs are values of `network` already.
  Expansion(Network& network, Node node);

  const Network& network() const { return network_; }
  const Node& node() const { return node_; }
  /// Whether input i is there, and which value it is.
  bool has(std::size_t i) const;
  ValueId input(std::size_t i) const;
  /// By value: values move when one is added.
  Shape shape(ValueId id) const { return network_.value(id).shape; }
  DataType type(ValueId id) const { return network_.value(id).type; }
  const std::optional<Tensor>& constant_of(ValueId id) const { return network_.value(id).constant; }
  /// Whether the file gives output o a name.
  bool wants(std::size_t o) const;

  /// Adds a node of an operator of the table (no composite) and gives its first output. It follows
  /// the rules of opset 18, or of the file's where that is newer.
  ValueId add(std::string_view onnx_name, std::vector<ValueId> inputs,
              std::map<std::string, Attribute> attributes = {});
  ValueId constant(Tensor tensor);
  ValueId integers(std::vector<std::int64_t> values);
  /// The number as a scalar of the type of `like`.
  ValueId number(double value, ValueId like);
  /// Cast, where what is cast holds numbers of the new type already: they are handed on.
  ValueId retype(ValueId id, DataType type);
  /// The same to integers of a width that holds all of them.
  ValueId as_integers(ValueId id, StoredInteger integers);

  /// Says which value output o is. Output 0 comes last: its node stands for the whole.
  void output(std::size_t o, ValueId value);
  /// The same for what a Cast gives: its 16-bit format is its own and not that of the inputs.
  void output_of_cast(std::size_t o, ValueId value);
  /// Puts the outputs in the places of the file's, and forgets what nothing reads.
  void finish();

 private:
  ValueId new_value();
  void place(ValueId made, ValueId target);
  void drop_unread();

  Network& network_;
  Node node_;
  std::size_t first_value_, first_node_;
  std::vector<ValueId> results_;
  std::vector<bool> is_cast_;  ///< of each output
};

/// A row of the table.
struct CompositeRow {
  const char* onnx_name;
  void (*expand)(Expansion&);
};
std::span<const CompositeRow> composite_table();

/// Whether there is an operator or a composite of this name in the default domain.
bool is_known_operator(std::string_view onnx_name);
/// A node of an operator or a composite that is known.
Node new_node(std::string_view onnx_name, std::string name, int opset);
/// append_node() for a node that new_node() made.
void append_operator(Network& network, Node node);

}  // namespace clipbound::specs
