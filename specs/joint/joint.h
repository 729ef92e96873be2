#pragma once
// Idea: the networks of a VNN-LIB 2 query, side by side, with the tensors and products that its rows
// speak of as outputs: one network and one query, so that one search serves all.
// Source: the VNN-LIB standard 2.0 and 2.1.
// Guarantees: inputs, outputs and values are those of the networks as read, in the query's order;
// what does not fit the declarations is an error that names both sides (S11).
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "specs/joint/declarations.h"
#include "specs/network/network.h"
#include "specs/query/query.h"
#include "specs/vnnlib/joint_query.h"

namespace clipbound::specs {

/// The model of a declared network.
struct NetworkModel {
  /// Nothing for a network that is equal to another one and has no model of its own.
  std::optional<Network> network;
  /// [inputs] the values of inputs that are declared `initialized`; empty where there are none.
  std::vector<std::optional<Tensor>> initial;
};

struct Joint {
  std::shared_ptr<const Network> network;
  Query query;  ///< over the network's inputs and outputs; its warnings have the models' too
  std::vector<FileInfo> files = {};  ///< of the models, as they were given (models.h)
};

/// Joins the models [networks] of a query. A query that declares nothing (VNN-LIB 1.0) has one
/// model. One network without hidden tensors and products stays as it is. Throws InputError where
/// a model does not fit its declaration, Unsupported where networks compute in different types.
Joint join(const JointQuery& query, std::vector<NetworkModel> models);

/// The networks side by side as one, values renamed NAME/...: its inputs and outputs are those of
/// all networks, in their order. Throws as join() does.
Network side_by_side(const std::vector<std::string>& names, std::vector<Network> networks);

}  // namespace clipbound::specs
