#pragma once
// Idea: a network as elements.
// Source: the ONNX standard; the official protobuf library reads the bytes.
// Guarantees: see operators.h.
#include <string>
#include <vector>

#include "checker/kernel/system.h"

namespace clipcheck {

struct CheckedNetwork {
  System system{0};
  std::vector<Index> outputs;  ///< their elements, Y_0 first
};
/// Of float32 networks. To be called while numbers are rounded to nearest.
CheckedNetwork read_onnx(const std::string& bytes);

}  // namespace clipcheck
