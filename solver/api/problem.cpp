// Idea: models are matched with the networks that a query declares, read, and joined to one network.
// Source: own.
// Guarantees: those of what it calls.
#include <filesystem>
#include <map>
#include <optional>

#include "solver/api/implementation.h"
#include "specs/joint/joint.h"
#include "specs/onnx/onnx_reader.h"
#include "specs/onnx/onnx_tensor.h"

namespace clipbound {

namespace {

using specs::DeclaredNetwork;
using specs::JointQuery;

std::string listing(const JointQuery& query) {
  std::string text;
  for (const DeclaredNetwork& network : query.networks)
    text += (text.empty() ? "'" : ", '") + network.name + "'";
  return text;
}

/// [networks] which of the given models each has: those that are given by their names.
template <typename Given>
std::vector<const Given*> assigned(const JointQuery& query, std::span<const Given> given,
                                   std::string Given::*name) {
  std::vector<const Given*> models(query.networks.size(), nullptr);
  const std::string& source = query.query.source;
  for (const Given& model : given) {
    std::size_t n = 0;
    if (!(model.*name).empty() || query.networks.size() > 1)
      while (n < query.networks.size() && query.networks[n].name != model.*name) ++n;
    if (n == query.networks.size()) {
      throw InputError((model.*name).empty() ? source + " declares the networks " + listing(query) +
                                                   ": say which one a model is for"
                                             : source + " declares no network '" + model.*name +
                                                   "', but " + listing(query));
    }
    if (models[n] != nullptr)
      throw InputError("network '" + query.networks[n].name + "' of " + source +
                       " is given two models");
    models[n] = &model;
  }
  for (std::size_t n = 0; n < models.size(); ++n)
    if (models[n] == nullptr && query.networks[n].like != DeclaredNetwork::Like::equal_to)
      throw InputError("network '" + query.networks[n].name + "' of " + source +
                       " is given no model");
  return models;
}

bool same_model(const ModelFile& a, const ModelFile& b) {
  std::error_code ignored;
  if (a.bytes.empty() && b.bytes.empty() && std::filesystem::equivalent(a.path, b.path, ignored))
    return true;
  const auto bytes_of = [](const ModelFile& model) {
    return model.bytes.empty() ? specs::read_maybe_compressed(model.path) : model.bytes;
  };
  return bytes_of(a) == bytes_of(b);
}

/// What was given for a network that is equal to another one must be the other's.
template <typename Given, typename Same>
void drop_equal(const JointQuery& query, std::vector<const Given*>& models, Same same) {
  for (std::size_t n = 0; n < models.size(); ++n) {
    const DeclaredNetwork& network = query.networks[n];
    if (models[n] == nullptr || network.like != DeclaredNetwork::Like::equal_to) continue;
    if (!same(*models[n], *models[network.other]))
      throw InputError("network '" + network.name + "' of " + query.query.source +
                       " is declared equal to '" + query.networks[network.other].name +
                       "', but is given another model");
    models[n] = nullptr;
  }
}

specs::NetworkModel read(const ModelFile& file, const DeclaredNetwork& declared) {
  const std::vector<specs::DeclaredInput> inputs = specs::declared_inputs(declared);
  specs::DeclaredModel model = file.bytes.empty()
                                   ? specs::read_onnx(file.path, inputs)
                                   : specs::parse_onnx(file.bytes, file.path, inputs);
  return {std::move(model.network), std::move(model.initial)};
}

void refuse_initialised(const DeclaredNetwork& declared) {
  for (const specs::DeclaredTensor& tensor : declared.tensors)
    if (tensor.initialized)
      throw InputError("'" + tensor.name + "' of network '" + declared.name +
                       "' is declared initialized, which networks in memory have no value for");
}

template <typename Implementation>
std::shared_ptr<Implementation> joined(specs::Query query,
                                       std::shared_ptr<const JointQuery> joint) {
  auto implementation = std::make_shared<Implementation>();
  implementation->query = std::move(query);
  implementation->joint = std::move(joint);
  implementation->joined = true;
  return implementation;
}

}  // namespace

Problem Problem::load(const std::string& query_path, std::span<const ModelFile> models) {
  return load(Query::load(query_path), models);
}

Problem Problem::load(const Query& query, std::span<const ModelFile> models) {
  const auto& joint = query.implementation().joint;
  if (!joint) {
    const std::string& source = query.implementation().query.source;
    if (models.empty()) throw InputError(source + " is given no model");
    if (models.size() > 1)
      throw Unsupported(source + " is VNN-LIB 1.0, a query about one network, but is given " +
                        std::to_string(models.size()) + " models");
    const ModelFile& file = models.front();
    return {file.bytes.empty() ? Network::load(file.path) : Network::parse(file.bytes, file.path),
            query};
  }
  std::vector<const ModelFile*> files = assigned(*joint, models, &ModelFile::network);
  drop_equal(*joint, files, same_model);
  std::vector<specs::NetworkModel> read_models(files.size());
  for (std::size_t n = 0; n < files.size(); ++n)
    if (files[n] != nullptr) read_models[n] = read(*files[n], joint->networks[n]);
  specs::Joint whole = specs::join(*joint, std::move(read_models));
  return {Network(std::make_shared<const Network::Implementation>(
              Network::Implementation{std::move(whole.network)})),
          Query(joined<Query::Implementation>(std::move(whole.query), joint))};
}

Problem Problem::join(const Query& query, std::span<const NamedNetwork> networks) {
  const auto& joint = query.implementation().joint;
  if (!joint) {
    if (networks.size() != 1)
      throw InputError("the query is about one network, but is given " +
                       std::to_string(networks.size()));
    return {networks.front().network, query};
  }
  std::vector<const NamedNetwork*> given = assigned(*joint, networks, &NamedNetwork::name);
  drop_equal(*joint, given, [](const NamedNetwork& a, const NamedNetwork& b) {
    return a.network.implementation().network == b.network.implementation().network;
  });
  std::vector<specs::NetworkModel> models(given.size());
  for (std::size_t n = 0; n < given.size(); ++n) {
    refuse_initialised(joint->networks[n]);
    if (given[n] != nullptr) models[n].network = *given[n]->network.implementation().network;
  }
  specs::Joint whole = specs::join(*joint, std::move(models));
  return {Network(std::make_shared<const Network::Implementation>(
              Network::Implementation{std::move(whole.network)})),
          Query(joined<Query::Implementation>(std::move(whole.query), joint))};
}

Network side_by_side(std::span<const NamedNetwork> networks) {
  std::vector<std::string> names;
  std::vector<specs::Network> parts;
  for (const NamedNetwork& named : networks) {
    names.push_back(named.name);
    parts.push_back(*named.network.implementation().network);
  }
  return Network(std::make_shared<const Network::Implementation>(Network::Implementation{
      std::make_shared<const specs::Network>(specs::side_by_side(names, std::move(parts)))}));
}

}  // namespace clipbound
