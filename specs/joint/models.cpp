#include "specs/joint/models.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "specs/onnx/onnx_reader.h"
#include "specs/onnx/onnx_tensor.h"

namespace clipbound::specs {

namespace {

std::string listing(const JointQuery& query) {
  std::string text;
  for (const DeclaredNetwork& network : query.networks)
    text += (text.empty() ? "'" : ", '") + network.name + "'";
  return text;
}

std::size_t number_of(const JointQuery& query, const std::string& name) {
  if (name.empty() && query.networks.size() == 1) return 0;
  for (std::size_t n = 0; n < query.networks.size(); ++n)
    if (query.networks[n].name == name) return n;
  // A model without a name is for the only network that needs one.
  const auto needs_model = [](const DeclaredNetwork& n) {
    return n.like != DeclaredNetwork::Like::equal_to;
  };
  const auto& networks = query.networks;
  if (name.empty() && std::count_if(networks.begin(), networks.end(), needs_model) == 1)
    return static_cast<std::size_t>(std::find_if(networks.begin(), networks.end(), needs_model) -
                                    networks.begin());
  const std::string& source = query.query.source;
  if (name.empty())
    throw InputError(source + " declares the networks " + listing(query) +
                     ": say which one a model is for");
  throw InputError(source + " declares no network '" + name + "', but " + listing(query));
}

/// [networks] the model that each was given, or nullptr.
std::vector<const GivenModel*> assigned(const JointQuery& query,
                                        std::span<const GivenModel> given) {
  std::vector<const GivenModel*> models(query.networks.size(), nullptr);
  const std::string& source = query.query.source;
  for (const GivenModel& model : given) {
    const std::size_t n = number_of(query, model.name);
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

bool are_same(const GivenModel& a, const GivenModel& b) {
  if (a.network || b.network) return a.network == b.network;
  std::error_code ignored;
  if (a.bytes.empty() && b.bytes.empty() &&
      std::filesystem::equivalent(find_file(a.path), find_file(b.path), ignored))
    return true;
  const auto bytes_of = [](const GivenModel& model) {
    return model.bytes.empty() ? read_file(model.path, kLargestModel).bytes : model.bytes;
  };
  const std::string bytes = bytes_of(a);
  if (bytes != bytes_of(b)) return false;
  // Equal models in two folders may name different data beside them.
  const auto folder = [](const GivenModel& m) {
    return m.bytes.empty() ? std::filesystem::path(m.path).parent_path() : std::filesystem::path();
  };
  return folder(a) == folder(b) || bytes.find("location") == std::string::npos;
}

/// What was given for a network that is equal to another one must be the other's.
void drop_equal(const JointQuery& query, std::vector<const GivenModel*>& models) {
  for (std::size_t n = 0; n < models.size(); ++n) {
    const DeclaredNetwork& network = query.networks[n];
    if (models[n] == nullptr || network.like != DeclaredNetwork::Like::equal_to) continue;
    if (!are_same(*models[n], *models[network.other]))
      throw InputError("network '" + network.name + "' of " + query.query.source +
                       " is declared equal to '" + query.networks[network.other].name +
                       "', but is given another model");
    models[n] = nullptr;
  }
}

NetworkModel read(const GivenModel& given, const DeclaredNetwork& declared) {
  if (given.network) {
    for (const DeclaredTensor& tensor : declared.tensors)
      if (tensor.initialized)
        throw InputError("'" + tensor.name + "' of network '" + declared.name +
                         "' is declared initialized, but a network in memory has no initialisers");
    return {*given.network, {}};
  }
  const std::vector<DeclaredInput> inputs = declared_inputs(declared);
  DeclaredModel model = given.bytes.empty() ? read_onnx(given.path, inputs)
                                            : parse_onnx(given.bytes, given.path, inputs);
  return {std::move(model.network), std::move(model.initial)};
}

/// A query of VNN-LIB 1.0 declares nothing; whatever name the model has says nothing new.
NetworkModel only_model(const JointQuery& query, std::span<const GivenModel> given) {
  const std::string& source = query.query.source;
  if (given.empty()) throw InputError(source + " is given no model");
  if (given.size() > 1)
    throw Unsupported(source + " is VNN-LIB 1.0, a query about one network, but is given " +
                      std::to_string(given.size()));
  const GivenModel& model = given.front();
  if (model.network) return {*model.network, {}};
  return {model.bytes.empty() ? read_onnx(model.path) : parse_onnx(model.bytes, model.path), {}};
}

/// Of what was given for a network that is equal to another, the other's.
std::vector<FileInfo> files_of(const JointQuery& query, std::span<const GivenModel> given,
                               const std::vector<NetworkModel>& models) {
  std::vector<FileInfo> files;
  for (const GivenModel& model : given) {
    std::size_t n = query.networks.empty() ? 0 : number_of(query, model.name);
    if (!models[n].network) n = query.networks[n].other;
    files.push_back(models[n].network->file);
  }
  return files;
}

}  // namespace

Joint join_given(const JointQuery& query, std::span<const GivenModel> given) {
  std::vector<NetworkModel> models;
  if (query.networks.empty()) {
    models.push_back(only_model(query, given));
    std::vector<FileInfo> files = files_of(query, given, models);
    Joint joint = join(query, std::move(models));
    joint.files = std::move(files);
    return joint;
  }
  std::vector<const GivenModel*> by_network = assigned(query, given);
  drop_equal(query, by_network);
  for (std::size_t n = 0; n < by_network.size(); ++n)
    models.push_back(by_network[n] != nullptr ? read(*by_network[n], query.networks[n])
                                              : NetworkModel{});
  std::vector<FileInfo> files = files_of(query, given, models);
  Joint joint = join(query, std::move(models));
  joint.files = std::move(files);
  return joint;
}

}  // namespace clipbound::specs
