#include <algorithm>
#include <map>
#include <set>

#include "base/check.h"
#include "base/error.h"
#include "specs/joint/integer_inputs.h"
#include "specs/joint/joint.h"
#include "specs/joint/products.h"
#include "specs/joint/query_calculation.h"
#include "specs/network/composite.h"
#include "specs/query/number.h"

namespace clipbound::specs {

namespace {

/// Network after network, side by side.
class Joining {
 public:
  /// Moves a model's values and nodes in. Its ids there, by its own.
  std::vector<ValueId> append(Network& model, const std::string& prefix) {
    std::vector<ValueId> ids;
    for (Value& value : model.values) {
      std::string name = value.name;  // a second copy needs it
      ids.push_back(append(std::move(value), prefix));
      value.name = std::move(name);
    }
    append_nodes(model, prefix, ids);
    return ids;
  }
  /// A second copy of a model that append() moved in, with the constants of the first one.
  std::vector<ValueId> append_again(const Network& model, const std::string& prefix,
                                    const std::vector<ValueId>& first) {
    std::vector<ValueId> ids;
    for (std::size_t i = 0; i < model.values.size(); ++i) {
      const ValueId shared = first[i];
      if (network_.is_constant(shared)) {
        ids.push_back(shared);
      } else {
        Value copy = network_.value(shared);
        copy.name = model.values[i].name;
        ids.push_back(append(std::move(copy), prefix));
      }
    }
    append_nodes(model, prefix, ids);
    return ids;
  }
  Network& network() { return network_; }

 private:
  ValueId append(Value value, const std::string& prefix) {
    const ValueId id{static_cast<std::int32_t>(network_.values.size())};
    network_.values.push_back(std::move(value));
    network_.value(id).name = prefix + network_.value(id).name;
    return id;
  }
  void append_nodes(const Network& model, const std::string& prefix,
                    const std::vector<ValueId>& ids) {
    const auto renumber = [&](std::vector<ValueId>& list) {
      for (ValueId& id : list)
        if (id != kNoValue) id = ids[index_of(id)];
    };
    for (Node node : model.nodes) {
      node.name = prefix + node.name;
      renumber(node.inputs);
      renumber(node.outputs);
      network_.nodes.push_back(std::move(node));
    }
    for (const std::string& note : model.notes) network_.notes.push_back(prefix + note);
  }

  Network network_;
};

void check_types(const std::vector<const Network*>& models, const std::vector<std::string>& names) {
  const auto type_of = [](const Network& model) {
    return std::string(name_of(model.input_type())) + " inputs" +
           (model.computes_in_float64() ? ", computing in float64" : "");
  };
  for (std::size_t i = 1; i < models.size(); ++i)
    if (type_of(*models[i]) != type_of(*models[0]))
      throw Unsupported("networks of different types in one query: '" + names[0] + "' has " +
                        type_of(*models[0]) + ", '" + names[i] + "' " + type_of(*models[i]));
}

/// A value as an output: one that is an output, an input or a constant already goes through a node.
ValueId as_output(Network& network, ValueId id, std::set<ValueId>& taken) {
  const bool own =
      taken.insert(id).second && !network.is_constant(id) &&
      std::find(network.inputs.begin(), network.inputs.end(), id) == network.inputs.end();
  if (own) return id;
  Node node = new_node("Identity", "query/Identity_" + std::to_string(network.nodes.size()), 18);
  node.inputs = {id};
  node.outputs = {ValueId{static_cast<std::int32_t>(network.values.size())}};
  network.values.emplace_back().name = network.value(id).name + " (copy)";
  const ValueId copy = node.outputs[0];
  append_operator(network, std::move(node));
  return copy;
}

/// The boxes with the values of inputs that are initialised.
void pin(Query& query, std::size_t first, const Tensor& values) {
  std::map<const Box*, std::shared_ptr<const Box>> pinned;
  for (Clause& clause : query.clauses) {
    std::shared_ptr<const Box>& box = pinned[clause.box.get()];
    if (box == nullptr) {
      Box narrowed = *clause.box;
      for (std::size_t i = 0; i < static_cast<std::size_t>(values.size()); ++i) {
        const FloatNeighbours value = float64_neighbours(values.at(static_cast<std::int64_t>(i)));
        InputInterval& interval = narrowed[first + i];
        interval = intersection(interval, intersection(lower_edges(value), upper_edges(value)));
      }
      box = std::make_shared<const Box>(std::move(narrowed));
    }
    clause.box = box;
  }
}

/// [outputs] 1: an element of a hidden tensor that no assertion reads. Null where there are none.
std::shared_ptr<const std::vector<char>> unread_elements(const JointQuery& query) {
  std::vector<char> unread(static_cast<std::size_t>(query.query.output_size), 0);
  bool any = false;
  for (const DeclaredNetwork& network : query.networks)
    for (const DeclaredTensor& tensor : network.tensors) {
      if (tensor.kind != DeclaredTensor::Kind::hidden) continue;
      const auto first = unread.begin() + tensor.first;
      std::fill(first, first + element_count(tensor.shape), 1);
      any = true;
    }
  if (!any) return nullptr;
  const auto read = [&](std::int64_t output) { unread[static_cast<std::size_t>(output)] = 0; };
  for (const Clause& clause : query.query.clauses)
    for (const Row& row : clause.rows)
      for (const Term& term : row.terms)
        if (term.of == Term::Of::output) read(term.index);
  for (const Product& product : query.products)
    for (const LinearForm& factor : product.factors)
      for (const LinearTerm& term : factor.terms)
        if (term.of == Term::Of::output) read(term.index);
  if (query.formula != nullptr) {
    for (const AstNode& node : query.formula->ast.nodes) {
      if (node.left_kind == Atom::Kind::output) read(node.left);
      if (node.right_kind == Atom::Kind::output) read(node.right);
    }
  }
  return std::make_shared<const std::vector<char>>(std::move(unread));
}

/// The pairs of declarations and values, before anything is renumbered.
struct Part {
  std::vector<ValueId> tensors;  ///< of the model, by declaration
  std::vector<ValueId> ids;      ///< by the model's own ids
};

class QueryJoining {
 public:
  QueryJoining(const JointQuery& query, std::vector<NetworkModel> models)
      : query_(query), models_(std::move(models)), parts_(query.networks.size()) {}

  Joint join() {
    hold_against_declarations();
    if (!query_.leaves_type.empty()) throw Unsupported(query_.leaves_type);
    Joint joint;
    joint.query = query_.query;
    joint.query.calculation = calculation_of(query_);
    joint.query.unread = unread_elements(query_);
    joint.query.warnings.insert(joint.query.warnings.end(), warnings_.begin(), warnings_.end());
    pin_initialised(joint.query);
    split_integer_inputs(query_, models_[source_of(0)].network->input_type(), joint.query);
    if (is_plain()) {
      joint.network = std::make_shared<const Network>(std::move(*models_[0].network));
    } else {
      joint.network = std::make_shared<const Network>(merged());
    }
    return joint;
  }

 private:
  bool stands_for_itself(std::size_t n) const { return models_[n].network.has_value(); }
  /// The network whose model n has.
  std::size_t source_of(std::size_t n) const {
    return stands_for_itself(n) ? n : query_.networks[n].other;
  }
  bool is_plain() const {
    return query_.networks.size() == 1 && query_.products.empty() &&
           std::none_of(query_.networks[0].tensors.begin(), query_.networks[0].tensors.end(),
                        [](const DeclaredTensor& tensor) {
                          return tensor.kind == DeclaredTensor::Kind::hidden;
                        });
  }

  void hold_against_declarations() {
    std::vector<const Network*> networks;
    std::vector<std::string> names;
    for (std::size_t n = 0; n < parts_.size(); ++n) {
      const DeclaredNetwork& declared = query_.networks[n];
      CLIPBOUND_CHECK_NOTE(stands_for_itself(source_of(n)), declared.name);
      const Network& model = *models_[source_of(n)].network;
      parts_[n].tensors = values_of(declared, model, warnings_);
      if (declared.like == DeclaredNetwork::Like::isomorphic_to) check_isomorphic(n);
      networks.push_back(&model);
      names.push_back(declared.name);
    }
    check_types(networks, names);
  }
  void check_isomorphic(std::size_t n) const {
    const DeclaredNetwork &declared = query_.networks[n], &other = query_.networks[declared.other];
    const Network &f = *models_[source_of(declared.other)].network,
                  &g = *models_[source_of(n)].network;
    if (const std::string why = why_not_isomorphic(f, g); !why.empty())
      throw InputError((declared.place.empty() ? "" : declared.place + ": ") + "network '" +
                       declared.name + "' is declared isomorphic to '" + other.name + "', but " +
                       g.source + " is not isomorphic to " + f.source + ": " + why);
  }
  void pin_initialised(Query& query) const {
    for (std::size_t n = 0; n < parts_.size(); ++n) {
      const auto& initial = models_[source_of(n)].initial;
      std::size_t input = 0;
      for (const DeclaredTensor& tensor : query_.networks[n].tensors) {
        if (tensor.kind != DeclaredTensor::Kind::input) break;
        if (tensor.initialized) {
          if (input >= initial.size() || !initial[input])
            throw InputError(tensor.place + ": '" + tensor.name +
                             "' is declared initialized, but its model has no initialiser for it");
          pin(query, static_cast<std::size_t>(tensor.first), *initial[input]);
        }
        ++input;
      }
    }
  }

  Network merged() {
    Joining joining;
    const auto prefix = [&](std::size_t n) {
      return parts_.size() > 1 ? query_.networks[n].name + "/" : "";
    };
    std::string source;
    for (std::size_t n = 0; n < parts_.size(); ++n) {
      if (!stands_for_itself(n)) continue;
      parts_[n].ids = joining.append(*models_[n].network, prefix(n));
      source += (source.empty() ? "" : ", ") + prefix(n) + models_[n].network->source;
    }
    for (std::size_t n = 0; n < parts_.size(); ++n) {
      if (stands_for_itself(n)) continue;
      const std::size_t from = source_of(n);
      parts_[n].ids = joining.append_again(*models_[from].network, prefix(n), parts_[from].ids);
    }
    joining.network().source = source;
    name_inputs_and_outputs(joining.network());
    joining.network().validate();
    return std::move(joining.network());
  }

  void name_inputs_and_outputs(Network& network) const {
    Variables variables;
    std::map<std::int64_t, ValueId> outputs;  // by the number of their first element
    for (std::size_t n = 0; n < parts_.size(); ++n) {
      for (std::size_t t = 0; t < parts_[n].tensors.size(); ++t) {
        const DeclaredTensor& tensor = query_.networks[n].tensors[t];
        const ValueId id = parts_[n].ids[index_of(parts_[n].tensors[t])];
        if (tensor.kind == DeclaredTensor::Kind::input) {
          variables.inputs.push_back(id);
        } else {
          outputs.emplace(tensor.first, id);
        }
      }
    }
    for (const auto& [first, id] : outputs) variables.outputs.push_back(id);
    network.inputs = variables.inputs;
    std::set<ValueId> taken;
    for (const ValueId id : variables.outputs)
      network.outputs.push_back(as_output(network, id, taken));
    if (!query_.products.empty())
      network.outputs.push_back(append_products(network, variables, query_.products));
  }

  const JointQuery& query_;
  std::vector<NetworkModel> models_;
  std::vector<Part> parts_;
  std::vector<std::string> warnings_;
};

}  // namespace

Joint join(const JointQuery& query, std::vector<NetworkModel> models) {
  if (query.networks.empty()) {
    CLIPBOUND_CHECK(models.size() == 1 && models[0].network);
    return {std::make_shared<const Network>(std::move(*models[0].network)), query.query};
  }
  CLIPBOUND_CHECK(models.size() == query.networks.size());
  return QueryJoining(query, std::move(models)).join();
}

Network side_by_side(const std::vector<std::string>& names, std::vector<Network> networks) {
  if (networks.empty()) throw InputError("no network is given");
  CLIPBOUND_CHECK(names.size() == networks.size());
  std::vector<const Network*> parts;
  for (const Network& network : networks) parts.push_back(&network);
  check_types(parts, names);
  Joining joining;
  std::vector<ValueId> inputs, outputs;
  std::set<std::string> taken;
  for (std::size_t n = 0; n < networks.size(); ++n) {
    if (names[n].empty() || !taken.insert(names[n]).second)
      throw InputError("networks side by side need names of their own; '" + names[n] +
                       "' is empty or given twice");
    const std::vector<ValueId> ids = joining.append(networks[n], names[n] + "/");
    for (const ValueId id : networks[n].inputs) inputs.push_back(ids[index_of(id)]);
    for (const ValueId id : networks[n].outputs) outputs.push_back(ids[index_of(id)]);
    joining.network().source += (n == 0 ? "" : ", ") + names[n] + "/" + networks[n].source;
  }
  joining.network().inputs = std::move(inputs);
  joining.network().outputs = std::move(outputs);
  joining.network().validate();
  return std::move(joining.network());
}

}  // namespace clipbound::specs
