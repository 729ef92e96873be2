#pragma once
// Idea: weights that lie in files beside the network.
// Source: the ONNX standard, "External Tensor Data".
// Guarantees: Unreadable where a file cannot be read, is too short or lies elsewhere.
#include <map>
#include <string>

#include "checker/reader/operators.h"

namespace clipcheck {

class ExternalWeights {
 public:
  explicit ExternalWeights(std::string folder) : folder_(std::move(folder)) {}
  /// The tensor, wherever its numbers lie.
  Tensor read(const onnx::TensorProto& proto);

 private:
  std::string folder_;
  std::map<std::string, std::string> files_;  // their bytes, by location
};

}  // namespace clipcheck
