#pragma once
// Idea: an order of a graph's nodes in which each comes after what it reads.
// Source: Kahn, Topological sorting of large networks (1962); ours keeps the order of the file where
// that is possible.
// Guarantees: throws InputError where a name is defined twice, where nothing defines what a node
// reads, and where nodes read each other in a circle.
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

namespace onnx {
class NodeProto;
}

namespace clipbound::specs {

/// A node's own name, or "<OpType>_<position>" where it has none.
std::string name_of_node(const onnx::NodeProto& node, std::size_t position);

/// What the nodes read, those of their branches too.
std::unordered_set<std::string> names_read_by(const std::vector<const onnx::NodeProto*>& nodes);

/// `is_known`: what is defined before the first node. `is_outer`: what a branch sees of the graphs
/// around it.
std::vector<std::size_t> node_order(const std::vector<const onnx::NodeProto*>& nodes,
                                    const std::function<bool(const std::string&)>& is_known,
                                    const std::function<bool(const std::string&)>& is_outer);

}  // namespace clipbound::specs
