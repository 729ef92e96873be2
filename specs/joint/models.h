#pragma once
// Idea: which model is which network of a query: by name, none for networks that are equal to
// others.
// Source: the VNN-LIB standard 2.0, chapter on the solver's interface.
// Guarantees: missing, superfluous and wrong models are errors that name query and network.
#include <memory>
#include <span>
#include <string>

#include "specs/joint/joint.h"

namespace clipbound::specs {

/// A model for a network of a query: in a file, as the bytes of one, or in memory.
struct GivenModel {
  std::string name;                        ///< of the network; may be empty where the query has one
  std::string path;                        ///< names the bytes where there is no file
  std::string bytes;                       ///< the model itself, where there is no file
  std::shared_ptr<const Network> network;  ///< the model itself, read
};

/// Reads the models and joins them (joint.h). Throws InputError or Unsupported.
Joint join_given(const JointQuery& query, std::span<const GivenModel> given);

}  // namespace clipbound::specs
