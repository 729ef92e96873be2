#pragma once
// Numbers of ONNX Runtime, for machines that do not have it.
#include <string>
#include <vector>

namespace clipbound::test {

struct RuntimeValues {
  std::string name;  ///< of the case
  std::vector<double> y;
};
const std::vector<RuntimeValues>& runtime_values();

}  // namespace clipbound::test
