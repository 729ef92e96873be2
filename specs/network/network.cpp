#include "specs/network/network.h"

#include <algorithm>

#include "base/check.h"
#include "specs/network/absent_elements.h"
#include "specs/network/op_table.h"

namespace clipbound::specs {

namespace {

template <typename T>
const T* attribute_of(const Node& node, const std::string& key) {
  const auto found = node.attributes.find(key);
  if (found == node.attributes.end()) return nullptr;
  const T* held = std::get_if<T>(&found->second);
  if (held == nullptr) throw InputError("attribute '" + key + "' has the wrong type");
  return held;
}

std::int64_t total_size(const Network& network, const std::vector<ValueId>& ids) {
  std::int64_t total = 0;
  for (const ValueId id : ids) total += network.value(id).size();
  return total;
}

/// Checks one node's ids, and marks its outputs as defined.
void validate_node(const Network& network, const Node& node, std::vector<bool>& defined) {
  const auto in_range = [&](ValueId id) {
    return id != kNoValue && index_of(id) < network.values.size();
  };
  CLIPBOUND_CHECK_NOTE(static_cast<std::size_t>(node.kind) < op_count(), node.name);
  for (const ValueId id : node.inputs) {
    if (id == kNoValue) continue;
    CLIPBOUND_CHECK_NOTE(in_range(id), node.name);
    CLIPBOUND_CHECK_NOTE(defined[index_of(id)], node.name + " uses a value before it is defined");
  }
  for (const ValueId id : node.outputs) {
    if (id == kNoValue) continue;
    CLIPBOUND_CHECK_NOTE(in_range(id), node.name);
    CLIPBOUND_CHECK_NOTE(!defined[index_of(id)], node.name + " defines a value twice");
    defined[index_of(id)] = true;
  }
}

}  // namespace

std::int64_t Node::int_attribute(const std::string& key, std::int64_t fallback) const {
  const auto* held = attribute_of<std::int64_t>(*this, key);
  return held != nullptr ? *held : fallback;
}

double Node::float_attribute(const std::string& key, double fallback) const {
  const auto* held = attribute_of<double>(*this, key);
  return held != nullptr ? *held : fallback;
}

const std::vector<std::int64_t>* Node::ints_attribute(const std::string& key) const {
  return attribute_of<std::vector<std::int64_t>>(*this, key);
}

std::int64_t Network::input_size() const {
  return total_size(*this, inputs);
}
std::int64_t Network::output_size() const {
  return total_size(*this, outputs);
}

DataType Network::input_type() const {
  const bool any64 = std::any_of(inputs.begin(), inputs.end(),
                                 [&](ValueId id) { return value(id).type == DataType::float64; });
  if (any64) return DataType::float64;
  // Integers are numbers of any of them.
  bool any16 = false, any32 = false;
  for (const ValueId id : inputs) {
    any16 = any16 || value(id).half == Half::float16;
    any32 = any32 || (value(id).type == DataType::float32 && value(id).half != Half::float16);
  }
  return any16 && !any32 ? DataType::float16 : DataType::float32;
}

bool Network::computes_in_float64() const {
  return std::any_of(values.begin(), values.end(),
                     [](const Value& v) { return v.type == DataType::float64 && !v.constant; });
}

void Network::validate() const {
  std::vector<bool> defined(values.size(), false);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Value& v = values[i];
    if (v.constant) {
      CLIPBOUND_CHECK_NOTE(v.constant->shape == v.shape && v.constant->type() == v.type, v.name);
      const auto held =
          std::visit([](const auto& data) { return data.size(); }, v.constant->values);
      CLIPBOUND_CHECK_NOTE(held == static_cast<std::size_t>(v.size()), v.name);
      defined[i] = true;
    } else {
      CLIPBOUND_CHECK_NOTE(
          std::all_of(v.shape.begin(), v.shape.end(), [](auto d) { return d > 0; }), v.name);
    }
  }
  for (const ValueId id : inputs) {
    CLIPBOUND_CHECK(id != kNoValue && index_of(id) < values.size());
    CLIPBOUND_CHECK_NOTE(!defined[index_of(id)],
                         value(id).name + " is an input twice, or a constant too");
    defined[index_of(id)] = true;
  }
  for (const Node& node : nodes) validate_node(*this, node, defined);
  for (const ValueId id : outputs) {
    CLIPBOUND_CHECK(id != kNoValue && index_of(id) < values.size());
    CLIPBOUND_CHECK_NOTE(defined[index_of(id)],
                         value(id).name + " is an output that nothing defines");
  }
  CLIPBOUND_CHECK(std::all_of(defined.begin(), defined.end(), [](bool d) { return d; }));
  check_absent_elements(*this);
}

}  // namespace clipbound::specs
