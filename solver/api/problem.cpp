// Idea: the public types around specs/joint.
// Source: own.
// Guarantees: those of what it calls.
#include "solver/api/implementation.h"
#include "specs/joint/models.h"

namespace clipbound {

namespace {

std::vector<specs::GivenModel> given(std::span<const ModelFile> models) {
  std::vector<specs::GivenModel> list;
  for (const ModelFile& model : models)
    list.push_back({model.network, model.path, model.bytes, nullptr});
  return list;
}

std::vector<specs::GivenModel> given(std::span<const NamedNetwork> networks) {
  std::vector<specs::GivenModel> list;
  for (const NamedNetwork& named : networks)
    list.push_back({named.name, "", "", named.network.implementation().network});
  return list;
}

/// The query that is about the joint network.
Problem problem_of(specs::Joint whole, const Query& query) {
  Query joined = Query::Implementation::holding(
      {std::move(whole.query), query.implementation().joint, true, whole.files});
  return {Network::Implementation::holding(std::move(whole.network)), std::move(joined),
          std::move(whole.files)};
}

}  // namespace

Problem Problem::load(const std::string& query_path, std::span<const ModelFile> models) {
  return load(Query::load(query_path), models);
}

Problem Problem::load(const Query& query, std::span<const ModelFile> models) {
  const Query::Implementation& asked = query.implementation();
  if (!asked.joint) {
    specs::JointQuery plain;
    plain.query.source = asked.query.source;
    specs::Joint joint = specs::join_given(plain, given(models));
    return {Network::Implementation::holding(std::move(joint.network)), query, joint.files};
  }
  return problem_of(specs::join_given(*asked.joint, given(models)), query);
}

Problem Problem::join(const Query& query, std::span<const NamedNetwork> networks) {
  const Query::Implementation& asked = query.implementation();
  if (!asked.joint) {
    if (networks.size() != 1)
      throw InputError("the query is about one network, but is given " +
                       std::to_string(networks.size()));
    return {networks.front().network, query, {networks.front().network.file()}};
  }
  return problem_of(specs::join_given(*asked.joint, given(networks)), query);
}

Network side_by_side(std::span<const NamedNetwork> networks) {
  std::vector<std::string> names;
  std::vector<specs::Network> parts;
  for (const NamedNetwork& named : networks) {
    names.push_back(named.name);
    parts.push_back(*named.network.implementation().network);
  }
  return Network::Implementation::holding(
      std::make_shared<const specs::Network>(specs::side_by_side(names, std::move(parts))));
}

}  // namespace clipbound
