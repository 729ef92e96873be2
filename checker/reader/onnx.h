#pragma once
// Idea: a network as elements.
// Source: the ONNX standard; the official protobuf library reads the bytes.
// Guarantees: see operators.h.
#include <string>
#include <vector>

#include "checker/kernel/system.h"
#include "checker/reader/vnnlib.h"

namespace clipcheck {

struct CheckedNetwork {
  System system{0};
  std::vector<Index> outputs;  ///< their elements, Y_0 first
  Signature signature;
};
/// Of float32 and float64 networks; weights in files of their own are looked for in the folder. To
/// be called while numbers are rounded to nearest.
CheckedNetwork read_onnx(const std::string& bytes, const std::string& folder);

}  // namespace clipcheck
