#pragma once
// Small models, one per form of an operator, with closed-form answers where one line gives them.
#include <functional>
#include <ostream>

#include "tests/network/onnx_writer.h"

namespace clipbound::test {

struct OperatorCase {
  std::string name;
  std::function<void(OnnxWriter&)> build;
  int opset = 13;
  /// What the network gives for x = 1, 2, 3, ...; empty where only ONNX Runtime knows.
  std::vector<float> expected = {};
};

/// GoogleTest would print the bytes.
inline void PrintTo(const OperatorCase& c, std::ostream* out) {
  *out << c.name;
}

/// Inputs are called x (and z), the output y.
const std::vector<OperatorCase>& operator_cases();

inline OnnxWriter model_of(const OperatorCase& c) {
  OnnxWriter w(c.opset);
  c.build(w);
  w.output("y");
  return w;
}

}  // namespace clipbound::test
