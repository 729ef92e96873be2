#include "specs/onnx/node_order.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <queue>
#include <unordered_map>

#include "base/error.h"

namespace clipbound::specs {

namespace {

using Names = std::vector<std::string>;

/// What a branch reads of the graphs around it.
void add_free_names(const onnx::GraphProto& graph, Names& names) {
  std::unordered_set<std::string> own;
  for (const auto& tensor : graph.initializer()) own.insert(tensor.name());
  for (const auto& input : graph.input()) own.insert(input.name());
  for (const auto& node : graph.node()) own.insert(node.output().begin(), node.output().end());
  Names read;
  for (const auto& output : graph.output()) read.push_back(output.name());
  for (const auto& node : graph.node()) {
    read.insert(read.end(), node.input().begin(), node.input().end());
    for (const auto& attribute : node.attribute())
      if (attribute.has_g()) add_free_names(attribute.g(), read);
  }
  std::copy_if(read.begin(), read.end(), std::back_inserter(names),
               [&](const std::string& name) { return !own.contains(name); });
}

Names names_read_by(const onnx::NodeProto& node) {
  Names names(node.input().begin(), node.input().end());
  for (const auto& attribute : node.attribute())
    if (attribute.has_g()) add_free_names(attribute.g(), names);
  return names;
}

}  // namespace

std::unordered_set<std::string> names_read_by(const std::vector<const onnx::NodeProto*>& nodes) {
  std::unordered_set<std::string> all;
  for (const onnx::NodeProto* node : nodes)
    for (std::string& name : names_read_by(*node)) all.insert(std::move(name));
  return all;
}

std::string name_of_node(const onnx::NodeProto& node, std::size_t position) {
  return node.name().empty() ? node.op_type() + "_" + std::to_string(position) : node.name();
}

std::vector<std::size_t> node_order(const std::vector<const onnx::NodeProto*>& nodes,
                                    const std::function<bool(const std::string&)>& is_known,
                                    const std::function<bool(const std::string&)>& is_outer) {
  std::unordered_map<std::string, std::size_t> producer;
  for (std::size_t n = 0; n < nodes.size(); ++n)
    for (const std::string& name : nodes[n]->output())
      if (!name.empty() && (is_known(name) || !producer.emplace(name, n).second))
        throw InputError("value '" + name + "' is defined twice (node '" +
                         name_of_node(*nodes[n], n) + "')");

  std::vector<std::vector<std::size_t>> readers(nodes.size());
  std::vector<std::size_t> missing(nodes.size(), 0);  // how many inputs are not computed yet
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    for (const std::string& name : names_read_by(*nodes[n])) {
      if (name.empty() || is_known(name)) continue;
      const auto found = producer.find(name);
      if (found == producer.end() && is_outer(name)) continue;
      if (found == producer.end())
        throw InputError("node '" + name_of_node(*nodes[n], n) + "' reads '" + name +
                         "', which nothing defines");
      readers[found->second].push_back(n);
      ++missing[n];
    }
  }
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t n = 0; n < nodes.size(); ++n)
    if (missing[n] == 0) ready.push(n);
  std::vector<std::size_t> order;
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (const std::size_t reader : readers[order.back()])
      if (--missing[reader] == 0) ready.push(reader);
  }
  for (std::size_t n = 0; n < nodes.size(); ++n)
    if (missing[n] > 0)
      throw InputError("the graph has a cycle through node '" + name_of_node(*nodes[n], n) +
                       "', or before it");
  return order;
}

}  // namespace clipbound::specs
